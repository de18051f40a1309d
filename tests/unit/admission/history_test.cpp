// Rules that remember requests, against models with exact sets, counts and lists.
#include <algorithm>
#include <cmath>
#include <cstdlib>
#include <list>
#include <map>
#include <set>
#include <vector>

#include "tests/unit/admission/helpers.hpp"

using namespace fleetcache;
using namespace fleetcache::admission;
using namespace fleetcache::admission::testing;

namespace {

/// Exact counts of two generations of `window` requests each.
class NaiveWindow {
 public:
  explicit NaiveWindow(std::uint64_t window) : window_(window) {}
  void add(std::uint64_t id) {
    ++counts_[current_][id];
    if (++filled_ < window_) return;
    filled_ = 0;
    current_ = 1 - current_;
    counts_[current_].clear();
  }
  std::uint32_t count(std::uint64_t id) const {
    std::uint32_t sum = 0;
    for (const auto& generation : counts_) {
      const auto found = generation.find(id);
      sum += found == generation.end() ? 0 : found->second;
    }
    return sum;
  }

 private:
  std::uint64_t window_;
  std::uint64_t filled_ = 0;
  int current_ = 0;
  std::map<std::uint64_t, std::uint32_t> counts_[2];
};

/// A skewed stream of ids with many that come once.
std::uint64_t skewed(std::uint64_t k) {
  const std::uint64_t bits = draw(5, k);
  return bits % 3 == 0 ? 1000000 + k : (bits >> 32) % (1 + (bits >> 8) % 400);
}

struct Errors {
  std::uint64_t missed = 0;  ///< the model stores, the rule does not
  std::uint64_t early = 0;   ///< the rule stores, the model does not
};

Errors against_model(std::uint32_t k, std::uint32_t window, const char* bits) {
  Policy rule =
      make("kth-request",
           {{"k", std::to_string(k)}, {"window", std::to_string(window)}, {"bits_per_id", bits}});
  NaiveWindow model(window);
  Errors errors;
  for (std::uint64_t n = 0; n < 40000; ++n) {
    const std::uint64_t id = skewed(n);
    rule.seen({}, object(id), false);
    model.add(id);
    const bool stores = rule.decide({}, object(id)) == Decision::kAdmit;
    const bool should = model.count(id) >= k;
    errors.missed += should && !stores ? 1 : 0;
    errors.early += stores && !should ? 1 : 0;
  }
  return errors;
}

}  // namespace

TEST_CASE("the k-th request within the window is stored, whatever k") {
  for (const std::uint32_t k : {1U, 2U, 3U, 5U}) {
    for (const std::uint32_t window : {200U, 1000U, 5000U}) {
      CAPTURE(k);
      CAPTURE(window);
      const Errors errors = against_model(k, window, "24");
      // Small filters err a little more than the formula, as hashes of two ids may run in step; the
      // sketch for k > 2 has 16 counters a request of the window.
      CHECK(errors.early <= (k <= 2 ? 40U : 1200U));
      CHECK(errors.missed == 0);
    }
  }
}

TEST_CASE("an id is remembered for the window and forgotten after twice the window") {
  for (const char* k : {"2", "3"}) {
    Policy rule = make("kth-request", {{"k", k}, {"window", "100"}, {"bits_per_id", "32"}});
    std::uint64_t filler = 1000;
    const auto others = [&](int count) {
      for (int n = 0; n < count; ++n) rule.seen({}, object(++filler), false);
    };
    for (int offset = 0; offset < 100; ++offset) {
      const std::uint64_t id = 1 + static_cast<std::uint64_t>(offset);
      for (int n = 0; n < std::atoi(k); ++n) rule.seen({}, object(id), true);
      others(100 - std::atoi(k));
      CHECK(rule.decide({}, object(id)) == Decision::kAdmit);
      others(103);
      CHECK(rule.decide({}, object(id)) == Decision::kReject);
    }
  }
}

TEST_CASE("ids asked for once are stored no more often than the filters' formula says") {
  constexpr std::uint64_t kWindow = 20000;
  constexpr std::uint64_t kRequests = 200000;
  Policy rule = make("kth-request", {{"window", "20000"}, {"bits_per_id", "8"}});
  std::uint64_t stored = 0;
  for (std::uint64_t id = 0; id < kRequests; ++id) {
    stored += rule.admit({}, object(id)) ? 1 : 0;
  }
  // Six hashes and 8 bits an id: n ids err with (1 - e^(-6 n / 8 W))^6. The current generation
  // holds 0 to W ids, the other W (none during the first).
  double expected = 0;
  for (std::uint64_t n = 0; n < kRequests; ++n) {
    const double x = static_cast<double>(n % kWindow) / kWindow;
    const double current = std::pow(1 - std::exp(-0.75 * x), 6);
    const double other = n < kWindow ? 0 : std::pow(1 - std::exp(-0.75), 6);
    expected += 1 - (1 - current) * (1 - other);
  }
  MESSAGE("stored " << stored << " of " << kRequests << ", formula " << expected);
  CHECK(static_cast<double>(stored) < 1.05 * expected);
  CHECK(static_cast<double>(stored) > 0.90 * expected);  // and the filter is no smaller than told
  Policy sharp = make("kth-request", {{"window", "20000"}, {"bits_per_id", "32"}});
  stored = 0;
  for (std::uint64_t id = 0; id < kRequests; ++id) stored += sharp.admit({}, object(id)) ? 1 : 0;
  CHECK(stored <= 1);  // 2 x 2 x 10^-7 a request
}

TEST_CASE("a duel is won by the more frequent; ties are lost; free room is no duel") {
  Policy rule = make("tinylfu");
  Load load;
  load.would_evict = true;
  load.victim = 2;
  const auto ask = [&](std::uint64_t id) { return rule.decide({}, object(id), load); };
  CHECK(ask(1) == Decision::kReject);  // 0 : 0
  rule.seen({}, object(1), false);
  CHECK(ask(1) == Decision::kAdmit);  // 1 : 0
  rule.seen({}, object(2), true);
  CHECK(ask(1) == Decision::kReject);  // 1 : 1
  rule.seen({}, object(2), true);
  CHECK(ask(1) == Decision::kReject);  // 1 : 2
  for (int k = 0; k < 2; ++k) rule.seen({}, object(1), false);
  CHECK(ask(1) == Decision::kAdmit);  // 3 : 2
  load.would_evict = false;
  CHECK(ask(99) == Decision::kAdmit);
}

TEST_CASE("duels agree with exact counts that halve, where no two keys share a counter") {
  constexpr std::uint64_t kSample = 64;
  constexpr std::uint64_t kKeys = 6;
  for (const bool door : {true, false}) {
    CAPTURE(door);
    // 64 entries; under this seed the counters of the keys are apart.
    Policy rule =
        make("tinylfu", {{"sample_factor", "1"}, {"doorkeeper", door ? "1" : "0"}}, 64, 4);
    std::map<std::uint64_t, std::uint64_t> counts;
    std::set<std::uint64_t> at_door;
    std::uint64_t counted = 0;
    std::uint64_t halvings = 0;
    std::uint64_t ties = 0;
    const auto count = [&](std::uint64_t id) {
      if (!door || !at_door.insert(id).second) {
        if (counts[id] == 15) return;
        ++counts[id];
      }
      if (++counted < kSample) return;
      ++halvings;
      std::uint64_t odd = 0;
      for (auto& [each, n] : counts) {
        odd += n % 2;
        n /= 2;
      }
      counted = (counted - odd) / 2;
      at_door.clear();
    };
    const auto estimate = [&](std::uint64_t id) { return counts[id] + at_door.count(id); };
    for (std::uint64_t n = 0; n < 20000; ++n) {
      const std::uint64_t id = draw(3, n) % (1 + draw(4, n) % kKeys);
      rule.seen({}, object(id), false);
      count(id);
      Load load;
      load.would_evict = true;
      load.victim = draw(6, n) % kKeys;
      const std::uint64_t candidate = draw(7, n) % kKeys;
      ties += estimate(candidate) == estimate(load.victim) ? 1 : 0;
      const bool wins = estimate(candidate) > estimate(load.victim);
      if ((rule.decide({}, object(candidate), load) == Decision::kAdmit) != wins) {
        FAIL("differs from the exact counts at request " << n);
      }
    }
    CHECK(ties > 1000);
    CHECK(halvings > 10);
  }
}

TEST_CASE("LARC agrees with a list and the published steps of its size") {
  constexpr std::uint64_t kEntries = 50;
  Policy rule = make("larc", {}, kEntries);
  constexpr std::uint64_t kOne = 65536;
  std::list<std::pair<std::uint64_t, bool>> ghosts;  // newest first; asked twice
  std::uint64_t room = kEntries * kOne / 10;
  std::set<std::uint64_t> cache;
  std::uint64_t stored = 0;
  std::size_t largest = 0;
  for (std::uint64_t n = 0; n < 60000; ++n) {
    // Phases of a small working set (hits shrink the list) and of a large one (misses grow it).
    const std::uint64_t id = (n / 5000) % 2 == 0 ? draw(8, n) % 60 : 100 + draw(9, n) % 300;
    const bool hit = cache.count(id) != 0;
    rule.seen({}, object(id), hit);
    if (hit) {  // max(0.1 C, room - C / (C - room))
      const std::uint64_t step = (kEntries * kOne * kOne) / (kEntries * kOne - room);
      const std::uint64_t least = kEntries * kOne / 10;
      room = room > least + step ? room - step : least;
      continue;
    }
    const std::uint64_t most = kEntries * kOne * 9 / 10;  // min(0.9 C, room + C / room)
    room = std::min(most, room + kEntries * kOne * kOne / room);
    bool again = false;
    for (auto g = ghosts.begin(); g != ghosts.end(); ++g) {
      if (g->first != id) continue;
      again = true;
      ghosts.erase(g);
      break;
    }
    ghosts.emplace_front(id, again);
    while (ghosts.size() > room / kOne && ghosts.size() > 1) ghosts.pop_back();
    largest = std::max(largest, ghosts.size());
    if (n % 11 == 0) continue;  // a host that does not ask
    const bool stores = rule.decide({}, object(id)) == Decision::kAdmit;
    if (stores != again) FAIL("differs from the model at request " << n);
    if (!again) continue;
    ghosts.pop_front();
    ++stored;
    if (cache.size() == kEntries) cache.erase(cache.begin());
    cache.insert(id);
  }
  CHECK(stored > 1000);
  CHECK(largest > 40);
}
