/// A host as the cases see it (private to policies/conformance): objects with bodies that can be
/// told apart, answers that are checked on the way, and the rules that hold in every case.
#pragma once

#include <cstdint>
#include <initializer_list>
#include <map>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "policies/conformance/fcp_conform.h"

namespace fleetcache::conformance {

/// What a case saw where it expected something else: ends the case.
struct Failure {
  std::string seen;
};
[[noreturn]] inline void fail(std::string seen) { throw Failure{std::move(seen)}; }
inline void expect(bool sound, const std::string& seen) {
  if (!sound) fail(seen);
}

using Id = std::uint64_t;
using Key = std::pair<std::uint32_t, Id>;  ///< tenant, id

struct Object {
  Id id = 0;
  std::uint64_t charge = 10;
  std::uint32_t tenant = 0;
  std::int64_t expires_ns = 0;
  bool has_parent = false;
  Id parent = 0;
  bool has_mate = false;
  Id mate = 0;
};

struct Setup {
  std::string policy;
  std::uint64_t capacity = 1000;
  std::uint64_t max_capacity = 0;  ///< 0: the capacity
  std::uint32_t max_entries = 4096;
  std::uint32_t features = 0;
  std::vector<fcp_conform_quota> quotas;  ///< empty: one tenant
  std::uint64_t seed = 1;
};

std::string status_text(std::int32_t status);
std::string key_text(Key key);

class Host {
 public:
  explicit Host(const fcp_conform_host& calls) : calls_(calls) {}

  bool can(std::uint32_t capability) const { return (calls_.capabilities & capability) != 0; }
  const fcp_conform_host& calls() const { return calls_; }
  std::vector<std::string> policies() const;
  bool has_policy(const std::string& name) const;
  /// "lru" where the host has it, else its first policy.
  std::string usual_policy() const;

  void reset(const Setup& setup);
  /// OK or MISS; fails when the body of a hit is not the one last stored.
  std::int32_t get(Id id, std::uint32_t tenant = 0);
  std::int32_t put(const Object& object);
  std::int32_t put(Id id, std::uint64_t charge) { return put(Object{id, charge}); }
  /// One request: get, and put on a miss. True on a hit.
  bool request(const Object& object);
  std::int32_t erase(Id id, std::uint32_t tenant = 0);
  std::int32_t pin(Id id, std::uint32_t tenant = 0);
  std::int32_t unpin(Id id, std::uint32_t tenant = 0);
  std::int32_t advance(std::int64_t delta_ns);
  std::int64_t now() { return calls_.now(calls_.context); }
  std::map<Key, std::uint64_t> resident();  ///< charges
  bool is_resident(Id id, std::uint32_t tenant = 0) { return resident().count({tenant, id}) != 0; }
  std::int64_t used() { return calls_.used(calls_.context); }
  std::vector<fcp_conform_event> drain();
  fcp_conform_stats stats();
  std::vector<Key> evict_begin(std::uint64_t count);
  std::int32_t evict_end(bool succeeded);
  std::int32_t fill_begin(const Object& object, std::uint64_t& ticket);
  std::int32_t fill_end(std::uint64_t ticket, bool succeeded);
  std::int32_t set_capacity(std::uint64_t capacity);
  std::int32_t set_param(const char* key, const char* value);
  std::uint64_t save();
  std::int32_t restart(std::int32_t kind = FCP_CONFORM_NO_DAMAGE, std::uint64_t at = 0,
                       std::uint32_t bit = 0, const std::vector<Key>& lost = {});

  /// Fails unless the status is one of those.
  void want(std::int32_t got, std::initializer_list<std::int32_t> allowed, const std::string& call);
  void must_put(const Object& object);
  void must_put(Id id, std::uint64_t charge) { must_put(Object{id, charge}); }
  /// Bytes are counted rightly, nothing is resident twice, nothing above the capacity. With
  /// `over` more than the capacity may be held (of pinned objects).
  void check(bool over = false);
  /// A read of every object ever stored: hits with the right body for what is resident, else none.
  void check_bodies();
  void want_resident(const std::set<Id>& ids, const std::string& when);

 private:
  struct Stored {
    std::uint64_t charge = 0;
    std::uint64_t version = 0;
  };
  std::string body(Key key, std::uint64_t version, std::uint64_t bytes) const;
  std::uint64_t body_bytes(std::uint64_t charge) const;
  std::int32_t answered(std::int32_t status, const char* call);
  fcp_conform_object describe(const Object& object, const std::string& bytes) const;

  const fcp_conform_host& calls_;
  std::map<Key, Stored> stored_;  ///< what was last accepted under a name
  std::map<std::uint64_t, std::pair<Key, Stored>> fills_;
  std::uint64_t version_ = 0;
  std::uint64_t capacity_ = 0;
  std::uint64_t resets_ = 0;
};

/// Our own random numbers (splitmix64), the same everywhere.
class Draw {
 public:
  explicit Draw(std::uint64_t seed) : state_(seed) {}
  std::uint64_t next();
  /// 0 .. bound - 1.
  std::uint64_t below(std::uint64_t bound) { return next() % bound; }
  /// Half of the draws fall on an eighth of the range.
  Id skewed(std::uint64_t range) { return below(2) == 0 ? below(range / 8 + 1) : below(range); }

 private:
  std::uint64_t state_;
};

}  // namespace fleetcache::conformance
