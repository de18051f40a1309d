/// Eviction: whom to drop. One `Cache` is one shard of metadata: it owns no bytes, no lock, no
/// clock and no file. The caller passes time, holds the lock, moves the bytes and gets decisions.
///
///     auto cache = Cache::create("s3fifo", {.capacity = 1 << 30, .max_entries = 4096}).value();
///     if (Handle h = cache.find(id); h) cache.access(now, h);           // hit
///     else {                                                            // miss
///       cache.miss(now, meta);                                          // ghosts learn of it
///       // ... fetch the bytes ...
///       cache.admit(now, meta, [&](const Victim& v) { drop(v.id); });   // evict until it fits,
///       insert
///     }
///
/// Life of an entry: FREE -insert-> LIVE -reserve-> RESERVED -commit-> FREE (and perhaps a ghost),
/// or RESERVED -abort-> LIVE at its exact old place. Pinned and RESERVED entries are never victims.
///
/// Order of calls for one request, which all published miss counts assume: find; on a hit `access`;
/// on a miss `miss`, then (if `admissible`) `reserve`/`commit` while `must_evict`, then `insert`.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "policies/base/params.hpp"
#include "policies/base/result.hpp"
#include "policies/base/units.hpp"

namespace fleetcache::eviction {

using ObjectId = std::uint64_t;

/// An entry of one cache. The generation tells a stale handle from a live one.
struct Handle {
  static constexpr std::uint32_t kNone = 0xffffffffU;
  std::uint32_t index = kNone;
  std::uint32_t generation = 0;

  explicit operator bool() const { return index != kNone; }
  friend bool operator==(Handle a, Handle b) {
    return a.index == b.index && a.generation == b.generation;
  }
};

/// What a host knows of an object. Everything but `id` may stay blank.
struct Meta {
  ObjectId id = 0;
  std::uint64_t charge = 1;       ///< space it takes, in the unit of the capacity; > 0
  std::int64_t next_access = -1;  ///< index of the next request to it, -1 never or unknown (Belady)
};

struct Victim {
  Handle handle;
  ObjectId id = 0;
  std::uint64_t charge = 0;
};

using fleetcache::Params;

struct Config {
  std::uint64_t capacity = 0;     ///< sum of charges that fit; > 0
  std::uint32_t max_entries = 0;  ///< most live entries ever; > 0
  bool unit_charge =
      false;               ///< every charge counts as 1, whatever Meta says: saves 8 bytes an entry
  std::uint64_t seed = 0;  ///< for policies that draw
  Params params;
};

struct Stats {
  std::uint64_t hits = 0;    ///< calls of access
  std::uint64_t misses = 0;  ///< calls of miss
  std::uint64_t inserts = 0;
  std::uint64_t evictions = 0;  ///< commits
  std::uint64_t aborts = 0;
  std::uint64_t ghost_hits = 0;
};

struct PolicyInfo {
  std::string_view name;     ///< as on the command line
  std::string_view summary;  ///< one line
  std::string_view source;   ///< paper or origin, and named deviations
  bool needs_next_access = false;
  bool evicts = true;                        ///< false: refuses when full instead (pinned)
  std::vector<std::string_view> parameters;  ///< keys it takes, each "name=default: meaning"
};

/// Every registered policy in the order of eviction_policies.def.
const std::vector<PolicyInfo>& policies();
/// The policy of that name or alias ("s3fifo" is "s3fifo-2024-12"); null when there is none.
const PolicyInfo* find_policy(std::string_view name);

/// What an answer to `reserve`'s eligibility question does with a candidate.
enum class Verdict : std::uint8_t { kTake, kSkip, kStop };
using Eligible = std::function<Verdict(const Victim&)>;
using OnVictim = std::function<void(const Victim&)>;

struct CacheState;   // the arena: plain data at offsets
struct EvictionOps;  // the policy: a table of functions

/// One cache instance over one policy. Movable; not thread-safe: one instance is one shard and the
/// caller locks. No allocation after `create`; every call is O(1) amortised but for heap policies
/// (LFU, GDSF, Belady: O(log n)) and `reserve` (O(victims + skipped)).
class Cache {
 public:
  /// Fails for an unknown policy, an unknown or bad parameter, zero capacity or zero entries.
  static Result<Cache> create(std::string_view policy, const Config& config);
  /// Exact bytes of memory that `create` will take.
  static Result<std::size_t> memory_bytes(std::string_view policy, const Config& config);

  Cache(Cache&&) noexcept;
  Cache& operator=(Cache&&) noexcept;
  ~Cache();

  /// The live or reserved entry of an object, or a null handle. Changes nothing.
  Handle find(ObjectId id) const;
  bool live(Handle h) const;  ///< false for stale, free and reserved handles
  Victim describe(Handle h) const;

  /// A hit. A stale handle is harmless and returns false. `next_access` as in Meta.
  bool access(TimePoint now, Handle h, std::int64_t next_access = -1);
  /// A lookup that found nothing: ghost lists and adaptive targets learn of it. A ghost hit is
  /// remembered until the object is inserted, over the misses of other objects in between.
  void miss(TimePoint now, const Meta& meta);
  /// Whether the policy would ever store an object of this charge (0 < charge <= capacity, and the
  /// published rule of the policy: S3-FIFO, 2Q and SLRU refuse objects larger than a queue).
  bool admissible(const Meta& meta) const;
  /// Whether a victim has to go before `incoming` can be inserted; with null, whether the last
  /// access left the policy over a limit of its own (SLRU). True also while no slot is free.
  bool must_evict(const Meta* incoming) const;
  /// Chooses up to `capacity` victims, best first, and marks them RESERVED. `incoming` is the
  /// object that needs the room, or null. Returns how many were found: 0 when nothing may go.
  std::size_t reserve(TimePoint now, const Meta* incoming, Victim* out, std::size_t capacity,
                      const Eligible& eligible = {});
  /// Drops reserved entries for good, in the given order.
  void commit(TimePoint now, const Handle* handles, std::size_t count);
  /// Puts reserved entries back at their exact old places, last first: the next victim is the same.
  void abort(TimePoint now, const Handle* handles, std::size_t count);
  /// Inserts an object. Requires: not resident, admissible, !must_evict(&meta), a free slot.
  Handle insert(TimePoint now, const Meta& meta);
  /// Drops a live entry without making it a ghost; false for a stale handle.
  bool erase(TimePoint now, Handle h);
  /// Counted pins: a pinned entry stays in the order and is skipped by `reserve`.
  /// False for a handle that is not live, and beyond 16,383 pins.
  bool pin(Handle h);
  bool unpin(Handle h);

  /// Evicts until the object fits and inserts it. Null when it is not admissible or nothing may go
  /// (pinned policy, everything pinned); victims already gone stay gone. For an object that is live
  /// already its handle, and null while it is reserved. `on_victim` must not call back in.
  Handle admit(TimePoint now, const Meta& meta, const OnVictim& on_victim = {});
  /// find, then access, or miss and admit: the loop of a trace replay. True on a hit.
  bool request(TimePoint now, const Meta& meta);

  std::uint64_t capacity() const;
  std::uint64_t used() const;     ///< sum of charges of live and reserved entries
  std::uint32_t entries() const;  ///< live and reserved entries
  const Stats& stats() const;
  const PolicyInfo& policy() const;

  /// Recounts everything, O(n): lists, index, sizes, queue limits. Empty when sound, else what
  /// broke.
  std::string audit() const;
  /// Digest of the whole decision state, list orders included. O(n).
  std::uint64_t state_hash() const;

 private:
  Cache(CacheState* state, const EvictionOps* ops) : state_(state), ops_(ops) {}
  CacheState* state_ = nullptr;
  const EvictionOps* ops_ = nullptr;
};

}  // namespace fleetcache::eviction
