/// Mooncake traces: one inference request a line, as JSON (Kimi's production traces, FAST '25).
///
///     {"timestamp": 27482, "input_length": 6955, "output_length": 52, "hash_ids": [46, 47, 2353]}
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "policies/base/result.hpp"
#include "sim/traces/byte_source.hpp"

namespace fleetcache::traces {

/// One inference request.
struct KvRequest {
  std::int64_t at_ns = 0;           ///< arrival since the start of the trace
  std::uint32_t input_tokens = 0;   ///< prompt length
  std::uint32_t output_tokens = 0;  ///< answer length
  /// Ids of the prompt's blocks (512 tokens in the published traces) in order. Equal ids are the
  /// same block behind the same prefix; the last block can be partial. May be empty.
  std::vector<std::uint64_t> blocks;
  std::string tenant{};  ///< of the key `tenant`, text or number; empty where there is none
};

/// Requests of a Mooncake JSONL file, one at a time, in the order of the file.
///
/// Keys: `timestamp` (ms, fractions allowed), `input_length`, `output_length`, `hash_ids`, and
/// maybe `tenant`; others are passed over, blank lines too. Errors say path:line:column and what
/// was wrong: a missing or repeated key, a wrong type, a negative number, one that overflows, a
/// line cut short. Timestamps may repeat; whether they may go back is the caller's business.
class MooncakeReader {
 public:
  /// Plain or Zstandard, "-" for standard input.
  static Result<MooncakeReader> open(const std::string& path);
  explicit MooncakeReader(ByteSource source) : lines_(std::move(source)) {}

  /// False at the end. Reuses the memory of `request.blocks`.
  Result<bool> next(KvRequest& request);
  const LineSource& lines() const { return lines_; }

 private:
  LineSource lines_;
};

/// The whole file. As MooncakeReader, and timestamps must not go back: arrivals are in time order.
/// An empty file is an error. Memory: about 48 bytes a request and 8 a block.
Result<std::vector<KvRequest>> read_mooncake(const std::string& path);

}  // namespace fleetcache::traces
