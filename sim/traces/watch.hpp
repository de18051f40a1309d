/// What a replay records besides counts: ages of entries, and counts by tenant and class.
#pragma once

#include <array>
#include <bit>
#include <cstdint>
#include <memory>
#include <vector>

#include "policies/eviction/eviction.hpp"
#include "sim/traces/reader.hpp"

namespace fleetcache::traces {

struct WatchOptions {
  bool ages = false;
  bool tenants = false;
  bool classes = false;

  bool any() const { return ages || tenants || classes; }
};

/// Counts of values by powers of two: bucket 0 holds 0, bucket k holds [2^(k-1), 2^k).
struct Log2Histogram {
  std::array<std::uint64_t, 65> counts{};

  void add(std::uint64_t value) { ++counts[static_cast<std::size_t>(std::bit_width(value))]; }
  std::uint64_t total() const;
};

/// Age: how long ago an entry was last asked for (inserted or hit), in requests (deletes not
/// counted) and, where the trace has times, in milliseconds.
struct Ages {
  Log2Histogram hit_requests, hit_ms;      ///< at each hit
  Log2Histogram evict_requests, evict_ms;  ///< at each eviction
  std::uint64_t evicted = 0;
  std::uint64_t evicted_dead = 0;  ///< never hit since they came in
  std::uint64_t evicted_charge = 0;
  std::uint64_t evicted_dead_charge = 0;
  std::uint64_t resident = 0;       ///< at the end
  std::uint64_t resident_dead = 0;  ///< of these, not hit so far
};

/// Counts of one tenant or class.
struct GroupCounts {
  std::uint32_t group = 0;  ///< Request::tenant or ::klass
  std::uint64_t requests = 0;
  std::uint64_t misses = 0;
  std::uint64_t bytes = 0;
  std::uint64_t miss_bytes = 0;
};

struct Watched {
  Ages ages;
  std::vector<GroupCounts> tenants, classes;  ///< by number, ascending
};

/// Watches one cache. Memory: 24 bytes an entry for ages, about 100 a tenant and class.
class Watch {
 public:
  Watch(const WatchOptions& options, std::uint32_t entries);
  ~Watch();

  /// Cache::request, watched. `meta` is of the same object; `position` is the number of the
  /// request. The cache decides exactly as without.
  bool request(eviction::Cache& cache, const Request& r, const eviction::Meta& meta,
               std::uint64_t position);
  /// The object was deleted: an entry that goes, but not by eviction.
  void erased(eviction::Handle handle);
  Watched finish();

 private:
  struct Entry;
  struct Groups;
  bool look_up(eviction::Cache& cache, const Request& r, const eviction::Meta& meta,
               std::uint64_t position);
  void hit(const Request& r, eviction::Handle handle, std::uint64_t position);
  void came_in(const Request& r, eviction::Handle handle, std::uint64_t position);
  void went(const eviction::Victim& victim);

  WatchOptions options_;
  std::vector<Entry> entries_;  ///< by slot of the cache
  std::unique_ptr<Groups> tenants_, classes_;
  Ages ages_;
  eviction::OnVictim on_victim_;
  std::uint64_t now_position_ = 0;
  std::int64_t now_ns_ = 0;
};

}  // namespace fleetcache::traces
