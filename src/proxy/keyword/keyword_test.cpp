// Lines of the configuration language, right and wrong, and what becomes of them.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>

#include "proxy/keyword/load.h"
#include "proxy/keyword/tables.h"
#include "proxy/test_tables.h"
#include "stick/convert.h"

namespace weir::proxy {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

constexpr std::string_view kTimeouts = " timeout client 1s\n timeout server 1s\n timeout connect 1s\n";

/// The line in a listen section that is otherwise without a fault, as its line 8.
std::unique_ptr<Loaded> load_line(std::string_view line) {
  return load("listen l\n bind 127.0.0.1:4440\n log stdout local0\n server s 127.0.0.1:80\n" + std::string(kTimeouts) +
              " " + std::string(line) + "\n");
}
std::unique_ptr<Loaded> load_global(std::string_view line) { return load("global\n " + std::string(line) + "\n"); }

TEST(Keyword, table_has_no_double) {
  const std::vector<std::span<const config::SectionRow>> section_tables = {sections, log::sections,
                                                                           peers::peers_sections};
  std::vector<std::span<const config::KeywordRow>> rows(keywords.begin(), keywords.end());
  rows.insert(rows.end(), log::keywords.begin(), log::keywords.end());
  rows.push_back(peers::peers_keywords);
  EXPECT_EQ(config::KeywordTable::check(section_tables, rows), "");
}

// Every row's example is a right line of its section.
TEST(Keyword, examples_are_right) {
  // These need files or accounts that a machine may lack.
  const std::vector<std::string_view> elsewhere = {"errorfile", "user", "group", "log"};
  for (const auto family : keywords)
    for (const config::KeywordRow& row : family) {
      if (row.status != config::KeywordStatus::works) continue;
      if (std::find(elsewhere.begin(), elsewhere.end(), row.name) != elsewhere.end()) continue;
      std::unique_ptr<Loaded> loaded;
      const std::string example(row.example);
      if ((row.sections & config::in::global) != 0) {
        loaded = load_global(example);
      } else if (row.sections == config::set_of(config::SectionKind::http_errors)) {
        continue;  // its examples are files
      } else if (row.sections == config::in::fcgi_app) {
        loaded = load("fcgi-app php\n docroot /srv/www\n " + example + "\n");
      } else if (row.name == "use-fcgi-app") {
        loaded = load("fcgi-app php\n docroot /srv/www\nbackend b\n mode http\n server s 127.0.0.1:80 proto fcgi\n" +
                      std::string(kTimeouts) + " " + example + "\n");
      } else if ((row.sections & config::in::userlist) != 0) {
        loaded = load("userlist u\n group admins\n " + example + "\n");
      } else if ((row.sections & config::in::log_profile) != 0) {
        loaded = load("log-profile p\n " + example + "\nlisten l\n bind 127.0.0.1:4440\n" + std::string(kTimeouts) +
                      " server www 127.0.0.1:81\n log 127.0.0.1:514 profile p local0\n");
      } else {
        const std::string table_line = row.name.starts_with("stick ") ? " stick-table type string size 10\n" : "";
        const std::string other =
            "http-errors site1\nbackend bk_rdp\n server s 127.0.0.1:80\n" + std::string(kTimeouts);
        loaded = load("global\n external-check\nlisten l\n bind 127.0.0.1:4440\n" + std::string(kTimeouts) +
                      " server www 127.0.0.1:81\n external-check command /bin/true\n" + table_line + " " + example +
                      "\n" + other);
      }
      EXPECT_FALSE(loaded->diagnostics.has_errors()) << row.name << "\n" << loaded->said();
    }
}

struct Case {
  std::string_view line;
  std::string_view message;  // empty: accepted without a warning
};

TEST(Keyword, lines_of_a_proxy) {
  const Case cases[] = {
      {"mode tcp", ""},
      {"mode http", ""},
      {"mode spdy", "8:7 'mode': 'spdy' is no mode"},
      {"maxconn 100", ""},
      {"maxconn many", "8:10 'maxconn': the number of connections 'many' is not right: "},
      {"balance leastconn", ""},
      {"balance source", ""},
      {"balance rdp-cookie(mstshash)", "1:8 listen 'l' looks for an RDP cookie and has no rule that waits for it"},
      {"balance leastcon", "8:10 unknown balance algorithm 'leastcon'"},
      {"balance uri len 10 depth 3", ""},
      {"balance hdr", "8:10 'balance hdr' needs the field's name"},
      {"balance source(x)", "8:10 'balance source' takes no argument in parentheses"},
      {"hash-type consistent", ""},
      {"hash-type map-based crc32 avalanche", ""},
      {"hash-type consistent wt6", "8:23 'wt6' is described nowhere: crc32 with avalanche takes its place"},
      {"hash-type avalanche", "8:12 'avalanche' is no hash type"},
      {"hash-balance-factor 100", "8:22 a factor of 100 leaves no server room for its share"},
      {"hash-balance-factor 150", ""},
      {"hash-preserve-affinity maxqueue", ""},
      {"balance static-rr", ""},
      {"balance random(3)", ""},
      {"balance random(0)", "8:10 '0' is no number of draws"},
      {"balance hash src", ""},
      {"balance hash", "8:14 'balance': the expression to hash is missing"},
      {"rate-limit sessions 10", ""},
      {"dispatch 192.0.2.1:80", ""},
      {"dispatch 192.0.2.1", "8:11 '192.0.2.1' needs a port, one of its own"},
      {"option transparent", ""},
      {"use-server nobody if TRUE", "8:13 listen 'l' has no server 'nobody'"},
      {"use-server nobody", "8:19 'use-server': 'if' or 'unless' and a condition are missing"},
      {"force-persist if TRUE", ""},
      {"ignore-persist unless TRUE", ""},
      {"force-be-switch if TRUE", ""},
      {"be-unpublished", ""},
      {"server-template s 2-3 192.0.2.1:80", ""},
      {"server-template s 3-2 192.0.2.1:80", "8:20 'server-template': '3-2' is no number of servers"},
      {"persist cookie", "8:10 'cookie' is no persistence"},
      {"option redispatch 3", ""},
      {"option redispatch x", "8:20 'option redispatch': the number of retries 'x' is not right: "},
      {"no option redispatch", ""},
      {"option tcplog clf", ""},
      {"option tcplog foo", "8:16 'option tcplog' knows 'clf', not 'foo'"},
      {"option tcpkaa", "8:2 unknown keyword 'option' in section 'listen'"},
      {"option forwardfor", "1:8 listen 'l' is in TCP mode: 'option forwardfor' has no effect"},
      {"option forwardfor except 10.0.0.0/99", "8:27 '10.0.0.0/99' is no network"},
      {"http-request deny", "1:8 listen 'l' is in TCP mode: 'http-request' rules have no effect"},
      {"tcp-request content switch-mode http", ""},
      {"http-request deny deny_status 99", "8:32 'http-request': the status '99' is not right: "},
      {"http-request return string x", "8:30 'http-request': an answer with content needs 'content-type <type>'"},
      {"errorfiles nowhere", "8:13 there is no http-errors section 'nowhere'"},
      {"timeout tunnel 1h", ""},
      {"timeout tunnel 1 hour", "8:19 'timeout tunnel' takes no further word 'hour'"},
      {"timeout tunnel", "8:16 'timeout tunnel' needs <time>"},
      {"timeout tunel 1h", "8:2 unknown keyword 'timeout' in section 'listen'"},
      {"clitimeout 5s", "8:2 'clitimeout' is an old word"},
      {"default_backend nowhere", "8:18 listen 'l': there is no backend 'nowhere'"},
      {"use_backend nowhere if TRUE", "8:14 listen 'l': there is no backend 'nowhere'"},
      {"use_backend l when TRUE", "8:16 'use_backend': 'if' or 'unless' is expected instead of 'when'"},
      {"use_backend l if nobody", "8:19 no ACL is named 'nobody'"},
      {"use_backend %[req.ssl_sni] if TRUE", ""},
      {"acl office src 10.0.0.0/8", ""},
      {"tcp-request connection accept if { src 10.0.0.0/8 }", ""},
      {"tcp-request content deny", "8:22 'deny' is no action of 'tcp-request content'"},
      {"tcp-request content acept", "8:22 'tcp-request content' has no action 'acept'"},
      {"tcp-request content accept if RDP_COOKIE",
       "8:22 listen 'l': the rule looks at bytes that may not have arrived yet"},
      {"tcp-request inspect-delay 2s", ""},
      {"default_backend l", "8:18 listen 'l' names itself as its backend"},
      {"tcp-check connect", "1:8 listen 'l' has 'tcp-check' lines that nothing uses"},
      {"source 127.0.0.1", ""},
      {"source 127.0.0.1 usesrc clientip", ""},
      {"source 127.0.0.1:10-20", "8:9 a range of ports belongs on the server lines"},
      {"stick on src", "8:2 listen 'l' has no stick table"},
      {"stick-table type ip size 10", ""},
      {"errorfile 503 /nowhere", "8:16 cannot read the page '/nowhere'"},
      {"errorfile 999 /nowhere", "8:12 'errorfile': the status '999' is not right: "},
      {"log global", ""},
      {"log global local0", "8:13 unexpected word 'local0' after 'log global'"},
      {"no log", ""},
      {"log ring@none local0", "8:6 there is no ring 'none'"},
      {"log-format %ci", ""},
      {"option tcp-check", ""},
      {"option rdp-check", ""},
      {"grace 3s", "8:2 'grace' is not supported: it is gone from proxies"},
      {"dispatch 127.0.0.1:80", ""},
      {"id 0", "8:5 'id': the number '0' is not right: "},
      {"description farm of the office", ""},
      {"clitcpka-idle 60s", ""},
      {"clitcpka-cnt 0", "8:15 'clitcpka-cnt': the number of probes '0' is not right: "},
      {"retries -1", "8:10 'retries': the number of retries '-1' is not right: "},
  };
  for (const Case& one : cases) {
    SCOPED_TRACE(one.line);
    const auto loaded = load_line(one.line);
    if (one.message.empty()) {
      EXPECT_THAT(loaded->messages(), IsEmpty());
      EXPECT_TRUE(loaded->config.has_value());
    } else if (one.message.ends_with(": ")) {
      ASSERT_FALSE(loaded->messages().empty());
      EXPECT_THAT(loaded->messages()[0], testing::StartsWith(std::string(one.message)));
    } else {
      EXPECT_THAT(loaded->messages(), ElementsAre(std::string(one.message)));
    }
  }
}

TEST(Keyword, binds_and_servers) {
  const Case cases[] = {
      {"bind 127.0.0.1:1-4,[::1]:9 name x maxconn 3 backlog 7 v6only tfo defer-accept tcp-ut 3s mss 1400", ""},
      {"bind /tmp/x.sock mode 660 uid 0 gid 0", ""},
      {"bind 127.0.0.1:1 id 5", ""},
      {"bind 127.0.0.1:1-2 id 5", "8:7 'bind': 'id' stands on a line of several addresses, and numbers one"},
      {"bind fd@7", ""},
      {"bind abns@x", ""},
      {"bind name rdp", "8:7 'bind': 'name' is an option: the address before it is missing"},
      {"bind", "8:6 'bind' needs <address>:<port>[,...] [options]"},
      {"bind 127.0.0.1", "8:7 'bind': '127.0.0.1' has no port"},
      {"bind 127.0.0.1:4441 nam rdp", "8:22 'bind': unknown bind option 'nam'"},
      {"bind 127.0.0.1:4441 name", "8:26 'bind': 'name' needs <name>"},
      {"bind 127.0.0.1:4441 mode 999", "8:27 'bind': '999' is no file mode"},
      {"bind 127.0.0.1:4441 ssl",
       "8:22 'bind': 'ssl' is not supported: TLS of clients is not available in this version"},
      {"bind 127.0.0.1:4441 accept-proxy", ""},
      {"server srv01 weight 10", "8:15 server 'srv01': 'weight' is an option: the address before it is missing"},
      {"server srv01", "8:14 server 'srv01': the address is missing"},
      {"server srv01 127.0.0.1", ""},
      {"server srv01 127.0.0.1:+10", ""},
      {"server srv01 127.0.0.1 check", "8:2 server 'srv01' is checked and has no port to check"},
      {"server srv01 127.0.0.1 check port 80", ""},
      {"server srv01 127.0.0.1:80 weight 257", "8:35 server 'srv01': the weight '257' is not right: "},
      {"server srv01 127.0.0.1:80 wieght 10", "8:28 server 'srv01': unknown server option 'wieght'"},
      {"server srv01 127.0.0.1:80 ssl", "8:28 server 'srv01': TLS to servers is not available in this version"},
      {"server srv01 127.0.0.1:80 check check-ssl verify none", ""},
      {"server srv01 127.0.0.1:80 check check-ssl",
       "8:2 listen 'l': health checks over TLS do not verify the server's certificate"},
      {"server srv01 127.0.0.1:80 check check-ssl verify required",
       "8:2 server 'srv01': its certificate is to be verified, and no 'ca-file' says by whom"},
      {"server srv01 127.0.0.1:80 check inter 0", "8:34 server 'srv01': 'inter' of 0 is no interval"},
      {"server s 127.0.0.1:80", "8:2 listen 'l' has another server 's'"},
      {"server srv01 127.0.0.1:80 init-addr none,libc on-marked-down shutdown-sessions maxconn 10 minconn 5 maxqueue 3",
       ""},
      {"server srv01 127.0.0.1:80 source 127.0.0.2:1000-2000 usesrc client weight 3", ""},
      {"default-server inter 3s rise 2 fall 3", ""},
      {"default-server id 3", "8:17 'default-server': 'id' is not supported: no two servers may share an id"},
  };
  for (const Case& one : cases) {
    SCOPED_TRACE(one.line);
    const auto loaded = load_line(one.line);
    if (one.message.empty())
      EXPECT_THAT(loaded->messages(), IsEmpty());
    else if (one.message.ends_with(": "))
      EXPECT_THAT(loaded->messages(), ElementsAre(testing::StartsWith(std::string(one.message))));
    else
      EXPECT_THAT(loaded->messages(), ElementsAre(std::string(one.message)));
  }
}

TEST(Keyword, lines_of_global) {
  const Case cases[] = {
      {"nbthread 4", ""},
      {"nbthread 0", "2:11 'nbthread': the number of threads '0' is not right: "},
      {"nbproc 2", "2:2 'nbproc' is not supported: weir is one process with threads"},
      {"noepoll", ""},
      {"user nobody-at-all", "2:7 'user': this system has no user 'nobody-at-all'"},
      {"stats socket /tmp/s.sock mode 660 level admin expose-fd listeners", ""},
      {"stats socket level admin", "2:15 'stats socket': 'level' is an option: the address before it is missing"},
      {"stats socket /tmp/s.sock level root", "2:33 'stats socket': 'root' is no level"},
      {"stats timeout 0", "2:16 a timeout of 0 would close every connection at once"},
      {"spread-checks 51", "2:16 'spread-checks': the percentage '51' is not right: "},
      {"ssl-default-bind-options ssl-min-ver TLSv1.2 no-tls-tickets", ""},
      {"ssl-default-bind-options no-tls-ticket", "2:27 unknown bind option 'no-tls-ticket'"},
      {"ssl-default-bind-options ssl-min-ver 1.2", "2:39 '1.2' is no TLS version"},
      {"setenv 1x y", "2:9 '1x' is no name of a variable"},
      {"node a/b", "2:7 character '/' is not allowed in a node's name"},
      {"tune.bufsize 1k", ""},
      {"tune.bufsize 1", "2:15 '1' is not right: from 1024 to 16777216 bytes"},
      {"tune.maxaccept -1", ""},
      {"unix-bind prefix /tmp/ mode 600 uid 0", ""},
      {"unix-bind moed 600", "2:12 'unix-bind': 'moed' is no word of 'unix-bind'"},
      {"log stdout format raw local0", ""},
      {"hard-stop-after 30s", ""},
      {"maxcon 3", "2:2 unknown keyword 'maxcon' in section 'global'"},
  };
  for (const Case& one : cases) {
    SCOPED_TRACE(one.line);
    const auto loaded = load_global(one.line);
    if (one.message.empty())
      EXPECT_THAT(loaded->messages(), IsEmpty());
    else if (one.message.ends_with(": "))
      EXPECT_THAT(loaded->messages(), ElementsAre(testing::StartsWith(std::string(one.message))));
    else
      EXPECT_THAT(loaded->messages(), ElementsAre(std::string(one.message)));
  }
}

TEST(Keyword, sections_and_names) {
  const Case cases[] = {
      {"listen l 127.0.0.1:80\n", "1:10 'listen' takes no further word '127.0.0.1:80'"},
      {"frontend b\n bind :1\n timeout client 1s\nbackend b\n", ""},
      {"listen b\n bind :1\n timeout client 1s\nbackend b\n", "4:9 proxy 'b' already exists"},
      {"frontend f\n timeout client 1s\n", "1:10 frontend 'f' has no 'bind' line: it takes no connection"},
      {"frontend f\n bind :1\n", "1:10 frontend 'f' misses the timeouts 'client'"},
      {"frontend f\n bind :1\n timeout client 1s\n balance source\n",
       "4:2 'balance' is of no use in frontend 'f', which has no backend side"},
      {"backend b\n bind :1\n", "2:2 'bind' is of no use in backend 'b', which has no frontend side"},
      {"frontend f\n bind :1\n timeout client 1s\n default_backend f\n",
       "4:18 frontend 'f': 'f' is a frontend, not a backend"},
      {"defaults\n mode http\n option httplog\n", ""},
      {"defaults\n mode http\nfrontend f\n mode tcp\n bind :1\n timeout client 1s\n", ""},
      {"global\n zero-warning\nbackend b\n bind :1\n", ""},
  };
  for (const Case& one : cases) {
    SCOPED_TRACE(one.line);
    const auto loaded = load(std::string(one.line));
    if (std::string_view(one.line).starts_with("global\n zero")) {
      EXPECT_FALSE(loaded->config);
    } else if (one.message.empty()) {
      EXPECT_THAT(loaded->messages(), IsEmpty());
    } else {
      EXPECT_THAT(loaded->messages(), ElementsAre(std::string(one.message)));
    }
  }
}

TEST(Keyword, what_a_maps_file_holds_is_signed) {
  const std::string path = "/tmp/map" + std::to_string(::getpid());
  const auto signature = [&](std::string_view content) {
    std::ofstream(path) << content;
    const auto loaded = load("frontend f\n mode http\n bind 127.0.0.1:80\n http-request set-var(txn.a) path,map(" +
                             path + ")\n default_backend b\nbackend b\n mode http\n server s 127.0.0.1:81\n");
    EXPECT_TRUE(loaded->config) << loaded->said();
    return loaded->config ? loaded->config->proxies[0]->signature : std::string();
  };
  const std::string first = signature("/a one\n");
  EXPECT_EQ(first, signature("/a one\n"));
  EXPECT_NE(first, signature("/a two\n"));
  std::filesystem::remove(path);
}

TEST(Keyword, settings_are_inherited_and_signed) {
  const std::string text =
      "defaults\n timeout client 1h\n timeout server 2h\n timeout connect 3s\n retries 7\n"
      " default-server inter 5s weight 20\n"
      "backend b\n server s1 127.0.0.1:80 check\n server s2 127.0.0.2:80 weight 3 id 1\n";
  const auto one = load(text);
  ASSERT_TRUE(one->config) << one->said();
  const ProxyConfig& proxy = *one->config->proxies[0];
  EXPECT_EQ(proxy.settings.retries, 7);
  EXPECT_EQ(proxy.settings.timeouts.server, std::chrono::hours(2));
  ASSERT_EQ(proxy.servers.size(), 2U);
  EXPECT_EQ(proxy.servers[0].weight, 20U);
  EXPECT_EQ(proxy.servers[0].id, 2U);
  EXPECT_EQ(proxy.servers[0].check.inter, std::chrono::seconds(5));
  EXPECT_EQ(proxy.servers[1].weight, 3U);
  EXPECT_FALSE(proxy.servers[1].check_enabled);

  const auto spaced = load("# a comment\n" + text);
  EXPECT_EQ(spaced->config->proxies[0]->signature, proxy.signature);
  const auto other = load(text + " server s3 127.0.0.3:80\n");
  EXPECT_EQ(other->config->proxies[0]->settings_signature, proxy.settings_signature);
  EXPECT_NE(other->config->proxies[0]->signature, proxy.signature);
  EXPECT_EQ(other->config->proxies[0]->servers[0].signature, proxy.servers[0].signature);
}

TEST(Keyword, names_to_adjust_are_bounded) {
  std::string text = "global\n";
  for (int i = 0; i < 1000; i++) text += " h1-case-adjust n" + std::to_string(i) + " N" + std::to_string(i) + "\n";
  const std::string rest = "frontend f\n timeout client 1s\n bind 127.0.0.1:1\n";
  EXPECT_THAT(load(text + rest)->messages(), IsEmpty());
  EXPECT_THAT(load(text + " h1-case-adjust one-more One-More\n" + rest)->said(), HasSubstr("no more are taken"));
}

TEST(Keyword, binds_are_expanded) {
  const auto loaded = load("frontend f\n timeout client 1s\n bind 127.0.0.1:1-3,[::1]:9 name x\n maxconn 50\n");
  ASSERT_TRUE(loaded->config) << loaded->said();
  const BindConfig& bind = loaded->config->proxies[0]->binds[0];
  ASSERT_EQ(bind.addresses.size(), 4U);
  EXPECT_EQ(bind.addresses[2].to_string(), "127.0.0.1:3");
  EXPECT_EQ(bind.addresses[3].to_string(), "[::1]:9");
  EXPECT_EQ(bind.options.backlog, 50);
  EXPECT_EQ(bind.id, 1U);
}

TEST(Keyword, fullconn_is_a_tenth_of_the_frontends) {
  const auto loaded = load(
      "frontend f\n timeout client 1s\n bind :1\n maxconn 995\n default_backend b\n"
      "frontend g\n timeout client 1s\n bind :2\n maxconn 1000\n use_backend b if TRUE\nbackend b\n");
  ASSERT_TRUE(loaded->config) << loaded->said();
  EXPECT_EQ(loaded->config->proxies[2]->settings.fullconn, 200U);
}

}  // namespace
}  // namespace weir::proxy
