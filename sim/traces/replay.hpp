/// Replays one trace through many caches: policies × capacities, the policy core deciding.
#pragma once

#include <atomic>
#include <cstdint>
#include <functional>
#include <string>
#include <utility>
#include <vector>

#include "models/sampling/spatial.hpp"
#include "policies/base/result.hpp"
#include "policies/eviction/eviction.hpp"
#include "sim/traces/blocks.hpp"
#include "sim/traces/reader.hpp"
#include "sim/traces/watch.hpp"

namespace fleetcache::traces {

using models::Sampling;

/// A capacity as asked for: an amount, or a share of the working set, truncated as libCacheSim
/// does.
struct Capacity {
  std::uint64_t amount = 0;            ///< objects or bytes; 0 when it is a share
  std::uint64_t share_millionths = 0;  ///< of the working set: 10 % is 100 000
  bool in_bytes = false;               ///< written in bytes: an error where objects are counted

  static constexpr std::uint64_t kWhole = 1'000'000;
};

/// Looks at the same trace beside the caches, in the same pass.
class Companion {
 public:
  virtual ~Companion() = default;
  /// Once, before the first part: the capacities as resolved, in the order asked for.
  virtual void begin(const std::vector<std::uint64_t>& capacities, bool unit_objects) = 0;
  /// The next part, perhaps on another thread than the last; never two at once.
  virtual void add(const TraceBlocks& part) = 0;
};

struct ReplaySpec {
  /// Names of eviction_policies.def, aliases too, with their parameters: "slru:segments=5".
  std::vector<std::string> policies;
  std::vector<Capacity> capacities;
  bool unit_size = false;       ///< every size is taken as 1
  bool recompute_next = false;  ///< do not trust the next accesses that the trace holds
  unsigned threads = 1;         ///< of independent (policy, capacity) cells; the result is the same
  std::uint64_t seed = 0;       ///< for policies that draw
  /// Only these objects are replayed, in caches scaled down alike, one for each split: rows then
  /// hold sums over the splits, and `splits`.
  Sampling sampling;
  WatchOptions watch;      ///< what to record besides counts; needs a replay of everything
  bool find_cold = false;  ///< count compulsory misses (ReplayReport::cold); 32 bytes an id
  /// Where totals are needed first, a trace of up to this many requests (48 bytes each) is held in
  /// memory and a longer one is read twice. Nothing else needs more than 1 MiB of requests.
  std::uint64_t window = std::uint64_t{1} << 25;
  Companion* companion = nullptr;             ///< may be null
  const std::atomic<bool>* stop = nullptr;    ///< turns true: give what there is, marked partial
  std::function<void(double done)> progress;  ///< share done, 0..1, now and then
};

/// Counts of one sampled cache.
struct SplitCounts {
  std::uint64_t requests = 0;
  std::uint64_t misses = 0;
  std::uint64_t bytes = 0;
  std::uint64_t miss_bytes = 0;
};

/// What one cache did. Every request counts, there is no warm-up and metadata costs nothing.
struct ReplayRow {
  std::string policy;  ///< as asked for
  std::uint64_t capacity = 0;
  std::uint64_t requests = 0;  ///< replayed; fewer than the trace has when `partial`
  std::uint64_t misses = 0;
  std::uint64_t bytes = 0;  ///< asked for; the number of requests where every size is 1
  std::uint64_t miss_bytes = 0;
  std::uint64_t not_stored = 0;      ///< misses that the policy refused to keep
  std::uint64_t too_large = 0;       ///< requests of objects larger than the cache
  bool partial = false;              ///< stopped before the end of the trace
  double cpu_s = 0;                  ///< of this row, reading not included
  std::uint64_t scaled_entries = 0;  ///< objects that one sampled cache was sized for
  std::vector<SplitCounts> splits;   ///< where only a sample was replayed
  Watched watched;                   ///< where ReplaySpec::watch asked for something
};

struct ReplayReport {
  TraceInfo info;
  std::vector<ReplayRow> rows;  ///< policies in the order asked for, each with all capacities
  bool unit_objects = false;    ///< capacities count objects, not bytes
  bool partial = false;         ///< stopped before the end; rows not begun are left out
  std::uint64_t dropped = 0;    ///< requests of size 0, left out before anything else
  std::uint64_t deletes = 0;    ///< carried out, not counted as requests
  std::uint64_t requests = 0;   ///< of the trace as far as it was read, sampled or not
  std::uint64_t bytes = 0;      ///< asked for by these; only where a sample was replayed
  std::uint64_t cold = 0;       ///< compulsory misses, with ReplaySpec::find_cold
  std::uint64_t cold_bytes = 0;
  double read_cpu_s = 0;
};

/// A policy as written in a ReplaySpec, taken apart.
struct PolicyWish {
  std::string text;
  std::string name;
  eviction::Params params;
};

/// The names of all registered policies, in their order.
std::vector<std::string> all_policies();

/// Fails, at "--policy", for a parameter without a value. Knows no names.
Result<PolicyWish> parse_policy(const std::string& text);

/// Replays the trace at `path` ("-" is standard input).
///
/// Reads and writes are requests alike: an object that is written is in the cache afterwards. A
/// delete takes the object out and is no request.
/// Sizes are ignored with `unit_size` and where the trace has none. The trace is read in parts that
/// all caches look at before the next one comes. Totals are needed, before any cache can be made,
/// for shares of the working set and for capacities above 2^20 objects or bytes.
/// Policies that know the future (Belady) use the trace's own next accesses; where there are none,
/// where the first part only says "never", and with `recompute_next`, they are computed by a pass
/// from the end. Then, and for a pipe where totals are needed, the whole trace is held in memory.
/// Fails for what open_trace and its reader refuse, an unknown policy, a capacity of 0 (or a share
/// that truncates to 0), a trace without requests, and next accesses that point backwards.
Result<ReplayReport> replay(const std::string& path, const ReadOptions& options,
                            const ReplaySpec& spec);

}  // namespace fleetcache::traces
