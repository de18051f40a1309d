/// A cache with an LRU list of files that does what a pacer says, for tests.
#pragma once

#include <algorithm>
#include <cstdint>
#include <deque>

#include "policies/pacing/pacing.hpp"

namespace fleetcache::test {

constexpr std::int64_t kMs = 1'000'000;
constexpr std::int64_t kSec = 1000 * kMs;

struct File {
  int id = 0;
  std::uint64_t bytes = 0;
  TimePoint last;
};

/// Files from least to most recently used.
struct TinyHost {
  std::uint64_t capacity = 0;
  std::deque<File> files;

  std::uint64_t used() const {
    std::uint64_t sum = 0;
    for (const File& file : files) sum += file.bytes;
    return sum;
  }

  void touch(int id, std::uint64_t bytes, TimePoint now) {
    const auto at =
        std::find_if(files.begin(), files.end(), [&](const File& f) { return f.id == id; });
    if (at != files.end()) files.erase(at);
    files.push_back({id, bytes, now});
  }

  void obey(const pacing::Step& order) {
    std::uint64_t freed = 0, dropped = 0;
    while (!files.empty() && files.front().last < order.idle_before &&
           dropped < order.max_entries && (freed < order.bytes || dropped < order.entries)) {
      freed += files.front().bytes;
      ++dropped;
      files.pop_front();
    }
  }

  pacing::Load load(std::uint64_t need = 0) const { return {used(), capacity, files.size(), need}; }

  /// Asks and obeys until there is nothing more to do; how many orders there were.
  int run(const pacing::Config& config, pacing::State& state, TimePoint now,
          std::uint64_t need = 0) {
    for (int orders = 0;; ++orders) {
      const pacing::Step order = pacing::step(config, state, now, load(need));
      last = order;
      if (order.verdict != pacing::Verdict::kEvict) return orders;
      obey(order);
    }
  }

  pacing::Step last;  ///< the answer that ended the latest run
};

/// `count` files of `bytes` each, last used at `when`, the first one the least recently.
inline TinyHost host_of(std::uint64_t capacity, int count, std::uint64_t bytes, TimePoint when) {
  TinyHost host{capacity, {}, {}};
  for (int id = 0; id < count; ++id) host.files.push_back({id, bytes, when});
  return host;
}

}  // namespace fleetcache::test
