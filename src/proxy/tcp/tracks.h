// The entries of stick tables that a session tracks, by counter: track-sc0, track-sc1, ...
//
// A session without such rules pays one null pointer. One that tracks takes a block from its worker's pool: a pin for
// each counter, the totals that the entries were told of, no allocation once the pool is warm. Tables live as long as
// the configuration that names them, which the session holds; a session that a reload led to another table (follow)
// holds that one itself. Manual: 4.3 track-sc0, tune.stick-counters.
#pragma once

#include <cstdint>
#include <deque>
#include <memory>
#include <string_view>
#include <vector>

#include "stick/table.h"

namespace weir::proxy {

struct Session;

inline constexpr std::uint32_t kMaxStickCounters = 100;

struct Track {
  std::shared_ptr<stick::StickTable> keep;  // only when the session's configuration does not know the table
  stick::StickTable::Pin pin;               // let go before its table
  bool of_request = false;                  // HTTP: a request's rule began it, so it ends with the request
  bool request_told = false;                // HTTP: this request counts in it
};

struct Tracks {
  std::vector<Track> counters;
  std::uint64_t in_told = 0;
  std::uint64_t out_told = 0;
};

/// Of one worker. Blocks never move.
class TrackPool {
 public:
  Tracks& take(std::uint32_t counters) {
    if (free_.empty()) free_.push_back(&blocks_.emplace_back());
    Tracks& block = *free_.back();
    free_.pop_back();
    if (block.counters.size() < counters) block.counters.resize(counters);
    return block;
  }
  void give(Tracks& block) {
    block.in_told = block.out_told = 0;
    free_.push_back(&block);
  }

 private:
  std::deque<Tracks> blocks_;
  std::vector<Tracks*> free_;
};

/// What the counter tracks; null: nothing.
[[nodiscard]] const stick::StickTable::Pin* tracked(const Session& session, unsigned counter);
/// From now on the session is counted in the entry of this key. The first one of a counter stays; a table without room
/// tracks nothing.
void start_tracking(Session& session, unsigned counter, stick::StickTable& table, std::string_view key);
/// The connection rules let it pass.
void count_tracked_session(Session& session);
/// Tells the entries of the bytes that moved since they were told last.
void report_tracked_bytes(Session& session);
void end_tracking(Session& session);
/// HTTP: the request that content rules see counts in what is tracked by now.
void count_tracked_request(Session& session);
/// HTTP: the answer's status counts as the client's error or the server's failure.
void count_tracked_status(Session& session, std::uint16_t status);
/// HTTP: what the request's own rules began to track is over.
void end_request_tracking(Session& session);
/// HTTP: the session's totals have begun anew, for the next request.
void restart_tracked_bytes(Session& session);
/// After a reload: what is tracked is counted in the tables that took the place of those it tracked.
void follow_tables(Tracks& tracks, TimePoint now);

}  // namespace weir::proxy
