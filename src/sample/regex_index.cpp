#include "sample/regex_index.h"

#include <hs.h>

#include <algorithm>
#include <cstdlib>
#include <limits>
#include <mutex>
#include <string>

#include "sample/regex_weight.h"

namespace weir::sample {
namespace {

/// The memory a scan works in: one that is large enough for all databases made so far, and each thread's copy of it.
struct Scratch {
  hs_scratch_t* memory = nullptr;
  std::uint64_t number = 0;
  Scratch() = default;
  Scratch(const Scratch&) = delete;
  Scratch& operator=(const Scratch&) = delete;
  ~Scratch() { hs_free_scratch(memory); }
};

struct SharedScratch {
  std::mutex lock;
  Scratch original;
};

SharedScratch& shared_scratch() {
  static SharedScratch shared;
  return shared;
}

/// 0: there is no memory.
std::uint64_t make_scratch(const hs_database* database) {
  SharedScratch& shared = shared_scratch();
  const std::scoped_lock guard(shared.lock);
  if (hs_alloc_scratch(database, &shared.original.memory) != HS_SUCCESS) return 0;
  return ++shared.original.number;
}

/// nullptr: there is no memory.
hs_scratch_t* scratch_of_thread(std::uint64_t number) {
  thread_local Scratch own;
  if (own.number >= number) return own.memory;
  SharedScratch& shared = shared_scratch();
  const std::scoped_lock guard(shared.lock);
  hs_scratch_t* memory = nullptr;
  if (hs_clone_scratch(shared.original.memory, &memory) != HS_SUCCESS) return nullptr;
  hs_free_scratch(own.memory);
  own.memory = memory;
  own.number = shared.original.number;
  return memory;
}

/// One that Vectorscan refuses is one that it does not understand: its refusal is all that is wanted of its words.
bool is_taken(const char* pattern, unsigned flags) {
  hs_expr_info_t* info = nullptr;
  hs_compile_error_t* error = nullptr;
  const hs_error_t result = hs_expression_info(pattern, flags, &info, &error);
  std::free(info);
  hs_free_compile_error(error);
  return result == HS_SUCCESS;
}

}  // namespace

/// What goes into the database.
struct RegexIndex::Chosen {
  std::vector<std::string> patterns;
  std::vector<unsigned> flags;
  std::vector<unsigned> positions;

  explicit Chosen(std::span<const Expression> expressions) {
    std::uint64_t weight = 0;
    for (std::uint32_t i = 0; i < expressions.size() && positions.size() < kMost; ++i) {
      const std::uint64_t most = std::min(kMostWeightOfOne, kMostWeight - weight);
      const auto one = regex_weight(expressions[i].pattern, most);
      if (!one) continue;
      std::string pattern(expressions[i].pattern);
      const unsigned how = HS_FLAG_PREFILTER | HS_FLAG_SINGLEMATCH | HS_FLAG_ALLOWEMPTY |
                           (expressions[i].ignore_case ? HS_FLAG_CASELESS : 0U);
      if (!is_taken(pattern.c_str(), how)) continue;
      weight += *one;
      patterns.push_back(std::move(pattern));
      flags.push_back(how);
      positions.push_back(i);
    }
  }

  void drop(std::size_t at) {
    patterns.erase(patterns.begin() + static_cast<std::ptrdiff_t>(at));
    flags.erase(flags.begin() + static_cast<std::ptrdiff_t>(at));
    positions.erase(positions.begin() + static_cast<std::ptrdiff_t>(at));
  }

  // Some are refused only now.
  hs_database_t* compile() {
    constexpr int kTries = 8;
    for (int i = 0; i < kTries && patterns.size() > kFew / 2; ++i) {
      std::vector<const char*> texts;
      for (const std::string& pattern : patterns) texts.push_back(pattern.c_str());
      hs_database_t* database = nullptr;
      hs_compile_error_t* error = nullptr;
      if (hs_compile_multi(texts.data(), flags.data(), positions.data(), static_cast<unsigned>(texts.size()),
                           HS_MODE_BLOCK, nullptr, &database, &error) == HS_SUCCESS)
        return database;
      const int wrong = error == nullptr ? -1 : error->expression;
      hs_free_compile_error(error);
      if (wrong < 0 || static_cast<std::size_t>(wrong) >= patterns.size()) return nullptr;
      drop(static_cast<std::size_t>(wrong));
    }
    return nullptr;
  }
};

std::unique_ptr<const RegexIndex> RegexIndex::build(std::span<const Expression> expressions) {
  if (expressions.size() <= kFew || hs_valid_platform() != HS_SUCCESS) return nullptr;
  Chosen chosen(expressions);
  std::unique_ptr<RegexIndex> index(new RegexIndex);
  index->database_ = chosen.compile();
  if (index->database_ == nullptr) return nullptr;
  index->scratch_ = make_scratch(index->database_);
  if (index->scratch_ == 0) return nullptr;
  for (std::uint32_t i = 0; i < expressions.size(); ++i) {
    index->regexes_.push_back(expressions[i].regex);
    if (!std::ranges::binary_search(chosen.positions, i)) index->always_.push_back(i);
  }
  return index;
}

RegexIndex::~RegexIndex() { hs_free_database(database_); }

struct RegexIndex::Search {
  const RegexIndex& index;
  std::string_view text;
  bool any;  // the first that is found will do
  std::uint32_t found = kNone;

  void ask(std::uint32_t position) {
    if (position < found && index.regexes_[position].matches(text)) found = position;
  }
  [[nodiscard]] bool over() const { return found == 0 || (any && found != kNone); }
};

int RegexIndex::on_candidate(unsigned position, unsigned long long, unsigned long long, unsigned, void* search) {
  auto& mine = *static_cast<Search*>(search);
  mine.ask(position);
  return mine.over() ? 1 : 0;
}

std::uint32_t RegexIndex::walk(std::string_view text) const {
  const auto found = std::ranges::find_if(regexes_, [&](const Regex& regex) { return regex.matches(text); });
  return found == regexes_.end() ? kNone : static_cast<std::uint32_t>(found - regexes_.begin());
}

std::uint32_t RegexIndex::search(std::string_view text, bool any) const {
  hs_scratch_t* const scratch = scratch_of_thread(scratch_);
  if (scratch == nullptr || text.size() > std::numeric_limits<unsigned>::max()) return walk(text);
  Search search{*this, text, any};
  const char* const bytes = text.data() != nullptr ? text.data() : "";
  const hs_error_t result =
      hs_scan(database_, bytes, static_cast<unsigned>(text.size()), 0, scratch, on_candidate, &search);
  if (result != HS_SUCCESS && result != HS_SCAN_TERMINATED) return walk(text);
  for (const std::uint32_t position : always_) {
    if (search.over() || position > search.found) break;
    search.ask(position);
  }
  return search.found;
}

}  // namespace weir::sample
