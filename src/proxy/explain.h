// Explaining one request, or in TCP mode one session: every rule in the order it was asked, what its expressions came
// to, which ACL decided, which backend and server were chosen and why.
//
// Whoever wants to know leaves a wish in the process; the next connection or request that it fits takes it along, tells
// its way into a trace, and hands the text over when it ends. Without a wish this costs one load of an atomic a
// connection and a request, and a test of a pointer that few sessions have. Commands: `explain next`, `weir explain`.
#pragma once

#include <atomic>
#include <cstdint>
#include <functional>
#include <list>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>

#include "base/address.h"
#include "base/diagnostics.h"
#include "base/network.h"
#include "sample/trace.h"

namespace weir::proxy {

struct Session;
struct AssignResult;

/// Which session is wanted; what is empty fits all.
struct ExplainFilter {
  std::optional<IpNetwork> network;
  std::string frontend;
  [[nodiscard]] bool fits(const SocketAddress& client, std::string_view name) const;
};

/// Belongs to the session that took the wish.
struct Explanation {
  sample::Trace trace;
  std::function<void(std::string)> done;  // called once, by the session's worker
  bool stops_at_server = false;           // the choice is what is asked for: nothing is connected
  bool stopped = false;
};

/// Any thread.
class ExplainWishes {
 public:
  std::uint64_t add(ExplainFilter filter, std::unique_ptr<Explanation> explanation);
  /// False: it has been taken already.
  bool remove(std::uint64_t id);
  [[nodiscard]] bool any() const { return waiting_.load(std::memory_order_relaxed) != 0; }
  std::unique_ptr<Explanation> take(const SocketAddress& client, std::string_view frontend);

 private:
  struct Wish {
    std::uint64_t id = 0;
    ExplainFilter filter;
    std::unique_ptr<Explanation> explanation;
  };
  std::atomic<std::uint32_t> waiting_{0};
  std::mutex lock_;
  std::list<Wish> wishes_;
  std::uint64_t last_id_ = 0;
};

/// A connection came, or a request began: it takes the wish that fits it, if there is one.
void begin_explaining(Session& session, std::string_view what);
/// Its end: the text goes to who wished for it.
void end_explaining(Session& session);
/// Null for nearly all.
[[nodiscard]] sample::Trace* trace_of(const Session& session);
/// Whether the choice of the server was all that is asked for.
[[nodiscard]] bool stops_at_server(Session& session);
/// "file:line" of a rule.
[[nodiscard]] std::string place_of(const Session& session, SourcePosition at);
/// The rules that are asked next.
void explain_set(Session& session, std::string_view set, std::string_view proxy);
/// One more fact, if somebody wants to know: `text()` makes it.
template <class Text>
void explain(Session& session, Text text) {
  if (sample::Trace* trace = trace_of(session)) [[unlikely]]
    trace->line(text());
}
void explain_server(Session& session, const AssignResult& assigned, bool wanted);

}  // namespace weir::proxy
