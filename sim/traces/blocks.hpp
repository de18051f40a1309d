/// Parts of a trace in memory, and what has to be known of a trace before it is replayed.
#pragma once

#include <atomic>
#include <cstdint>
#include <memory>
#include <span>
#include <vector>

#include "policies/base/result.hpp"
#include "sim/traces/reader.hpp"

namespace fleetcache::traces {

/// Requests of one read; 768 KiB, so that a block stays in the second-level cache while many
/// policies look at it, and no vector of a whole trace has to grow and move.
constexpr std::size_t kBlockRequests = 16384;

struct TraceBlocks {
  std::vector<std::vector<Request>> blocks;
  std::uint64_t requests = 0;  ///< in the blocks, requests of size 0 left out
  std::uint64_t dropped = 0;   ///< requests of size 0
  bool complete = false;       ///< the trace ends here
};

/// Reads on until `limit` requests are there (rounded up to a block), the trace ends, or `stop`
/// (may be null) turns true. Requests of size 0 are dropped, but for deletes, which need none.
/// Memory: sizeof(Request) each, taken from `spare` as far as that goes: fresh pages cost more time
/// than reading into them.
Result<TraceBlocks> read_blocks(TraceReader& reader, std::uint64_t limit,
                                const std::atomic<bool>* stop = nullptr, TraceBlocks spare = {});

/// Sets next_access as compute_next_access does, but an object that is deleted before it is asked
/// for again is never asked for again: keeping it gains nothing. Memory: about 32 bytes a distinct
/// id.
void compute_next_reuse(std::span<std::vector<Request>> blocks);

/// Totals of a trace. Deletes are no requests.
class TraceTotals {
 public:
  /// With `distinct`, ids are counted too, at about 32 bytes an id.
  explicit TraceTotals(bool distinct);
  ~TraceTotals();
  TraceTotals(TraceTotals&&) noexcept;
  TraceTotals& operator=(TraceTotals&&) noexcept;

  void add(std::span<const Request> block);

  std::uint64_t requests = 0;
  std::uint64_t deletes = 0;
  std::uint64_t bytes = 0;
  std::uint64_t smallest = 0;  ///< least size; 0 when there are no requests
  std::uint64_t largest = 0;
  std::uint64_t objects = 0;       ///< distinct ids; 0 when not counted
  std::uint64_t object_bytes = 0;  ///< working set: sizes of distinct ids at their first request
  /// Compulsory misses: first requests of an id, and first ones after its delete. 0 when ids are
  /// not counted.
  std::uint64_t cold = 0;
  std::uint64_t cold_bytes = 0;

 private:
  struct Seen;
  std::unique_ptr<Seen> seen_;
};

}  // namespace fleetcache::traces
