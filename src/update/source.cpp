#include "update/source.h"

#include <fmt/format.h>
#include <sys/stat.h>

#include <utility>

#include "base/outside.h"
#include "io/fd.h"
#include "io/stream.h"
#include "io/worker.h"

namespace weir::update {
namespace {

constexpr Milliseconds kSettling{100};  // a file is read when it has not changed for so long
constexpr unsigned kRedirects = 5;
constexpr std::size_t kLongestTag = 1024;
constexpr std::size_t kMostReason = 80;  // of a status line, in logs

tl::unexpected<Problem> problem(std::string message, bool passing) {
  return unexpected(Problem{std::move(message), passing});
}

// --- a file

struct Look {
  FileFacts facts;
  std::shared_ptr<const std::string> content;  // null: it was not asked for
};

Result<FileFacts> facts_of(int fd) {
  struct stat now{};
  if (::fstat(fd, &now) != 0) return fail(io::system_message(errno));
  if (!S_ISREG(now.st_mode)) return fail("it is no file");
  return FileFacts{.device = now.st_dev,
                   .inode = now.st_ino,
                   .size = static_cast<std::uint64_t>(now.st_size),
                   .seconds = now.st_mtim.tv_sec,
                   .nanoseconds = now.st_mtim.tv_nsec};
}

/// Blocks. Reads when its facts are those that were seen before.
Result<Look, Problem> look(const std::string& path, std::uint64_t most, const FileFacts* seen) {
  // Opening a pipe would wait for its writer. Behind a chroot this sees nothing; what opens there does not wait.
  struct stat now{};
  if (::stat(path.c_str(), &now) == 0 && !S_ISREG(now.st_mode))
    return problem(fmt::format("'{}': it is no file", path), false);
  const auto opened = outside().open_for_reading(path);
  if (!opened) return problem(fmt::format("cannot open '{}': {}", path, opened.error().message), true);
  const io::Fd fd(*opened);
  const auto facts = facts_of(fd.get());
  if (!facts) return problem(fmt::format("'{}': {}", path, facts.error().message), false);
  if (facts->size > most)
    return problem(fmt::format("'{}' has {} bytes: more than {}", path, facts->size, most), false);
  if (seen == nullptr) return Look{*facts, nullptr};
  const auto moved = [&] { return problem(fmt::format("'{}' is being written", path), true); };
  if (*facts != *seen) return moved();
  auto content = read_descriptor(fd.get(), most);
  if (!content) return problem(fmt::format("'{}': {}", path, content.error().message), true);
  const auto after = facts_of(fd.get());
  if (!after || *after != *facts) return moved();
  return Look{*facts, std::make_shared<const std::string>(std::move(*content))};
}

io::Task<Result<Look, Problem>> look_aside(io::Worker& worker, io::Aside& aside, const UpdateConfig& update,
                                           const FileFacts* seen) {
  const auto found = co_await aside.run(
      worker,
      [path = update.path, most = update.most, wanted = seen != nullptr,
       facts = seen != nullptr ? *seen : FileFacts()] { return look(path, most, wanted ? &facts : nullptr); },
      worker.now() + update.timeout);
  if (!found) co_return problem(fmt::format("'{}' was not read in time", update.path), true);
  co_return *found;
}

io::Task<Result<Got, Problem>> ask_file(io::Worker& worker, io::Aside& aside, const UpdateConfig& update,
                                        const Known* known) {
  const auto first = co_await look_aside(worker, aside, update, nullptr);
  if (!first) co_return unexpected(first.error());
  if (known != nullptr && known->file == first->facts) co_return Got{nullptr, *known};
  co_await io::sleep_for(worker, kSettling);
  auto second = co_await look_aside(worker, aside, update, &first->facts);
  if (!second) co_return unexpected(second.error());
  co_return Got{std::move(second->content), Known{.etag = {}, .last_modified = {}, .file = second->facts}};
}

// --- a server

std::string bounded(std::string_view text) { return text.size() > kLongestTag ? std::string() : std::string(text); }

io::Task<Result<Got, Problem>> ask_server(io::Worker& worker, io::Aside& names, const UpdateConfig& update,
                                          const Known* known) {
  httpclient::Request request;
  request.url = update.url;
  request.timeout = update.timeout;
  request.redirects = kRedirects;
  request.limits.body = update.most;
  request.tls = update.tls;
  if (known != nullptr && !known->etag.empty()) request.headers.push_back({"If-None-Match", known->etag});
  if (known != nullptr && !known->last_modified.empty())
    request.headers.push_back({"If-Modified-Since", known->last_modified});
  auto answer = co_await httpclient::fetch(worker, names, request);
  if (!answer) co_return problem(answer.error().message, answer.error().passing());
  if (answer->status == 304 && !request.headers.empty()) co_return Got{nullptr, *known};
  if (answer->status != 200) {
    const bool passing = answer->status >= 500 || answer->status == 408 || answer->status == 429;
    co_return problem(fmt::format("the server answers {} {}", answer->status, answer->reason.substr(0, kMostReason)),
                      passing);
  }
  Known news{.etag = bounded(answer->header("etag")), .last_modified = bounded(answer->header("last-modified"))};
  co_return Got{std::make_shared<const std::string>(std::move(answer->body)), std::move(news)};
}

}  // namespace

io::Task<Result<Got, Problem>> ask(io::Worker& worker, io::Aside& aside, io::Aside& names, const UpdateConfig& update,
                                   const Known* known) {
  if (update.local) {
    auto got = co_await ask_file(worker, aside, update, known);
    co_return got;
  }
  auto got = co_await ask_server(worker, names, update, known);
  co_return got;
}

}  // namespace weir::update
