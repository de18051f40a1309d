/// Caches side by side over parts of a trace, on several threads (for replay and tune).
#pragma once

#include <atomic>
#include <cstdint>
#include <functional>
#include <memory>
#include <span>
#include <vector>

#include "policies/eviction/eviction.hpp"
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

/// A cache of `capacity` for an already parsed policy. Fails as Cache::create does.
struct CellWish {
  const PolicyWish* policy = nullptr;
  std::uint64_t capacity = 0;
  std::uint64_t entries = 0;  ///< most that can be resident
  bool unit = false;
  std::uint64_t seed = 0;
};
Result<Cell> make_cell(const CellWish& wish);

}  // namespace fleetcache::traces
