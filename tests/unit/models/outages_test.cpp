#include "models/failure/outages.hpp"

#include <doctest/doctest.h>

#include <cmath>

using namespace fleetcache;

namespace {

constexpr std::int64_t kDay = 86'400'000'000'000;

struct Totals {
  std::uint64_t outages = 0;
  double down_days = 0;
};

Totals over(std::uint64_t entities, Duration mtbf, Duration repair, TimePoint horizon) {
  Totals totals;
  for (std::uint64_t entity = 0; entity < entities; ++entity) {
    Rng rng(7, "test/outages", entity);
    for (const models::Outage& o : models::outages(mtbf, repair, horizon, rng)) {
      ++totals.outages;
      const double end =
          std::min(static_cast<double>(horizon.ns),
                   static_cast<double>(o.at.ns) + static_cast<double>(o.lasts.count));
      totals.down_days += (end - static_cast<double>(o.at.ns)) / kDay;
    }
  }
  return totals;
}

}  // namespace

TEST_CASE("100,000 nodes of MTBF 528 days lose about 190 a day") {
  // 1 / (4.74e-4 x 4) = 527.4 days: 100,000 / 527.4 = 189.6 a day, 1,327 a week; sqrt = 36.
  const Totals week = over(100'000, Duration(static_cast<std::int64_t>(527.4 * kDay)),
                           from_seconds(3600), TimePoint{7 * kDay});
  CHECK(std::abs(static_cast<double>(week.outages) - 1327.3) < 4 * 36.4);
}

TEST_CASE("a thing is down for repair / (mtbf + repair) of the time") {
  // 3 / (9 + 3) = 25 % of 2,000 x 600 days, less the start, when all work: 2.25 days each,
  // 2,000 x 2.25 x 25 % = 1,125 days. The standard error is about 0.1 %.
  const Totals totals = over(2'000, Duration(9 * kDay), Duration(3 * kDay), TimePoint{600 * kDay});
  CHECK(totals.down_days == doctest::Approx(300'000 - 1'125).epsilon(0.005));
}

TEST_CASE("outages do not overlap, and a longer horizon keeps those of a shorter one") {
  Rng one(1, "test/outages", 3), two(1, "test/outages", 3);
  const auto brief = models::outages(Duration(kDay), Duration(kDay), TimePoint{50 * kDay}, one);
  const auto longer = models::outages(Duration(kDay), Duration(kDay), TimePoint{500 * kDay}, two);
  REQUIRE(brief.size() > 10);
  REQUIRE(longer.size() > brief.size());
  for (std::size_t i = 0; i < brief.size(); ++i) {
    CHECK(brief[i].at.ns == longer[i].at.ns);
    CHECK(brief[i].lasts == longer[i].lasts);
  }
  for (std::size_t i = 1; i < longer.size(); ++i) {
    CHECK((longer[i - 1].at + longer[i - 1].lasts).ns < longer[i].at.ns);
  }
}

TEST_CASE("a mean time to failure of centuries gives no outage and no overflow") {
  Rng rng(1, "test/outages", 0);
  CHECK(models::outages(Duration(100'000 * kDay), Duration(kDay), TimePoint{kDay}, rng).empty());
}
