/// LRU and FIFO as a list that is searched from end to end: what a host is compared with.
#pragma once

#include <set>
#include <vector>

#include "policies/conformance/host.hpp"

namespace fleetcache::conformance {

/// O(n) a call, and nothing to get wrong.
class Model {
 public:
  Model(std::uint64_t capacity, bool moves_on_hit)
      : capacity_(capacity), moves_on_hit_(moves_on_hit) {}

  /// True on a hit.
  bool get(Id id);
  /// Evicts the oldest objects that nobody holds until it fits. Requires: not resident.
  std::int32_t put(Id id, std::uint64_t charge);
  bool erase(Id id);
  bool pin(Id id);
  void unpin(Id id);
  std::set<Id> ids() const;
  /// Evicted objects in order, since the last call.
  std::vector<Id> take_victims() { return std::exchange(victims_, {}); }

 private:
  struct Entry {
    Id id;
    std::uint64_t charge;
    int pins;
  };
  std::vector<Entry>::iterator find(Id id);
  std::uint64_t used() const;

  std::vector<Entry> entries_;  ///< the next victim first
  std::vector<Id> victims_;
  std::uint64_t capacity_;
  bool moves_on_hit_;
};

}  // namespace fleetcache::conformance
