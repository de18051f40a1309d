// `trace import` as a user types it: files, pipes, refusals, and memory that does not grow.

#include <doctest/doctest.h>
#include <sys/resource.h>
#include <sys/stat.h>

#include <csignal>
#include <cstdio>
#include <nlohmann/json.hpp>
#include <string>
#include <thread>

#include "tests/end_to_end/binary.hpp"

using namespace fleetcache::test;
using nlohmann::json;

namespace {

bool mentions(const std::string& text, const std::string& part) {
  return text.find(part) != std::string::npos;
}

std::string replay(const std::string& trace) {
  const Outcome outcome =
      invoke("trace replay " + trace + " --policy lru --capacity 50 --format csv");
  REQUIRE_MESSAGE(outcome.exit_code == 0, outcome.err);
  return outcome.out;
}

}  // namespace

TEST_CASE("an imported trace replays as its source does") {
  const Scratch scratch;
  std::string csv = "time,id,size\n";
  for (int i = 0; i < 5000; ++i)
    csv += std::to_string(i) + "," + std::to_string(i * i % 97) + ",1\n";
  const std::string source = scratch.file("t.csv", csv), out = scratch.path("t.fctrace");
  const Outcome made = invoke("trace import " + source + " -o " + out);
  REQUIRE_MESSAGE(made.exit_code == 0, made.err);
  CHECK(made.out == "");
  CHECK(mentions(made.err, "5000 requests (5000 reads, 0 writes, 0 deletes)"));
  CHECK(replay(out) == replay(source));
  // Through pipes on both sides, under a key: other ids, the same misses.
  const std::string hidden = scratch.path("u.fctrace");
  const std::string key = scratch.file("key", "0123456789abcdef\n");
  CHECK(invoke("trace import - --input-format csv --anonymise @" + key + " < " + source + " > " +
               hidden)
            .exit_code == 0);
  CHECK(read_file(hidden) != read_file(out));
  CHECK(replay(hidden) == replay(source));
  CHECK(invoke("trace import " + source + " -o " + out).exit_code == 2);  // it is there already
  CHECK(invoke("trace import " + source + " --overwrite -o " + out).exit_code == 0);
}

TEST_CASE("import --list names every format, and wrong words are refused with what is allowed") {
  const Scratch scratch;
  const Outcome list = invoke("trace import --list");
  CHECK(list.exit_code == 0);
  for (const char* name : {"oracleGeneral", "fctrace", "azure-blob-log", "blobfuse2",
                           "alluxio-audit", "kv-events", "cachelib", "kv-sessions", "gentd26"}) {
    CHECK_MESSAGE(mentions(list.out, name), name);
  }
  const std::string log = scratch.file("t.csv", "id,size\n1,5\n2,x\n");
  const std::string out = scratch.path("t.fctrace");
  const auto refused = [&](const std::string& arguments, const std::string& why) {
    const Outcome outcome = invoke("trace import " + arguments + " -o " + out);
    CHECK_MESSAGE(outcome.exit_code == 2, arguments);
    CHECK_MESSAGE(mentions(outcome.err, why), outcome.err);
    CHECK(scratch.entries() == 1);  // nothing half-written
  };
  refused(log, "t.csv:3:3: size: \"x\" is not a number");
  refused(log + " --input-format parquet", "\"parquet\" is not known; want auto, oracleGeneral");
  refused(log + " --anonymise short", "want at least 16");
  refused(log + " --anonymise @" + scratch.path("absent"), "cannot read");
  refused(log + " --chunk 4", "size: \"x\"");
  refused(log + " --chunk 4MX", "--chunk");
  refused(log + " --class-bytes lora", "is not CLASS=BYTES");
  refused("", "want a file");
  refused(scratch.path("absent"), "cannot open");
}

TEST_CASE("a stream of any length is imported in bounded memory") {
  const Scratch scratch;
  const std::string pipe = scratch.path("pipe"), out = scratch.path("t.fctrace");
  REQUIRE(::mkfifo(pipe.c_str(), 0600) == 0);
  constexpr std::uint64_t kRequests = 12'000'000;  // 576 MB if they were held
  std::signal(SIGPIPE, SIG_IGN);  // an import that fails early must fail this test, not end it
  std::thread writer([&] {
    std::FILE* to = std::fopen(pipe.c_str(), "w");
    for (std::uint64_t i = 0; i < kRequests; ++i) {
      std::fprintf(to, "%llu\n", static_cast<unsigned long long>(i * 2654435761U % 1'000'003));
    }
    std::fclose(to);
  });
  rlimit before{}, bound{};
  ::getrlimit(RLIMIT_DATA, &before);
  bound = before;
  bound.rlim_cur = 200'000'000;
  REQUIRE(::setrlimit(RLIMIT_DATA, &bound) == 0);
  const Outcome outcome = invoke("trace import - --input-format ids -o " + out + " < " + pipe);
  ::setrlimit(RLIMIT_DATA, &before);
  writer.join();
  std::signal(SIGPIPE, SIG_DFL);
  CHECK_MESSAGE(outcome.exit_code == 0, outcome.err);
  CHECK(mentions(outcome.err, "12000000 requests"));
}
