// layers: proto base
//
// URLs: what is taken is written as it is read again, and so is what a Location makes of it.
#include <string>

#include "base/assert.h"
#include "proto/http/url.h"

namespace http = weir::proto::http;

namespace {

void check(const http::Url& url) {
  WEIR_ASSERT(!url.host.empty() && url.port != 0 && url.target.starts_with('/'));
  for (const char c : url.text()) WEIR_ASSERT(c > ' ' && c < 0x7f);
  const auto again = http::parse_url(url.text());
  WEIR_ASSERT(!again || *again == url);
  WEIR_ASSERT(again || url.text().size() > http::Url::kLongest);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string text(data, data + size);
  const std::size_t line = text.find('\n');
  const auto url = http::parse_url(std::string_view(text).substr(0, line));
  if (url) check(*url);
  const http::Url base = url ? *url : *http::parse_url("https://a.example/b/c?d");
  const auto means = http::resolve_reference(base, line == text.npos ? text : std::string_view(text).substr(line + 1));
  if (means) check(*means);
  return 0;
}
