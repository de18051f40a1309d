#include "sim/traces/tune.hpp"

#include <doctest/doctest.h>

#include <cmath>
#include <functional>

#include "policies/base/rng.hpp"
#include "sim/traces/synth.hpp"
#include "tests/unit/traces/temporary.hpp"

using namespace fleetcache;
using namespace fleetcache::traces;

namespace {

constexpr std::uint32_t kCapacity = 2'000;

/// Every object twice, about 800 requests apart: a small queue of a tenth (200) forgets the first
/// request before the second comes, one of 1 000 does not.
void pairs(std::vector<std::uint32_t>& out, std::size_t requests, Rng& rng) {
  std::vector<std::uint32_t> again(requests + 2'000, 0);
  std::uint32_t fresh = 1'000'000 + static_cast<std::uint32_t>(out.size());
  for (std::size_t i = 0; i < requests; ++i) {
    if (again[i] != 0) {
      out.push_back(again[i]);
      continue;
    }
    again[i + 700 + rng.below(200)] = ++fresh;
    out.push_back(fresh);
  }
}

/// 1 700 objects asked for again and again beside a scan of new ones: only a main queue of most of
/// the cache holds them.
void hot_set(std::vector<std::uint32_t>& out, std::size_t requests, Rng& rng) {
  std::uint32_t fresh = 100'000'000 + static_cast<std::uint32_t>(out.size());
  for (std::size_t i = 0; i < requests; ++i) {
    out.push_back(rng.below(3) == 0 ? ++fresh : static_cast<std::uint32_t>(1 + rng.below(1'700)));
  }
}

/// Uniform draws: every policy that does not know the future is as good as any other.
void uniform(std::vector<std::uint32_t>& out, std::size_t requests, Rng& rng) {
  for (std::size_t i = 0; i < requests; ++i) {
    out.push_back(1 + static_cast<std::uint32_t>(rng.below(20'000)));
  }
}

using Part = std::function<void(std::vector<std::uint32_t>&, std::size_t, Rng&)>;

std::string trace_of(const test::TemporaryFolder& folder, const Part& first, const Part& second) {
  std::vector<std::uint32_t> ids;
  Rng rng(7, "tune test");
  first(ids, 60'000, rng);
  second(ids, 60'000, rng);
  const std::string path = folder.file("t.bin");
  REQUIRE(write_oracle_general(path, ids, true).ok());
  return path;
}

TuneSpec spec_of(const std::string& policy = "s3fifo") {
  TuneSpec spec;
  spec.policy = policy;
  spec.capacity.amount = kCapacity;
  spec.unit_size = true;
  spec.ranges = {parse_param_range("small_ratio=0.02..0.6").value()};
  spec.settings = 9;
  return spec;
}

TuneReport tuned(const std::string& path, const TuneSpec& spec) {
  auto report = tune(path, {}, spec);
  REQUIRE_MESSAGE(report.ok(), (report.ok() ? "" : report.error().text()));
  return std::move(report).value();
}

double small_ratio(const TuneReport& report) {
  return report.best.empty() ? 0.1 : std::stod(report.best.at(0).second);
}

std::uint64_t misses_of(const std::string& path, const std::string& policy) {
  ReplaySpec spec;
  spec.policies = {policy};
  spec.capacities = {{kCapacity, 0}};
  spec.unit_size = true;
  return replay(path, {}, spec).value().rows.at(0).misses;
}

}  // namespace

TEST_CASE("a planted better parameter is found and holds on the later part") {
  const test::TemporaryFolder folder;
  const std::string path = trace_of(folder, pairs, pairs);
  const TuneReport report = tuned(path, spec_of());
  CHECK(report.gains);
  CHECK(small_ratio(report) > 0.35);
  CHECK(report.gain.low > 0.3);  // half of the requests hit instead of hardly any
  CHECK(report.gain.high < 0.6);
  CHECK(report.gain.mean == doctest::Approx(report.report_default - report.report_best));
  CHECK(report.tune_requests == 60'000);
  CHECK(report.requests == 120'000);
  // Both parts together are what replay counts of the same settings.
  const double both = (report.tune_best + report.report_best) * 60'000;
  CHECK(std::llround(both) ==
        static_cast<long long>(misses_of(path, "s3fifo:small_ratio=" + report.best[0].second)));
  const double plain = (report.tune_default + report.report_default) * 60'000;
  CHECK(std::llround(plain) == static_cast<long long>(misses_of(path, "s3fifo")));
}

TEST_CASE("where all settings are alike there is no gain") {
  const test::TemporaryFolder folder;
  const TuneReport report = tuned(trace_of(folder, uniform, uniform), spec_of());
  CHECK_FALSE(report.gains);
  CHECK(std::abs(report.gain.mean) < 0.01);
}

TEST_CASE("what only the first part rewards is no gain, and the later part is not looked at") {
  const test::TemporaryFolder folder;
  // Tuned for pairs, judged on a hot set: worse than the defaults.
  const TuneReport first = tuned(trace_of(folder, pairs, hot_set), spec_of());
  CHECK(small_ratio(first) > 0.35);
  CHECK_FALSE(first.gains);
  CHECK(first.gain.high < 0);
  // The other way round a tuner that peeks would take a large small queue and report a gain.
  const TuneReport second = tuned(trace_of(folder, hot_set, pairs), spec_of());
  CHECK(small_ratio(second) < 0.3);
  CHECK_FALSE(second.gains);
}

TEST_CASE("one thread or several tune alike") {
  const test::TemporaryFolder folder;
  const std::string path = trace_of(folder, hot_set, pairs);
  TuneSpec spec = spec_of();
  spec.ranges.clear();
  const TuneReport one = tuned(path, spec);
  spec.threads = 3;
  const TuneReport more = tuned(path, spec);
  CHECK(one.ranges == declared_ranges(*eviction::find_policy("s3fifo")));
  CHECK(one.ranges.size() == 2);
  CHECK(one.best == more.best);
  CHECK(one.digest == more.digest);
  CHECK(one.gain.low == more.gain.low);
  CHECK(one.gain.high == more.gain.high);
  CHECK(one.report_best == more.report_best);
}

TEST_CASE("rounds shrink by thirds, on samples only where those say something") {
  const test::TemporaryFolder folder;
  TuneSpec spec = spec_of();
  spec.capacity.amount = 1'000;  // a third has 333 objects, a ninth too few
  const TuneReport report = tuned(trace_of(folder, uniform, uniform), spec);
  REQUIRE(report.rungs.size() == 2);
  CHECK(report.rungs[0].rate == doctest::Approx(1.0 / 3).epsilon(1e-4));
  CHECK(report.rungs[0].settings == 9);
  CHECK(report.rungs[1].settings == 4);  // the better third and the defaults
}

TEST_CASE("a trace that is shorter than its reuse says so") {
  const test::TemporaryFolder folder;
  const std::string loop = folder.file("l.bin");
  const auto ids = synthesize({SynthKind::kLoop, 40'000, 100'000, 0, 0}).value();
  REQUIRE(write_oracle_general(loop, ids, false).ok());
  const TuneReport far = tuned(loop, spec_of());
  CHECK(far.long_reuse == 1);  // 40 000 apart in 100 000
  CHECK(far.turnover > kLeastTurnover);
  const std::string near = trace_of(folder, pairs, pairs);
  CHECK(tuned(near, spec_of()).long_reuse == 0);
  CHECK(tuned(near, spec_of()).first_requests == doctest::Approx(0.5).epsilon(0.05));
  TuneSpec roomy = spec_of();
  roomy.capacity.amount = 1'000'000;
  CHECK(tuned(near, roomy).turnover == 0);
}

TEST_CASE("the interval of a block bootstrap widens with what lasts, and covers the mean") {
  Rng rng(3, "bootstrap");
  const std::vector<double> weights(400, 1);
  int covered = 0;
  constexpr int kTrials = 100;
  for (int trial = 0; trial < kTrials; ++trial) {
    std::vector<double> independent;
    for (int i = 0; i < 400; ++i) independent.push_back(0.1 + rng.normal());
    const Gain gain =
        bootstrap_gain(independent, weights, 20, 400, static_cast<std::uint64_t>(trial));
    covered += gain.low <= 0.1 && 0.1 <= gain.high ? 1 : 0;
    CHECK(gain.low < gain.mean);
    CHECK(gain.mean < gain.high);
  }
  CHECK(covered >= 84);  // 95 in the limit; blocks of a twentieth are a little short of it
  std::vector<double> slow;
  for (int i = 0; i < 400; ++i) slow.push_back(i / 20 % 2 == 0 ? 1.0 : -1.0);
  const Gain fine = bootstrap_gain(slow, weights, 1, 1000, 1);
  const Gain coarse = bootstrap_gain(slow, weights, 20, 1000, 1);
  // Independent +-1: sd 0.05; runs of 20: between that and sqrt(20) times as much.
  CHECK(fine.high - fine.low == doctest::Approx(4 * 0.05).epsilon(0.15));
  CHECK(coarse.high - coarse.low > 2 * (fine.high - fine.low));
}

TEST_CASE("designs start with the defaults, stay in range and repeat nothing") {
  const std::vector<ParamRange> ranges = {parse_param_range("a=0.001..1.0").value(),
                                          parse_param_range("b=2..8").value()};
  CHECK_FALSE(ranges[0].whole);
  CHECK(ranges[1].whole);
  const auto design = tuning_design(ranges, 60, 5);
  REQUIRE(design.size() == 60);
  CHECK(design[0].empty());
  int below = 0;
  for (std::size_t i = 1; i < design.size(); ++i) {
    const double a = std::stod(design[i][0].second), b = std::stod(design[i][1].second);
    CHECK(a >= 0.001);
    CHECK(a <= 1);
    CHECK(b == std::floor(b));
    CHECK(b >= 2);
    CHECK(b <= 8);
    CHECK(design[i][0].second.find('e') == std::string::npos);
    below += a < 0.0316 ? 1 : 0;  // half of a logarithmic range
    for (std::size_t k = 1; k < i; ++k) CHECK(design[k] != design[i]);
  }
  CHECK(below > 26);
  CHECK(below < 33);
  CHECK(tuning_design({parse_param_range("b=2..4").value()}, 60, 5).size() == 4);
  CHECK(tuning_design(ranges, 60, 5) == design);
  CHECK(tuning_design(ranges, 60, 6) != design);
}

TEST_CASE("what cannot be tuned is refused") {
  const test::TemporaryFolder folder;
  const std::string path = trace_of(folder, uniform, uniform);
  const auto error = [&](const TuneSpec& spec) {
    const auto report = tune(path, {}, spec);
    return report ? std::string() : report.error().text();
  };
  TuneSpec plain = spec_of("lru");
  plain.ranges.clear();
  CHECK(error(plain) == "--policy: lru has no parameters to tune");
  CHECK(error(spec_of("belady")).find("knows the future") != std::string::npos);
  CHECK(error(spec_of("lur")).find("no policy") != std::string::npos);
  TuneSpec typo = spec_of();
  typo.ranges = {parse_param_range("smal_ratio=0.1..0.2").value()};
  CHECK(error(typo).find("smal_ratio") != std::string::npos);
  CHECK_FALSE(parse_param_range("small_ratio=0.5..0.1").ok());
  CHECK_FALSE(parse_param_range("small_ratio").ok());
  CHECK_FALSE(parse_param_range("=1..2").ok());
}
