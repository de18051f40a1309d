// Trace readers: whatever bytes come in, each ends with requests or with one error that has a place
// and a reason; times and next accesses are never negative.

#include <zstd.h>

#include <array>

#include "sim/traces/reader.hpp"
#include "tests/fuzz/fuzz.hpp"

namespace fleetcache::fuzz {
namespace {

using traces::Format;
using traces::ReadOptions;
using traces::Request;

/// A .lis line may stand for 2^64 requests, so only this many are taken.
constexpr std::size_t kEnough = 2'000;

std::string packed(const std::string& text) {
  std::string out(ZSTD_compressBound(text.size()), '\0');
  out.resize(ZSTD_compress(out.data(), out.size(), text.data(), text.size(), 1));
  return out;
}

std::string judge(const Error& error) {
  return error.where.empty() || error.what.empty() ? "an error without a place or a reason" : "";
}

std::string judge(const Request& request) {
  if (request.time_ns < 0) return "a negative time";
  return request.next_access < traces::kNever ? "a next access below never" : "";
}

std::string read(std::string_view input, const ReadOptions& options) {
  auto source = traces::ByteSource::from_memory(std::as_bytes(std::span(input)), "fuzz");
  if (!source) return judge(source.error());
  auto reader = traces::make_reader(std::move(source).value(), options);
  if (!reader) return judge(reader.error());
  std::array<Request, 101> block;
  for (std::size_t total = 0; total < kEnough;) {
    const auto count = (*reader)->read(block);
    if (!count) return judge(count.error());
    if (*count == 0) break;
    if (*count > block.size()) return "more requests than there was room for";
    for (std::size_t i = 0; i < *count; ++i) {
      const std::string why = judge(block[i]);
      if (!why.empty()) return why;
    }
    total += *count;
  }
  return "";
}

}  // namespace

std::string run(std::string_view input) {
  for (const Format format : {Format::kAuto, Format::kOracleGeneral, Format::kCsv,
                              Format::kMooncake, Format::kIds, Format::kLis}) {
    const std::string why = read(input, {format, {}});
    if (!why.empty()) return std::string(traces::format_name(format)) + ": " + why;
  }
  const auto columns = traces::parse_columns("time=1:ms,id=2:text,size=3");
  return read(input, {Format::kCsv, columns.value()});
}

std::vector<std::string> seeds() {
  std::string records;
  for (int i = 0; i < 20; ++i) records += std::string(24, static_cast<char>(i));
  const std::string csv = "time,id,size,next\n1.5,7,512,1\n2,7,4096,-1\n3,8,1,-1\n";
  const std::string json =
      "{\"timestamp\":1,\"input_length\":1024,\"output_length\":5,\"hash_ids\":[1,2,3]}\n"
      "{\"timestamp\":2,\"input_length\":512,\"output_length\":6,\"hash_ids\":[1],\"x\":{\"y\":[]}}"
      "\n";
  const std::string ids = "1\n2\n# note\n18446744073709551615\n";
  return {records,         csv,         json,        ids, "230027 8 0 0\n1842745 64 0 1\n",
          packed(records), packed(csv), packed(json)};
}

std::vector<std::string> words() {
  return {"18446744073709551616",
          "-1",
          "9223372036854775807",
          ".",
          ",",
          "\n",
          "\r\n",
          "\"",
          "\\",
          "[",
          "]",
          "{",
          "}",
          ":",
          "null",
          "\"timestamp\"",
          "\"hash_ids\":[",
          "1e3",
          " ",
          "\t",
          std::string("\0", 1),
          "\x28\xb5\x2f\xfd",
          "\xef\xbb\xbf"};
}

}  // namespace fleetcache::fuzz
