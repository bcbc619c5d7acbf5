// Group: a peers section that runs: its peers, its tables, who teaches whom.
//
// All of it lives on one worker, links included, so that two dials that cross, a reload and the end of a link never
// meet on two threads; only the tables are shared with the other workers, which ring the group's bell when one changes.
// A process that starts knows nothing: it asks the first peer in touch for all it knows (a lesson), the next one if
// that did not know all itself or taught nothing for kLessonTime, and gives up after that time with nobody to ask.
// Until then it tells nobody what changed here, lest its newborn counters overwrite grown ones. Who comes in touch only
// later is asked too, but for what is not here yet. Of two links with one peer the later one stays. Manual: 11.2; peers
// protocol.
#pragma once

#include <atomic>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <random>
#include <string>
#include <string_view>
#include <vector>

#include "io/acceptor.h"
#include "io/task.h"
#include "io/worker.h"
#include "peers/config.h"
#include "peers/link.h"
#include "peers/shared_table.h"
#include "peers/wakeup.h"

namespace weir::peers {

inline constexpr Milliseconds kLessonTime{5000};
inline constexpr std::size_t kMostHandshakes = 64;

/// What a section went through, by the bits that `show peers` has for it. COMPAT: observed on 2.6.
namespace happened {
inline constexpr std::uint32_t no_former = 0x10;  // process of this node, or it taught nothing in time
inline constexpr std::uint32_t nobody_taught = 0x20;
inline constexpr std::uint32_t former_lost = 0x40;  // in the middle of a lesson
inline constexpr std::uint32_t teacher_lost = 0x80;
inline constexpr std::uint32_t former_taught_all = 0x100;
inline constexpr std::uint32_t taught_all = 0x200;
inline constexpr std::uint32_t former_knew_part = 0x400;
inline constexpr std::uint32_t teacher_knew_part = 0x800;
inline constexpr std::uint32_t former_came = 0x1000;
inline constexpr std::uint32_t asked = 0x2000;
inline constexpr std::uint32_t was_asked = 0x4000;
}  // namespace happened

/// Of a section that runs: one that the configuration says to share the same tables with.
struct Peer {
  Peer(io::Worker& worker, PeerConfig wanted) : config(std::move(wanted)), wake(worker) {}

  PeerConfig config;
  std::vector<std::shared_ptr<SharedTable>> tables;
  std::shared_ptr<Link> link;  // established; null: not in touch
  std::weak_ptr<Link> dial;    // ours, under way
  Wakeup wake;                 // of who dials
  proto::peers::HeardTexts heard_texts;
  TimePoint dial_at{};
  bool removed = false;
  bool dialling = false;
  bool partial = false;  // did not know all itself when it taught us
  bool unheard = true;   // its parts of tables that add up are not here
  TimePoint lost_at{};

  enum class Status : std::uint8_t { none, connecting, greeting, established, refused } status = Status::none;
  std::uint16_t code = 0;      // of the handshake, when it was refused
  TimePoint last_handshake{};  // or the beginning of a dial
  TimePoint last_sent{};       // over the last link
  std::uint64_t heartbeats_sent = 0;
  std::uint64_t heartbeats_heard = 0;
  std::uint64_t silences = 0;
  std::uint64_t dials = 0;
  std::uint64_t violations = 0;
  std::uint64_t collisions = 0;
  std::uint64_t lessons_given = 0;
  std::uint64_t lessons_taken = 0;
};

class Group : public std::enable_shared_from_this<Group> {
 public:
  /// `activities` hold what runs here, and thereby the group.
  Group(io::Worker& worker, io::Scope& activities, std::string name);
  Group(const Group&) = delete;
  Group& operator=(const Group&) = delete;
  ~Group();

  // On the group's worker.
  /// What the section says from now on. What it says of a peer or a table as before goes on undisturbed.
  void configure(const PeersConfig& config, const std::vector<TableOfGroup>& tables);
  /// The listening socket; an empty one closes the one there is.
  void listen_on(io::Fd socket);
  /// Ends all that runs.
  void shut();
  /// Ends the links with others, and teaches the process that follows on this address, if there is one.
  void hand_down();
  /// Who hears of links that come and go.
  using Report = std::function<void(log::Level level, std::string_view text)>;
  void report_to(Report report) { report_ = std::move(report); }
  void report(log::Level level, std::string_view text) const;

  // From the control thread.
  /// Before the first configure(): nobody else is asked for a lesson while a former process may give one.
  void wait_for_former_process() { awaits_former_ = true; }
  void begin_handing_down() { handing_down_.store(true, std::memory_order_relaxed); }
  void end_handing_down() { handing_down_.store(false, std::memory_order_relaxed); }
  /// Links that live, and those that come to be as well. For anybody.
  [[nodiscard]] std::uint32_t connected() const { return connected_.load(std::memory_order_relaxed); }
  [[nodiscard]] std::uint32_t active() const { return active_.load(std::memory_order_relaxed); }
  void count_active(bool more) { more ? ++active_ : --active_; }
  [[nodiscard]] std::uint32_t shards() const { return shards_.load(std::memory_order_relaxed); }
  [[nodiscard]] bool handing_down() const { return handing_down_.load(std::memory_order_relaxed); }

  [[nodiscard]] const std::string& name() const { return name_; }
  [[nodiscard]] io::Worker& worker() { return worker_; }
  [[nodiscard]] io::Scope& activities() { return activities_; }
  [[nodiscard]] const PeersConfig& config() const { return config_; }
  [[nodiscard]] bool listening() const { return acceptor_ != nullptr; }
  [[nodiscard]] const std::vector<std::shared_ptr<Peer>>& peers() const { return peers_; }
  /// Knows all there is to know, as far as it could be asked for.
  [[nodiscard]] bool synced() const { return synced_; }
  [[nodiscard]] bool was_shut() const { return shut_; }

  // For links.
  [[nodiscard]] std::shared_ptr<Peer> find(std::string_view peer) const;
  /// Of so many strangers that say nothing the one that said nothing longest has to go: who is a peer says so at once.
  void begin_handshake(const std::shared_ptr<Link>& link);
  void end_handshake(const std::shared_ptr<Link>& link) { std::erase(handshakes_, link); }
  /// The later link stays.
  void establish(const std::shared_ptr<Peer>& peer, const std::shared_ptr<Link>& link);
  void lose(const std::shared_ptr<Peer>& peer, const std::shared_ptr<Link>& link);
  void lesson_ended(Peer& peer, bool complete);
  void give_lesson(Peer& peer);
  /// Rings every writer.
  void wake_links();
  /// The tables ring at their next change.
  void arm_bell();
  /// Manual: 50 to 2050 ms, so that two sides do not dial at once for ever.
  [[nodiscard]] Milliseconds pause_before_dialling();

  /// The lines of `show peers`.
  void show(std::string& out, bool with_texts) const;

 private:
  struct ChangeBell;
  static void on_connection(void* group, io::Fd connection, const SocketAddress& peer);
  static void on_deadline(void* group);
  static void on_mourning(void* group);
  void share_tables(Peer& peer, const std::vector<TableOfGroup>& tables, bool& gained);
  void ask_somebody();
  void await_lesson();
  [[nodiscard]] std::uint64_t heard_from_teacher() const;
  void ask_late(Peer& peer);
  void ask_parts(Peer& peer);
  [[nodiscard]] bool clear_parts();
  void become_synced();
  void ask(Peer& peer, bool later);
  void start_dialling(const std::shared_ptr<Peer>& peer);

  io::Worker& worker_;
  io::Scope& activities_;
  std::string name_;
  PeersConfig config_;
  WallTime started_;
  std::vector<std::shared_ptr<Peer>> peers_;
  std::map<std::string, std::uint64_t> table_ids_;
  std::unique_ptr<io::Acceptor> acceptor_;
  std::shared_ptr<ChangeBell> bell_;
  std::minstd_rand random_;
  std::vector<std::shared_ptr<Link>> handshakes_;
  bool synced_ = false;
  bool taught_ = false;  // by somebody who knew all
  bool awaits_former_ = false;
  std::atomic<bool> handing_down_{false};
  std::atomic<std::uint32_t> connected_{0};
  std::atomic<std::uint32_t> active_{0};
  std::atomic<std::uint32_t> shards_{0};
  Report report_;
  bool shut_ = false;
  std::uint32_t happened_ = 0;
  Peer* teacher_ = nullptr;
  std::uint64_t heard_before_ = 0;  // from the teacher, when the deadline was set
  TimePoint lesson_deadline_{};
  io::Timer deadline_{&Group::on_deadline, this};
  io::Timer mourning_{&Group::on_mourning, this};  // drops the parts of nodes that are out of touch
};

}  // namespace weir::peers
