// Regular expressions by PCRE2, compiled to machine code when the configuration is read.
//
// Match blocks are per thread, made once and reused; a pattern's code is immutable and shared. A pattern that hits
// PCRE2's limits on one subject does not match it: catastrophic patterns cost bounded time. Manual 7.1.4.
#define PCRE2_CODE_UNIT_WIDTH 8
#include <pcre2.h>

#include <fmt/format.h>
#include <algorithm>

#include "sample/regex.h"
#include "sample/regex_danger.h"

namespace weir::sample {
namespace {

constexpr std::uint32_t kMatchLimit = 1000000;

struct MatchBlock {
  pcre2_match_data* data = pcre2_match_data_create(10, nullptr);
  pcre2_match_context* context = pcre2_match_context_create(nullptr);
  MatchBlock() { pcre2_set_match_limit(context, kMatchLimit); }
  ~MatchBlock() {
    pcre2_match_data_free(data);
    pcre2_match_context_free(context);
  }
  MatchBlock(const MatchBlock&) = delete;
  MatchBlock& operator=(const MatchBlock&) = delete;
};

MatchBlock& match_block() {
  thread_local MatchBlock block;
  return block;
}

int run(const pcre2_code* code, std::string_view subject, std::size_t start) {
  MatchBlock& block = match_block();
  const char* bytes = subject.data() != nullptr ? subject.data() : "";
  return pcre2_match(code, reinterpret_cast<PCRE2_SPTR>(bytes), subject.size(), start, 0, block.data, block.context);
}

}  // namespace

Result<Regex> Regex::compile(std::string_view pattern, bool ignore_case) {
  int error = 0;
  PCRE2_SIZE offset = 0;
  const std::uint32_t options = ignore_case ? PCRE2_CASELESS : 0;
  const char* bytes = pattern.data() != nullptr ? pattern.data() : "";
  pcre2_code* code =
      pcre2_compile(reinterpret_cast<PCRE2_SPTR>(bytes), pattern.size(), options, &error, &offset, nullptr);
  if (code == nullptr) {
    PCRE2_UCHAR message[160];
    pcre2_get_error_message(error, message, sizeof message);
    return fail(fmt::format("the regular expression '{}' is wrong at character {}: {}", pattern, offset + 1,
                            reinterpret_cast<const char*>(message)));
  }
  RegexWatch::look_at(pattern, ignore_case);
  // No JIT on this machine is no error: the interpreter gives the same answers.
  pcre2_jit_compile(code, PCRE2_JIT_COMPLETE);
  Regex regex;
  regex.code_ = std::shared_ptr<void>(code, [](void* held) { pcre2_code_free(static_cast<pcre2_code*>(held)); });
  return regex;
}

bool Regex::matches(std::string_view subject) const {
  return run(static_cast<const pcre2_code*>(code_.get()), subject, 0) >= 0;
}

bool Regex::find(std::string_view subject, std::size_t start, Groups& groups) const {
  const int pairs = run(static_cast<const pcre2_code*>(code_.get()), subject, start);
  if (pairs < 0) return false;
  groups.fill(kUnset);
  // Pairs behind the last group that matched hold what an earlier match left there; 0 means that all were filled.
  const PCRE2_SIZE* found = pcre2_get_ovector_pointer(match_block().data);
  const std::size_t count = pairs == 0 ? groups.size() : static_cast<std::size_t>(pairs) * 2;
  std::copy_n(found, count, groups.begin());
  return true;
}

}  // namespace weir::sample
