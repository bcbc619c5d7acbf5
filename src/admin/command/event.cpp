// `show events`: what rings hold, and what comes into them while somebody watches.
#include <fmt/format.h>

#include <iterator>
#include <memory>

#include "admin/command/tables.h"
#include "admin/session.h"

namespace weir::admin {
namespace {

constexpr std::size_t kLinesATurn = 256;

struct Wishes {
  bool wait = false;
  bool only_new = false;
  char separator = '\n';
};

bool parse_wishes(std::span<const std::string> words, Wishes& wishes) {
  for (const std::string& word : words) {
    if (word.size() < 2 || word[0] != '-') return false;
    for (const char letter : std::string_view(word).substr(1)) {
      if (letter == 'w') {
        wishes.wait = true;
      } else if (letter == 'n') {
        wishes.only_new = true;
      } else if (letter == '0') {
        wishes.separator = '\0';
      } else {
        return false;
      }
    }
  }
  return true;
}

void list_rings(Call& call) {
  call.out.text += "Supported events sinks are listed below. Add -w(wait), -n(new), -0(NUL). Any key to stop\n";
  for (const auto& ring : call.control.engine().sinks().rings())
    fmt::format_to(std::back_inserter(call.out.text), "    {:<10} : type=buffer, {} dropped, {}\n", ring->config().name,
                   ring->dropped(), ring->description());
}

// Everything from `position` on, as far as the client takes it. False: the client is gone.
io::Task<bool> drain(Call& call, const log::Ring& ring, std::uint64_t& position, char separator) {
  std::string line;
  std::size_t lines = 0;
  while (ring.read(position, line)) {
    call.out.text += line;
    call.out.text += separator;
    bool goes_on = co_await call.out.room();
    if (++lines % kLinesATurn == 0) co_await io::sleep_for(*call.worker.io, Milliseconds(1));
    if (!goes_on) co_return false;
  }
  const bool sent = co_await call.out.flush();
  co_return sent;
}

// New lines wake the read that waits for a key. `waiting` is touched on this worker alone; the watcher's thread only
// copies the pointer.
struct Bell {
  io::Worker* worker = nullptr;
  struct Shared {
    io::Stream* waiting = nullptr;
  };
  std::shared_ptr<Shared> shared = std::make_shared<Shared>();

  static void ring(void* bell) {
    const Bell& self = *static_cast<const Bell*>(bell);
    self.worker->post([shared = self.shared] {
      if (shared->waiting != nullptr) shared->waiting->interrupt();
    });
  }
};

io::Task<void> watch(Call& call, log::Ring& ring, std::uint64_t position, char separator) {
  Bell bell{.worker = call.worker.io};
  log::Ring::Watcher watcher(ring, &Bell::ring, &bell);
  for (;;) {
    watcher.arm();
    const bool sent = co_await drain(call, ring, position, separator);
    if (!sent) co_return;
    struct Waiting {
      explicit Waiting(Bell::Shared& shared, io::Stream& stream) : bell(shared) { bell.waiting = &stream; }
      Waiting(const Waiting&) = delete;
      Waiting& operator=(const Waiting&) = delete;
      ~Waiting() { bell.waiting = nullptr; }
      Bell::Shared& bell;
    };
    // A line may have come between the last read and now: its bell found nobody waiting.
    if (position != ring.newest()) continue;
    char key[512];
    const Waiting waiting(*bell.shared, call.session.stream);
    const auto got = co_await call.session.stream.read_some(key, io::Stream::kNever);
    if (!got && got.error().kind == io::IoErrorKind::cancelled) continue;
    if (!got || *got == 0) call.session.ending = true;
    co_return;
  }
}

io::Task<void> show_events(Call& call) {
  if (call.words.empty()) {
    list_rings(call);
    co_return;
  }
  const std::shared_ptr<log::Ring> ring = call.control.engine().sinks().find_ring(call.word(0));
  if (!ring) {
    call.error("No such event sink");
    co_return;
  }
  Wishes wishes;
  if (!parse_wishes(call.words.subspan(1), wishes)) {
    call.error("unknown option");
    co_return;
  }
  std::uint64_t position = wishes.only_new ? ring->newest() : ring->oldest();
  if (wishes.wait) {
    co_await watch(call, *ring, position, wishes.separator);
  } else {
    (void)co_await drain(call, *ring, position, wishes.separator);
  }
}

constexpr CliCommand kRows[] = {
    {.name = "show events",
     .usage = "show events [<sink>] [-w] [-n] [-0]",
     .run = show_events,
     .doc = "rings, or the lines of one"},
};

}  // namespace

constinit const std::span<const CliCommand> event_commands{kRows};

}  // namespace weir::admin
