#include "proxy/tcp/tracks.h"

#include "proxy/worker_context.h"

namespace weir::proxy {
namespace {

// COMPAT: observed on 2.6: what was read from the client counts, whether or not a server got it.
std::uint64_t taken_in(const Flow& flow) {
  return flow.received() + (flow.end - flow.start) + (flow.pipe != nullptr ? flow.pipe->held : 0);
}

stick::Traffic traffic_of(const Session& session) {
  const Tracks& tracks = *session.tracks;
  return {.in_told = tracks.in_told,
          .in = taken_in(session.request),
          .out_told = tracks.out_told,
          .out = taken_in(session.response)};
}

}  // namespace

const stick::StickTable::Pin* tracked(const Session& session, unsigned counter) {
  if (session.tracks == nullptr || counter >= session.tracks->counters.size()) return nullptr;
  const Track& track = session.tracks->counters[counter];
  return track.pin ? &track.pin : nullptr;
}

void start_tracking(Session& session, unsigned counter, stick::StickTable& table, std::string_view key) {
  WorkerContext& worker = *session.worker;
  if (session.tracks == nullptr) session.tracks = &worker.track_pool.take(counter + 1);
  std::vector<Track>& counters = session.tracks->counters;
  if (counters.size() <= counter) counters.resize(counter + 1);
  if (counters[counter].pin) return;
  Track& track = counters[counter];
  track.pin = table.track(key, worker.io->now());
  track.of_request = session.http != nullptr;
  track.request_told = false;
  if (!track.pin || !track.of_request) return;
  // COMPAT: observed on 2.6: an entry first tracked by a request's rules counts this request, and no session.
  count_tracked_request(session);
}

void count_tracked_request(Session& session) {
  if (session.tracks == nullptr) return;
  for (Track& track : session.tracks->counters) {
    if (!track.pin || track.request_told) continue;
    track.request_told = true;
    track.pin.table()->count(track.pin, stick::DataType::http_req_cnt, stick::DataType::http_req_rate,
                             session.worker->io->now());
  }
}

void count_tracked_status(Session& session, std::uint16_t status) {
  if (session.tracks == nullptr) return;
  const GlobalConfig& global = *session.worker->plan->global;
  if (status >= global.error_codes.size()) return;
  const bool error = global.error_codes[status];
  const bool failure = global.failure_codes[status];
  if (!error && !failure) return;
  const TimePoint now = session.worker->io->now();
  for (Track& track : session.tracks->counters) {
    if (!track.pin) continue;
    stick::StickTable& table = *track.pin.table();
    if (error) table.count(track.pin, stick::DataType::http_err_cnt, stick::DataType::http_err_rate, now);
    if (failure) table.count(track.pin, stick::DataType::http_fail_cnt, stick::DataType::http_fail_rate, now);
  }
}

void end_request_tracking(Session& session) {
  if (session.tracks == nullptr) return;
  report_tracked_bytes(session);
  for (Track& track : session.tracks->counters) {
    track.request_told = false;
    if (!track.pin || !track.of_request) continue;
    const stick::Traffic traffic = traffic_of(session);
    track.pin.table()->untrack(track.pin, traffic, session.worker->io->now());
    track.keep.reset();
    track.of_request = false;
  }
}

void count_tracked_session(Session& session) {
  if (session.tracks == nullptr) return;
  for (Track& track : session.tracks->counters)
    if (track.pin) track.pin.table()->count_session(track.pin, session.worker->io->now());
}

void report_tracked_bytes(Session& session) {
  if (session.tracks == nullptr) return;
  const stick::Traffic traffic = traffic_of(session);
  for (Track& track : session.tracks->counters)
    if (track.pin) track.pin.table()->count_bytes(track.pin, traffic, session.worker->io->now());
  session.tracks->in_told = traffic.in;
  session.tracks->out_told = traffic.out;
}

// What is held is of the next request, and was told with this one.
void restart_tracked_bytes(Session& session) {
  if (session.tracks == nullptr) return;
  session.tracks->in_told = taken_in(session.request);
  session.tracks->out_told = taken_in(session.response);
}

void end_tracking(Session& session) {
  if (session.tracks == nullptr) return;
  const stick::Traffic traffic = traffic_of(session);
  for (Track& track : session.tracks->counters) {
    if (!track.pin) continue;
    track.pin.table()->untrack(track.pin, traffic, session.worker->io->now());
    track.keep.reset();
  }
  session.worker->track_pool.give(*session.tracks);
  session.tracks = nullptr;
}

void follow_tables(Tracks& tracks, TimePoint now) {
  for (Track& track : tracks.counters) {
    if (!track.pin) continue;
    auto next = track.pin.table()->successor();
    if (next == nullptr || !next->take_over(track.pin, now)) continue;
    track.keep = std::move(next);
  }
}

}  // namespace weir::proxy
