// Rules whose decision follows from one request and its load.
#include <cmath>

#include "tests/unit/admission/helpers.hpp"

using namespace fleetcache;
using namespace fleetcache::admission;
using namespace fleetcache::admission::testing;

TEST_CASE("always stores, never does not") {
  Policy always = make("always");
  Policy never = make("never");
  for (std::uint64_t id = 0; id < 100; ++id) {
    CHECK(always.decide({}, object(id)) == Decision::kAdmit);
    CHECK(never.decide({}, object(id)) == Decision::kBypass);
  }
  CHECK(always.stats().admitted == 100);
  CHECK(never.stats().bypassed == 100);
  CHECK(never.stats().refused_bytes == 100);
}

TEST_CASE("size stores within its bounds, both included") {
  Policy bounded = make("size", {{"min_bytes", "4096"}, {"max_bytes", "65536"}});
  CHECK(bounded.decide({}, object(1, 4095)) == Decision::kBypass);
  CHECK(bounded.decide({}, object(1, 4096)) == Decision::kAdmit);
  CHECK(bounded.decide({}, object(1, 65536)) == Decision::kAdmit);
  CHECK(bounded.decide({}, object(1, 65537)) == Decision::kBypass);
  Policy open = make("size");
  CHECK(open.decide({}, object(1, std::uint64_t{1} << 60)) == Decision::kAdmit);
  const auto empty = Policy::create("size", {1, 1, {{"min_bytes", "10"}, {"max_bytes", "9"}}});
  REQUIRE(!empty);
  CHECK(empty.error().text().find("nothing would be stored") != std::string::npos);
}

TEST_CASE("probability by hash is a function of key and seed alone, and meets its share") {
  constexpr std::uint64_t kKeys = 100000;
  for (const char* p : {"0", "0.1", "0.5", "0.93", "1"}) {
    CAPTURE(p);
    Policy one = make("probability", {{"p", p}});
    Policy two = make("probability", {{"p", p}});
    Policy other = make("probability", {{"p", p}}, 1000, 2);
    for (std::uint64_t id = 0; id < 77; ++id) two.decide({}, object(id));  // its past is no matter
    std::uint64_t stored = 0;
    std::uint64_t differs = 0;
    for (std::uint64_t id = 0; id < kKeys; ++id) {
      const Decision decision = one.decide({}, object(id));
      if (decision != two.decide(at(9), object(id, 5))) FAIL("depends on more than the key");
      stored += decision == Decision::kAdmit ? 1 : 0;
      differs += decision != other.decide({}, object(id)) ? 1 : 0;
    }
    const double share = std::stod(p);
    const double sigma = std::sqrt(share * (1 - share) * kKeys);
    CHECK(std::abs(static_cast<double>(stored) - share * kKeys) <= 4 * sigma);
    CHECK((differs > 0) == (share > 0 && share < 1));  // the seed counts
    CHECK(one.odds_ppm(1) == static_cast<std::uint32_t>(share * 1e6 + 0.5));
  }
}

TEST_CASE("probability by draws meets its share on a single key, and repeats with the seed") {
  Policy one = make("probability", {{"p", "0.25"}, {"drawn", "1"}});
  Policy two = make("probability", {{"p", "0.25"}, {"drawn", "1"}});
  int stored = 0;
  for (int k = 0; k < 40000; ++k) {
    const Decision decision = one.decide({}, object(7));
    CHECK(decision == two.decide({}, object(7)));
    stored += decision == Decision::kAdmit ? 1 : 0;
  }
  CHECK(std::abs(stored - 10000) < 4 * 87);  // sigma = sqrt(40000 x 0.25 x 0.75)
}

TEST_CASE("prefetches need free room and an idle device, other requests do not") {
  Policy rule = make("prefetch-if-free", {{"free_min", "0.1"}, {"queue_max", "4"}});
  Request prefetch = object(1);
  prefetch.op = Op::kPrefetch;
  Load load;
  load.free_ppm = 100000;
  load.queue_depth = 4;
  CHECK(rule.decide({}, prefetch, load) == Decision::kAdmit);
  CHECK(rule.decide({}, prefetch) == Decision::kAdmit);  // nothing known: no reason to refuse
  Load full = load;
  full.free_ppm = 99999;
  Load busy = load;
  busy.queue_depth = 5;
  Load displacing = load;
  displacing.would_evict = true;
  for (const Load& bad : {full, busy, displacing}) {
    CHECK(rule.decide({}, prefetch, bad) == Decision::kDefer);
    for (const Op op : {Op::kRead, Op::kWrite, Op::kDemote}) {
      Request other = object(1);
      other.op = op;
      CHECK(rule.decide({}, other, bad) == Decision::kAdmit);
    }
  }
}
