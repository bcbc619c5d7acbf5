#include "peers/group.h"

#include <fmt/format.h>

#include <algorithm>

#include "stick/parts.h"

namespace weir::peers {

// Tables may ring from any thread, and long after the group is gone.
struct Group::ChangeBell : stick::Bell, std::enable_shared_from_this<ChangeBell> {
  ChangeBell(io::Worker& on, std::weak_ptr<Group> whose) : Bell(rung), worker(on), group(std::move(whose)) {}
  static void rung(Bell& bell) {
    auto& self = static_cast<ChangeBell&>(bell);
    self.worker.post([bell = self.shared_from_this()] {
      if (const auto group = bell->group.lock()) group->wake_links();
    });
  }
  io::Worker& worker;
  std::weak_ptr<Group> group;
};

Group::Group(io::Worker& worker, io::Scope& activities, std::string name)
    : worker_(worker),
      activities_(activities),
      name_(std::move(name)),
      started_(std::chrono::system_clock::now()),
      random_(std::random_device{}()) {}

Group::~Group() = default;

std::shared_ptr<Peer> Group::find(std::string_view peer) const {
  const auto found = std::ranges::find_if(peers_, [&](const auto& one) { return one->config.name == peer; });
  return found == peers_.end() ? nullptr : *found;
}

// --- configuration ---

void Group::share_tables(Peer& peer, const std::vector<TableOfGroup>& tables, bool& gained) {
  std::vector<std::shared_ptr<SharedTable>> next;
  for (const TableOfGroup& wanted : tables) {
    const std::string name = wire_name(wanted.table->config());
    const std::uint64_t id = table_ids_.try_emplace(name, table_ids_.size() + 1).first->second;
    const auto same = std::ranges::find(peer.tables, name, [](const auto& one) { return one->name; });
    const bool known = same != peer.tables.end() &&
                       (&(*same)->table() == wanted.table.get() || &(*same)->table().latest() == wanted.table.get());
    if (!known) {
      next.push_back(std::make_shared<SharedTable>(id, wanted));
      gained = true;
      continue;
    }
    (*same)->write_to = wanted.write_to;
    if (&(*same)->table() != wanted.table.get()) {
      // Other columns may have made its parts anew: only those who count them know them.
      if (wanted.table->parts() && wanted.table->parts() != (*same)->table().parts()) {
        (*same)->forget_lessons();
        gained = true;
      }
      (*same)->move_to(wanted.table);
    }
    next.push_back(*same);
  }
  peer.tables = std::move(next);
  if (!peer.link) return;
  // What the other side's definitions mean now.
  for (auto& [id, heard] : peer.link->heard_tables) {
    const auto same = std::ranges::find(peer.tables, heard.definition.name, [](const auto& one) { return one->name; });
    heard.shared = same == peer.tables.end() ? nullptr : *same;
    heard.taken_by = nullptr;
  }
  peer.link->told_table = nullptr;
  peer.link->wake.ring();
}

void Group::configure(const PeersConfig& config, const std::vector<TableOfGroup>& tables) {
  if (shut_) return;
  const bool first = !bell_;
  if (first) bell_ = std::make_shared<ChangeBell>(worker_, weak_from_this());
  for (const TableOfGroup& one : tables) one.table->set_bell(bell_);
  config_ = config;
  shards_.store(config.shards, std::memory_order_relaxed);
  std::vector<std::shared_ptr<Peer>> next;
  bool gained = false;
  for (const PeerConfig& wanted : config.peers) {
    std::shared_ptr<Peer> peer = find(wanted.name);
    if (peer && peer->config.local != wanted.local) peer = nullptr;
    if (!peer) {
      peer = std::make_shared<Peer>(worker_, wanted);
    } else if (!(peer->config == wanted)) {
      const bool moved = peer->config.address != wanted.address;
      peer->config = wanted;
      if (moved && peer->link) peer->link->end();
      if (moved) peer->dial_at = {};
      peer->wake.ring();
    }
    share_tables(*peer, tables, gained);
    next.push_back(std::move(peer));
  }
  for (const auto& before : peers_) {
    if (std::ranges::find(next, before) != next.end()) continue;
    before->removed = true;
    if (before->link) before->link->end();
    for (const auto& table : before->tables)
      if (stick::Parts* parts = table->table().parts()) parts->drop(before->config.name);
    worker_.timers().arm(mourning_, worker_.now() + kTurn);
    if (teacher_ == before.get()) teacher_ = nullptr;
    before->wake.ring();
  }
  peers_ = std::move(next);
  for (const auto& peer : peers_) start_dialling(peer);
  if (first) {
    if (!awaits_former_) happened_ |= happened::no_former;
    await_lesson();
  } else if (gained && synced_) {
    taught_ = false;
    for (const auto& peer : peers_) {
      peer->unheard = true;
      ask_late(*peer);
      if (peer->link) ask_parts(*peer);
    }
  }
  ask_somebody();
}

void Group::start_dialling(const std::shared_ptr<Peer>& peer) {
  if (peer->config.local || peer->dialling || peer->config.address.family() == AddressFamily::none) return;
  peer->dialling = true;
  activities_.spawn(keep_dialling, shared_from_this(), peer);
}

void Group::listen_on(io::Fd socket) {
  acceptor_.reset();
  if (!socket || shut_) return;
  acceptor_ = std::make_unique<io::Acceptor>(worker_, std::move(socket), &Group::on_connection, this);
  acceptor_->start();
}

void Group::on_connection(void* group, io::Fd connection, const SocketAddress& /*peer*/) {
  auto& self = *static_cast<Group*>(group);
  if (self.shut_) return;
  self.activities_.spawn(receive, self.shared_from_this(), std::move(connection));
}

void Group::begin_handshake(const std::shared_ptr<Link>& link) {
  if (handshakes_.size() >= kMostHandshakes) {
    handshakes_.front()->end();
    handshakes_.erase(handshakes_.begin());
  }
  handshakes_.push_back(link);
}

void Group::hand_down() {
  const std::shared_ptr<Peer> self = find(config_.local_peer);
  if (shut_ || !self) {
    end_handing_down();
    return;
  }
  acceptor_.reset();
  deadline_.cancel();
  for (const auto& peer : peers_) {
    if (peer->config.local) continue;
    peer->removed = true;
    if (peer->link) peer->link->end();
    peer->wake.ring();
  }
  activities_.spawn(teach_successor, shared_from_this(), self);
}

void Group::report(log::Level level, std::string_view text) const {
  if (report_) report_(level, fmt::format("Peers {}: {}.", name_, text));
}

void Group::shut() {
  shut_ = true;
  end_handing_down();
  acceptor_.reset();
  deadline_.cancel();
  mourning_.cancel();
  for (const auto& peer : peers_) {
    peer->removed = true;
    if (peer->link) peer->link->end();
    peer->wake.ring();
  }
}

// --- links ---

void Group::establish(const std::shared_ptr<Peer>& peer, const std::shared_ptr<Link>& link) {
  report(log::Level::notice, fmt::format("peer {} is connected", peer->config.name));
  // COMPAT: observed on 2.6: a dial of ours that another one overtakes is a collision as well.
  const bool collides = peer->link != nullptr || (!link->dialled && !peer->dial.expired());
  if (collides) peer->collisions++;
  if (peer->link) lose(peer, peer->link);
  link->heard = !link->dialled && !collides;
  if (peer->config.local && awaits_former_) happened_ |= happened::former_came;
  connected_++;
  peer->link = link;
  peer->status = Peer::Status::established;
  peer->last_handshake = link->since = link->last_sent = link->last_heard = worker_.now();
  for (const auto& table : peer->tables) table->resume();
  ask_somebody();
  ask_late(*peer);
  ask_parts(*peer);
}

void Group::lose(const std::shared_ptr<Peer>& peer, const std::shared_ptr<Link>& link) {
  link->end();
  if (peer->link != link) return;
  peer->last_sent = link->last_sent;
  report(log::Level::notice, fmt::format("the connection with peer {} has ended", peer->config.name));
  connected_--;
  peer->link = nullptr;
  if (peer->config.local && awaits_former_) happened_ |= happened::former_lost;
  peer->dial_at = worker_.now() + pause_before_dialling();
  for (const auto& table : peer->tables) table->backlog.resume_behind(table->acked);
  peer->wake.ring();
  peer->lost_at = worker_.now();
  if (shut_) return;  // no timer may be left: the last who holds the group may be another thread
  worker_.timers().arm(mourning_, worker_.now() + kTurn);
  if (teacher_ != peer.get()) return;
  teacher_ = nullptr;  // the lesson was cut: somebody else, or the same one again
  happened_ |= happened::teacher_lost;
  if (synced_) return;
  await_lesson();
  ask_somebody();
}

void Group::wake_links() {
  for (const auto& peer : peers_)
    if (peer->link) peer->link->wake.ring();
}

void Group::arm_bell() { bell_->armed.store(true, std::memory_order_seq_cst); }

Milliseconds Group::pause_before_dialling() {
  return Milliseconds(std::uniform_int_distribution<int>(50, 2050)(random_));
}

// --- lessons ---

void Group::ask_somebody() {
  if (synced_ || teacher_ != nullptr || awaits_former_) return;
  bool all_partial = true;
  for (const auto& peer : peers_) {
    if (peer->config.local) continue;
    all_partial = all_partial && peer->partial;
    if (!peer->link || peer->partial) continue;
    teacher_ = peer.get();
    ask(*peer, false);
    await_lesson();
    return;
  }
  if (!all_partial) return;
  taught_ = true;  // as far as anybody could
  happened_ |= happened::nobody_taught;
  become_synced();
}

/// Nobody was there to ask when this process was new, or a table is new now.
void Group::ask_late(Peer& peer) {
  if (!synced_ || taught_ || teacher_ != nullptr || !peer.link || peer.config.local) return;
  teacher_ = &peer;
  ask(peer, true);
}

void Group::ask(Peer& peer, bool later) {
  happened_ |= happened::asked;
  peer.link->ask_for_lesson(later);
}

/// Only a node itself knows its part of a sum.
void Group::ask_parts(Peer& peer) {
  const auto adds_up = [](const auto& table) { return table->table().parts() != nullptr; };
  if (!peer.unheard || peer.link->ask || std::ranges::none_of(peer.tables, adds_up)) return;
  ask(peer, synced_);
}

// A node that died takes its parts with it, after the time the table states.
void Group::on_mourning(void* group) {
  auto& self = *static_cast<Group*>(group);
  const TimePoint now = self.worker_.now();
  TimePoint next = TimePoint::max();
  for (const auto& peer : self.peers_) {
    if (peer->link || peer->config.local || peer->lost_at == TimePoint{}) continue;
    for (const auto& table : peer->tables) {
      stick::Parts* parts = table->table().parts();
      if (parts == nullptr) continue;
      const TimePoint due = peer->lost_at + table->table().config().aggregate_timeout;
      if (due > now) {
        next = std::min(next, due);
        continue;
      }
      parts->drop(peer->config.name);
      peer->unheard = true;
    }
  }
  if (self.clear_parts()) next = std::min(next, now + kTurn);
  if (next != TimePoint::max()) self.worker_.timers().arm(self.mourning_, next);
}

/// Those of nodes that the section names no more as well. True while some are left.
bool Group::clear_parts() {
  constexpr std::size_t kPieceOfClearing = 4096;
  bool left = false;
  if (peers_.empty()) return false;
  for (const auto& table : peers_.front()->tables)  // all peers share the same
    if (stick::Parts* parts = table->table().parts()) left |= parts->clear_some(kPieceOfClearing);
  return left;
}

void Group::lesson_ended(Peer& peer, bool complete) {
  peer.link->confirm = true;
  peer.link->wake.ring();
  // A former process teaches unasked. Of others it is no answer to anything, and another one may be teaching.
  if (!std::exchange(peer.link->asked, false) && !peer.config.local) return;
  peer.link->late = false;
  peer.link->partial = !complete;
  peer.unheard = false;
  if (peer.config.local) {
    awaits_former_ = false;
    happened_ |= complete ? happened::former_taught_all : happened::former_knew_part;
  } else {
    happened_ |= complete ? happened::taught_all : happened::teacher_knew_part;
  }
  peer.lessons_taken++;
  if (teacher_ == &peer) teacher_ = nullptr;
  peer.partial = !complete;
  if (complete) {
    taught_ = true;
    become_synced();
    return;
  }
  ask_somebody();
}

void Group::become_synced() {
  synced_ = true;
  deadline_.cancel();
  wake_links();
}

void Group::on_deadline(void* group) {
  auto& self = *static_cast<Group*>(group);
  if (self.synced_) return;
  if (self.teacher_ != nullptr && self.heard_from_teacher() != self.heard_before_) {
    self.await_lesson();
    return;
  }
  // A teacher that falls silent loses its link; this one says much, but teaches nothing.
  if (Peer* idle = std::exchange(self.teacher_, nullptr)) idle->partial = true;
  const bool awaited_former = std::exchange(self.awaits_former_, false);
  if (awaited_former) {
    self.happened_ |= happened::no_former;
    self.await_lesson();
  }
  self.ask_somebody();
  if (self.synced_ || self.teacher_ != nullptr || awaited_former) return;
  self.happened_ |= happened::nobody_taught;
  self.become_synced();
}

void Group::await_lesson() {
  lesson_deadline_ = worker_.now() + kLessonTime;
  heard_before_ = heard_from_teacher();
  worker_.timers().arm(deadline_, lesson_deadline_);
}

std::uint64_t Group::heard_from_teacher() const {
  std::uint64_t entries = 0;
  if (teacher_ != nullptr)
    for (const auto& table : teacher_->tables) entries += table->entries_heard;
  return entries;
}

void Group::give_lesson(Peer& peer) {
  if (!peer.config.local) happened_ |= happened::was_asked;
  for (const auto& table : peer.tables) table->give_lesson();
  peer.link->lesson = Link::Lesson::running;
  peer.link->wake.ring();
}

}  // namespace weir::peers
