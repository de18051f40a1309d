#include "policies/pooling/pooling.hpp"

#include <doctest/doctest.h>

#include <string>

#include "policies/base/rng.hpp"

using namespace fleetcache;
using pooling::Act;
using pooling::Link;
using pooling::Plan;
using pooling::Request;
using pooling::View;

namespace {

constexpr std::uint64_t kGib = 1ULL << 30;
constexpr std::uint64_t kCent = 10'000'000;  // nano-dollars

/// Three regions: 0-1 10 ms, 0-2 20 ms, 1-2 30 ms, 1 GB/s each; egress of region r costs r + 1
/// cents a GiB; the origin is 5 ms away and costs 4 cents.
struct World {
  Link links[9];
  pooling::Origin origins[3];
  std::uint32_t heat[3] = {0, 0, 0};
  View view;
  Request request;

  World() {
    const std::uint32_t rtt[3][3] = {{0, 10'000, 20'000}, {10'000, 0, 30'000}, {20'000, 30'000, 0}};
    for (std::uint32_t from = 0; from < 3; ++from) {
      for (std::uint32_t to = 0; to < 3; ++to) {
        links[from * 3 + to] = {rtt[from][to], 1000, (from + 1) * kCent};
      }
      origins[from] = {{5000, 1000, 4 * kCent}, 0};
    }
    view.regions = 3;
    view.links = links;
    view.origins = origins;
    request.bytes = kGib;
    request.heat = heat;
  }
};

/// "local region:1 origin fill".
std::string text_of(const Plan& plan) {
  const char* const names[] = {"local", "region", "through", "origin", "fill", "push", "drop"};
  std::string out;
  for (std::uint32_t i = 0; i < plan.count; ++i) {
    const pooling::Step& step = plan.steps[i];
    out += (i == 0 ? "" : " ") + std::string(names[static_cast<int>(step.act)]);
    const bool other = step.act == Act::kGetRegion || step.act == Act::kGetThrough ||
                       step.act == Act::kPush || step.act == Act::kDrop;
    if (other) out += ":" + std::to_string(step.region);
  }
  return out;
}

Plan plan_of(const char* mode, const World& world, const Params& params = {}) {
  Plan plan;
  pooling::plan(pooling::configure(mode, params).value(), world.view, world.request, plan);
  return plan;
}

std::string steps(const char* mode, const World& world, const Params& params = {}) {
  return text_of(plan_of(mode, world, params));
}

}  // namespace

TEST_CASE("local-only asks nobody, whoever has it") {
  World world;
  world.view.have = 6;
  CHECK(steps("local-only", world) == "local origin fill");
}

TEST_CASE("peer-read-through asks the fastest that the directory names, then the origin") {
  World world;
  CHECK(steps("peer-read-through", world) == "local origin fill");
  world.view.have = 7;  // the bit of the region itself is not a peer
  CHECK(steps("peer-read-through", world) == "local region:1 region:2 origin fill");
  CHECK(steps("peer-read-through", world, {{"peers", "1"}}) == "local region:1 origin fill");
  world.links[1 * 3 + 0].bytes_per_us = 10;  // the link of region 1 is busy: 100 s, 2 takes 1 s
  CHECK(steps("peer-read-through", world) == "local region:2 region:1 origin fill");
  world.links[1 * 3 + 0].bytes_per_us = 0;  // and now full
  CHECK(steps("peer-read-through", world) == "local region:2 origin fill");
}

TEST_CASE("equally fast peers: the cheaper one, then the lower number") {
  World world;
  world.view.self = 0;
  world.view.have = 6;
  world.links[2 * 3 + 0].rtt_us = 10'000;
  CHECK(steps("peer-read-through", world, {{"peers", "1"}}) == "local region:1 origin fill");
  world.links[1 * 3 + 0].nanousd_per_gib = 5 * kCent;
  CHECK(steps("peer-read-through", world, {{"peers", "1"}}) == "local region:2 origin fill");
  world.links[2 * 3 + 0].nanousd_per_gib = 5 * kCent;
  CHECK(steps("peer-read-through", world, {{"peers", "1"}}) == "local region:1 origin fill");
}

TEST_CASE("a directory that is too old is not believed, to the nanosecond") {
  World world;
  world.view.have = 2;
  for (const char* mode : {"peer-read-through", "cost-aware", "replicate-hot"}) {
    CAPTURE(mode);
    const Params at_5s = {{"stale_ms", "5000"}};
    world.view.have_age = Duration(5'000'000'000);
    CHECK(steps(mode, world, at_5s).find("region:1") != std::string::npos);
    world.view.have_age = Duration(5'000'000'001);
    CHECK(steps(mode, world, at_5s).find("region:1") == std::string::npos);
  }
}

TEST_CASE("cost-aware: the sender's price counts, and the free bandwidth, and waiting") {
  World world;
  world.view.self = 1;
  world.view.have = 5;
  const Params free_time = {{"usd_per_hour", "0"}, {"prior_reads", "1"}};
  // Egress from 0 is 1 cent, from 2 is 3, the origin 4; what region 1 charges does not matter.
  CHECK(steps("cost-aware", world, free_time) == "local region:0 region:2 origin");
  world.links[1 * 3 + 0].nanousd_per_gib = 100 * kCent;
  CHECK(steps("cost-aware", world, free_time) == "local region:0 region:2 origin");
  world.links[0 * 3 + 1].nanousd_per_gib = 100 * kCent;
  CHECK(steps("cost-aware", world, free_time) == "local region:2 origin");
  // 1 GiB at 1 GB/s is about 1.07 s; at 10 MB/s from region 2 it waits 107 s: 8.9 cents at 3 USD/h.
  world.links[2 * 3 + 1].bytes_per_us = 10;
  CHECK(steps("cost-aware", world, free_time) == "local region:2 origin");
  CHECK(steps("cost-aware", world, {{"prior_reads", "1"}}) == "local origin");
}

TEST_CASE("cost-aware keeps a copy from 1 + hold / read reads a month on, found by bisection") {
  struct Row {
    std::uint64_t hold, read;  // nano-dollars a GiB and month, a GiB
    double reads;              // by hand: 1 + hold / read
  };
  const Row table[] = {
      {18'000'000, 20'000'000, 1.9},   // hot storage, within a continent
      {18'000'000, 50'000'000, 1.36},  // between continents
      {150'000'000, 20'000'000, 8.5},  // premium storage
      {0, 20'000'000, 1.0},            // a copy for nothing pays from the second read on
  };
  for (const Row& row : table) {
    CAPTURE(row.reads);
    World world;
    world.view.self = 1;
    world.view.have = 1;
    world.view.hold_nanousd_per_gib_month = row.hold;
    world.links[0 * 3 + 1].nanousd_per_gib = row.read;
    world.origins[1].link.nanousd_per_gib = 10 * kCent;     // dearer: the copy comes from region 0
    std::uint64_t low = 1, high = 100 * pooling::kMillion;  // no fill, fill
    while (high - low > 1) {
      world.request.reads_per_month_ppm = low + (high - low) / 2;
      const std::string text = steps("cost-aware", world, {{"usd_per_hour", "0"}});
      const bool fills = text.find("fill") != std::string::npos;
      (fills ? high : low) = world.request.reads_per_month_ppm;
    }
    CHECK(static_cast<double>(high) / 1e6 == doctest::Approx(row.reads).epsilon(1e-5));
  }
}

TEST_CASE("cost-aware without knowledge takes the prior") {
  World world;
  world.view.hold_nanousd_per_gib_month = 5 * kCent;  // the origin's read costs 4
  const Params two = {{"usd_per_hour", "0"}};
  CHECK(steps("cost-aware", world, two) == "local origin");  // (2 - 1) x 4 < 5
  const Params three = {{"usd_per_hour", "0"}, {"prior_reads", "3"}};
  CHECK(steps("cost-aware", world, three) == "local origin fill");
}

TEST_CASE("home-region: one copy; the others read through it and keep none") {
  World world;
  world.view.home = 2;
  CHECK(steps("home-region", world) == "local through:2 origin");
  world.view.self = 2;
  CHECK(steps("home-region", world) == "local origin fill");
  world.view.self = 0;
  world.links[2 * 3 + 0].bytes_per_us = 0;  // no way home
  CHECK(steps("home-region", world) == "local origin");
}

TEST_CASE(
    "replicate-hot: cold at home, a copy from 3 reads on, everywhere from 32, cooled ones go") {
  World world;
  world.view.home = 2;
  world.heat[0] = 2;
  CHECK(steps("replicate-hot", world) == "local through:2 origin");
  world.heat[0] = 3;
  CHECK(steps("replicate-hot", world) == "local through:2 origin fill");
  world.view.have = 2 | 4;  // region 1 (10 ms) is nearer than home (20 ms), and nobody reads there
  CHECK(steps("replicate-hot", world) == "local region:1 through:2 origin fill drop:1");
  world.heat[1] = 1;
  CHECK(steps("replicate-hot", world) == "local region:1 through:2 origin fill");
  world.view.have = 4;
  world.heat[1] = 28;  // 31 in all
  CHECK(steps("replicate-hot", world) == "local through:2 origin fill");
  world.heat[1] = 29;
  CHECK(steps("replicate-hot", world) == "local through:2 origin fill push:1");
  world.view.have_age = Duration(61'000'000'000);  // does not know who has it: pushes nothing
  CHECK(steps("replicate-hot", world) == "local through:2 origin fill");
  world.view.have_age = Duration(0);
  world.view.home = 1;  // 10 ms; the replica in region 2 is farther: the home first
  CHECK(steps("replicate-hot", world, {{"push", "0"}}) == "local through:1 origin fill drop:2");
  world.view.home = 2;
  // The home itself asks a replica before the origin.
  world.view.have_age = Duration(0);
  world.view.self = 2;
  world.view.have = 1;
  CHECK(steps("replicate-hot", world, {{"push", "0"}}) == "local region:0 origin fill");
}

TEST_CASE("timeouts and hedges are shares of the expected time") {
  World world;
  world.view.have = 2;
  world.request.bytes = 5'000'000;  // 10 ms and 5 ms at 1 GB/s
  Plan plan = plan_of("peer-read-through", world);
  CHECK(plan.steps[1].timeout_us == 60'000);
  CHECK(plan.steps[1].hedge_us == 0);
  // Through the home: 15 ms, and before it 5 ms and 5 ms at 1 GB/s at the home's origin.
  world.view.home = 1;
  CHECK(plan_of("home-region", world).steps[1].timeout_us == 4 * 25'000);
  const Params hedged = {{"timeout_percent", "0"}, {"hedge_percent", "150"}};
  plan = plan_of("peer-read-through", world, hedged);
  CHECK(plan.steps[1].timeout_us == 0);
  CHECK(plan.steps[1].hedge_us == 22'500);
  CHECK(plan.steps[2].timeout_us == 0);  // the origin is the last resort
}

TEST_CASE("every plan asks here first, can always reach the origin and never asks itself") {
  Rng rng(11, "test/pooling");
  for (int i = 0; i < 20'000; ++i) {
    World world;
    for (Link& link : world.links) {
      link.bytes_per_us = static_cast<std::uint32_t>(rng.below(3) * 500);
      link.rtt_us = static_cast<std::uint32_t>(rng.below(4) * 10'000);
      link.nanousd_per_gib = rng.below(5) * kCent;
    }
    world.view.self = static_cast<std::uint32_t>(rng.below(3));
    world.view.home = static_cast<std::uint32_t>(rng.below(3));
    world.view.have = rng.below(8);
    world.view.have_age = Duration(static_cast<std::int64_t>(rng.below(2) * 100'000'000'000));
    world.request.reads_per_month_ppm = rng.below(4) * pooling::kMillion;
    for (std::uint32_t& heat : world.heat) heat = static_cast<std::uint32_t>(rng.below(20));
    const pooling::PolicyInfo& info = pooling::policies()[rng.below(pooling::policies().size())];
    CAPTURE(info.name);
    Plan plan;
    pooling::plan(pooling::configure(info.name).value(), world.view, world.request, plan);
    REQUIRE(plan.count >= 2);
    CHECK(plan.steps[0].act == Act::kGetLocal);
    int origins = 0, fills = 0;
    for (std::uint32_t k = 1; k < plan.count; ++k) {
      const pooling::Step& step = plan.steps[k];
      origins += step.act == Act::kGetOrigin ? 1 : 0;
      fills += step.act == Act::kFillLocal ? 1 : 0;
      const bool get = step.act == Act::kGetRegion || step.act == Act::kGetThrough;
      if (get) {
        REQUIRE(origins == 0);
        REQUIRE(step.region != world.view.self);
        REQUIRE(world.links[step.region * 3 + world.view.self].bytes_per_us > 0);
      }
      if (step.act == Act::kPush || step.act == Act::kDrop) REQUIRE(step.region != world.view.self);
    }
    REQUIRE(origins == 1);
    REQUIRE(fills <= 1);
  }
}

TEST_CASE("money and time by hand") {
  const Link link{83'000, 1000, 5 * kCent};
  CHECK(pooling::transfer_nanousd(link, kGib) == 50'000'000);
  CHECK(pooling::transfer_nanousd(link, kGib / 2) == 25'000'000);
  CHECK(pooling::transfer_nanousd(link, ~0ULL) == 17'179'869'183ULL * 50'000'000 + 49'999'999);
  CHECK(pooling::expected_us(link, 1'000'000) == 84'000);
  CHECK(pooling::expected_us({1, 0, 0}, 1) == 0xffff'ffffU);
}

TEST_CASE("parameters are those of the mode") {
  CHECK(pooling::configure("cost-aware", {{"usd_per_hour", "0.36"}})->picousd_per_us == 100);
  const auto error = [](const char* name, const Params& params) {
    const auto config = pooling::configure(name, params);
    return config ? "" : config.error().text();
  };
  CHECK(error("global", {}).find("there are local-only, peer-read-through") != std::string::npos);
  CHECK(error("local-only", {{"hot", "1"}}).find("takes no parameters") != std::string::npos);
  CHECK(error("home-region", {{"stale_ms", "1"}}).find("unknown; it takes timeout_percent") !=
        std::string::npos);
}
