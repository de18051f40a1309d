#include "sim/traces/replay_cells.hpp"

#include <time.h>

#include <algorithm>
#include <limits>
#include <thread>

namespace fleetcache::traces {

double thread_cpu_s() {
  timespec now{};
  ::clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
  return static_cast<double>(now.tv_sec) + static_cast<double>(now.tv_nsec) * 1e-9;
}

namespace {

/// Work shared by the threads.
struct Shared {
  std::span<Cell> cells;
  const std::vector<Slices>& splits;
  const CellRun& how;
  std::atomic<std::size_t> next_cell{0};
  std::atomic<std::uint64_t> done{0};
};

void erase(Cell& cell, const Request& r) {
  const eviction::Handle handle = cell.cache.find(r.id);
  if (handle && cell.cache.erase(TimePoint{r.time_ns}, handle) && cell.watch) {
    cell.watch->erased(handle);
  }
}

template <bool kUnit, bool kDeletes, bool kWatched, bool kChained>
void replay_slice(Cell& cell, std::span<const Request> slice) {
  std::uint64_t misses = 0, bytes = 0, miss_bytes = 0, too_large = 0, requests = 0;
  for (const Request& r : slice) {
    if constexpr (kDeletes) {
      if (r.op == Op::kDelete) {
        erase(cell, r);
        continue;
      }
    }
    const std::uint64_t size = kUnit ? 1 : r.size;
    const auto hit_of = [&](const eviction::Meta& meta) {
      if constexpr (kWatched) {
        return cell.watch->request(cell.cache, r, meta, cell.row.requests + requests);
      }
      return cell.cache.request(TimePoint{r.time_ns}, meta);
    };
    bool hit = false;
    if constexpr (kChained) {
      hit =
          hit_of(cell.chain->meta([&](std::uint64_t id) { return cell.cache.find(id); }, r, size));
    } else {
      hit = hit_of({r.id, size, r.next_access});
    }
    ++requests;
    bytes += size;
    misses += hit ? 0 : 1;
    miss_bytes += hit ? 0 : size;
    too_large += size > cell.row.capacity ? 1 : 0;
  }
  cell.consumed += slice.size();
  cell.row.requests += requests;
  cell.row.misses += misses;
  cell.row.bytes += bytes;
  cell.row.miss_bytes += miss_bytes;
  cell.row.too_large += too_large;
}

template <bool kUnit, bool kDeletes>
void replay_slice(Cell& cell, std::span<const Request> slice) {
  if (cell.chain) {
    cell.watch ? replay_slice<kUnit, kDeletes, true, true>(cell, slice)
               : replay_slice<kUnit, kDeletes, false, true>(cell, slice);
  } else {
    cell.watch ? replay_slice<kUnit, kDeletes, true, false>(cell, slice)
               : replay_slice<kUnit, kDeletes, false, false>(cell, slice);
  }
}

template <bool kUnit>
void replay_slice(Cell& cell, std::span<const Request> slice, bool deletes) {
  deletes ? replay_slice<kUnit, true>(cell, slice) : replay_slice<kUnit, false>(cell, slice);
}

bool stopped(const Shared& shared) {
  return shared.how.stop != nullptr && shared.how.stop->load(std::memory_order_relaxed);
}

void run_cell(Shared& shared, Cell& cell, bool tell) {
  const double start = thread_cpu_s();
  for (const std::span<const Request> slice : shared.splits[cell.split]) {
    if (stopped(shared)) break;
    shared.how.unit ? replay_slice<true>(cell, slice, shared.how.deletes)
                    : replay_slice<false>(cell, slice, shared.how.deletes);
    if (cell.marks) {
      const ReplayRow& row = cell.row;
      cell.marked.push_back({row.requests, row.misses, row.bytes, row.miss_bytes});
    }
    shared.done.fetch_add(slice.size());
    if (tell && shared.how.progress) shared.how.progress(shared.done.exchange(0));
  }
  cell.row.cpu_s += thread_cpu_s() - start;
}

void take_cells(Shared& shared, bool tell) {
  for (std::size_t i; (i = shared.next_cell.fetch_add(1)) < shared.cells.size();) {
    run_cell(shared, shared.cells[i], tell);
  }
}

}  // namespace

void run_cells(std::span<Cell> cells, const std::vector<Slices>& splits, const CellRun& how) {
  if (cells.empty()) return;
  Shared shared{cells, splits, how};
  {
    const std::size_t helpers = std::min<std::size_t>(std::max(how.threads, 1U), cells.size()) - 1;
    std::vector<std::jthread> threads;
    for (std::size_t i = 0; i < helpers; ++i) {
      threads.emplace_back([&shared] { take_cells(shared, false); });
    }
    take_cells(shared, true);
  }
  if (how.progress) how.progress(shared.done.exchange(0));
}

Result<Cell> make_cell(const CellWish& wish) {
  eviction::Config config;
  config.capacity = std::min(wish.capacity, std::uint64_t{1} << 60);  // the core's most
  config.max_entries = static_cast<std::uint32_t>(
      std::clamp<std::uint64_t>(wish.entries, 1, std::numeric_limits<std::uint32_t>::max() - 1));
  config.unit_charge = wish.unit;
  config.seed = wish.seed;
  config.params = wish.policy->params;
  const eviction::PolicyInfo* info = eviction::find_policy(wish.policy->name);
  if (wish.links && info != nullptr) config.features = info->uses & kTold;
  auto cache = eviction::Cache::create(wish.policy->name, config);
  if (!cache) return cache.error();
  Cell cell{{}, std::move(cache).value(), 0, nullptr, 0, {}, false, {}};
  if (config.features != 0) cell.chain.emplace();
  cell.row.policy = wish.policy->text;
  cell.row.capacity = wish.capacity;
  return cell;
}

}  // namespace fleetcache::traces
