#include "log/logger.h"

#include <unistd.h>

#include <algorithm>
#include <climits>
#include <cstring>

#include "base/assert.h"

namespace weir::log {
namespace {

// A batch must hold the longest header beside the longest message.
constexpr std::size_t kLongestLine = 2 * (std::size_t{kMaxLength} + 1);

std::string system_hostname() {
  char name[HOST_NAME_MAX + 1] = {};
  if (gethostname(name, sizeof name - 1) != 0) return "localhost";
  return name;
}

}  // namespace

Identity Identity::of_process(std::string tag, const std::optional<std::string>& send_hostname) {
  Identity identity;
  if (send_hostname) identity.hostname = send_hostname->empty() ? system_hostname() : *send_hostname;
  if (!tag.empty()) identity.tag = std::move(tag);
  identity.pid = std::to_string(getpid());
  return identity;
}

Logger::Logger(Identity identity) : identity_(std::move(identity)), bytes_(new char[kBatchBytes]) {
  static_assert(kBatchBytes >= kLongestLine);
  set_time(WallTime{}, TimePoint{});
}

Logger::~Logger() { flush(); }

void Logger::set_identity(Identity identity) { identity_ = std::move(identity); }

void Logger::set_time(WallTime wall, TimePoint now) {
  clock_.set(wall);
  now_ = now;
}

void Logger::emit(std::span<const std::shared_ptr<const Target>> targets, const Line& line) {
  Line trimmed = line;
  while (trimmed.message.ends_with('\n')) trimmed.message.remove_suffix(1);
  Stored stored;
  for (const auto& target : targets) queue_line(*target, trimmed, stored);
}

void Logger::emit(const Target& target, const Line& line) {
  Line trimmed = line;
  while (trimmed.message.ends_with('\n')) trimmed.message.remove_suffix(1);
  Stored stored;
  queue_line(target, trimmed, stored);
}

char* Logger::write_header(const Target& target, const Line& line, std::size_t& size) {
  char* const at = bytes_.get() + used_;
  const proto::SyslogHeader header{.format = target.format(),
                                   .facility = target.config().facility,
                                   .level = std::max(line.level, target.config().min_level),
                                   .hostname = identity_.hostname,
                                   .tag = line.tag.empty() ? std::string_view(identity_.tag) : line.tag,
                                   .pid = identity_.pid,
                                   .structured_data = line.structured_data};
  size = proto::write_syslog_header(header, clock_, {at, target.max_line()});
  used_ += size;
  return at;
}

void Logger::queue_line(const Target& target, const Line& line, Stored& stored) {
  if (line.level > target.config().level || !target.sampled()) return;
  if (queued_ == kBatchLines || kBatchBytes - used_ < kLongestLine) {
    flush();
    stored = {};
  }
  static char line_feed[] = "\n";
  std::size_t header_size = 0;
  char* const header = write_header(target, line, header_size);
  const bool beside = stored.text == nullptr;  // then header and message are one piece
  if (beside) {
    stored.size = std::min<std::size_t>(line.message.size(), kMaxLength);
    char* const text = bytes_.get() + used_;
    if (stored.size != 0) std::memcpy(text, line.message.data(), stored.size);
    text[stored.size] = '\n';
    stored.text = text;
    used_ += stored.size + 1;
  }
  const std::size_t room = target.max_line() - header_size;
  const bool whole = stored.size <= room;
  const std::size_t text_size = whole ? stored.size + 1 : room;  // a whole message brings its line feed along
  LinePieces pieces;
  if (beside) {
    pieces.pieces[pieces.count++] = {header, header_size + text_size};
  } else {
    if (header_size != 0) pieces.pieces[pieces.count++] = {header, header_size};
    pieces.pieces[pieces.count++] = {const_cast<char*>(stored.text), text_size};  // iovec knows no const
  }
  if (!whole) pieces.pieces[pieces.count++] = {line_feed, 1};
  queue_of(target.shared_sink()).lines.push_back(pieces);
  ++queued_;
}

Logger::Queue& Logger::queue_of(const std::shared_ptr<Sink>& sink) {
  for (std::size_t i = 0; i < active_queues_; ++i) {
    if (queues_[i].sink == sink) return queues_[i];
  }
  if (active_queues_ == queues_.size()) queues_.emplace_back();
  Queue& queue = queues_[active_queues_++];
  queue.sink = sink;
  return queue;
}

void Logger::flush() {
  if (queued_ == 0) return;
  for (std::size_t i = 0; i < active_queues_; ++i) {
    Queue& queue = queues_[i];
    queue.sink->send(queue.lines, now_);
    queue.lines.clear();
    queue.sink.reset();  // a sink of a former configuration must be able to go
  }
  active_queues_ = 0;
  queued_ = 0;
  used_ = 0;
}

}  // namespace weir::log
