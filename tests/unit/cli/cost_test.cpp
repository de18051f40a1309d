// What a whole command costs, and how long it still takes.

#include <doctest/doctest.h>

#include "sim/cli/run_plan.hpp"

using namespace fleetcache;
using namespace fleetcache::cli;
using doctest::Approx;

namespace {

/// What all runs of `run mai-small` with these flags take.
StudyCost priced(RunFlags flags, world::Rung rung) {
  flags.what = "mai-small";
  const auto loaded = scenario::load(flags.what, flags.settings);
  REQUIRE(loaded);
  return price_of(flags, *loaded)(rung);
}

std::string refused_text(const RunFlags& flags, const scenario::Loaded& loaded,
                         const Limits& limits) {
  const auto choice = choose_rung(loaded.scenario, "exact", price_of(flags, loaded), limits);
  return choice ? "" : choice.error().text();
}

}  // namespace

TEST_CASE("the price is that of all runs: variants, seeds, companions and the re-run") {
  RunFlags alone;
  alone.no_variants = alone.no_what_if = true;
  alone.seeds = "1";
  alone.error = "none";
  const StudyCost one = priced(alone, world::Rung::kExact);
  CHECK(one.jobs.size() == 1);
  CHECK(one.cpu_s() == one.base.cpu_seconds);
  CHECK(one.memory_bytes() == one.base.memory_bytes);
  CHECK(whole_text(one).empty());

  RunFlags reps = alone;
  reps.reps = "8";
  const StudyCost eight = priced(reps, world::Rung::kExact);
  CHECK(eight.cpu_s() == Approx(8 * one.cpu_s()));
  CHECK(eight.memory_bytes() == Approx(2 * one.memory_bytes()));  // two at once
  CHECK(whole_text(eight).find("all 8 runs (base, 7 seeds)") == 0);

  // Two variants (no cache: all from the origin), five seeds as it is short, the re-run.
  const StudyCost usual = priced({}, world::Rung::kExact);
  CHECK(usual.jobs.size() == 8);
  CHECK(usual.raises);
  CHECK(usual.jobs.back().kind == "+10 % re-run");
  CHECK(usual.cpu_s() > 6 * one.cpu_s());

  RunFlags quick = alone;
  quick.error = "quick";
  CHECK(priced(quick, world::Rung::kFleet).jobs.size() == 5);  // four quarters
  RunFlags full = alone;
  full.error = "full";
  CHECK(priced(full, world::Rung::kFleet).jobs.size() == 12);  // seven companions, four seeds
  RunFlags until = alone;
  until.seeds = "auto";
  until.until = "rel_ci(train.stall) < 2%";
  CHECK(whole_text(priced(until, world::Rung::kExact)).find("at least 5 runs") == 0);
}

TEST_CASE("limits hold for the whole command, and the refusal tells both prices") {
  RunFlags flags;
  flags.what = "mai-small";
  const auto loaded = scenario::load(flags.what, {});
  REQUIRE(loaded);
  const StudyCost cost = price_of(flags, *loaded)(world::Rung::kExact);
  Limits limits{1e12, 1.5 * cost.base.cpu_seconds, "1TB", "1s"};
  const std::string text = refused_text(flags, *loaded, limits);
  CHECK(text.find("for one run; all 8 runs") != std::string::npos);
  CHECK(text.find("The base alone fits: --no-variants") != std::string::npos);
  limits.cpu_s = 1.01 * cost.cpu_s();
  CHECK(refused_text(flags, *loaded, limits).empty());
  limits.memory_bytes = 1.5 * cost.base.memory_bytes;  // two run at once
  CHECK(refused_text(flags, *loaded, limits).find("The base alone fits") != std::string::npos);
}

TEST_CASE("time left is that of all runs on two workers, at the pace of the base") {
  // Base 10, two seeds of 10, re-run of 10. Half of the base took 5 s: a unit a second.
  const TimeLeft left({10, 10, 10, 10}, true);
  CHECK_FALSE(left.seconds({0, 0, 0, 0}, 1));
  // Base 5 more; beside it the seeds take 20, or one of them follows the base: 5 + 10, and the
  // re-run behind the first seed: 10 + 10.
  CHECK(*left.seconds({0.5, 0, 0, 0}, 5) == Approx(20));
  CHECK(left.share({0.5, 0, 0, 0}) == Approx(0.125));
  // Only the base is left, half done: then the re-run, alone.
  CHECK(*left.seconds({0.5, 1, 1, 0}, 5) == Approx(15));
  // The base ended after 10 s, whatever the clock says now.
  CHECK(*left.seconds({1, 0.5, 1, 0}, 10) == Approx(10));
  CHECK(*left.seconds({1, 1, 1, 1}, 10) == Approx(0));
  // Twice as slow as expected: so is the rest.
  CHECK(*left.seconds({0.5, 1, 1, 0}, 10) == Approx(30));
  // --until asks for more seeds than were known: each as the base.
  CHECK(*left.seconds({1, 1, 1, 1, 0, 0}, 10) == Approx(10));
  // Quarters are short: equal parts of the number of runs would be wrong by far.
  const TimeLeft quarters({100, 5, 5, 5, 5}, false);
  CHECK(*quarters.seconds({0.1, 1, 1, 1, 1}, 10) == Approx(90));
}
