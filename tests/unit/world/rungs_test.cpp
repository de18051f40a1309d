// The same scenario at several rungs, in one process where the native solver plays the bundles.
#include <doctest/doctest.h>

#include <cmath>

#include "tests/unit/world/forked_run.hpp"
#include "tests/unit/world/tiny_fleet.hpp"

using namespace fleetcache;
using namespace fleetcache::world;

namespace {

probes::Record play(const scenario::Scenario& s, Rung rung, double sample_factor = 1) {
  RunOptions options;
  options.rung = rung;
  options.native_solver = true;
  options.sample_factor = sample_factor;
  auto record = run(s, options);
  REQUIRE(record);
  for (const probes::Check& check : record->conservation) CHECK_MESSAGE(check.ok, check.name);
  return std::move(record).value();
}

double figure(const probes::Record& record, const char* name) {
  return record.metrics.at(name).value;
}

/// `nodes` in one region, each with room for `held` of its 24 objects (`each`); two epochs warm up,
/// six are measured. Nothing binds.
scenario::Scenario small_caches(const char* eviction, std::uint64_t held, std::uint32_t nodes = 256,
                                std::uint64_t each = 24) {
  auto s = tiny_training(nodes, nodes * each, static_cast<std::uint32_t>(each * 8));
  s.regions["r"].blob.egress = BytesPerSecond(1e15);
  s.regions["r"].blob.blob_requests = PerSecond(1e9);
  s.regions["r"].blob.requests = PerSecond(1e9);
  s.cache.enabled = true;
  s.cache.tiers = {tiny_tier(scenario::Medium::kNvme, held * 100 * kMB, eviction)};
  s.warmup = from_seconds(0.2 * static_cast<double>(each));
  s.horizon = Duration(4 * s.warmup.count);
  s.fleet.samples_per_step = 64;
  s.fleet.step_over = false;
  return s;
}

}  // namespace

TEST_CASE("caches of few objects: the strata of the fleet rung hit as the owners do") {
  for (const std::string eviction : {"sieve", "lru", "pinned"}) {
    const auto s = small_caches(eviction.c_str(), 8, 512, 15);
    const double owners = figure(play(s, Rung::kBundled), "cache.byte_hit_ratio.dataset");
    for (const double factor : {1.0, 2.0, 4.0}) {  // one key in 3, in 2, all
      const double strata = figure(play(s, Rung::kFleet, factor), "cache.byte_hit_ratio.dataset");
      CHECK_MESSAGE(std::abs(strata - owners) < 0.01, eviction, " ", factor, ": ", strata,
                    " instead of ", owners);
    }
  }
}

TEST_CASE("an idle region changes no figure of the others, at any rung") {
  for (const Rung rung : {Rung::kBundled, Rung::kFleet}) {
    auto s = small_caches("lru", 6);
    const auto alone = play(s, rung);
    s.regions["z"] = s.regions["r"];
    s.regions["z"].name = "z";
    s.regions["z"].pools["train"].nodes = 16;  // more pods would be grouped otherwise
    s.links.push_back({"r", "z", BytesPerSecond(1e9), from_seconds(0.02), BytesPerSecond(1e9), {}});
    const auto beside = play(s, rung);
    for (const char* name : {"train.goodput", "cache.byte_hit_ratio.dataset", "origin.read_mean",
                             "origin.bytes_per_second"}) {
      CHECK_MESSAGE(figure(alone, name) == figure(beside, name), name);
    }
    CHECK(alone.bytes == beside.bytes);
  }
}

TEST_CASE("a job split in two reads what it read as one") {
  for (const Rung rung : {Rung::kBundled, Rung::kFleet}) {
    auto whole = small_caches("pinned", 6);
    auto split = whole;
    scenario::TrainingJob half = whole.training.at("j");
    half.nodes /= 2;
    for (const char* name : {"j", "k"}) {
      half.name = name;
      split.training[name] = half;
    }
    const auto one = play(whole, rung), two = play(split, rung);
    const auto all = [](const probes::Record& r) {
      std::uint64_t sum = 0;
      for (const auto& [tier, bytes] : r.bytes.at("dataset")) sum += bytes;
      return static_cast<double>(sum);
    };
    CHECK(all(two) == doctest::Approx(all(one)).epsilon(0.01));
    CHECK(figure(two, "train.goodput") ==
          doctest::Approx(figure(one, "train.goodput")).epsilon(0.01));
    CHECK(std::abs(figure(two, "cache.byte_hit_ratio.dataset") -
                   figure(one, "cache.byte_hit_ratio.dataset")) < 0.01);
  }
}

TEST_CASE("twice as many objects of half the size: equal bytes, equal hits") {
  for (const Rung rung : {Rung::kBundled, Rung::kFleet}) {
    auto large = small_caches("lru", 12 * 256);
    large.cache.index = scenario::Index::kPooled;  // owners of few objects are another matter
    auto small = large;
    small.datasets.at("d").object = Bytes(50 * kMB);
    const auto a = play(large, rung), b = play(small, rung);
    CHECK(std::abs(figure(a, "cache.byte_hit_ratio.dataset") -
                   figure(b, "cache.byte_hit_ratio.dataset")) < 0.01);
    CHECK(figure(a, "train.j.bytes_read") ==
          doctest::Approx(figure(b, "train.j.bytes_read")).epsilon(0.01));
  }
}

TEST_CASE("other names for jobs and pools, in another order, change no figure beyond the names") {
  for (const Rung rung : {Rung::kBundled, Rung::kFleet}) {
    auto s = small_caches("lru", 6);
    auto renamed = s;
    auto region = renamed.regions.extract("r");
    region.mapped().pools["b idle"] = region.mapped().pools.at("train");  // sorts before
    region.mapped().pools["b idle"].name = "b idle";
    region.mapped().pools["b idle"].nodes = 16;
    renamed.regions.insert(std::move(region));
    const auto a = play(s, rung), b = play(renamed, rung);
    CHECK(figure(a, "train.goodput") == doctest::Approx(figure(b, "train.goodput")).epsilon(1e-6));
    CHECK(std::abs(figure(a, "cache.byte_hit_ratio.dataset") -
                   figure(b, "cache.byte_hit_ratio.dataset")) < 0.01);
    CHECK(figure(a, "train.j.bytes_read") == figure(b, "train.j.bytes_read"));
  }
}

TEST_CASE("the same options and seed give the same events, another salt does not") {
  const auto s = small_caches("sieve", 6);
  const auto first = play(s, Rung::kFleet);
  CHECK(first.fingerprint == play(s, Rung::kFleet).fingerprint);
  RunOptions other;
  other.rung = Rung::kFleet;
  other.native_solver = true;
  other.salt = 1;
  CHECK(first.fingerprint.at("cache_state") != run(s, other)->fingerprint.at("cache_state"));
}
