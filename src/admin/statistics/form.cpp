#include "admin/statistics/form.h"

#include <algorithm>

#include "proto/http/text.h"

namespace weir::admin {

std::string form_decoded(std::string_view text) {
  std::string out;
  out.reserve(text.size());
  for (std::size_t i = 0; i < text.size(); i++) {
    if (const int byte = proto::http::escaped_byte(text.substr(i)); byte >= 0) {
      out += static_cast<char>(byte);
      i += 2;
    } else {
      out += text[i] == '+' ? ' ' : text[i];
    }
  }
  return out;
}

ServerForm read_form(std::string_view body) {
  ServerForm form;
  while (!body.empty()) {
    const std::size_t end = std::min(body.find('&'), body.size());
    const std::string_view pair = body.substr(0, end);
    body.remove_prefix(std::min(end + 1, body.size()));
    const std::size_t sign = pair.find('=');
    if (sign == pair.npos) continue;
    const std::string name = form_decoded(pair.substr(0, sign));
    std::string value = form_decoded(pair.substr(sign + 1));
    if (name == "action")
      form.action = std::move(value);
    else if (name == "b")
      form.backend = std::move(value);
    else if (name == "s")
      form.servers.push_back(std::move(value));
  }
  return form;
}

}  // namespace weir::admin
