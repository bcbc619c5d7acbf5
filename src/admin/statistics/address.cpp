#include "admin/statistics/address.h"

#include <algorithm>

#include "admin/statistics/form.h"
#include "proto/http/text.h"

namespace weir::admin {
namespace {

struct FormWord {
  std::string_view word;
  PageForm form;
};
// The first that a word begins with: the longer one of two stands first.
constexpr FormWord kForms[] = {{"csv", PageForm::csv},
                               {"json-schema", PageForm::json_schema},
                               {"json", PageForm::json},
                               {"typed", PageForm::typed}};

constexpr std::size_t kLongestScope = 100;
constexpr auto kNameBytes = proto::http::alphanumeric_and("-_.:");

// Letters, digits and what names of proxies may have beside them; escaped ones are decoded first.
std::string name_part(std::string_view text) {
  std::string part = form_decoded(text.substr(0, text.find('&')));
  std::erase_if(part, [](char c) { return !kNameBytes[static_cast<unsigned char>(c)]; });
  part.resize(std::min(part.size(), kLongestScope));
  return part;
}

void read_word(std::string_view word, PageAddress& address) {
  if (word.starts_with("up")) address.only_up = true;
  if (word.starts_with("no-maint")) address.no_maintenance = true;
  if (word.starts_with("norefresh")) address.refreshes = false;
  if (word.starts_with("scope=")) address.scope = name_part(word.substr(6));
  if (word.starts_with("st=")) address.result = word.substr(3, 4);
  if (address.form != PageForm::html) return;
  const auto* const form =
      std::ranges::find_if(kForms, [&](const FormWord& row) { return word.starts_with(row.word); });
  if (form != std::end(kForms)) address.form = form->form;
}

}  // namespace

PageAddress read_address(std::string_view path_query, std::string_view prefix) {
  PageAddress address;
  std::string_view rest = path_query.substr(std::min(prefix.size(), path_query.size()));
  rest = rest.substr(0, rest.find('#'));
  // A prefix may itself end inside the words: "/;" is one that people write.
  const std::size_t first = prefix.ends_with(';') ? 0 : rest.find(';');
  if (first == rest.npos) return address;
  if (!prefix.ends_with(';')) rest.remove_prefix(first + 1);
  while (true) {
    const std::size_t end = std::min(rest.find(';'), rest.size());
    read_word(rest.substr(0, end), address);
    if (end == rest.size()) return address;
    rest.remove_prefix(end + 1);
  }
}

std::string write_address(std::string_view prefix, const PageAddress& address, std::string_view more) {
  std::string out(prefix);
  out += more;
  for (const FormWord& row : kForms)
    if (row.form == address.form) out.append(";").append(row.word);
  if (address.only_up) out += ";up";
  if (address.no_maintenance) out += ";no-maint";
  if (!address.refreshes) out += ";norefresh";
  if (!address.scope.empty()) out.append(";scope=").append(address.scope);
  return out;
}

}  // namespace weir::admin
