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
#include <vector>

#include "base/address.h"
#include "base/diagnostics.h"
#include "base/network.h"
#include "sample/condition.h"
#include "sample/trace.h"

namespace weir::proxy {

struct Session;
struct AssignResult;

/// Which session is wanted; what is empty fits all.
struct ExplainFilter {
  std::optional<IpNetwork> network;
  std::string frontend;
  /// Asked again and again while the session goes its way; it fits once this has held: when the request is there, when
  /// a server is chosen, when there is an answer, at the end.
  sample::Condition condition;
  [[nodiscard]] bool fits(const SocketAddress& client, std::string_view name) const;
};

struct ExplainWish {
  ExplainFilter filter;
  std::function<void(std::string)> done;  // called once, by the worker of the session that took the wish
  bool stops_at_server = false;           // the choice is what is asked for: nothing is connected
  std::uint64_t id = 0;
  std::atomic<bool> taken{false};  // by a session, or back
};

class ExplainWishes;
struct KeptRequest;

/// Belongs to a session that somebody wants to read about, or may want to once it is known what becomes of it.
struct Explanation {
  Explanation();
  Explanation(const Explanation&) = delete;
  Explanation& operator=(const Explanation&) = delete;
  ~Explanation();
  sample::Trace trace;
  std::vector<std::shared_ptr<ExplainWish>> candidates;  // whose condition has not held yet
  std::vector<std::shared_ptr<ExplainWish>> taken;       // who is told at the end
  std::unique_ptr<KeptRequest> request;  // a copy of its head, for conditions that are asked when it is gone
  ExplainWishes* counted_in = nullptr;
  bool stopped = false;
};

/// Any thread.
class ExplainWishes {
 public:
  /// Sessions at a time that are looked at without being sure to fit: each keeps a trace meanwhile.
  static constexpr std::uint32_t kMostCandidates = 256;

  std::uint64_t add(std::shared_ptr<ExplainWish> wish);
  /// False: it has been taken already.
  bool remove(std::uint64_t id);
  [[nodiscard]] bool any() const { return waiting_.load(std::memory_order_relaxed) != 0; }
  /// The first without a condition that fits, which is taken, and all with one. Null: none.
  std::unique_ptr<Explanation> take(const SocketAddress& client, std::string_view frontend);
  /// For who has found that its condition holds. False: another was faster.
  bool take(const std::shared_ptr<ExplainWish>& wish);

 private:
  friend struct Explanation;
  void count();
  std::atomic<std::uint32_t> waiting_{0};
  std::atomic<std::uint32_t> candidates_{0};
  std::mutex lock_;
  std::list<std::shared_ptr<ExplainWish>> wishes_;
  std::uint64_t last_id_ = 0;
};

/// A connection came, or a request began: it takes the wish that fits it, if there is one.
void begin_explaining(Session& session, std::string_view what);
/// More is known of it now: conditions are asked again.
void ask_wishes(Session& session);
/// The request's head is about to go.
void keep_request(Session& session);
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
