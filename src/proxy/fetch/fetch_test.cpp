// The examples of this layer's fetches, on one session of a configuration that the engine made; its clients and servers
// are a pair of sockets on loopback. What tables.h promises about it stands here.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "io/socket.h"
#include "proxy/engine.h"
#include "proxy/fetch/tables.h"
#include "proxy/http/exchange.h"
#include "proxy/keyword/load.h"
#include "proxy/tcp/extras.h"
#include "proxy/test_tables.h"
#include "sample/condition.h"
#include "sample/expression.h"

namespace weir::proxy {
namespace {

constexpr const char* kConfig = R"(global
 nbthread 1
defaults
 mode tcp
 timeout client 50s
 timeout server 1m
 timeout connect 4s
 timeout tunnel 1h
frontend ft_rdp
 id 2
 bind 127.0.0.1:0 name rdp id 1
 tcp-request content accept
 unique-id-format %ci:%cp-%[txn.id32]
 default_backend bk_rdp
userlist staff
 group guests users bob,ada
 group others users bob
 user ada insecure-password s3cret groups admins
 user bob password $5$rounds=1000$saltsalt$x
 group admins
backend bk_rdp
 id 3
 server ts1 192.0.2.20:3389 id 4 weight 10 maxconn 20
 server ts2 192.0.2.21:3389 id 5 weight 30 disabled
backend bk_php
 mode http
 use-fcgi-app php
 server php1 192.0.2.30:9000 proto fcgi
fcgi-app php
 docroot /srv/www
 index index.php
)";

/// The families whose examples look at this session; captures and counters have tests of their own.
const std::span<const sample::Fetch> kFamilies[] = {error_fetches,   kernel_fetches,  load_fetches, process_fetches,
                                                    session_fetches, timeout_fetches, timer_fetches};

std::string configuration() {
  const io::Fd probe = std::move(*io::open_listener(SocketAddress::ipv4(0x7f000001, 0), {}));
  std::string text = kConfig;
  return text.replace(text.find(":0 "), 2, ":" + std::to_string(io::local_address(probe.get()).port()));
}

/// The running configuration and its one session.
class Fetches : public ::testing::Test {
 protected:
  void SetUp() override {
    Diagnostics diagnostics;
    std::vector<config::SourceFile> sources;
    sources.push_back({"t.cfg", configuration()});
    auto config =
        load_config(std::move(sources), {.table = &test_keywords(), .registry = &test_registry(), .local_peer = "lb1"},
                    diagnostics);
    ASSERT_TRUE(config) << diagnostics.render();
    ASSERT_TRUE(engine.start(std::move(*config)));
    worker = engine.process().contexts[0].get();
    WorkerContext::set_current(worker);
    engine.process().started = worker->io->now();
    open();
  }
  void TearDown() override {
    session->client.fd = -1;
    worker->sessions.give(*session);
    engine.process().connections.decrement();
    WorkerContext::set_current(nullptr);
  }

  void open() {
    session = &worker->sessions.take();
    session->worker = worker;
    session->serial = 77;
    session->frontend = worker->plan->frontend("ft_rdp");
    session->backend = worker->plan->backend("bk_rdp");
    session->listener = worker->listeners[0]->state;
    session->target = session->backend->state->servers[0];
    session->target_config = session->target->config;
    engine.process().connections.increment();
    session->listener->sessions.increment();
    session->frontend->state->sessions.increment();
    session->backend->state->sessions.increment();
    session->target->sessions.increment();
    {
      const std::scoped_lock guard(session->backend->state->lock);
      session->backend->state->slots[0].served = 1;
    }
    session->frontend->state->session_rate.add(worker->now_ms());
    session->backend->state->session_rate.add(worker->now_ms(), 2);
    session->target->session_rate.add(worker->now_ms(), 3);
    connect();
    note();
  }
  /// A client that the kernel knows.
  void connect() {
    listener = std::move(*io::open_listener(SocketAddress::ipv4(0x7f000001, 0), {}));
    client = std::move(*io::open_connection(io::local_address(listener.get())));
    SocketAddress peer;
    auto accepted = io::accept_connection(listener.get(), peer);
    ASSERT_TRUE(accepted);
    server_end = std::move(*accepted);
    session->client.fd = server_end.get();
    session->client.connected = true;
  }
  void note() {
    const TimePoint now = worker->io->now();
    SessionFacts& facts = session->facts;
    facts.client = SocketAddress::ipv4(0xc0000207, 40123);
    facts.local = SocketAddress::ipv4(0x7f000001, 3389);
    facts.accepted = now - Milliseconds(60);
    facts.queued = now - Milliseconds(60);
    facts.queue_left = facts.connect_started = now - Milliseconds(57);
    facts.connect_finished = now - Milliseconds(50);
    facts.retries = 1;
    facts.backend_queue = 2;
    facts.server_queue = 1;
    facts.ended_by = EndedBy::client;
    facts.ended_in = 'D';
    extras(*session).priority_class = -7;
    extras(*session).priority_offset = 25;
    session->last_rule = session->frontend->config->content_rules.data();
    session->request.total = 100;
    session->response.total = 3000;
    session->server.error = connection_error_of(ECONNREFUSED);
  }

  void run(const sample::Examples& examples, sample::Type type) {
    for (const sample::Example& example : examples) {
      if (example.expression.empty()) break;
      SCOPED_TRACE(example.expression);
      Diagnostics diagnostics;
      NameRefs names("bk_rdp");
      const sample::Scope scope{.registry = &test_registry(), .names = names.resolver()};
      const auto expression = sample::Expression::compile(example.expression, scope, {0, 1, 1, 0}, diagnostics);
      ASSERT_TRUE(expression) << diagnostics.render();
      NameRefs::Owners owners;
      names.bind(*worker->plan, owners);
      ContextParts parts;
      sample::Context context = make_context(*session, parts, true);
      const sample::Payload payload{.bytes = bytes, .closed = true};
      if (!bytes.empty()) context.request = &payload;
      sample::Sample sample;
      const sample::FetchStatus status = expression->evaluate(context, sample);
      ASSERT_EQ(status, example.absent ? sample::FetchStatus::absent : sample::FetchStatus::ok);
      if (status == sample::FetchStatus::ok) {
        EXPECT_EQ(sample.type(), type);
        EXPECT_EQ(to_text(sample, context.arena), example.result);
      }
      worker->arena.reset();
    }
  }

  Engine engine{test_registry()};
  WorkerContext* worker = nullptr;
  Session* session = nullptr;
  io::Fd listener, client, server_end;
  std::string_view bytes;  // of the client; empty: none
};

TEST_F(Fetches, Examples) {
  for (const std::span<const sample::Fetch> table : kFamilies)
    for (const sample::Fetch& row : table) run(row.examples, row.out);
}

// The session serves "GET http://a/desk?id=4", which the server answered with 404 and a rule with 503.
TEST_F(Fetches, HttpExamples) {
  HttpExchange exchange(8, worker->io->buffers());
  exchange.method = "GET";
  exchange.target = "http://a/desk?id=4";
  exchange.version = "HTTP/1.1";
  exchange.response_version = "HTTP/1.0";
  exchange.server_status = 404;
  exchange.coding = proto::coding::Coding::gzip;
  exchange.status = 503;
  session->http = &exchange;
  session->is_http = true;
  session->requests = 1;
  SessionFacts& facts = session->facts;
  facts.accepted_wall = WallTime(Milliseconds(1767323043567));
  facts.request_began = facts.accepted + Milliseconds(2);
  facts.request_complete = facts.accepted + Milliseconds(3);
  facts.response_began = facts.connect_finished + Milliseconds(10);
  for (const sample::Fetch& row : http_fetches) run(row.examples, row.out);
  session->http = nullptr;
}

TEST_F(Fetches, FcgiExamples) {
  const auto before = std::exchange(session->backend, worker->plan->backend("bk_php"));
  for (const sample::Fetch& row : fcgi_fetches) run(row.examples, row.out);
  session->backend = before;
}

// Rows that look at a message read it from the bytes themselves.
TEST_F(Fetches, HttpAuthExamples) {
  for (const sample::Fetch& row : http_auth_fetches) {
    bytes = row.given.request;
    run(row.examples, row.out);
  }
}

TEST_F(Fetches, GroupsOfAUserAreLookedAtOneByOne) {
  const std::pair<std::string_view, bool> rows[] = {{"http_auth_group(staff) admins", true},
                                                    {"http_auth_group(staff) guests", true},
                                                    {"http_auth_group(staff) others", false},
                                                    {"http_auth_group(staff) ada", false}};
  bytes = "GET / HTTP/1.1\r\nHost: a\r\nAuthorization: Basic YWRhOnMzY3JldA==\r\n\r\n";
  for (const auto& [text, expected] : rows) {
    Diagnostics diagnostics;
    NameRefs names("bk_rdp");
    const sample::Scope scope{.registry = &test_registry(), .names = names.resolver()};
    const std::string name(text.substr(0, text.find(' ')));
    const std::string group(text.substr(text.find(' ') + 1));
    const std::vector<sample::Word> words = {{"if", {}}, {"{", {}}, {name, {}}, {group, {}}, {"}", {}}};
    const auto condition = sample::Condition::compile(words, sample::AclSet(), scope, diagnostics);
    ASSERT_TRUE(condition) << diagnostics.render();
    NameRefs::Owners owners;
    names.bind(*worker->plan, owners);
    sample::Context context{.arena = worker->arena};
    const sample::Payload payload{.bytes = bytes, .closed = true};
    context.request = &payload;
    EXPECT_EQ(condition->evaluate(context), expected ? sample::Truth::yes : sample::Truth::no) << text;
    worker->arena.reset();
  }
}

TEST_F(Fetches, ConverterExamples) {
  for (const sample::Converter& row : load_converters) run(row.examples, row.out);
}

TEST_F(Fetches, WithoutASessionThereIsNothingToTell) {
  sample::Context context{.arena = worker->arena};
  for (const std::span<const sample::Fetch> table : kFamilies) {
    for (const sample::Fetch& row : table) {
      if (!covers(row.needs, sample::Facts::session) || row.args.min != 0) continue;
      sample::Sample sample;
      EXPECT_EQ(row.fetch({}, context, sample), sample::FetchStatus::absent) << row.name;
    }
  }
}

TEST(ConnectionError, NumbersAreThoseOfTheManual) {
  EXPECT_EQ(connection_error(0).message, "Success");
  EXPECT_EQ(connection_error(11).name, "PRX_EMPTY");
  EXPECT_EQ(connection_error(24).name, "SSL_EMPTY");
  EXPECT_EQ(connection_error(46).name, "EREFUSED");
  EXPECT_EQ(connection_error(56).name, "EPIPE");
  EXPECT_EQ(connection_error(57).name, "SOCK_ERR");
  EXPECT_EQ(connection_error_of(0), 0);
  EXPECT_EQ(connection_error_of(ECONNRESET), 47);
  EXPECT_EQ(connection_error_of(EOWNERDEAD), 6);
}

}  // namespace
}  // namespace weir::proxy
