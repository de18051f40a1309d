/// Eviction: whom to drop. One `Cache` is one shard of metadata: it owns no bytes, no lock, no
/// clock and no file. The caller passes time, holds the lock, moves the bytes and gets decisions.
///
///     auto cache = Cache::create("s3fifo", {.capacity = 1 << 30, .max_entries = 4096}).value();
///     if (Handle h = cache.find(id); h) cache.access(now, h);           // hit
///     else {                                                            // miss
///       cache.miss(now, meta);                                          // ghosts learn of it
///       // ... fetch the bytes ...
///       cache.admit(now, meta, [&](const Victim& v) { drop(v.id); });   // evicts, then inserts
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

/// What a host can tell of entries beyond id and charge. Each is a column of the arena, present
/// when declared in Config::features; a field of an undeclared feature is not looked at.
enum Feature : std::uint32_t {
  kWideIds = 1,  ///< ids of 128 bits (Meta::id_high); 8 bytes an entry, less 2 of the index
  kCosts = 2,    ///< refetch or recompute cost; 4 bytes
  kTtl = 4,      ///< expiry times, in a timing wheel; 16 bytes
  kLeases = 8,   ///< leases and soft pins by time; 16 bytes
  kPrefix = 16,  ///< parent links: a parent goes after its last child; 12 bytes
  kGroups = 32,  ///< members of a group go together or not at all; 8 bytes; not with kPrefix
  kKinds = 64,   ///< class and depth, for policies that learn by kind; 4 bytes
  kAllFeatures = 127,
};

/// What a host knows of an object. Everything but `id` may stay blank: a policy runs with what it
/// is told.
struct Meta {
  ObjectId id = 0;
  std::uint64_t charge = 1;       ///< space it takes, in the unit of the capacity; 0 < . < 2^48
  std::int64_t next_access = -1;  ///< index of the next request to it, -1 never or unknown (Belady)
  ObjectId id_high = 0;           ///< upper half of a 128-bit id
  std::uint32_t cost = 0;         ///< of a miss, in any one unit; 0 unknown, taken as 1
  std::uint32_t tenant = 0;       ///< for TenantCache (tenants.hpp)
  std::uint16_t klass = 0;
  std::uint16_t depth = 0;   ///< place in its prefix, 0 at the root
  TimePoint expires{};       ///< no hit from then on; 0 never
  TimePoint leased_until{};  ///< not a victim before; 0 no lease
  TimePoint soft_until{};    ///< not a victim before, unless nothing else is left
  Handle parent{};           ///< a live entry that this one is useless without
  Handle mate{};             ///< any member of the group that it joins
};

/// The part of a request that batches carry; the rest of Meta stays blank.
struct Lookup {
  TimePoint now{};
  ObjectId id = 0;
  std::uint64_t charge = 1;
  std::int64_t next_access = -1;
};

struct Victim {
  Handle handle;
  ObjectId id = 0;
  std::uint64_t charge = 0;
  ObjectId id_high = 0;
};

using fleetcache::Params;

struct ExternalPolicy;

struct Config {
  std::uint64_t capacity = 0;     ///< sum of charges that fit; > 0
  std::uint32_t max_entries = 0;  ///< most live entries ever; > 0
  /// Every charge counts as 1, whatever Meta says: saves 6 bytes an entry.
  bool unit_charge = false;
  std::uint64_t seed = 0;  ///< for policies that draw
  Params params;
  std::uint32_t features = 0;                ///< Feature bits
  std::uint64_t max_capacity = 0;            ///< most that `resize` may ask for; 0: `capacity`
  const ExternalPolicy* external = nullptr;  ///< a policy from outside, found by its name too
};

struct Stats {
  std::uint64_t hits = 0;    ///< calls of access
  std::uint64_t misses = 0;  ///< calls of miss
  std::uint64_t inserts = 0;
  std::uint64_t evictions = 0;  ///< commits
  std::uint64_t aborts = 0;
  std::uint64_t ghost_hits = 0;
  std::uint64_t evicted_charge = 0;
  std::uint64_t expired = 0;  ///< entries that went because their time was over
  std::uint64_t scanned = 0;  ///< candidates looked at by searches for victims
  std::uint64_t skipped = 0;  ///< of these, held (pinned, leased, a parent) or refused by the host
};

struct PolicyInfo {
  std::string_view name;     ///< as on the command line
  std::string_view summary;  ///< one line
  std::string_view source;   ///< paper or origin, and named deviations
  bool needs_next_access = false;
  bool evicts = true;         ///< false: refuses when full instead (pinned)
  std::uint32_t version = 1;  ///< rises whenever its decisions change
  std::uint32_t uses = 0;     ///< Feature bits that it decides by, when declared
  /// Each "name=default [low..high]: meaning"; [a|b] is a choice.
  std::vector<std::string_view> parameters;
};

/// Every registered policy in the order of eviction_policies.def.
const std::vector<PolicyInfo>& policies();
/// The policy of that name or alias ("s3fifo" is "s3fifo-2024-12"); null when there is none.
const PolicyInfo* find_policy(std::string_view name);

/// What an answer to `reserve`'s eligibility question does with a candidate.
enum class Verdict : std::uint8_t {
  kTake,
  kSkip,        ///< stays where it is
  kSkipRotate,  ///< goes back as if inserted now, when the search is over
  kSkipTouch,   ///< counts as accessed, when the search is over
  kStop,        ///< ends the search
};
using Eligible = std::function<Verdict(const Victim&)>;
using OnVictim = std::function<void(const Victim&)>;
/// Whether an object is still there, asked at a restart; the answer for one object does not change.
using Alive = std::function<bool(const Victim&)>;
/// Takes or gives the bytes of a snapshot; false ends it.
using Writer = std::function<bool(const void* bytes, std::size_t count)>;
using Reader = std::function<bool(void* bytes, std::size_t count)>;

/// A search for victims.
struct Want {
  const Meta* incoming = nullptr;  ///< the object that needs the room, if any
  /// Most candidates to look at, all kinds of skips included. The call also ends after
  /// kMaxDeferred candidates that are to be rotated or touched.
  std::uint32_t max_scan = ~std::uint32_t{0};
  /// Ends the search once the victims' charges add up to this; 0: `capacity` victims end it. The
  /// group of the last one comes whole.
  std::uint64_t enough = 0;
  const Eligible* eligible = nullptr;  ///< null takes all; must not call back in
};
constexpr std::uint32_t kMaxDeferred = 64;

struct CacheState;   // the arena: plain data at offsets
class Arena;         // a view of it
struct EvictionOps;  // the policy: a table of functions

/// A policy that this library was not built with (policies/abi: plugins). It outlives every cache
/// that runs it; the state of these caches holds no address of it.
struct ExternalPolicy {
  PolicyInfo info;
  const EvictionOps* ops = nullptr;
  const void* context = nullptr;  ///< the ops' own, reached by CacheState::external
};

/// One cache instance over one policy. Movable; not thread-safe: one instance is one shard and the
/// caller locks. No allocation after `create`; every call is O(1) amortised but for heap policies
/// (gdsf, lfuda, random, cost-aware, belady: O(log n)), `reserve` (O(victims + looked at)) and
/// those that say so.
class Cache {
 public:
  /// Fails for an unknown policy, an unknown or bad parameter, zero capacity or zero entries.
  static Result<Cache> create(std::string_view policy, const Config& config);
  /// The same in memory of the caller's, which outlives the cache: zeroed, 8-byte aligned, at least
  /// `memory_bytes`. The state holds no address, so a process may map it anywhere.
  static Result<Cache> create_in(void* memory, std::size_t bytes, std::string_view policy,
                                 const Config& config);
  /// A cache over state that `create_in` once made there, by this build of the core, perhaps in
  /// another process. Fails where there is no such state. One of them may be in use at a time.
  static Result<Cache> attach(void* memory, std::size_t bytes,
                              const ExternalPolicy* external = nullptr);
  /// Exact bytes of memory that `create` will take.
  static Result<std::size_t> memory_bytes(std::string_view policy, const Config& config);

  Cache(Cache&&) noexcept;
  Cache& operator=(Cache&&) noexcept;
  ~Cache();

  /// The live or reserved entry of an object, or a null handle. Changes nothing.
  Handle find(ObjectId id, ObjectId id_high = 0) const;
  bool live(Handle h) const;  ///< false for stale, free and reserved handles
  Victim describe(Handle h) const;

  /// A hit. False, and no hit, for a stale handle (harmless) and for an expired entry (which
  /// `expire` or `erase` drops). `next_access` as in Meta.
  bool access(TimePoint now, Handle h, std::int64_t next_access = -1);
  /// A lookup that found nothing: ghost lists and adaptive targets learn of it. A ghost hit is
  /// remembered until the object is inserted, over the misses of other objects in between.
  void miss(TimePoint now, const Meta& meta);
  /// Whether the policy would ever store an object of this charge (0 < charge <= capacity, and the
  /// published rule of the policy: S3-FIFO, 2Q and SLRU refuse objects larger than a queue), and
  /// whether its parent, if it names one, is live.
  bool admissible(const Meta& meta) const;
  /// Whether a victim has to go before `incoming` can be inserted; with null, whether the last
  /// access left the policy over a limit of its own (SLRU). True also while no slot is free.
  bool must_evict(const Meta* incoming) const;
  /// Chooses up to `capacity` victims, best first, and marks them RESERVED. `incoming` is the
  /// object that needs the room, or null. Returns how many were found: 0 when nothing may go.
  /// Expired entries come first. A group comes whole or not at all: `capacity` must hold the
  /// largest one, and one refusal holds all of it.
  std::size_t reserve(TimePoint now, const Want& want, Victim* out, std::size_t capacity);
  std::size_t reserve(TimePoint now, const Meta* incoming, Victim* out, std::size_t capacity,
                      const Eligible& eligible = {}) {
    return reserve(now, Want{incoming, ~std::uint32_t{0}, 0, eligible ? &eligible : nullptr}, out,
                   capacity);
  }
  /// Reserves up to `capacity` entries whose time is over, in the order of the timing wheel.
  /// O(found + expired but held).
  std::size_t expire(TimePoint now, Victim* out, std::size_t capacity);
  /// Drops reserved entries for good, in the given order. Members of a group are to be finished
  /// alike: the core does not check it. A parent whose child was put back, or is
  /// not committed yet, is put back as well.
  void commit(TimePoint now, const Handle* handles, std::size_t count);
  /// Puts reserved entries back at their exact old places, last first: the next victim is the same.
  void abort(TimePoint now, const Handle* handles, std::size_t count);
  /// Inserts an object. Requires: not resident, admissible, !must_evict(&meta), a free slot.
  Handle insert(TimePoint now, const Meta& meta);
  /// Drops the next victim, with its group, at once; false when nothing may go. `on_victim` (may be
  /// null) must not call back in.
  bool evict(TimePoint now, const Meta* incoming, const OnVictim* on_victim = nullptr);
  /// Drops a live entry without making it a ghost; false for a stale handle and for a parent of
  /// resident children.
  bool erase(TimePoint now, Handle h);
  /// Counted pins: a pinned entry stays in the order and is skipped by `reserve`.
  /// False for a handle that is not live, and beyond 16,383 pins.
  bool pin(Handle h);
  bool unpin(Handle h);

  /// New times and cost of a live entry; false for another handle. Each needs its feature declared.
  bool set_expiry(Handle h, TimePoint expires);
  bool set_lease(Handle h, TimePoint leased_until, TimePoint soft_until = {});
  bool set_cost(Handle h, std::uint32_t cost);

  /// Changes the capacity to at most max_capacity; returns by how much `used` now exceeds it. The
  /// caller evicts that much (`reserve` with no incoming object), or lets the next admissions do
  /// it. Fails above max_capacity and for 0.
  Result<std::uint64_t> resize(std::uint64_t capacity);
  /// Lets no more than this in until further notice (the capacity at most), while the policy goes
  /// on sizing its queues by the capacity: for space that is lent to others.
  void set_limit(std::uint64_t limit);
  /// Changes parameters of the running cache, all or none. Fails as `create` does, and for a
  /// parameter that would need more memory than there is.
  Status set_params(const Params& params);

  /// Writes the whole state, holds included: a restored cache goes on bit for bit. O(memory in
  /// use). False when the writer refused.
  bool save(const Writer& write) const;
  /// A cache from `save`'s bytes. Fails, and makes nothing, for bytes that are truncated, damaged
  /// (CRC-32C: against accidents, not against an adversary), of another format or of another
  /// version of the policy.
  static Result<Cache> restore(const Reader& read, const ExternalPolicy* external = nullptr);
  /// For a restart: pins, leases and reservations end; what is not `alive`, or has an ancestor that
  /// is not, is dropped. O(n x depth).
  void restart(const Alive& alive);

  /// Evicts until the object fits and inserts it. Null when it is not admissible or nothing may go
  /// (pinned policy, everything pinned); victims already gone stay gone. For an object that is live
  /// already its handle, and null while it is reserved. `on_victim` must not call back in.
  Handle admit(TimePoint now, const Meta& meta, const OnVictim& on_victim = {});
  /// find, then access, or miss and admit: the loop of a trace replay. True on a hit.
  bool request(TimePoint now, const Meta& meta);
  /// `request` for each in order, for hosts to whom a call is dear. Returns the hits; `hits` (may
  /// be null) says which.
  std::uint64_t request_batch(const Lookup* lookups, std::size_t count, bool* hits = nullptr);

  std::uint64_t capacity() const;
  std::uint32_t features() const;
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
  Cache(CacheState* state, const EvictionOps* ops, const ExternalPolicy* external, bool owned)
      : state_(state), ops_(ops), external_(external), owned_(owned) {}
  Arena arena() const;
  CacheState* state_ = nullptr;
  const EvictionOps* ops_ = nullptr;
  const ExternalPolicy* external_ = nullptr;  ///< where `ops_` are one's
  bool owned_ = true;
};

}  // namespace fleetcache::eviction
