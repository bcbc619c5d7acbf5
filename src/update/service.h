// Updates that run: when each source is asked, what becomes of its answer, and what stays through a reload.
//
// Lives on the control thread's loop, so that reading a configuration and asking sources never meet. Two threads
// beside it do what blocks: one makes lists and reads and writes files, one looks names up. A list is exchanged as a
// whole or not at all, and requests look into it without a lock meanwhile (sample/pattern_reference.h).
//
//   prepare(wanted)   before a configuration takes over: lists that are new get what is known to belong into them
//   run(wanted)       it took over: what stayed the same keeps its clock and what it learnt, the rest is asked
//
// Who knows that a list has a source's content is the update, by the list's identity: a reload that makes another list
// of a changed file makes the update ask again, or take the copy on disk.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <random>
#include <string>
#include <vector>

#include "io/aside.h"
#include "io/opener.h"
#include "io/task.h"
#include "io/timer.h"
#include "io/worker.h"
#include "update/copy.h"
#include "update/source.h"
#include "update/status.h"

namespace weir::update {

class Service {
 public:
  /// Called on the loop's thread with a line for the log.
  using Say = std::function<void(bool failure, const std::string& text)>;
  using Done = std::function<void(bool ok, std::string text)>;

  Service(io::Worker& loop, io::Opener& opener, Say say);
  Service(const Service&) = delete;
  Service& operator=(const Service&) = delete;
  ~Service();

  /// Blocks, for it may read copies. Not while the loop turns. Lists of `running`, the book of what runs, are left as
  /// they are: the configuration may yet be refused.
  void prepare(const UpdateSections& wanted, const sample::ReferenceBook* running);
  void run(const UpdateSections& wanted);
  /// Asks now; `done` is called on the loop's thread once there is an outcome. `list` empty: all.
  void ask_now(const std::string& list, const Done& done);
  /// From any thread.
  [[nodiscard]] std::vector<Status> status() const;

 private:
  struct Running;
  struct Applied;
  /// Of a copy that prepare() put into a list.
  struct Prepared {
    std::weak_ptr<sample::PatternReference> list;
    Known known;
    WallTime fetched;
    std::size_t entries = 0;
    std::size_t bytes = 0;
  };

  void prepare_one(const UpdateConfig& update, const std::string& directory);
  std::shared_ptr<Running> take_over(const UpdateConfig& wanted);
  void adopt(Running& update);
  void begin(const std::shared_ptr<Running>& update);
  void arm(Running& update, TimePoint when);
  [[nodiscard]] Milliseconds next_delay(const UpdateConfig& update);
  static void due(void* running);
  static io::Task<void> question(Service* service, std::shared_ptr<Running> update);
  io::Task<Result<Got, Problem>> ask_with_retries(Running& update);
  io::Task<void> take(Running& update, Got got);
  void finish(Running& update, Outcome outcome, const std::string& problem);
  void log_failure(Running& update, const std::string& problem);
  void show();

  io::Worker& loop_;
  io::Opener& opener_;
  Say say_;
  std::string directory_;
  std::map<std::string, std::shared_ptr<Running>, std::less<>> updates_;  // by the name of the list
  std::map<std::string, Prepared, std::less<>> prepared_;
  std::minstd_rand chance_;
  mutable std::mutex shown_lock_;
  std::vector<Status> shown_;
  io::Scope questions_;
  io::Aside work_;   // makes lists, reads and writes files: waited for at the end
  io::Aside names_;  // may block as long as the C library likes
};

}  // namespace weir::update
