#include "balance/picker.h"

#include <algorithm>
#include <array>
#include <vector>

#include "balance/orders.h"

namespace weir::balance {
namespace {

constexpr std::array kAlgorithms = {
    BalanceAlgorithm{.name = "first",
                     .make = make_first,
                     .doc = "Fills the servers one after the other: the first with a free place gets the session.",
                     .example = "balance first"},
    BalanceAlgorithm{.name = "hash",
                     .key = KeyKind::expression,
                     .fixed_weights = true,
                     .make = make_hashed,
                     .doc = "Maps what an expression finds to a server; where it finds nothing, servers take turns.",
                     .example = "balance hash src,ipmask(24)"},
    BalanceAlgorithm{.name = "hdr",
                     .takes_argument = true,
                     .key = KeyKind::header,
                     .fixed_weights = true,
                     .make = make_hashed,
                     .doc = "Maps a request's field to a server; without it, servers take turns.",
                     .example = "balance hdr(host) use_domain_only"},
    BalanceAlgorithm{.name = "leastconn",
                     .make = make_least_connections,
                     .doc = "Picks the server with the fewest sessions for its weight; best for long sessions.",
                     .example = "balance leastconn"},
    BalanceAlgorithm{.name = "random",
                     .takes_argument = true,
                     .make = make_random,
                     .doc = "Draws servers by chance, two unless told, and takes the one with the fewest sessions.",
                     .example = "balance random(3)"},
    BalanceAlgorithm{.name = "rdp-cookie",
                     .takes_argument = true,
                     .key = KeyKind::rdp_cookie,
                     .fixed_weights = true,
                     .make = make_hashed,
                     .doc = "Maps an RDP cookie, mstshash unless named, to a server; without one, servers take turns.",
                     .example = "balance rdp-cookie"},
    BalanceAlgorithm{.name = "roundrobin",
                     .make = make_round_robin,
                     .doc = "Lets the servers take turns in proportion to their weights.",
                     .example = "balance roundrobin"},
    BalanceAlgorithm{.name = "source",
                     .key = KeyKind::source,
                     .fixed_weights = true,
                     .make = make_hashed,
                     .doc = "Maps the client's address to a server, so that a client keeps its server.",
                     .example = "balance source"},
    BalanceAlgorithm{.name = "static-rr",
                     .fixed_weights = true,
                     .make = make_static_round_robin,
                     .doc = "Lets the servers take turns along a fixed list; weights do not change while it runs.",
                     .example = "balance static-rr"},
    BalanceAlgorithm{.name = "uri",
                     .key = KeyKind::uri,
                     .fixed_weights = true,
                     .make = make_hashed,
                     .doc = "Maps a request's target, up to its query, to a server: good for caches.",
                     .example = "balance uri len 64 depth 3"},
    BalanceAlgorithm{.name = "url_param",
                     .key = KeyKind::url_param,
                     .fixed_weights = true,
                     .make = make_hashed,
                     .doc = "Maps a parameter of the query to a server; without it, servers take turns.",
                     .example = "balance url_param userid"},
};
static_assert(std::ranges::is_sorted(kAlgorithms, {}, &BalanceAlgorithm::name));

}  // namespace

std::span<const BalanceAlgorithm> algorithms() { return kAlgorithms; }

const BalanceAlgorithm* find_algorithm(std::string_view name) {
  const auto* const found = std::ranges::lower_bound(kAlgorithms, name, {}, &BalanceAlgorithm::name);
  return found != kAlgorithms.end() && found->name == name ? found : nullptr;
}

// What the Picker last knew of each server: a change is found by comparing, the slot keeps no history.
struct Picker::Membership {
  struct Known {
    bool usable = false;
    bool member = false;
    std::uint32_t weight = 0;
  };
  std::vector<Known> servers;
  std::vector<std::uint32_t> members;  // scratch of regroup()
};

Picker::Picker(const BalanceAlgorithm& algorithm, const Options& options)
    : algorithm_(algorithm),
      options_(options),
      membership_(std::make_unique<Membership>()),
      order_(algorithm.make(options)) {}

Picker::~Picker() = default;

bool Picker::fixed_weights() const {
  return algorithm_.fixed_weights && !(algorithm_.key != KeyKind::none && options_.consistent);
}

void Picker::rebuild(std::span<const ServerSlot> slots) {
  slots_ = slots;
  membership_->servers.assign(slots.size(), {});
  active_usable_ = 0;
  for (std::size_t i = 0; i < slots.size(); ++i) {
    membership_->servers[i].usable = slots[i].usable();
    if (slots[i].usable() && !slots[i].backup) ++active_usable_;
  }
  regroup();
}

// Chooses the group anew and starts the order from it: when the list changed, or the last active server went or came
// back.
void Picker::regroup() {
  auto& members = membership_->members;
  members.clear();
  on_backup_ = false;
  for (std::uint32_t i = 0; i < slots_.size(); ++i) {
    auto& known = membership_->servers[i];
    known.weight = slots_[i].effective_weight();
    const bool candidate = known.usable && slots_[i].backup == (active_usable_ == 0);
    known.member = candidate && (!slots_[i].backup || options_.all_backups || members.empty());
    if (!known.member) continue;
    members.push_back(i);
    on_backup_ = slots_[i].backup;
  }
  members_ = members.size();
  order_->reset(slots_, members);
}

void Picker::state_changed(std::uint32_t index) {
  auto& known = membership_->servers[index];
  const ServerSlot& slot = slots_[index];
  const bool was_usable = known.usable;
  known.usable = slot.usable();
  if (slot.backup) {
    if (active_usable_ != 0) return;
    // Which of the backups serves may change with any of them, unless all do; the first comer is a new group as well.
    if (!options_.all_backups || members_ == 0) {
      const bool weighed = known.member && known.weight != slot.effective_weight();
      if (was_usable != known.usable || weighed) regroup();
      return;
    }
  } else {
    const bool had_active = active_usable_ != 0;
    if (was_usable != known.usable) active_usable_ += known.usable ? std::size_t{1} : ~std::size_t{0};
    if (had_active != (active_usable_ != 0)) return regroup();
  }
  const std::uint32_t weight = slot.effective_weight();
  if (known.usable && !known.member) {
    ++members_;
    order_->insert(slots_, index);
  } else if (!known.usable && known.member) {
    if (--members_ == 0) on_backup_ = false;
    order_->erase(slots_, index);
  } else if (known.member && known.weight != weight) {
    order_->weight_changed(slots_, index);
  }
  known.member = known.usable;
  known.weight = weight;
}

void Picker::load_changed(std::uint32_t index) {
  if (membership_->servers[index].member) order_->load_changed(slots_, index);
}

std::uint32_t Picker::pick(const PickRequest& request) {
  return members_ == 0 ? kNoServer : order_->pick(slots_, request);
}

}  // namespace weir::balance
