#include "log/target.h"

#include <algorithm>

#include "base/parts.h"
#include "base/units.h"

namespace weir::log {
namespace {

constexpr std::uint16_t kSyslogPort = 514;
constexpr std::string_view kExample = "log 127.0.0.1:514 local0 notice";

bool take_prefix(std::string_view& text, std::string_view prefix) {
  if (!text.starts_with(prefix)) return false;
  text.remove_prefix(prefix.size());
  return true;
}

std::string quoted(std::string_view text) { return "'" + std::string(text) + "'"; }

class LineParser {
 public:
  LineParser(std::span<const config::Word> words, SourcePosition end, Diagnostics& diagnostics)
      : words_(words), end_(end), diagnostics_(diagnostics), errors_before_(diagnostics.errors()) {}

  std::optional<TargetConfig> parse() {
    if (words_.size() < 2) {
      Diagnostic& wrong = error(
          end_, words_.empty() ? "'log' expects a target and a facility" : "'log' expects a facility after the target");
      wrong.example = kExample;
      if (words_.empty()) return std::nullopt;
    }
    target(words_[next_++]);
    options();
    if (next_ < words_.size()) facility_and_levels();
    if (diagnostics_.errors() != errors_before_) return std::nullopt;
    return std::move(config_);
  }

 private:
  Diagnostic& error(SourcePosition at, std::string message) {
    Diagnostic& made = diagnostics_.error(at, std::move(message));
    made.example = kExample;
    return made;
  }

  void target(const config::Word& word) {
    config_.at = word.at;
    std::string_view text = word.text;
    if (text == "stdout" || text == "stderr") {
      config_.kind = TargetKind::fd;
      config_.fd = text == "stdout" ? 1 : 2;
    } else if (take_prefix(text, "fd@")) {
      config_.kind = TargetKind::fd;
      const auto number = parse_integer(text, 0, 1 << 20);
      if (!number) {
        error(word.at, "log target " + quoted(word.text) + ": " + quoted(text) + " is no descriptor number").example =
            "log fd@1 format raw daemon";
      } else {
        config_.fd = static_cast<int>(*number);
      }
    } else if (take_prefix(text, "ring@")) {
      config_.kind = TargetKind::ring;
      config_.ring = text;
      if (text.empty())
        error(word.at, "log target 'ring@' expects the name of a ring section").example = "log ring@events local0";
    } else if (take_prefix(text, "backend@")) {
      error(word.at, "log target " + quoted(word.text) + ": backends of 'mode log' are not served").hint =
          "name the log server itself, or a ring with its servers";
    } else {
      socket_target(word);
    }
  }

  void socket_target(const config::Word& word) {
    std::string_view text = word.text;
    const bool stream = text.starts_with("tcp@") || text.starts_with("tcp4@") || text.starts_with("tcp6@") ||
                        text.starts_with("uxst@") || text.starts_with("stream+");
    config_.kind = stream ? TargetKind::stream : TargetKind::datagram;
    std::string renamed;
    if (take_prefix(text, "uxst@") || take_prefix(text, "uxdg@")) {
      renamed = "unix@" + std::string(text);
      text = renamed;
    } else {
      text = word.text;
    }
    auto spec = parse_address(text);
    if (!spec) {
      error(word.at, "log target " + quoted(word.text) + ": " + spec.error().message);
      return;
    }
    if (spec->address.family() == AddressFamily::fd) {
      error(word.at, "log target " + quoted(word.text) + " is no address of a log server");
      return;
    }
    if (spec->port_is_offset || (spec->has_port && spec->last_port != spec->address.port())) {
      error(word.at, "log target " + quoted(word.text) + " takes one port");
      return;
    }
    config_.address = spec->address;
    config_.host = spec->host;
    if (!config_.address.is_unix() && config_.address.port() == 0) config_.address.set_port(kSyslogPort);
  }

  /// The word after an option, or null when the line ends there.
  const config::Word* value_of(const config::Word& option) {
    if (next_ < words_.size()) return &words_[next_++];
    error(end_, quoted(option.text) + " expects a value");
    return nullptr;
  }

  void options() {
    unsigned seen = 0;
    while (next_ < words_.size()) {
      const config::Word& word = words_[next_];
      static constexpr std::string_view kOptions[] = {"len", "format", "sample", "profile"};
      const auto found = std::ranges::find(kOptions, std::string_view(word.text));
      if (found == std::end(kOptions)) return;
      ++next_;
      const unsigned bit = 1U << (found - std::begin(kOptions));
      if ((seen & bit) != 0) error(word.at, quoted(word.text) + " stands twice on this line");
      seen |= bit;
      const config::Word* value = value_of(word);
      if (value == nullptr) return;
      if (*found == "len") {
        length(*value);
      } else if (*found == "format") {
        format(*value);
      } else if (*found == "sample") {
        sample(*value);
      } else {
        config_.profile = value->text;
        config_.profile_at = value->at;
      }
    }
  }

  void length(const config::Word& word) {
    const auto number = parse_integer(word.text, kMinLength, kMaxLength);
    if (!number) {
      error(word.at, "invalid log length " + quoted(word.text)).hint = "a number from 80 to 65535 is expected";
      return;
    }
    config_.length = static_cast<std::uint32_t>(*number);
  }

  void format(const config::Word& word) {
    config_.format = proto::syslog_format(word.text);
    if (!config_.format) {
      unknown(word, "log format", proto::syslog_format_names());
    }
  }

  void unknown(const config::Word& word, std::string_view what, std::span<const std::string_view> names) {
    Diagnostic& wrong = error(word.at, "unknown " + std::string(what) + " " + quoted(word.text));
    const std::string_view near = nearest_word(word.text, names);
    if (!near.empty()) {
      wrong.hint = "did you mean '" + std::string(near) + "'?";
      return;
    }
    wrong.hint = "expected one of";
    for (const std::string_view name : names) wrong.hint += (name == names.front() ? " " : ", ") + std::string(name);
  }

  void sample(const config::Word& word) {
    const std::string_view text = word.text;
    const std::size_t colon = text.find(':');
    if (colon == std::string_view::npos) {
      error(word.at, "'sample' expects ranges and the sample's size, " + quoted(text) + " has no ':'").example =
          "log 127.0.0.1:514 sample 1,3-4:10 local0";
      return;
    }
    const auto size = parse_integer(text.substr(colon + 1), 1, INT32_MAX);
    if (!size) {
      error(word.at, "wrong sample size " + quoted(text.substr(colon + 1)));
      return;
    }
    config_.sample_size = static_cast<std::uint32_t>(*size);
    for (const std::string_view range : Parts(text.substr(0, colon), ','))
      if (!sample_range(word, range)) return;
    std::ranges::sort(config_.ranges, {}, &SampleRange::low);
    for (std::size_t i = 1; i < config_.ranges.size(); ++i) {
      if (config_.ranges[i].low <= config_.ranges[i - 1].high) {
        error(word.at, "the ranges of 'sample " + word.text + "' overlap");
        return;
      }
    }
  }

  bool sample_range(const config::Word& word, std::string_view text) {
    const auto range = parse_integer_range(text, 1, INT32_MAX);
    if (!range) {
      error(word.at, "wrong sample range " + quoted(text)).hint = "ranges count from 1 and go upwards, as in 1,3-4";
      return false;
    }
    if (range->high > config_.sample_size) {
      error(word.at, "the sample range " + quoted(text) + " reaches beyond the sample's size of " +
                         std::to_string(config_.sample_size));
      return false;
    }
    config_.ranges.push_back({static_cast<std::uint32_t>(range->low), static_cast<std::uint32_t>(range->high)});
    return true;
  }

  void facility_and_levels() {
    const config::Word& word = words_[next_++];
    const auto facility = proto::syslog_facility(word.text);
    if (facility) {
      config_.facility = *facility;
    } else {
      unknown(word, "log facility", proto::syslog_facility_names());
    }
    level("log level", config_.level);
    level("minimum log level", config_.min_level);
    if (next_ < words_.size())
      error(words_[next_].at, "unexpected " + quoted(words_[next_].text) + " at the end of 'log'");
  }

  void level(std::string_view what, Level& into) {
    if (next_ >= words_.size()) return;
    const config::Word& word = words_[next_++];
    const auto read = proto::syslog_level(word.text);
    if (read) {
      into = *read;
    } else {
      unknown(word, what, proto::syslog_level_names());
    }
  }

  std::span<const config::Word> words_;
  std::size_t next_ = 0;
  SourcePosition end_;
  Diagnostics& diagnostics_;
  std::size_t errors_before_;
  TargetConfig config_;
};

}  // namespace

bool operator==(const TargetConfig& a, const TargetConfig& b) {
  return a.kind == b.kind && a.address == b.address && a.host == b.host && a.fd == b.fd && a.ring == b.ring &&
         a.facility == b.facility && a.level == b.level && a.min_level == b.min_level && a.length == b.length &&
         a.format == b.format && a.ranges == b.ranges && a.sample_size == b.sample_size && a.profile == b.profile;
}

std::optional<TargetConfig> parse_log_line(std::span<const config::Word> words, SourcePosition end,
                                           Diagnostics& diagnostics) {
  return LineParser(words, end, diagnostics).parse();
}

Target::Target(TargetConfig config, std::shared_ptr<Sink> sink, Format format, std::uint32_t max_line)
    : config_(std::move(config)), sink_(std::move(sink)), format_(format), max_line_(max_line) {}

bool Target::sampled() const {
  if (config_.ranges.empty()) return true;
  const std::uint64_t place =
      sample_position_.fetch_add(1, std::memory_order_relaxed) % config_.sample_size + 1;  // ranges count from 1
  return std::ranges::any_of(config_.ranges,
                             [place](const SampleRange& range) { return place >= range.low && place <= range.high; });
}

}  // namespace weir::log
