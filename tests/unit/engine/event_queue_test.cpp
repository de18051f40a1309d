#include "sim/engine/event_queue.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <vector>

#include "policies/base/rng.hpp"

using namespace fleetcache;
using namespace fleetcache::engine;

namespace {

struct Recorder : EventHandler {
  std::vector<std::uint64_t> seen;
  void on_event(TimePoint, std::uint32_t, std::uint64_t arg) override { seen.push_back(arg); }
};

}  // namespace

TEST_CASE("ties are broken by time, then priority, then the order of scheduling") {
  EventQueue queue;
  Recorder r;
  queue.push({5}, &r, 0, 1, 1);
  queue.push({5}, &r, 0, 2, 0);
  queue.push({3}, &r, 0, 3, 9);
  queue.push({5}, &r, 0, 4, 0);
  std::vector<std::uint64_t> order;
  while (!queue.empty()) order.push_back(queue.pop().arg);
  CHECK(order == std::vector<std::uint64_t>{3, 2, 4, 1});
}

TEST_CASE("ten thousand random events come out sorted") {
  EventQueue queue;
  Recorder r;
  Rng rng(7, "test/events");
  for (std::uint64_t i = 0; i < 10'000; ++i) {
    queue.push({static_cast<std::int64_t>(rng.below(500))}, &r, 0, i,
               static_cast<std::uint32_t>(rng.below(3)));
  }
  Event last = queue.pop();
  while (!queue.empty()) {
    const Event next = queue.pop();
    REQUIRE(before(last, next));
    last = next;
  }
  CHECK(queue.popped() == 10'000);
}

TEST_CASE("the digest tells two histories apart") {
  EventQueue a, b;
  Recorder r;
  a.push({1}, &r, 0, 1);
  b.push({1}, &r, 0, 2);
  a.pop();
  b.pop();
  CHECK(a.digest() != b.digest());
}
