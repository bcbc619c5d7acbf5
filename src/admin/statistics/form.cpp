#include "admin/statistics/form.h"

#include "proto/http/text.h"
#include "proto/http/uri.h"

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
  proto::http::ParameterWalk walk(body);
  while (const auto parameter = walk.next()) {
    const std::string name = form_decoded(parameter->name);
    std::string value = form_decoded(parameter->value);
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
