#include "proxy/worker_context.h"

#include "base/assert.h"
#include "proxy/process_state.h"

namespace weir::proxy {
namespace {

thread_local WorkerContext* current_context = nullptr;

void flush_log(void* object) {
  WorkerContext& context = *static_cast<WorkerContext*>(object);
  context.flush_queued = false;
  context.logger.flush();
}

}  // namespace

WorkerContext::WorkerContext(io::Worker& worker, ProcessState& process_state, log::Identity identity)
    : io(&worker),
      process(&process_state),
      encoders(process_state.compression),
      logger(std::move(identity)),
      activities(worker.deferred()) {}

WorkerContext& WorkerContext::current() {
  WEIR_ASSERT(current_context != nullptr);
  return *current_context;
}

void WorkerContext::set_current(WorkerContext* context) { current_context = context; }

void WorkerContext::prepare_logger() {
  if (logger_time != io->now()) {
    logger_time = io->now();
    logger.set_time(io->wall_now(), io->now());
  }
  if (flush_queued) return;
  flush_queued = true;
  io->defer(flush_log, this);
}

void WorkerContext::emit(const LogPlan& log, const log::Line& line) {
  if (log.targets.empty()) return;
  log::Line tagged = line;
  if (log.profiles.empty()) [[likely]] {
    if (tagged.tag.empty()) tagged.tag = log.tag;
    prepare_logger();
    logger.emit(log.targets, tagged);
    return;
  }
  for (std::size_t i = 0; i < log.targets.size(); i++) {
    const LogProfile* profile = log.profiles[i].get();
    tagged.tag = profile != nullptr && !profile->tag.empty() ? profile->tag : line.tag.empty() ? log.tag : line.tag;
    emit(*log.targets[i], tagged);
  }
}

void WorkerContext::emit(const log::Target& target, const log::Line& line) {
  prepare_logger();
  logger.emit(target, line);
}

Session& SessionSlots::take() {
  if (free_.empty()) {
    const auto base = static_cast<std::uint32_t>(blocks_.size()) * kBlock;
    blocks_.push_back(std::make_unique<Session[]>(kBlock));
    for (std::uint32_t i = kBlock; i-- > 0;) {
      blocks_.back()[i].slot = base + i;
      free_.push_back(base + i);
    }
  }
  const std::uint32_t slot = free_.back();
  free_.pop_back();
  Session& session = blocks_[slot / kBlock][slot % kBlock];
  session.previous = nullptr;
  session.next = first_;
  if (first_ != nullptr) first_->previous = &session;
  first_ = &session;
  live_++;
  return session;
}

// Everything but the slot's name starts anew; the generation moves on so that handles of the old life name nobody.
void SessionSlots::give(Session& session) {
  (session.previous != nullptr ? session.previous->next : first_) = session.next;
  if (session.next != nullptr) session.next->previous = session.previous;
  const std::uint32_t slot = session.slot;
  std::uint32_t generation = session.generation + 1;
  if (generation == 0) generation = 1;
  session.~Session();
  new (&session) Session();
  session.slot = slot;
  session.generation = generation;
  free_.push_back(slot);
  live_--;
}

Session* SessionSlots::at(std::uint32_t slot) {
  if (slot >= capacity()) return nullptr;
  Session& session = blocks_[slot / kBlock][slot % kBlock];
  return session.phase != Phase::free ? &session : nullptr;
}

Session* SessionSlots::find(const SessionHandle& who) {
  if (who.slot / kBlock >= blocks_.size()) return nullptr;
  Session& session = blocks_[who.slot / kBlock][who.slot % kBlock];
  return session.generation == who.generation && session.phase != Phase::free ? &session : nullptr;
}

}  // namespace weir::proxy
