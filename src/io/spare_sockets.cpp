#include "io/spare_sockets.h"

#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>

#include "io/socket.h"
#include "io/worker.h"

namespace weir::io {
namespace {

constexpr Milliseconds kPeriod{1000};

}  // namespace

SpareSockets::SpareSockets(Worker& worker) : worker_(worker), timer_(on_timer, this) {}

SpareSockets::~SpareSockets() = default;

void SpareSockets::reset(int fd, Token token, AddressFamily family) {
  Reactor& reactor = worker_.reactor();
  if (all_ == nullptr) {
    all_ = std::make_unique<Spare[]>(kMost);
    for (std::size_t i = 0; i != kMost; i++) free_.push_back(&all_[i]);
  }
  if (free_.empty() || !disconnect(fd)) {
    set_linger_reset(fd);
    reactor.forget(token);
    ::close(fd);
    return;
  }
  Spare& spare = *free_.back();
  free_.pop_back();
  spare.owner = this;
  spare.fd = Fd(fd);
  spare.token = token;
  spare.family = family;
  spare.batch = reactor.batches();
  reactor.rebind(token, on_event, &spare);
  ++resting_;
  if (!timer_.armed()) worker_.timers().arm(timer_, worker_.now() + kPeriod);
}

std::optional<SpareSockets::Socket> SpareSockets::take(AddressFamily family) {
  const auto found = std::ranges::find(ready_.rbegin(), ready_.rend(), family, &Spare::family);
  if (found == ready_.rend()) return std::nullopt;
  Spare& spare = **found;
  ready_.erase(std::next(found).base());
  free_.push_back(&spare);
  unneeded_ = std::min(unneeded_, ready_.size());
  return Socket{std::move(spare.fd), spare.token};
}

void SpareSockets::on_event(void* object, std::uint32_t events) {
  Spare& spare = *static_cast<Spare*>(object);
  SpareSockets& owner = *spare.owner;
  // An event of the batch that it was reset in tells of the connection; one without HUP cannot be the last.
  if ((events & EPOLLHUP) == 0 || spare.batch == owner.worker_.reactor().batches()) return;
  if (std::ranges::find(owner.ready_, &spare) != owner.ready_.end()) return;
  --owner.resting_;
  owner.ready_.push_back(&spare);
}

void SpareSockets::close(Spare& spare) {
  worker_.reactor().forget(spare.token);
  spare.fd = Fd();
  free_.push_back(&spare);
}

void SpareSockets::on_timer(void* object) {
  SpareSockets& self = *static_cast<SpareSockets*>(object);
  for (; self.unneeded_ != 0; --self.unneeded_) {
    self.close(*self.ready_.front());
    self.ready_.erase(self.ready_.begin());
  }
  self.unneeded_ = self.ready_.size();
  if (self.count() != 0) self.worker_.timers().arm(self.timer_, self.worker_.now() + kPeriod);
}

}  // namespace weir::io
