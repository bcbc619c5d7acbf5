#include "update/service.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "io/stream.h"

namespace weir::update {
namespace {

constexpr Milliseconds kFirstSpread{10'000};  // of the first question, where there is a content already
constexpr Milliseconds kFirstPause{1000};     // between two tries; each one is twice as long as the one before
constexpr std::size_t kMostErrands = 1024;
constexpr Milliseconds kBetweenFailures{60'000};  // of one update, in the log

/// Pauses are short enough for all tries to fit into one delay.
Milliseconds pause(const UpdateConfig& update, std::uint32_t tries) {
  return std::min(kFirstPause * (1 << std::min(tries, 6U)), update.delay / (update.retries + 1));
}

}  // namespace

struct Service::Running {
  Running(Service& owner, UpdateConfig wanted) : service(owner), config(std::move(wanted)) {
    timer.set(&Service::due, this);
  }
  Service& service;
  UpdateConfig config;
  Known known;
  std::weak_ptr<sample::PatternReference> holder;  // the list that has what is known; none: nothing is
  io::Timer timer;
  io::ActivityId activity = 0;
  Status status;
  std::vector<Done> waiting;
  bool failing = false;
  std::uint64_t untold = 0;  // failures since the last line of the log
  TimePoint told{};

  [[nodiscard]] bool holds(const sample::PatternReference& list) const { return holder.lock().get() == &list; }
};

/// What became of a content.
struct Service::Applied {
  Result<std::size_t> entries;
  Result<void> saved;
};

Service::Service(io::Worker& loop, io::Opener& opener, Say say)
    : loop_(loop),
      opener_(opener),
      say_(std::move(say)),
      chance_(std::random_device()()),
      questions_(loop.deferred()),
      work_("weir/update", io::Aside::AtEnd::wait, kMostErrands),
      names_("weir/names", io::Aside::AtEnd::leave, kMostErrands) {}

Service::~Service() { questions_.destroy_all(); }

// --- a configuration takes over

void Service::prepare(const UpdateSections& wanted, const sample::ReferenceBook* running) {
  prepared_.clear();
  if (wanted.directory.empty()) return;
  for (const UpdateConfig& update : wanted.updates) {
    const sample::BookEntry* const entry = running != nullptr ? running->find(update.list) : nullptr;
    if (entry == nullptr || entry->list != update.target) prepare_one(update, wanted.directory);
  }
}

void Service::prepare_one(const UpdateConfig& update, const std::string& directory) {
  const auto copy = load_copy(directory, update.list);
  if (!copy || copy->from != update.from) return;  // the first time, or another source
  Prepared prepared{
      .list = update.target,
      .known = {.etag = copy->etag, .last_modified = copy->last_modified, .hash = content_hash(copy->content)},
      .fetched = WallTime(std::chrono::seconds(copy->fetched)),
      .bytes = copy->content.size()};
  const auto entries = update.target->replace(copy->content, update.kinds);
  if (!entries) {
    say_(true, fmt::format("update of list '{}': the copy of {} is no list any more: {}", update.list, update.from,
                           entries.error().message));
    return;
  }
  prepared.entries = *entries;
  prepared_[update.list] = std::move(prepared);
}

/// The running update that `wanted` goes on with, or a new one.
std::shared_ptr<Service::Running> Service::take_over(const UpdateConfig& wanted) {
  const auto before = updates_.find(wanted.list);
  if (before != updates_.end() && before->second->config == wanted) {
    before->second->config = wanted;
    return before->second;
  }
  auto made = std::make_shared<Running>(*this, wanted);
  made->status.list = wanted.list;
  made->status.from = wanted.from;
  if (before == updates_.end()) return made;
  Running& old = *before->second;
  made->waiting = std::exchange(old.waiting, {});
  if (old.config.from != wanted.from) return made;
  made->known = old.known;
  made->holder = old.holder;
  made->status = old.status;
  made->status.busy = false;
  return made;
}

/// What prepare() found for it.
void Service::adopt(Running& update) {
  const auto found = prepared_.find(update.config.list);
  if (found == prepared_.end() || found->second.list.lock() != update.config.target) return;
  update.known = found->second.known;
  update.holder = update.config.target;
  update.status.entries = found->second.entries;
  update.status.bytes = found->second.bytes;
  update.status.fresh = found->second.fetched;
  if (update.status.outcome == Outcome::waiting) update.status.outcome = Outcome::copy;
}

void Service::run(const UpdateSections& wanted) {
  directory_ = wanted.directory;
  decltype(updates_) next;
  for (const UpdateConfig& config : wanted.updates) {
    const auto update = take_over(config);
    adopt(*update);
    update->status.id = config.id;
    next.emplace(config.list, update);
  }
  for (const auto& [list, old] : updates_) {
    const auto same = next.find(list);
    if (same != next.end() && same->second == old) continue;
    old->timer.cancel();
    questions_.cancel(old->activity);
    for (const Done& done : std::exchange(old->waiting, {}))
      done(false, "the update was taken out of the configuration");
  }
  updates_ = std::move(next);
  prepared_.clear();
  for (const auto& [list, update] : updates_) {
    if (update->status.busy) continue;  // it looks at its list again when it has its answer
    const bool holds = update->holds(*update->config.target) && update->waiting.empty();
    if (holds && update->timer.armed()) continue;
    const Milliseconds spread = std::min(update->config.delay * update->config.jitter / 100, kFirstSpread);
    const auto wait = Milliseconds(holds ? static_cast<Milliseconds::rep>(chance_()) % (spread.count() + 1) : 0);
    arm(*update, loop_.now() + wait);
  }
  show();
}

// --- when

void Service::arm(Running& update, TimePoint when) {
  loop_.timers().arm(update.timer, when);
  update.status.next = loop_.wall_now() + std::chrono::duration_cast<WallTime::duration>(when - loop_.now());
}

Milliseconds Service::next_delay(const UpdateConfig& update) {
  const Milliseconds::rep spread = update.delay.count() * update.jitter / 100;
  const auto chance = static_cast<Milliseconds::rep>(chance_()) % (2 * spread + 1);
  return Milliseconds(update.delay.count() - spread + chance);
}

void Service::due(void* running) {
  Running& update = *static_cast<Running*>(running);
  const auto found = update.service.updates_.find(update.config.list);
  if (found != update.service.updates_.end()) update.service.begin(found->second);
}

void Service::begin(const std::shared_ptr<Running>& update) {
  if (update->status.busy) return;
  update->timer.cancel();
  update->status.busy = true;
  update->activity = questions_.spawn(&Service::question, this, update);
  show();
}

void Service::ask_now(const std::string& list, const Done& done) {
  std::vector<std::shared_ptr<Running>> asked;
  for (const auto& [name, update] : updates_)
    if (list.empty() || name == list || fmt::format("#{}", update->status.id) == list) asked.push_back(update);
  if (asked.empty()) {
    done(false, list.empty() ? "there are no updates" : fmt::format("no update has the list '{}'", list));
    return;
  }
  struct Gathered {
    std::size_t missing;
    bool ok = true;
    std::string text;
  };
  const auto gathered = std::make_shared<Gathered>(asked.size());
  for (const auto& update : asked) {
    update->waiting.push_back([gathered, done](bool ok, const std::string& text) {
      gathered->ok = gathered->ok && ok;
      gathered->text += text + "\n";
      if (--gathered->missing == 0) done(gathered->ok, gathered->text);
    });
  }
  for (const auto& update : asked) begin(update);
}

// --- a question

io::Task<void> Service::question(Service* service, std::shared_ptr<Running> update) {
  const auto list = update->config.target;
  auto got = co_await service->ask_with_retries(*update);
  if (got)
    co_await service->take(*update, std::move(*got));
  else
    service->finish(*update, Outcome::failed, got.error().message);
  // A reload brought another list meanwhile.
  if (update->config.target != list && !update->holds(*update->config.target))
    service->arm(*update, service->loop_.now());
}

io::Task<Result<Got, Problem>> Service::ask_with_retries(Running& update) {
  for (std::uint32_t tries = 0;; ++tries) {
    // Copies: a reload may bring others while this waits.
    const UpdateConfig config = update.config;
    const Known known = update.known;
    const bool holds = update.holds(*config.target);
    auto got = co_await ask(loop_, work_, names_, config, holds ? &known : nullptr);
    if (got || !got.error().passing || tries >= update.config.retries) co_return got;
    co_await io::sleep_for(loop_, pause(update.config, tries));
  }
}

io::Task<void> Service::take(Running& update, Got got) {
  const auto list = update.config.target;
  if (got.content != nullptr) got.known.hash = content_hash(*got.content);
  // What the configuration read from the file of the same name counts as well, as long as nothing else came.
  const bool as_read = !update.holds(*list) && got.content != nullptr && list->content_hash() == got.known.hash &&
                       list->facts().current_version == 0;
  if (got.content == nullptr || (update.holds(*list) && got.known.hash == update.known.hash) || as_read) {
    update.known = std::move(got.known);
    update.holder = list;
    if (as_read) update.status.bytes = got.content->size();
    if (as_read) update.status.entries = list->facts().entries;
    finish(update, Outcome::unchanged, {});
    co_return;
  }
  Copy about{.from = update.config.from,
             .etag = got.known.etag,
             .last_modified = got.known.last_modified,
             .fetched = std::chrono::duration_cast<std::chrono::seconds>(loop_.wall_now().time_since_epoch()).count()};
  const auto applied = co_await work_.run(
      loop_,
      [list, content = got.content, kinds = update.config.kinds, about, directory = directory_,
       name = update.config.list, &opener = opener_]() mutable {
        Applied result{list->replace(*content, kinds), {}};
        if (!result.entries || directory.empty()) return result;
        about.content = *content;
        result.saved = save_copy(opener, directory, name, about);
        return result;
      },
      TimePoint::max());
  if (!applied || !applied->entries) {
    finish(update, Outcome::failed,
           applied ? fmt::format("what it gave is no list: {}", applied->entries.error().message)
                   : "too much else is to be done");
    co_return;
  }
  update.known = std::move(got.known);
  update.holder = list;
  update.status.entries = *applied->entries;
  update.status.bytes = got.content->size();
  if (!applied->saved)
    say_(true,
         fmt::format("update of list '{}': no copy was kept: {}", update.config.list, applied->saved.error().message));
  finish(update, Outcome::changed, {});
}

void Service::finish(Running& update, Outcome outcome, const std::string& problem) {
  Status& status = update.status;
  const WallTime now = loop_.wall_now();
  status.outcome = outcome;
  status.problem = problem;
  status.busy = false;
  ++status.asks;
  if (outcome != Outcome::failed) status.fresh = now;
  if (outcome == Outcome::changed) {
    status.changed = now;
    ++status.changes;
    say_(false, fmt::format("update of list '{}' from {}: changed, {} entries, {} bytes", status.list, status.from,
                            status.entries, status.bytes));
  }
  if (outcome == Outcome::failed) {
    ++status.failures;
    log_failure(update, problem);
  } else {
    if (update.failing && outcome == Outcome::unchanged)
      say_(false,
           fmt::format("update of list '{}' from {}: unchanged, the source answers again", status.list, status.from));
    update.failing = false;
    update.untold = 0;
  }
  arm(update, loop_.now() + next_delay(update.config));
  show();  // before anybody is told, who may look at once
  for (const Done& done : std::exchange(update.waiting, {}))
    done(outcome != Outcome::failed,
         fmt::format("{}: {}{}{}", status.list, outcome_name(outcome), problem.empty() ? "" : ": ", problem));
}

/// The first failure is told at once, and then one a minute.
void Service::log_failure(Running& update, const std::string& problem) {
  if (update.failing && loop_.now() - update.told < kBetweenFailures) {
    ++update.untold;
    return;
  }
  const std::string more =
      update.untold == 0 ? std::string() : fmt::format(" ({} more failures since the last line)", update.untold);
  say_(true, fmt::format("update of list '{}' from {} failed: {}; the list stays as it is{}", update.status.list,
                         update.status.from, problem, more));
  update.failing = true;
  update.untold = 0;
  update.told = loop_.now();
}

// --- for others

void Service::show() {
  std::vector<Status> all;
  all.reserve(updates_.size());
  for (const auto& [list, update] : updates_) all.push_back(update->status);
  std::ranges::sort(all, {}, &Status::id);
  const std::scoped_lock guard(shown_lock_);
  shown_ = std::move(all);
}

std::vector<Status> Service::status() const {
  const std::scoped_lock guard(shown_lock_);
  return shown_;
}

}  // namespace weir::update
