/// Operations in flight, by small integer: stable numbers, no allocation once warm.
#pragma once

#include <cstdint>
#include <vector>

#include "policies/base/check.hpp"

namespace fleetcache::world {

template <class T>
class Pool {
 public:
  std::uint32_t take() {
    ++live_;
    if (free_.empty()) {
      items_.emplace_back();
      used_.push_back(1);
      return static_cast<std::uint32_t>(items_.size() - 1);
    }
    const std::uint32_t id = free_.back();
    free_.pop_back();
    used_[id] = 1;
    items_[id] = T{};
    return id;
  }
  void give_back(std::uint32_t id) {
    FLEETCACHE_CHECK(used_[id], "an operation ends once");
    used_[id] = 0;
    free_.push_back(id);
    --live_;
  }
  T& operator[](std::uint32_t id) { return items_[id]; }
  const T& operator[](std::uint32_t id) const { return items_[id]; }
  std::uint64_t live() const { return live_; }

  /// Calls f(item) for every operation in flight, by number.
  template <class F>
  void each(F f) const {
    for (std::size_t i = 0; i < items_.size(); ++i) {
      if (used_[i]) f(items_[i]);
    }
  }

 private:
  std::vector<T> items_;
  std::vector<std::uint8_t> used_;
  std::vector<std::uint32_t> free_;
  std::uint64_t live_ = 0;
};

}  // namespace fleetcache::world
