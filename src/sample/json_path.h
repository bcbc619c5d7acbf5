// One value out of a JSON document, by a path: $.user.roles[0], $['a b'].
//
// Of JSONPath (RFC 9535) what names a single value: names and positions. The document is read up to that value and no
// further, so this is no judgement about the rest of it. Reader: simdjson, on demand, on a padded copy in the arena.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "sample/arena.h"
#include "sample/args.h"
#include "sample/value.h"

namespace weir::sample {

class JsonPath {
 public:
  static Result<JsonPath> parse(std::string_view text);

  /// A string, number, boolean or array; false for objects, null, what is not there and what is no JSON. `integer`:
  /// only what can be one, as one. Fractions are strings.
  [[nodiscard]] bool query(std::string_view document, bool integer, Arena& arena, Sample& out) const;

 private:
  struct Step {
    std::string name;
    std::uint32_t position = 0;
    bool is_name = false;
  };
  std::vector<Step> steps_;
};

/// What the arguments of json_query and of its relatives became: a path, which some may go without, and "int".
struct JsonQuery {
  std::optional<JsonPath> path;
  bool integer = false;
};
Result<std::shared_ptr<const void>> prepare_json_query(const Args& args);

}  // namespace weir::sample
