#include "models/capacity/kv_growth.hpp"

#include <doctest/doctest.h>

#include <cmath>

#include "tests/unit/models/chat_sessions.hpp"

using namespace fleetcache;
using namespace fleetcache::models;

TEST_CASE("the blocks of a run's beginning and their spread are those of sessions that are drawn") {
  const KvDemand demand = kv_demand(chat_sessions());
  constexpr double kTo_s = 120;
  for (const double from_s : {0.0, 60.0}) {
    const double steady = demand.rate * demand.blocks * (kTo_s - from_s);
    constexpr int kSeeds = 60;
    double sum = 0, squares = 0;
    for (int seed = 0; seed < kSeeds; ++seed) {
      double blocks = 0;
      for (const KvSessionRequest& r :
           kv_sessions(chat_sessions(), static_cast<std::uint64_t>(seed), from_seconds(kTo_s)))
        if (to_seconds(r.at - TimePoint{}) >= from_s)
          blocks += static_cast<double>(r.blocks.size());
      sum += blocks / steady;
      squares += std::pow(blocks / steady, 2);
    }
    const double mean = sum / kSeeds;
    const double spread = std::sqrt(squares / kSeeds - mean * mean) / mean;
    CAPTURE(from_s);
    // A tenth below the steady state at the least: without the growth the first check fails.
    CHECK(mean < 0.9);
    CHECK(kv_growth(demand, from_s, kTo_s) == doctest::Approx(mean).epsilon(0.02));
    const double sessions = demand.rate / 3 * (kTo_s - from_s);
    CHECK(kv_volume_spread(demand, sessions) > spread);
    CHECK(kv_volume_spread(demand, sessions) < 3 * spread);
  }
}

TEST_CASE("single turns are in their steady state at once, and any run is after long") {
  KvSessionSpec one = chat_sessions();
  one.turns = 1;
  CHECK(kv_growth(kv_demand(one), 0, 1) == doctest::Approx(1));
  CHECK(kv_growth(kv_demand(chat_sessions()), 0, 1e6) == doctest::Approx(1).epsilon(1e-3));
  CHECK(kv_growth(kv_demand(chat_sessions()), 1e5, 1e6) == doctest::Approx(1).epsilon(1e-9));
  // Of a session, all but the first turn comes later than the very beginning.
  const KvDemand demand = kv_demand(chat_sessions());
  const double first = demand.turns[0].share * demand.turns[0].blocks / demand.blocks;
  CHECK(kv_growth(demand, 0, 1e-6) == doctest::Approx(first).epsilon(1e-6));
}
