/// Caches side by side over parts of a trace, on several threads (for replay and tune).
#pragma once

#include <atomic>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <vector>

#include "policies/eviction/eviction.hpp"
#include "sim/traces/chain.hpp"
#include "sim/traces/reader.hpp"
#include "sim/traces/replay.hpp"
#include "sim/traces/watch.hpp"

namespace fleetcache::traces {

/// CPU time of the calling thread.
double thread_cpu_s();

/// One cache and what it did.
struct Cell {
  ReplayRow row;
  eviction::Cache cache;
  std::uint32_t split = 0;       ///< whose requests it sees
  std::unique_ptr<Watch> watch;  ///< may be null
  std::uint64_t consumed = 0;    ///< requests handed to it, deletes included
  std::optional<Chain> chain;    ///< for a policy that is told of parents and kinds
  bool marks = false;            ///< note the counts at the end of every slice
  std::vector<SplitCounts> marked;
};

/// One part of a trace: slices in order, for each split.
using Slices = std::vector<std::span<const Request>>;

struct CellRun {
  bool unit = false;     ///< every size is 1
  bool deletes = false;  ///< the trace may hold some
  unsigned threads = 1;
  const std::atomic<bool>* stop = nullptr;
  /// Requests × cells done by all threads since the last call; only the calling thread calls it.
  std::function<void(std::uint64_t)> progress;
};

/// Each cell over the slices of its split. Cells are independent, so threads change no result; a
/// stop is looked at between slices.
void run_cells(std::span<Cell> cells, const std::vector<Slices>& splits, const CellRun& how);

/// What a trace can tell a policy beyond id and size, in Feature bits.
constexpr std::uint32_t kTold = eviction::kPrefix | eviction::kKinds;

/// A cache of `capacity` for an already parsed policy. Fails as Cache::create does.
struct CellWish {
  const PolicyWish* policy = nullptr;
  std::uint64_t capacity = 0;
  std::uint64_t entries = 0;  ///< most that can be resident
  bool unit = false;
  std::uint64_t seed = 0;
  bool links = false;  ///< the trace has parents, and all of it is replayed: tell policies of them
};
Result<Cell> make_cell(const CellWish& wish);

}  // namespace fleetcache::traces
