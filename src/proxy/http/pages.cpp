#include "proxy/http/pages.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <iterator>
#include <vector>

#include "proto/http/text.h"
#include "proto/http1/codec.h"

namespace weir::proxy {
namespace {

struct Words {
  std::uint16_t status;
  std::string_view reason;
};

constexpr Words kReasons[] = {
    {100, "Continue"},
    {101, "Switching Protocols"},
    {102, "Processing"},
    {103, "Early Hints"},
    {200, "OK"},
    {201, "Created"},
    {202, "Accepted"},
    {203, "Non-Authoritative Information"},
    {204, "No Content"},
    {205, "Reset Content"},
    {206, "Partial Content"},
    {207, "Multi-Status"},
    {208, "Already Reported"},
    {226, "IM Used"},
    {300, "Multiple Choices"},
    {301, "Moved Permanently"},
    {302, "Found"},
    {303, "See Other"},
    {304, "Not Modified"},
    {305, "Use Proxy"},
    {307, "Temporary Redirect"},
    {308, "Permanent Redirect"},
    {400, "Bad Request"},
    {401, "Unauthorized"},
    {402, "Payment Required"},
    {403, "Forbidden"},
    {404, "Not Found"},
    {405, "Method Not Allowed"},
    {406, "Not Acceptable"},
    {407, "Proxy Authentication Required"},
    {408, "Request Time-out"},
    {409, "Conflict"},
    {410, "Gone"},
    {411, "Length Required"},
    {412, "Precondition Failed"},
    {413, "Payload Too Large"},
    {414, "URI Too Long"},
    {415, "Unsupported Media Type"},
    {416, "Range Not Satisfiable"},
    {417, "Expectation Failed"},
    {418, "I'm a teapot"},
    {421, "Misdirected Request"},
    {422, "Unprocessable Content"},
    {423, "Locked"},
    {424, "Failed Dependency"},
    {425, "Too Early"},
    {426, "Upgrade Required"},
    {428, "Precondition Required"},
    {429, "Too Many Requests"},
    {431, "Request Header Fields Too Large"},
    {451, "Unavailable For Legal Reasons"},
    {500, "Internal Server Error"},
    {501, "Not Implemented"},
    {502, "Bad Gateway"},
    {503, "Service Unavailable"},
    {504, "Gateway Time-out"},
    {505, "HTTP Version Not Supported"},
    {506, "Variant Also Negotiates"},
    {507, "Insufficient Storage"},
    {508, "Loop Detected"},
    {511, "Network Authentication Required"},
};

// `title` is what the status line and the page's heading say.
struct Page {
  std::uint16_t status;
  std::string_view title;
  std::string_view text;
  bool closes = false;
};

constexpr Page kPages[] = {
    {200, "OK", "Service ready."},
    {400, "Bad request", "Your browser sent an invalid request.", true},
    {401, "Unauthorized", "You need a valid user and password to access this content."},
    {403, "Forbidden", "Request forbidden by administrative rules."},
    {404, "Not Found", "The resource could not be found."},
    {405, "Method Not Allowed",
     "A request was made of a resource using a request method not supported by that resource"},
    {407, "Unauthorized", "You need a valid user and password to access this content."},
    {408, "Request Time-out", "Your browser didn't send a complete request in time.", true},
    {410, "Gone", "The resource is no longer available and will not be available again."},
    {413, "Payload Too Large", "The request entity exceeds the maximum allowed."},
    {414, "URI Too Long", "The address of the request is longer than this server takes.", true},
    {421, "Misdirected Request", "Request sent to a non-authoritative server."},
    {422, "Unprocessable Content", "The server cannot process the contained instructions."},
    {425, "Too Early", "Your browser sent early data."},
    {429, "Too Many Requests", "You have sent too many requests in a given amount of time."},
    {431, "Request Header Fields Too Large", "The fields of the request are larger than this server takes.", true},
    {500, "Internal Server Error", "An internal server error occurred."},
    {501, "Not Implemented", ".The server does not support the functionality required to fulfill the request."},
    {502, "Bad Gateway", "The server returned an invalid or incomplete response."},
    {503, "Service Unavailable", "No server is available to handle this request."},
    {504, "Gateway Time-out", "The server didn't respond in time."},
    {505, "HTTP Version Not Supported", "This server does not speak the request's version of HTTP.", true},
};

Reply made(const Page& page) {
  Reply reply;
  reply.status = page.status;
  reply.body = Reply::Body::text;
  reply.reason = page.title;
  reply.text = fmt::format("<html><body><h1>{} {}</h1>\n{}\n</body></html>\n", page.status, page.title, page.text);
  reply.fields = {{"content-length", std::to_string(reply.text.size())},
                  {"cache-control", "no-cache"},
                  {"content-type", "text/html"}};
  reply.closes = page.closes;
  return reply;
}

const Page* page_row(std::uint16_t status) {
  const auto* const found = std::ranges::find(kPages, status, &Page::status);
  return found == std::end(kPages) ? nullptr : found;
}

}  // namespace

std::string_view reason_of(std::uint16_t status) {
  const auto* const found = std::ranges::lower_bound(kReasons, status, {}, &Words::status);
  if (found != std::end(kReasons) && found->status == status) return found->reason;
  constexpr std::string_view kByDigit[] = {"Informational", "Success", "Redirection", "Client Error", "Server Error"};
  return status >= 100 && status < 600 ? kByDigit[status / 100 - 1] : std::string_view("Other");
}

bool has_page(std::uint16_t status) { return page_row(status) != nullptr; }

const Reply& built_in_page(std::uint16_t status) {
  static const auto pages = [] {
    std::vector<Reply> all;
    for (const Page& page : kPages) all.push_back(made(page));
    return all;
  }();
  const Page* row = page_row(status);
  if (row == nullptr) row = page_row(500);
  return pages[static_cast<std::size_t>(row - kPages)];
}

Result<Reply> parse_page(std::string_view text) {
  using namespace proto;
  constexpr std::size_t kMostFields = 101;
  const std::size_t end = std::min(text.find("\r\n\r\n") == text.npos ? text.npos : text.find("\r\n\r\n") + 4,
                                   text.find("\n\n") == text.npos ? text.npos : text.find("\n\n") + 2);
  if (end == text.npos) return fail("its head does not end with an empty line");
  std::string head_bytes(text.substr(0, end));
  std::array<http::Field, kMostFields> storage;
  http::Head head(storage);
  std::size_t scanned = 0;
  const auto parsed = http1::parse_response(std::span<char>(head_bytes), scanned, {}, head);
  if (parsed.kind != http1::HeadResult::Kind::complete)
    return fail(
        fmt::format("it does not begin with an HTTP answer's head ({})", http::violation_text(parsed.violation)));
  Reply reply;
  reply.status = head.status;
  reply.reason = head.reason;
  reply.body = Reply::Body::text;
  reply.text = text.substr(end);
  if (const auto length = head.value(http::FieldId::content_length))
    if (*length != std::to_string(reply.text.size()))
      return fail(fmt::format("its Content-Length is {} and its body has {} bytes", *length, reply.text.size()));
  reply.fields.emplace_back("content-length", std::to_string(reply.text.size()));
  for (const http::Field& field : head.fields()) {
    switch (field.id) {
      case http::FieldId::content_length:
      case http::FieldId::keep_alive: continue;
      case http::FieldId::transfer_encoding: return fail("its body cannot have a Transfer-Encoding");
      // Whether the connection stays is decided when it is sent.
      case http::FieldId::connection: continue;
      default: break;
    }
    reply.fields.emplace_back(http::lowered(field.name), field.value);
  }
  return reply;
}

}  // namespace weir::proxy
