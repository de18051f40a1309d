/// Thirty seeded micro traces of everything a host may do, and the digest of all answers. A binding
/// of the core is a `Host`; two bindings, compilers or flags decide alike when their digests agree.
///
/// Sameness, not rightness: that is for the reference models in tests/unit and tests/contract.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "policies/eviction/eviction.hpp"

namespace fleetcache::golden {

/// An object as the corpus names it: handles differ between bindings, ids do not.
struct Item {
  eviction::Meta meta;
  bool has_parent = false;
  bool has_mate = false;
  eviction::ObjectId parent = 0;
  eviction::ObjectId mate = 0;
};

using Ids = std::vector<eviction::ObjectId>;

/// What the host answers about a candidate: a pure function, so that every binding gives the same.
eviction::Verdict verdict_of(eviction::ObjectId id, std::uint64_t seed);

/// One cache behind one binding. Ids that are not resident are harmless.
class Host {
 public:
  virtual ~Host() = default;
  virtual bool access(TimePoint now, eviction::ObjectId id, std::int64_t next_access) = 0;
  virtual void miss(TimePoint now, const Item& item) = 0;
  /// Evicts until it fits and inserts. Appends what went.
  virtual bool admit(TimePoint now, const Item& item, Ids& victims) = 0;
  virtual bool erase(TimePoint now, eviction::ObjectId id) = 0;
  virtual bool pin(eviction::ObjectId id, bool on) = 0;
  /// Answers by `verdict_of` with that seed; 0 takes all. Appends what was reserved.
  virtual void reserve(TimePoint now, std::uint64_t seed, std::uint32_t max_scan, std::size_t most,
                       Ids& victims) = 0;
  /// Finishes reservations: the first `commits` go, the others come back.
  virtual void settle(TimePoint now, const Ids& reserved, std::size_t commits) = 0;
  virtual void expire(TimePoint now, std::size_t most, Ids& victims) = 0;
  virtual std::uint64_t resize(std::uint64_t capacity) = 0;
  virtual std::uint64_t used() const = 0;
  virtual std::uint64_t state_hash() const = 0;
};

/// Null where a binding does not offer what the trace ("zipf", "pins", ...) does: it is left out.
using MakeHost = std::function<std::unique_ptr<Host>(
    const std::string& policy, const eviction::Config& config, const std::string& trace)>;

/// The core's own binding.
std::unique_ptr<Host> make_cpp_host(const std::string& policy, const eviction::Config& config,
                                    const std::string& trace = {});

/// How a run may be spoilt on purpose, to see that a digest notices.
struct Spoil {
  std::uint32_t drop_touch = 0;  ///< every n-th hit is not told to the cache; 0 none
};

/// Default, and each parameter at the low and at the high end of its documented range.
std::vector<Params> parameter_sets(const eviction::PolicyInfo& policy);

/// "trace policy parameters digest", one a line: every trace x policy x parameter set, the policies
/// in registry order, and a line "arithmetic" of the core's own logarithms and powers, in which a
/// contracted multiply-add would show.
std::string run_corpus(const MakeHost& make, const Spoil& spoil = {});

}  // namespace fleetcache::golden
