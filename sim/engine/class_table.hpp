/// Finds the class of a route: an open-addressing table of keys. Private to this folder.
#pragma once

#include <algorithm>
#include <bit>
#include <cstdint>
#include <span>
#include <vector>

#include "policies/base/hash.hpp"
#include "sim/engine/flow_engine.hpp"

namespace fleetcache::engine {

/// Keys (shared links in ascending order, per-flow cap in bytes/s) numbered in the order of their
/// entry. Look-up and entry O(links). Nothing walks it, so its order reaches no result.
class ClassTable {
 public:
  static constexpr std::uint32_t kAbsent = 0xffffffffU;

  ClassTable() : places_(64, kAbsent) {}

  std::uint32_t find(std::span<const LinkId> links, double cap) const {
    return places_[place_of(links, cap)];
  }
  /// Requires: absent. Returns its number.
  std::uint32_t enter(std::span<const LinkId> links, double cap) {
    const auto number = static_cast<std::uint32_t>(keys_.size());
    keys_.push_back({{links.begin(), links.end()}, cap});
    if (2 * keys_.size() > places_.size()) {
      places_.assign(2 * places_.size(), kAbsent);
      for (std::uint32_t k = 0; k < number; ++k) {
        places_[place_of(keys_[k].links, keys_[k].cap)] = k;
      }
    }
    places_[place_of(links, cap)] = number;
    return number;
  }

 private:
  struct Key {
    std::vector<LinkId> links;
    double cap;
  };

  std::size_t place_of(std::span<const LinkId> links, double cap) const {
    std::uint64_t hash = mix64(std::bit_cast<std::uint64_t>(cap));
    for (const LinkId link : links) hash = mix64(hash ^ link);
    std::size_t place = hash & (places_.size() - 1);
    while (places_[place] != kAbsent && !same(keys_[places_[place]], links, cap)) {
      place = (place + 1) & (places_.size() - 1);
    }
    return place;
  }
  static bool same(const Key& key, std::span<const LinkId> links, double cap) {
    return key.cap == cap &&
           std::equal(key.links.begin(), key.links.end(), links.begin(), links.end());
  }

  std::vector<Key> keys_;
  std::vector<std::uint32_t> places_;  // a power of two, at most half full
};

}  // namespace fleetcache::engine
