#include "sim/traces/mooncake.hpp"

#include <doctest/doctest.h>

#include <filesystem>
#include <set>
#include <string_view>

using namespace fleetcache;
using namespace fleetcache::traces;

namespace {

MooncakeReader reader_of(std::string_view text) {
  return MooncakeReader(ByteSource::from_memory(std::as_bytes(std::span(text)), "t.jsonl").value());
}

/// The message of the first error, or "" when the text reads to its end.
std::string error_of(std::string_view text) {
  MooncakeReader reader = reader_of(text);
  KvRequest request;
  for (;;) {
    const auto more = reader.next(request);
    if (!more) return more.error().text();
    if (!*more) return "";
  }
}

}  // namespace

TEST_CASE("a Mooncake line gives arrival, lengths and blocks in order") {
  auto reader = reader_of(
      "{\"timestamp\": 27482, \"input_length\": 6955, \"output_length\": 52, \"hash_ids\": [46, "
      "2353, "
      "47]}\r\n\n{\"hash_ids\":[],\"extra\":{\"a\":[1,\"]\\\"\",null]},\"output_length\":0,"
      "\"input_length\":4294967295,\"timestamp\":0.5}");
  KvRequest r;
  REQUIRE(reader.next(r).value());
  CHECK(r.at_ns == 27'482'000'000);  // 27 482 ms
  CHECK(r.input_tokens == 6955);
  CHECK(r.output_tokens == 52);
  CHECK(r.blocks == std::vector<std::uint64_t>{46, 2353, 47});
  REQUIRE(reader.next(r).value());
  CHECK(r.at_ns == 500'000);  // half a millisecond
  CHECK(r.input_tokens == 4294967295U);
  CHECK(r.blocks.empty());
  CHECK_FALSE(reader.next(r).value());
}

TEST_CASE("every fault of a Mooncake line is named with its line and column") {
  const std::string good =
      R"({"timestamp": 1, "input_length": 2, "output_length": 3, "hash_ids": [4]})";
  CHECK(error_of(good) == "");
  CHECK(error_of("id,size\n1,2\n").find("t.jsonl:1:1: want a Mooncake JSONL trace") == 0);
  CHECK(error_of(good + "\n{\"timestamp\": 1") ==
        "t.jsonl:2:16: the line ends where \"}\" should be");
  CHECK(error_of(R"({"timestamp": -1, "input_length": 2, "output_length": 3, "hash_ids": [4]})") ==
        "t.jsonl:1:15: \"-1\" is negative; want 0 or more");
  CHECK(error_of(R"({"timestamp": 1, "input_length": 4294967296})") ==
        "t.jsonl:1:34: 4294967296 tokens are more than 2^32 - 1");
  CHECK(error_of(R"({"timestamp": 9223372036855, "input_length": 2})").find("too large") !=
        std::string::npos);  // 9 223 372 036 855 ms is just above 2^63 ns
  CHECK(error_of(R"({"timestamp": 1, "input_length": "2"})").find("t.jsonl:1:34: ") == 0);
  CHECK(error_of(R"({"hash_ids": [1, 18446744073709551616]})").find("t.jsonl:1:18: ") == 0);
  CHECK(error_of(R"({"hash_ids": [1 2]})").find("t.jsonl:1:17: want \"]\"") == 0);
  CHECK(error_of(R"({"hash_ids": [1], "hash_ids": [1]})") ==
        "t.jsonl:1:19: the key \"hash_ids\" comes twice");
  CHECK(error_of(R"({"timestamp": 1})") == "t.jsonl:1:1: the key \"input_length\" is missing");
  CHECK(error_of(good + "x").find("t.jsonl:1:73: text follows the object") == 0);
  CHECK(error_of("[1]").find("t.jsonl:1:1: want a Mooncake JSONL trace") == 0);
  CHECK(error_of("{\"x\":" + std::string(100, '[')).find("64 deep") != std::string::npos);
}

TEST_CASE("a missing file is an error, not an empty trace") {
  CHECK(read_mooncake("/nonexistent/t.jsonl").error().text() ==
        "/nonexistent/t.jsonl: cannot open: No such file or directory");
  CHECK(read_mooncake("/").error().what == "is a folder, not a trace");
}

TEST_CASE("the conversation trace has the published counts") {
  const std::string path =
      FLEETCACHE_SOURCE_DIR "/../shared/data/kv-mooncake-conversation/conversation_trace.jsonl.zst";
  if (!std::filesystem::exists(path)) {
    MESSAGE("skipped: " << path << " is absent");
    return;
  }
  const auto requests = read_mooncake(path).value();
  std::uint64_t input = 0, output = 0, references = 0;
  std::set<std::uint64_t> distinct;
  for (const KvRequest& r : requests) {
    input += r.input_tokens;
    output += r.output_tokens;
    references += r.blocks.size();
    distinct.insert(r.blocks.begin(), r.blocks.end());
  }
  // The README of the data set states all of these.
  CHECK(requests.size() == 12'031);
  CHECK(input == 144'793'823);
  CHECK(output == 4'122'048);
  CHECK(references == 288'500);
  CHECK(distinct.size() == 182'790);
  CHECK(requests.back().at_ns / 1'000'000'000 == 3'536);  // "one hour (3 537 s)"
}
