/// Admission: whether to store an object in a tier at all. One `Policy` goes with one cache: it
/// owns no bytes, no lock, no clock and no file. The caller passes time and what it measured, holds
/// the lock and does the writing.
///
///     auto admit = Policy::create("kth-request", {.entries = 100000}).value();
///     admit.seen(now, request, hit);                 // each request, hit or miss
///     if (!hit && admit.decide(now, request, load) == Decision::kAdmit) ... store it ...
///     admit.outcome(now, request, reused);           // when it leaves the cache again
///
/// Rules are combined by asking several, the one with a budget last: what another refuses must not
/// be charged to it.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "policies/base/params.hpp"
#include "policies/base/result.hpp"
#include "policies/base/units.hpp"

namespace fleetcache::admission {

enum class Op : std::uint8_t {
  kRead,      ///< a miss that somebody waits for
  kWrite,     ///< new data
  kPrefetch,  ///< nobody asked yet
  kDemote,    ///< a victim of the tier above
};

/// What a host knows of an object; everything but `id` may stay blank.
struct Request {
  std::uint64_t id = 0;
  std::uint64_t charge = 1;  ///< bytes it would take
  std::uint32_t cost = 0;    ///< of a miss, in any one unit; 0 unknown
  std::uint16_t tenant = 0;
  std::uint16_t klass = 0;
  std::uint16_t depth = 0;  ///< place in its prefix, 0 at the root
  Op op = Op::kRead;
};

/// What a host measured just before `decide`. Blank: not known, and then no reason to refuse.
struct Load {
  std::uint64_t device_written =
      0;                           ///< bytes the device has written so far, 0 unknown; never falls
  std::uint64_t write_budget = 0;  ///< bytes/s it may write; 0: the policy's parameter
  std::uint32_t queue_depth = 0;   ///< writes under way or waiting at the device
  std::uint32_t free_ppm = 1000000;  ///< millionths of the tier that are free
  bool would_evict = false;          ///< storing the object needs the room of `victim`
  std::uint64_t victim = 0;          ///< id of the first victim; of meaning if would_evict
};

enum class Decision : std::uint8_t {
  kAdmit,
  kReject,  ///< not this time; the rule may say otherwise at a later request
  kBypass,  ///< never under these parameters: keep it off this tier's path
  kDefer,   ///< worth storing, but the device or the tier has no room for it now: ask again
};

/// What a policy looks at in a Load, so that a host need not find out the rest.
enum Use : std::uint32_t {
  kUsesHits = 1,     ///< `seen` on hits too
  kUsesVictim = 2,   ///< would_evict, victim
  kUsesDevice = 4,   ///< device_written, write_budget
  kUsesFree = 8,     ///< free_ppm, queue_depth
  kUsesOutcome = 16  ///< `outcome`
};

struct PolicyInfo {
  std::string_view name;
  std::string_view summary;
  std::string_view source;
  std::uint32_t uses = 0;                    ///< Use bits
  std::uint32_t version = 1;                 ///< rises whenever its decisions change
  std::vector<std::string_view> parameters;  ///< "name=default: meaning"
};

/// Every registered policy in the order of admission_policies.def.
const std::vector<PolicyInfo>& policies();
const PolicyInfo* find_policy(std::string_view name);

struct Config {
  std::uint64_t seed = 0;
  std::uint32_t entries = 0;  ///< objects the tier holds; windows default to it, or to 65,536
  Params params;
};

struct Stats {
  std::uint64_t seen = 0;  ///< requests
  std::uint64_t decided = 0;
  std::uint64_t admitted = 0;
  std::uint64_t rejected = 0;
  std::uint64_t bypassed = 0;
  std::uint64_t deferred = 0;
  std::uint64_t admitted_bytes = 0;
  std::uint64_t refused_bytes = 0;  ///< of all decisions but kAdmit
  std::uint64_t reused = 0;         ///< outcomes
  std::uint64_t dead = 0;           ///< outcomes of objects that left without a hit
};

/// Takes or gives the bytes of a snapshot; false ends it.
using Writer = std::function<bool(const void* bytes, std::size_t count)>;
using Reader = std::function<bool(void* bytes, std::size_t count)>;

struct PolicyState;   // the block: plain data at offsets
struct AdmissionOps;  // the policy: a table of functions

/// One instance. Movable; not thread-safe. No allocation after `create`; calls are O(1) amortised
/// unless said otherwise.
class Policy {
 public:
  /// Fails for an unknown policy and for an unknown, bad or missing parameter.
  static Result<Policy> create(std::string_view policy, const Config& config);
  /// The same in memory of the caller's, which outlives the policy: 8-byte aligned, at least
  /// `memory_bytes`. The state holds no address, so a process may map it anywhere.
  static Result<Policy> create_in(void* memory, std::size_t bytes, std::string_view policy,
                                  const Config& config);
  /// Exact bytes of memory that `create` will take.
  static Result<std::size_t> memory_bytes(std::string_view policy, const Config& config);

  Policy(Policy&&) noexcept;
  Policy& operator=(Policy&&) noexcept;
  ~Policy();

  /// A request, before its decision. Time must not fall from call to call; a fall counts as none.
  void seen(TimePoint now, const Request& request, bool hit);
  /// Whether to store an object that is not resident. An object that is admitted is taken to be
  /// written.
  Decision decide(TimePoint now, const Request& request, const Load& load = {});
  /// `seen` as a miss, then `decide`, for hosts that know nothing of the load.
  bool admit(TimePoint now, const Request& request) {
    seen(now, request, false);
    return decide(now, request) == Decision::kAdmit;
  }
  /// An object left the cache; `reused` says whether it had a hit. `request` as it was admitted.
  void outcome(TimePoint now, const Request& request, bool reused);

  /// The odds that an object of this size is admitted just now, in millionths; 1,000,000 for rules
  /// that draw no odds.
  std::uint32_t odds_ppm(std::uint64_t charge) const;

  const Stats& stats() const;
  const PolicyInfo& policy() const;
  /// Digest of the whole decision state. O(memory).
  std::uint64_t state_hash() const;

  /// Writes the whole state; a restored policy goes on bit for bit. O(memory). False when the
  /// writer refused.
  bool save(const Writer& write) const;
  /// A policy from `save`'s bytes. Fails, and makes nothing, for bytes that are truncated, damaged
  /// (CRC-32C), of another format or of another version of the policy.
  static Result<Policy> restore(const Reader& read);

 private:
  Policy(PolicyState* state, const AdmissionOps* ops, bool owned)
      : state_(state), ops_(ops), owned_(owned) {}
  PolicyState* state_ = nullptr;
  const AdmissionOps* ops_ = nullptr;
  bool owned_ = true;
};

/// `Policy::create` without parameters.
Result<Policy> create(std::string_view policy, std::uint64_t seed);

}  // namespace fleetcache::admission
