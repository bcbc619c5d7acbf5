#include "sample/variable.h"

#include <fmt/format.h>

#include <algorithm>
#include <mutex>
#include <unordered_set>

#include "sample/context.h"

namespace weir::sample {
namespace {

struct ScopeName {
  std::string_view name;
  VariableScope scope;
};
constexpr ScopeName kScopes[] = {
    {"check", VariableScope::check}, {"proc", VariableScope::proc}, {"req", VariableScope::req},
    {"res", VariableScope::res},     {"sess", VariableScope::sess}, {"txn", VariableScope::txn},
};

constexpr std::size_t kMostNames = 100'000;  // of the process's life, reloads and runtime commands included
constexpr std::size_t kLongestName = 255;

bool is_name_character(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_';
}

/// The one place of a name's text; nullptr when there are too many names.
const std::string* place_of(std::string_view text) {
  static std::mutex mutex;
  static std::unordered_set<std::string> names;
  const std::scoped_lock guard(mutex);
  if (names.size() >= kMostNames && !names.contains(std::string(text))) return nullptr;
  return &*names.emplace(text).first;
}

bool within(std::uint64_t used, std::uint64_t limit) { return limit == 0 || used <= limit; }

}  // namespace

Result<VariableName> VariableName::parse(std::string_view text) {
  const std::size_t dot = text.find('.');
  const std::string_view scope = text.substr(0, std::min(dot, text.size()));
  const auto known = std::ranges::find(kScopes, scope, &ScopeName::name);
  if (dot == text.npos || known == std::end(kScopes)) {
    if (scope == "psess" || scope == "ptxn" || scope == "preq" || scope == "pres")
      return fail(fmt::format("'{}': in TCP mode no stream has a parent", text.substr(0, 64)));
    return fail(fmt::format("'{}' is no variable: its scope must be one of proc, sess, txn, req, res or check",
                            text.substr(0, 64)));
  }
  const std::string_view name = text.substr(dot + 1);
  if (name.empty() || !std::ranges::all_of(name, is_name_character))
    return fail(fmt::format("'{}' is no variable: behind the dot come letters, digits and '_'", text.substr(0, 64)));
  if (name.size() > kLongestName) return fail(fmt::format("'{}...' is too long for a variable", text.substr(0, 32)));
  const std::string* place = place_of(text);
  if (place == nullptr) return fail("there are too many names of variables");
  return VariableName{known->scope, place};
}

void VariableBudget::set(const VariableLimits& limits) {
  global_limit.store(limits.global, std::memory_order_relaxed);
  proc_limit.store(limits.proc, std::memory_order_relaxed);
  sess_limit.store(limits.sess, std::memory_order_relaxed);
  txn_limit.store(limits.txn, std::memory_order_relaxed);
  reqres_limit.store(limits.reqres, std::memory_order_relaxed);
}

bool VariableBudget::take(std::uint64_t bytes) {
  const std::uint64_t before = used.fetch_add(bytes, std::memory_order_relaxed);
  const std::uint64_t proc = proc_limit.load(std::memory_order_relaxed);
  if (within(before + bytes, global_limit.load(std::memory_order_relaxed)) && within(before + bytes, proc)) return true;
  give(bytes);
  return false;
}

std::uint64_t StoredSample::size_of(const Sample& sample) {
  switch (sample.type()) {
    case Type::any: return 0;
    case Type::ipv6: return 16;
    case Type::ipv4: return 4;
    case Type::string:
    case Type::binary:
    case Type::method: return sample.text().size();
    default: return 8;
  }
}

void StoredSample::assign(const Sample& sample) {
  Sample kept = sample;
  kept.set_may_change(false);
  if (!sample.is_text()) {
    value_ = kept;
    return;
  }
  const std::string_view text = sample.text();
  if (text.size() > room_) {
    // The value may be this variable's own bytes: they go when the new ones are there.
    auto bytes = std::make_unique_for_overwrite<char[]>(text.size());
    std::memcpy(bytes.get(), text.data(), text.size());
    bytes_ = std::move(bytes);
    room_ = text.size();
  } else if (!text.empty()) {
    std::memmove(bytes_.get(), text.data(), text.size());
  }
  const std::string_view own(bytes_.get(), text.size());
  value_ = sample.type() == Type::string   ? Sample::string(own)
           : sample.type() == Type::binary ? Sample::binary(own)
                                           : Sample::method(own);
}

Variables::~Variables() {
  if (budget_ != nullptr && sess_used_ != 0) budget_->give(sess_used_);
}

Variables::Entry* Variables::entry(const VariableName& name) {
  const auto found = std::ranges::find(entries_, name, &Entry::name);
  return found == entries_.end() ? nullptr : &*found;
}

const Sample* Variables::find(const VariableName& name) const {
  const auto found = std::ranges::find(entries_, name, &Entry::name);
  return found == entries_.end() || found->value.value().type() == Type::any ? nullptr : &found->value.value();
}

bool Variables::exists(const VariableName& name) const {
  return std::ranges::find(entries_, name, &Entry::name) != entries_.end();
}

// sess_used_ counts all, txn_used_ all but sess, reqres_used_ those of requests and responses; what grew must fit into
// each limit above it.
bool Variables::fits(VariableScope scope, std::uint64_t before, std::uint64_t after) {
  if (after <= before || budget_ == nullptr) return true;
  const std::uint64_t grown = after - before;
  const bool reqres = scope == VariableScope::req || scope == VariableScope::res;
  const bool txn = reqres || scope == VariableScope::txn;
  if (reqres && !within(reqres_used_ + grown, budget_->reqres_limit.load(std::memory_order_relaxed))) return false;
  if (txn && !within(txn_used_ + grown, budget_->txn_limit.load(std::memory_order_relaxed))) return false;
  if (!within(sess_used_ + grown, budget_->sess_limit.load(std::memory_order_relaxed))) return false;
  return budget_->take(grown);
}

void Variables::account(VariableScope scope, std::uint64_t before, std::uint64_t after) {
  const bool reqres = scope == VariableScope::req || scope == VariableScope::res;
  sess_used_ += after - before;
  if (reqres || scope == VariableScope::txn) txn_used_ += after - before;
  if (reqres) reqres_used_ += after - before;
  if (budget_ != nullptr && after < before) budget_->give(before - after);
}

bool Variables::set(const VariableName& name, const Sample& value) {
  if (value.type() == Type::any) return false;
  Entry* known = entry(name);
  if (known == nullptr && entries_.size() >= kMost) return false;
  const std::uint64_t before = known == nullptr ? 0 : known->value.size();
  const std::uint64_t after = StoredSample::size_of(value);
  if (!fits(name.scope, before, after)) return false;
  if (known == nullptr) {
    StoredSample stored;
    stored.assign(value);  // before the array moves: the value may live in it
    entries_.push_back({name, std::move(stored)});
  } else {
    known->value.assign(value);
  }
  account(name.scope, before, after);
  return true;
}

void Variables::unset(const VariableName& name) {
  Entry* known = entry(name);
  if (known == nullptr) return;
  account(name.scope, known->value.size(), 0);
  known->value = StoredSample();
}

void Variables::end(VariableScope scope) {
  std::erase_if(entries_, [&](const Entry& one) {
    if (one.name.scope != scope) return false;
    account(scope, one.value.size(), 0);
    return true;
  });
}

bool ProcessVariables::get(const VariableName& name, Arena& arena, Sample& out) const {
  const std::shared_lock guard(mutex_);
  const auto found = std::ranges::find(entries_, name, &Entry::name);
  if (found == entries_.end() || found->value.value().type() == Type::any) return false;
  const Sample& value = found->value.value();
  if (!value.is_text()) {
    out = value;
    return true;
  }
  const auto copy = arena.copy(value.text());
  if (!copy) return false;
  out = value.type() == Type::string   ? Sample::string(*copy)
        : value.type() == Type::binary ? Sample::binary(*copy)
                                       : Sample::method(*copy);
  return true;
}

bool ProcessVariables::set(const VariableName& name, const Sample& value) {
  if (value.type() == Type::any) return false;
  const std::unique_lock guard(mutex_);
  auto found = std::ranges::find(entries_, name, &Entry::name);
  const std::uint64_t before = found == entries_.end() ? 0 : found->value.size();
  const std::uint64_t after = StoredSample::size_of(value);
  if (after > before && !budget_.take(after - before)) return false;
  if (after < before) budget_.give(before - after);
  if (found == entries_.end()) found = entries_.insert(entries_.end(), Entry{.name = name, .value = {}});
  found->value.assign(value);
  return true;
}

void ProcessVariables::unset(const VariableName& name) {
  const std::unique_lock guard(mutex_);
  const auto found = std::ranges::find(entries_, name, &Entry::name);
  if (found == entries_.end()) return;
  budget_.give(found->value.size());
  found->value = StoredSample();
}

bool get_variable(const Context& context, const VariableName& name, Sample& out) {
  if (name.scope == VariableScope::proc)
    return context.process_variables != nullptr && context.process_variables->get(name, context.arena, out);
  if (context.variables == nullptr || *context.variables == nullptr) return false;
  const Sample* value = (*context.variables)->find(name);
  if (value == nullptr) return false;
  out = *value;
  return true;
}

bool set_variable(Context& context, const VariableName& name, const Sample& value) {
  if (name.scope == VariableScope::proc)
    return context.process_variables != nullptr && context.process_variables->set(name, value);
  if (context.variables == nullptr) return false;
  if (*context.variables == nullptr)
    *context.variables = std::make_unique<Variables>(
        context.process_variables == nullptr ? nullptr : &context.process_variables->budget());
  return (*context.variables)->set(name, value);
}

void unset_variable(Context& context, const VariableName& name) {
  if (name.scope == VariableScope::proc) {
    if (context.process_variables != nullptr) context.process_variables->unset(name);
  } else if (context.variables != nullptr && *context.variables != nullptr) {
    (*context.variables)->unset(name);
  }
}

Result<void> VariableConditions::add(std::string_view word) {
  const std::pair<std::string_view, bool VariableConditions::*> known[] = {
      {"ifexists", &VariableConditions::exists}, {"ifnotexists", &VariableConditions::not_exists},
      {"ifempty", &VariableConditions::empty},   {"ifnotempty", &VariableConditions::not_empty},
      {"ifset", &VariableConditions::set},       {"ifnotset", &VariableConditions::not_set},
      {"ifgt", &VariableConditions::greater},    {"iflt", &VariableConditions::less},
  };
  for (const auto& [name, member] : known) {
    if (name != word) continue;
    this->*member = true;
    return {};
  }
  return fail(
      fmt::format("'{}' is no condition: there are ifexists, ifnotexists, ifempty, ifnotempty, ifset, ifnotset, "
                  "ifgt and iflt",
                  word.substr(0, 32)));
}

// Manual, converter set-var. Process-wide variables count as existing; ifgt and iflt compare integers only.
bool VariableConditions::hold(const Context& context, const VariableName& name, const Sample* value) const {
  if (!(exists || not_exists || empty || not_empty || set || not_set || greater || less)) return true;
  Sample now;
  const bool is_set = get_variable(context, name, now);
  const bool is_there = name.scope == VariableScope::proc ||
                        (context.variables != nullptr && *context.variables && (*context.variables)->exists(name));
  const bool is_empty = value != nullptr && value->is_text() && value->text().empty();
  if ((exists && !is_there) || (not_exists && is_there)) return false;
  if ((set && !is_set) || (not_set && is_set)) return false;
  if ((empty && !is_empty) || (not_empty && is_empty)) return false;
  if (!is_set || value == nullptr || now.type() != Type::integer || value->type() != Type::integer) return true;
  if (greater && now.as_integer() <= value->as_integer()) return false;
  return !less || now.as_integer() < value->as_integer();
}

}  // namespace weir::sample
