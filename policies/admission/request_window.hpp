/// Which ids were asked for twice within a window of requests (private to policies/admission).
///
/// Time is cut into generations of `window` requests; two are kept. So a request is remembered
/// through the next `window` requests for sure, and never through more than 2 x window. Each
/// generation has two Bloom filters: ids asked for, and ids asked for again. They hold at most
/// `window` ids each, whatever comes, which bounds both the memory and the error.
#pragma once

#include "policies/base/sketch.hpp"

namespace fleetcache::admission {

/// Plain state of the window; its words lie behind the state of its rule.
struct WindowState {
  std::uint64_t window = 0;   ///< requests
  std::uint64_t filled = 0;   ///< requests in the current generation
  std::uint64_t current = 0;  ///< 0 or 1
  BloomShape shape;           ///< of each filter
};

class RequestWindow {
 public:
  static constexpr std::uint64_t words(const WindowState& s) { return 4ULL * s.shape.words; }

  RequestWindow(WindowState& s, std::uint64_t* words) : s_(&s), words_(words) {}

  /// Notes one request. O(1) amortised: O(words) once a generation.
  void add(std::uint64_t hash) const {
    const bool again = once(0).contains(hash) || once(1).contains(hash);
    if (again) twice(s_->current).add(hash);
    once(s_->current).add(hash);
    if (++s_->filled < s_->window) return;
    s_->filled = 0;
    s_->current ^= 1;
    once(s_->current).clear();
    twice(s_->current).clear();
  }
  /// Whether it was asked for twice. A false yes comes with the odds of four filters that hold at
  /// most `window` ids each.
  bool seen_twice(std::uint64_t hash) const {
    return twice(0).contains(hash) || twice(1).contains(hash);
  }

 private:
  BloomFilter once(std::uint64_t generation) const {
    return {words_ + generation * s_->shape.words, s_->shape};
  }
  BloomFilter twice(std::uint64_t generation) const {
    return {words_ + (2 + generation) * s_->shape.words, s_->shape};
  }

  WindowState* s_;
  std::uint64_t* words_;
};

}  // namespace fleetcache::admission
