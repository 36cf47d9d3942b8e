// SPDX-License-Identifier: Apache-2.0
// Against a server that lies, stalls and breaks off. TLS itself: tests/e2e/test_tuf.py.
#include "ems/io/ota/https_fetcher.hpp"

#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "support/scripted_http.hpp"
#include "support/temp_dir.hpp"

namespace ems::io {
namespace {

using test::http_reply;
using test::HttpReply;
using test::ScriptedHttp;
using Lines = std::vector<std::string>;

/// A window so long that no test meets it, or so short that a silent server does at once.
HttpsSettings patient() { return {.rate_window = seconds(600)}; }
HttpsSettings impatient() { return {.rate_window = milliseconds(200)}; }

class Text final : public ota::tuf::Sink {
 public:
  Result<void> write(Bytes data) override {
    if (refuse) return fail(Errc::disk_full, 0, "as told");
    text.append(reinterpret_cast<const char*>(data.data()), data.size());
    return {};
  }
  std::string text;
  bool refuse = false;
};

HttpsFetcher open(const ScriptedHttp& server, HttpsSettings settings = patient()) {
  auto fetcher = HttpsFetcher::open(server.url() + "/repo", std::move(settings));
  EXPECT_TRUE(fetcher);
  return std::move(*fetcher);
}

std::string outcome(const Result<void>& done) {
  return done ? "ok" : std::string{to_string(done.error().code)};
}
std::string outcome(const Result<std::vector<std::byte>>& data) {
  if (!data) return std::string{to_string(data.error().code)};
  return "ok: " + std::string{reinterpret_cast<const char*>(data->data()), data->size()};
}

std::string outcome_of(const HttpReply& reply, std::size_t size_max,
                       const HttpsSettings& settings = patient()) {
  const ScriptedHttp server{[&](const std::string&) { return reply; }};
  auto fetcher = open(server, settings);
  return outcome(fetcher.metadata("timestamp.json", size_max));
}

TEST(OtaHttpsFetcher, FetchesAFileAndAsksForItOnce) {
  const ScriptedHttp server{[](const std::string&) { return http_reply("200 OK", "hello"); }};
  auto fetcher = open(server);
  EXPECT_EQ(outcome(fetcher.metadata("2...%2F..%2Fevil.json", 5)), "ok: hello");
  Text sink;
  EXPECT_EQ(outcome(fetcher.target("fw/edge/a%20b.img", 0, 5, sink)), "ok");
  EXPECT_EQ(sink.text, "hello");
  EXPECT_EQ(server.requests(), (Lines{"GET /repo/2...%2F..%2Fevil.json HTTP/1.1",
                                      "GET /repo/fw/edge/a%20b.img HTTP/1.1"}));
  EXPECT_EQ(fetcher.last_failure(), "");
}

TEST(OtaHttpsFetcher, TakesAnEmptyFile) {
  EXPECT_EQ(outcome_of(http_reply("200 OK", ""), 5), "ok: ");
}

TEST(OtaHttpsFetcher, EveryAnswerThatIsNoFileHasItsClass) {
  EXPECT_EQ(outcome_of(http_reply("404 Not Found", "no"), 100), "not_found");
  EXPECT_EQ(outcome_of(http_reply("403 Forbidden", "no"), 100), "not_found");
  EXPECT_EQ(outcome_of(http_reply("404 Not Found", ""), 100), "not_found");
  for (const char* status :
       {"500 Oops", "503 Busy", "401 Who", "204 Nothing", "400 Bad", "410 Gone"}) {
    EXPECT_EQ(outcome_of(http_reply(status, ""), 100), "download") << status;
  }
  EXPECT_EQ(outcome_of(http_reply("500 Oops", std::string(1'000'000, 'x')), 100), "download");
  EXPECT_EQ(outcome_of({"not http at all\r\n\r\n"}, 100), "download");
  EXPECT_EQ(outcome_of({""}, 100), "download");  // The connection closes.
}

TEST(OtaHttpsFetcher, TheUrlStandsInTheFailure) {
  const ScriptedHttp server{[](const std::string&) { return http_reply("500 Oops", "x"); }};
  auto fetcher = open(server);
  EXPECT_EQ(outcome(fetcher.metadata("2.root.json", 100)), "download");
  EXPECT_EQ(fetcher.last_failure(), server.url() + "/repo/2.root.json: HTTP status 500");
}

TEST(OtaHttpsFetcher, NobodyListensIsADownloadError) {
  std::string url;
  {
    const ScriptedHttp server{[](const std::string&) { return HttpReply{}; }};
    url = server.url();
  }
  auto fetcher = HttpsFetcher::open(url, patient());
  ASSERT_TRUE(fetcher);
  EXPECT_EQ(outcome(fetcher->metadata("timestamp.json", 100)), "download");
  EXPECT_NE(fetcher->last_failure().find(url), std::string::npos);
}

// ---- Too much ----------------------------------------------------------------------------------

TEST(OtaHttpsFetcher, NotAByteMoreThanAllowedIsTaken) {
  EXPECT_EQ(outcome_of(http_reply("200 OK", "12345"), 5), "ok: 12345");
  EXPECT_EQ(outcome_of(http_reply("200 OK", "123456"), 5), "too_large");
  // No Content-Length: the body ends with the connection, or never.
  EXPECT_EQ(outcome_of({"HTTP/1.1 200 OK\r\n\r\n12345"}, 5), "ok: 12345");
  EXPECT_EQ(outcome_of({"HTTP/1.1 200 OK\r\n\r\n123456"}, 5), "too_large");
  EXPECT_EQ(outcome_of({"HTTP/1.1 200 OK\r\n\r\n" + std::string(3'000'000, 'x'), true}, 16'384),
            "too_large");
  EXPECT_EQ(
      outcome_of({"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n6\r\n123456\r\n0\r\n\r\n"},
                 5),
      "too_large");
  // A length that says it all: no body is awaited.
  EXPECT_EQ(outcome_of({"HTTP/1.1 200 OK\r\nContent-Length: 99999999999\r\n\r\nx", true}, 5),
            "too_large");
}

TEST(OtaHttpsFetcher, HeadersWithoutEndAreRefused) {
  std::string headers = "HTTP/1.1 200 OK\r\n";
  for (int i = 0; i < 2'000; ++i) headers += "X-Filler: " + std::string(50, 'x') + "\r\n";
  EXPECT_EQ(outcome_of({headers, true}, 5), "download");
}

TEST(OtaHttpsFetcher, ATargetIsCutAtItsLength) {
  const ScriptedHttp server{[](const std::string&) {
    return HttpReply{"HTTP/1.1 200 OK\r\n\r\n" + std::string(1'000'000, 'x'), true};
  }};
  auto fetcher = open(server);
  Text sink;
  EXPECT_EQ(outcome(fetcher.target("a.img", 0, 1'000, sink)), "too_large");
  EXPECT_LE(sink.text.size(), 1'000U);
}

TEST(OtaHttpsFetcher, WhatTheSinkSaysEndsTheDownload) {
  const ScriptedHttp server{[](const std::string&) { return http_reply("200 OK", "hello"); }};
  auto fetcher = open(server);
  Text sink;
  sink.refuse = true;
  EXPECT_EQ(outcome(fetcher.target("a.img", 0, 5, sink)), "disk_full");
  EXPECT_EQ(server.requests().size(), 1U);  // Not tried again.
}

// ---- Too slow ----------------------------------------------------------------------------------

TEST(OtaHttpsFetcher, ASilentServerIsTooSlow) {
  EXPECT_EQ(outcome_of({"", true}, 100, impatient()), "slow_retrieval");  // Before its headers.
  EXPECT_EQ(outcome_of({"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\n123", true}, 100, impatient()),
            "slow_retrieval");
}

TEST(OtaHttpsFetcher, AFileHasADeadlineHoweverFastItComes) {
  HttpsSettings settings = patient();
  settings.deadline = milliseconds(200);
  settings.rate_min = 0;
  EXPECT_EQ(outcome_of({"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\n123", true}, 100, settings),
            "slow_retrieval");
}

// ---- Going on ----------------------------------------------------------------------------------

const std::string kFile = "0123456789abcdef";

std::size_t asked_from(const std::string& request) {
  const std::size_t at = request.find("Range: bytes=");
  return at == std::string::npos ? 0 : std::stoul(request.substr(at + 13));
}

HttpReply ranged(std::size_t from, std::size_t claimed_from, const std::string& total = "16") {
  return http_reply(
      "206 Partial", kFile.substr(from),
      "Content-Range: bytes " + std::to_string(claimed_from) + "-15/" + total + "\r\n");
}

/// Promises everything from `from` on and breaks off after three bytes.
HttpReply broken(std::size_t from) {
  const std::string rest = kFile.substr(from);
  const std::string head = from == 0 ? "HTTP/1.1 200 OK\r\n"
                                     : "HTTP/1.1 206 Partial\r\nContent-Range: bytes " +
                                           std::to_string(from) + "-15/16\r\n";
  return {head + "Content-Length: " + std::to_string(rest.size()) + "\r\n\r\n" + rest.substr(0, 3)};
}

TEST(OtaHttpsFetcher, ABrokenTargetGoesOnWhereItStopped) {
  const ScriptedHttp server{[](const std::string& request) {
    const std::size_t from = asked_from(request);
    return from < 6 ? broken(from) : ranged(from, from);
  }};
  auto fetcher = open(server);
  Text sink;
  EXPECT_EQ(outcome(fetcher.target("a.img", 0, 16, sink)), "ok");
  EXPECT_EQ(sink.text, kFile);
  EXPECT_EQ(server.requests(),
            (Lines{"GET /repo/a.img HTTP/1.1", "GET /repo/a.img HTTP/1.1 bytes=3-",
                   "GET /repo/a.img HTTP/1.1 bytes=6-"}));
}

TEST(OtaHttpsFetcher, ItGoesOnAFewTimesOnly) {
  const ScriptedHttp server{[](const std::string& request) { return broken(asked_from(request)); }};
  HttpsSettings settings = patient();
  settings.resumptions = 2;
  auto fetcher = open(server, settings);
  Text sink;
  EXPECT_EQ(outcome(fetcher.target("a.img", 0, 16, sink)), "download");
  EXPECT_EQ(sink.text, kFile.substr(0, 9));
  EXPECT_EQ(server.requests().size(), 3U);
}

TEST(OtaHttpsFetcher, ABrokenMetadataFileIsNotPieced) {
  const ScriptedHttp server{[](const std::string&) { return broken(0); }};
  auto fetcher = open(server);
  EXPECT_EQ(outcome(fetcher.metadata("timestamp.json", 16)), "download");
  EXPECT_EQ(server.requests().size(), 1U);
}

TEST(OtaHttpsFetcher, AnEarlierDownloadGoesOn) {
  const ScriptedHttp server{
      [](const std::string& request) { return ranged(asked_from(request), asked_from(request)); }};
  auto fetcher = open(server);
  Text sink;
  EXPECT_EQ(outcome(fetcher.target("a.img", 10, 16, sink)), "ok");
  EXPECT_EQ(sink.text, "abcdef");
  sink.text.clear();
  EXPECT_EQ(outcome(fetcher.target("a.img", 16, 16, sink)), "ok");  // Nothing is missing.
  EXPECT_EQ(sink.text, "");
  EXPECT_EQ(server.requests().size(), 1U);
}

TEST(OtaHttpsFetcher, AWholeFileInsteadOfARangeIsSkippedUpToTheRange) {
  const ScriptedHttp server{[](const std::string&) { return http_reply("200 OK", kFile); }};
  auto fetcher = open(server);
  Text sink;
  EXPECT_EQ(outcome(fetcher.target("a.img", 10, 16, sink)), "ok");
  EXPECT_EQ(sink.text, "abcdef");
}

TEST(OtaHttpsFetcher, AnotherRangeThanAskedForIsRefused) {
  const auto outcome_of_range = [](const HttpReply& reply, std::uint64_t from) {
    const ScriptedHttp server{[&](const std::string&) { return reply; }};
    auto fetcher = open(server);
    Text sink;
    const std::string said = outcome(fetcher.target("a.img", from, 16, sink));
    return said + " " + sink.text;
  };
  EXPECT_EQ(outcome_of_range(ranged(10, 10, "*"), 10), "ok abcdef");
  EXPECT_EQ(outcome_of_range(ranged(10, 9), 10), "download ");
  EXPECT_EQ(outcome_of_range(ranged(10, 11), 10), "download ");
  EXPECT_EQ(outcome_of_range(ranged(10, 10, "17"), 10), "too_large ");
  EXPECT_EQ(outcome_of_range(ranged(10, 10, "15"), 10), "download ");  // Ends before its last byte.
  EXPECT_EQ(outcome_of_range(http_reply("206 Partial", "abcdef"), 10), "download ");
  EXPECT_EQ(outcome_of_range(
                http_reply("206 Partial", "abcdefg", "Content-Range: bytes 10-16/*\r\n"), 10),
            "too_large ");
  EXPECT_EQ(outcome_of_range(ranged(0, 0), 0), "download ");  // Nobody asked for a range.
}

TEST(OtaHttpsFetcher, AFileThatBecameShorterShowsItsLength) {
  const ScriptedHttp server{[](const std::string& request) {
    return asked_from(request) > 0 ? http_reply("416 No", "") : http_reply("200 OK", "01234");
  }};
  auto fetcher = open(server);
  Text sink;
  EXPECT_EQ(outcome(fetcher.target("a.img", 10, 16, sink)), "ok");  // The client counts.
  EXPECT_EQ(sink.text, "");
  EXPECT_EQ(server.requests().size(), 2U);
}

// ---- Where to ----------------------------------------------------------------------------------

HttpReply moved(const std::string& where) {
  return http_reply("302 Found", "elsewhere", "Location: " + where + "\r\n");
}

TEST(OtaHttpsFetcher, ARedirectionWithinTheHostIsFollowed) {
  const ScriptedHttp server{[](const std::string& request) {
    return request.starts_with("GET /repo/a") ? moved("/other/b.img")
                                              : http_reply("200 OK", "hello");
  }};
  auto fetcher = open(server);
  EXPECT_EQ(outcome(fetcher.metadata("a.img", 5)), "ok: hello");
  EXPECT_EQ(server.requests().back(), "GET /other/b.img HTTP/1.1");
}

TEST(OtaHttpsFetcher, ARedirectionToAnotherHostIsNot) {
  const ScriptedHttp other{[](const std::string&) { return http_reply("200 OK", "evil!"); }};
  const std::string port = std::to_string(other.port());
  for (const std::string& where :
       {other.url() + "/a", "//127.0.0.1:" + port + "/a", "http://localhost:" + port + "/a",
        std::string{"https://127.0.0.1/a"}, std::string{"file:///etc/passwd"},
        std::string{"http://user@127.0.0.1/a"}, std::string{""}}) {
    const ScriptedHttp server{[&](const std::string&) { return moved(where); }};
    auto fetcher = open(server);
    EXPECT_EQ(outcome(fetcher.metadata("a.img", 5)), "download") << where;
  }
  EXPECT_TRUE(other.requests().empty());
}

TEST(OtaHttpsFetcher, ACircleOfRedirectionsEnds) {
  const ScriptedHttp server{[](const std::string&) { return moved("/again"); }};
  auto fetcher = open(server);
  EXPECT_EQ(outcome(fetcher.metadata("a.img", 5)), "download");
  EXPECT_EQ(server.requests().size(), 6U);
}

TEST(OtaHttpsFetcher, OnlyAFolderOfAnAllowedHostIsOpened) {
  const auto code_of = [](const std::string& url, HttpsSettings settings = {}) {
    const auto fetcher = HttpsFetcher::open(url, std::move(settings));
    return fetcher ? std::string{"ok"} : std::string{to_string(fetcher.error().code)};
  };
  EXPECT_EQ(code_of("https://updates.example.com/repo"), "ok");
  EXPECT_EQ(code_of("https://updates.example.com:8443/"), "ok");
  EXPECT_EQ(code_of("https://UPDATES.example.com/", {.hosts = {"updates.example.com"}}), "ok");
  EXPECT_EQ(code_of("https://evil.example.com/", {.hosts = {"updates.example.com"}}),
            "permission_denied");
  EXPECT_EQ(code_of("http://localhost:8000/"), "ok");
  EXPECT_EQ(code_of("http://[::1]:8000/"), "ok");
  EXPECT_EQ(code_of("http://updates.example.com/"), "permission_denied");
  EXPECT_EQ(code_of("http://127.0.0.1.example.com/"), "permission_denied");
  for (const char* url :
       {"", "ftp://example.com/", "example.com/repo", "https://", "https://user@example.com/",
        "https://user:word@example.com/", "https://example.com/?q=1", "https://example.com/#a"}) {
    EXPECT_EQ(code_of(url), "invalid_argument") << url;
  }
  EXPECT_EQ(code_of("https://example.com/", {.ca_file = "/no/such/file"}), "io");
}

TEST(OtaHttpsFetcher, ANameThatIsNotEncodedIsNotAskedFor) {
  const ScriptedHttp server{[](const std::string&) { return http_reply("200 OK", "hello"); }};
  auto fetcher = open(server);
  for (const char* name : {"", "a b", "a?b", "a#b", "a\r\nX-Evil: 1", "a\\b", "\xC3\xB6"}) {
    EXPECT_EQ(outcome(fetcher.metadata(name, 5)), "download") << name;
  }
  EXPECT_TRUE(server.requests().empty());
}

}  // namespace
}  // namespace ems::io
