#include "sim/traces/regions.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>
#include <filesystem>
#include <map>

#include "policies/base/rng.hpp"
#include "sim/traces/synth.hpp"

using namespace fleetcache;
using namespace fleetcache::traces;

namespace {

constexpr std::uint64_t kGib = 1ULL << 30;
constexpr std::int64_t kSec = 1'000'000'000;
constexpr std::int64_t kMonth = 730 * 3600 * kSec;
constexpr std::uint64_t kCent = 10'000'000;  // nano-dollars

/// Regions 50 ms apart at 1 GB/s; egress `cents` a GiB by sender; an origin 20 ms away everywhere,
/// without egress, or in region 0 only.
RegionWorld world_of(std::vector<std::uint64_t> cents, int origin_region) {
  RegionWorld world;
  const std::size_t n = cents.size();
  world.origin_region = origin_region;
  for (std::size_t from = 0; from < n; ++from) {
    world.names.push_back("r" + std::to_string(from));
    for (std::size_t to = 0; to < n; ++to) {
      world.links.push_back({from == to ? 0U : 50'000U, 1000, cents[from] * kCent});
    }
  }
  for (std::size_t r = 0; r < n; ++r) {
    const bool afar = origin_region >= 0 && r != static_cast<std::size_t>(origin_region);
    world.origins.push_back({{afar ? 70'000U : 20'000U, 100, afar ? cents[0] * kCent : 0}, 500});
  }
  world.local = {200, 2000, 0};
  return world;
}

Request read_of(std::int64_t ns, std::uint64_t id, std::uint32_t region, std::uint64_t bytes) {
  Request r;
  r.time_ns = ns;
  r.id = id;
  r.size = bytes;
  r.tenant = region;
  return r;
}

using Blocks = std::vector<std::vector<Request>>;

RegionsReport report_of(const Blocks& blocks, const RegionsSpec& spec) {
  TraceInfo info;
  info.name = "test";
  info.has_sizes = info.has_times = true;
  auto report = replay_regions(blocks, info, spec);
  REQUIRE_MESSAGE(report.ok(), (report.ok() ? "" : report.error().text()));
  return std::move(report).value();
}

void check_conserved(const RegionsRow& row) {
  CAPTURE(row.mode);
  CHECK(row.requests == row.local + row.peer + row.origin);
  CHECK(row.bytes == row.local_bytes + row.peer_bytes + row.origin_bytes);
  CHECK(row.origin_read_bytes >= row.origin_bytes);
}

std::map<std::string, RegionsRow> by_mode(const RegionsReport& report) {
  std::map<std::string, RegionsRow> rows;
  for (const RegionsRow& row : report.rows) {
    check_conserved(row);
    rows[row.mode] = row;
  }
  return rows;
}

const std::vector<std::string> kAll = {"local-only", "peer-read-through", "cost-aware",
                                       "home-region", "replicate-hot"};

/// Zipf over 5,000 objects of 1 MiB, ten requests a second, 60,000 of them.
Blocks zipf_blocks() {
  SynthOptions options;
  options.kind = SynthKind::kZipf;
  options.objects = 5000;
  options.requests = 60'000;
  const auto ids = synthesize(options).value();
  Blocks blocks(1);
  std::int64_t at = 0;
  for (const std::uint32_t id : ids) blocks[0].push_back(read_of(at += kSec / 10, id, 0, 1 << 20));
  return blocks;
}

RegionsSpec zipf_spec(int origin_region) {
  RegionsSpec spec;
  spec.modes = kAll;
  spec.rule = RegionRule::kRequest;
  spec.capacity.amount = 500ULL << 20;  // a tenth of the working set in each region
  spec.capacity.in_bytes = true;
  spec.world = world_of({5, 5, 8}, origin_region);
  spec.world.hold_nanousd_per_gib_month = 20'000'000;
  return spec;
}

}  // namespace

TEST_CASE("two regions by hand: who serves, what crosses, who pays") {
  // Region 0 reads A, region 1 reads A twice, region 0 once more. Egress: 0 pays 5, 1 pays 8 cents.
  const Blocks blocks = {{read_of(0, 7, 0, kGib), read_of(kSec, 7, 1, kGib),
                          read_of(2 * kSec, 7, 1, kGib), read_of(3 * kSec, 7, 0, kGib)}};
  RegionsSpec spec;
  spec.rule = RegionRule::kGiven;
  spec.capacity.amount = 10 * kGib;
  spec.capacity.in_bytes = true;
  spec.world = world_of({5, 8}, 0);
  spec.modes = kAll;
  while (home_region(7, spec.seed, 2) != 1) ++spec.seed;  // the dear side is the home
  auto rows = by_mode(report_of(blocks, spec));

  const RegionsRow& alone = rows["local-only"];  // both regions read the origin, in region 0
  CHECK(alone.local == 2);
  CHECK(alone.origin == 2);
  CHECK(alone.wan_bytes == kGib);
  CHECK(alone.egress_nanousd == 5 * kCent);
  CHECK(alone.request_nanousd == 2 * 500);

  const RegionsRow& peer = rows["peer-read-through"];  // region 1 reads region 0's copy
  CHECK(peer.local == 2);
  CHECK(peer.peer == 1);
  CHECK(peer.origin == 1);
  CHECK(peer.wan_bytes == kGib);
  CHECK(peer.egress_nanousd == 5 * kCent);
  CHECK(peer.origin_reads == 1);

  // Home 1: region 0's reads go through it: first the origin's bytes to 1, then 1 to 0, twice.
  const RegionsRow& home = rows["home-region"];
  CHECK(home.local == 2);
  CHECK(home.peer == 1);
  CHECK(home.origin == 1);
  CHECK(home.wan_bytes == 3 * kGib);
  CHECK(home.egress_nanousd == (5 + 8 + 8) * kCent);
  // Waits: origin far 70 ms + 1 GiB at 100 B/us, then the WAN 50 ms + 1 GiB at 1000; and so on.
  const std::uint64_t far = 70'000 + kGib / 100, wan = 50'000 + kGib / 1000;
  CHECK(home.wait_us == far + wan + 2 * (200 + kGib / 2000) + wan);
}

TEST_CASE("five modes over three regions: conserved, and in the order that theory says") {
  const Blocks blocks = zipf_blocks();
  for (const int origin_region : {-1, 0}) {
    CAPTURE(origin_region);
    const auto report = report_of(blocks, zipf_spec(origin_region));
    CHECK(report.asked[0] + report.asked[1] + report.asked[2] == 60'000);
    for (const std::uint64_t asked : report.asked) CHECK(asked > 19'000);
    auto rows = by_mode(report);
    const RegionsRow& alone = rows["local-only"];
    const RegionsRow& peer = rows["peer-read-through"];
    const RegionsRow& cost = rows["cost-aware"];
    const RegionsRow& home = rows["home-region"];
    const RegionsRow& hot = rows["replicate-hot"];
    // Served here: only a third of the objects has its home here. Who keeps copies of the hot only
    // has more room for them than who keeps all that he reads.
    CHECK(home.local < peer.local);
    CHECK(home.local < hot.local);
    CHECK(hot.local > alone.local);
    // Origin reads: three caches as one hold more than three that hold the same; asking peers
    // helps in any case.
    CHECK(home.origin_reads < hot.origin_reads);
    CHECK(home.origin_reads < peer.origin_reads);
    CHECK(hot.origin_reads < alone.origin_reads);
    CHECK(peer.origin_reads < alone.origin_reads);
    // WAN: nothing is read from afar where all have the origin and no peers; most through homes.
    if (origin_region < 0) {
      CHECK(alone.wan_bytes == 0);
      CHECK(alone.egress_nanousd == 0);
      CHECK(peer.wan_bytes == peer.peer_bytes);
      CHECK(cost.nanousd() <= peer.nanousd());  // a free origin is cheaper than any peer
      CHECK(cost.peer == 0);
      CHECK(home.wan_bytes > hot.wan_bytes);
      CHECK(hot.wan_bytes > peer.wan_bytes);
    } else {
      CHECK(home.wan_bytes > alone.wan_bytes);
    }
    CHECK(home.held_byte_s <= peer.held_byte_s);
    for (const auto& [name, row] : rows) CHECK(row.misdirected == 0);  // the directory is live
  }
}

TEST_CASE("the same inputs give the same rows, another seed another split") {
  const Blocks blocks = zipf_blocks();
  RegionsSpec spec = zipf_spec(0);
  spec.modes = {"replicate-hot"};
  const auto one = report_of(blocks, spec);
  const auto two = report_of(blocks, spec);
  CHECK(one.rows[0].wait_us == two.rows[0].wait_us);
  CHECK(one.rows[0].nanousd() == two.rows[0].nanousd());
  spec.seed = 1;
  CHECK(report_of(blocks, spec).asked != one.asked);
}

namespace {

/// Dollars over `months` when 400 objects of 1 GiB, of which region 0 has copies, are read in all
/// `reads` times by region 1, evenly over the time and over the objects.
double dollars(const char* mode, std::uint64_t reads, std::uint64_t months, std::uint64_t hold,
               std::uint64_t egress) {
  constexpr std::uint64_t kObjects = 400;
  RegionsSpec spec;
  spec.modes = {mode};
  spec.rule = RegionRule::kGiven;
  spec.capacity.amount = 1000 * kGib;
  spec.capacity.in_bytes = true;
  spec.world = world_of({0, 0}, -1);
  spec.world.links[0 * 2 + 1].nanousd_per_gib = egress;
  for (pooling::Origin& origin : spec.world.origins) {
    origin.nanousd_per_request = 0;
    origin.link.nanousd_per_gib = 100 * egress;  // nobody wants the origin
  }
  spec.world.origins[0].link.nanousd_per_gib = egress;
  spec.world.hold_nanousd_per_gib_month = hold;
  const std::int64_t length = static_cast<std::int64_t>(months) * kMonth;
  spec.horizon = Duration(length);
  Blocks blocks(1);
  std::uint64_t id = 0;
  for (std::uint64_t k = 0; k < kObjects; ++k) {
    do {
      ++id;
    } while (home_region(id, spec.seed, 2) != 0);
    blocks[0].push_back(read_of(0, id, 0, kGib));
    blocks[0].push_back(read_of(1, id, 0, kGib));
    const std::uint64_t times = reads / kObjects + (k < reads % kObjects ? 1 : 0);
    for (std::uint64_t i = 0; i < times; ++i) {
      const auto at =
          2 + static_cast<std::int64_t>(i) * (length / static_cast<std::int64_t>(times));
      blocks[0].push_back(read_of(at, id, 1, kGib));
    }
  }
  std::stable_sort(blocks[0].begin(), blocks[0].end(),
                   [](const Request& a, const Request& b) { return a.time_ns < b.time_ns; });
  return static_cast<double>(report_of(blocks, spec).rows[0].nanousd()) / 1e9;
}

/// Reads a month and object at which a copy in region 1 becomes cheaper than reading region 0 each
/// time, by bisection over simulations.
double break_even(std::uint64_t months, std::uint64_t hold, std::uint64_t egress) {
  std::uint64_t low = 400, high = 400 * 40 * months;  // remote is cheaper, a copy is cheaper
  while (high - low > 1) {
    const std::uint64_t reads = low + (high - low) / 2;
    const bool copy = dollars("peer-read-through", reads, months, hold, egress) <
                      dollars("home-region", reads, months, hold, egress);
    (copy ? high : low) = reads;
  }
  return static_cast<double>(high) / 400.0 / static_cast<double>(months);
}

}  // namespace

TEST_CASE("a copy pays from 1 + holding cost / read cost reads a month on: bisected, within 5 %") {
  struct Row {
    std::uint64_t hold, egress;  // nano-dollars a GiB and month, a GiB
    double reads;                // 1 + hold / egress
  };
  const Row table[] = {
      {18'000'000, 20'000'000, 1.9},   // hot storage within a continent
      {18'000'000, 50'000'000, 1.36},  // between continents
      {150'000'000, 20'000'000, 8.5},  // premium storage
  };
  for (const Row& row : table) {
    const double found = break_even(1, row.hold, row.egress);
    CAPTURE(found);
    CAPTURE(row.reads);
    CHECK(std::abs(found / row.reads - 1) < 0.05);
    // The formula that forgets the read that makes the copy is told apart.
    CHECK(std::abs(found / (row.reads - 1) - 1) > 0.05);
  }
  // A copy that is kept for three months spreads its one transfer: 1/3 + 0.9.
  CHECK(std::abs(break_even(3, 18'000'000, 20'000'000) / (1.0 / 3 + 0.9) - 1) < 0.05);
}

TEST_CASE("cost-aware decides by what it has seen: like the cheaper of the two, on both sides") {
  const char* const careful = "cost-aware:usd_per_hour=0:prior_reads=1";
  const double once = 400 * 0.02;  // a read of each object
  // Half a read a month for a year: a copy never pays, and region 1 makes none. Region 0 makes its
  // copy at its second read.
  CHECK(dollars(careful, 400 * 6, 12, 18'000'000, 20'000'000) ==
        doctest::Approx(once + dollars("home-region", 400 * 6, 12, 18'000'000, 20'000'000)));
  // Ten a month: one read more in each region than with a copy from the first on.
  const double copy = dollars("peer-read-through", 400 * 120, 12, 18'000'000, 20'000'000);
  const double seen = dollars(careful, 400 * 120, 12, 18'000'000, 20'000'000);
  CHECK(seen < copy + 2.01 * once);
  CHECK(seen < dollars("home-region", 400 * 120, 12, 18'000'000, 20'000'000) / 4);
}

TEST_CASE("an old directory sends reads to copies that are gone, unless it is not believed") {
  const Blocks blocks = zipf_blocks();
  RegionsSpec spec = zipf_spec(-1);
  spec.modes = {"peer-read-through:stale_ms=4000000", "peer-read-through:stale_ms=0", "local-only"};
  spec.directory_every = Duration(600 * kSec);
  auto old = by_mode(report_of(blocks, spec));
  spec.directory_every = Duration(0);
  auto live = by_mode(report_of(blocks, spec));
  const RegionsRow& believed = old["peer-read-through:stale_ms=4000000"];
  CHECK(believed.misdirected > 1000);
  CHECK(live["peer-read-through:stale_ms=4000000"].misdirected == 0);
  CHECK(believed.peer < live["peer-read-through:stale_ms=4000000"].peer);
  // Not believed beyond 0 ms: at most at the very instant of a refresh.
  CHECK(old["peer-read-through:stale_ms=0"].misdirected < 50);
  CHECK(old["peer-read-through:stale_ms=0"].peer < 50);
}

TEST_CASE("hedging cuts the wait for slow peers and pays for it in origin reads") {
  const Blocks blocks = zipf_blocks();
  RegionsSpec spec = zipf_spec(-1);
  spec.slow_ppm = 50'000;
  spec.slow_factor = 50;  // 51 ms become 2.5 s, the origin takes 30 ms
  spec.modes = {"peer-read-through:timeout_percent=0", "peer-read-through:timeout_percent=300",
                "peer-read-through:timeout_percent=0:hedge_percent=120"};
  const auto report = report_of(blocks, spec);
  const RegionsRow &wait = report.rows[0], &timeout = report.rows[1], &hedge = report.rows[2];
  for (const RegionsRow& row : report.rows) check_conserved(row);
  CHECK(wait.timeouts == 0);
  CHECK(timeout.timeouts > 100);
  CHECK(hedge.hedges > 100);
  CHECK(timeout.wait_us < wait.wait_us);
  CHECK(hedge.wait_us < timeout.wait_us);
  CHECK(hedge.origin_reads > wait.origin_reads);
}

TEST_CASE("who asks: a rule for each kind of trace") {
  Blocks blocks(1);
  for (int i = 0; i < 3000; ++i) {
    Request r = read_of(i * kSec, static_cast<std::uint64_t>(i % 50), i / 100, 1 << 20);
    r.follows = i % 10 != 0;
    blocks[0].push_back(r);
  }
  RegionsSpec spec = zipf_spec(0);
  spec.modes = {"local-only"};
  const auto row_by = [&](RegionRule rule) {
    spec.rule = rule;
    return report_of(blocks, spec).rows[0];
  };
  // By object each object is read by one region: 50 misses; by request by all three: 150.
  CHECK(row_by(RegionRule::kObject).origin == 50);
  CHECK(row_by(RegionRule::kRequest).origin == 150);
  spec.rule = RegionRule::kGiven;
  CHECK(report_of(blocks, spec).asked == std::vector<std::uint64_t>{1000, 1000, 1000});
  spec.rule = RegionRule::kSession;  // 300 chains of ten
  for (const std::uint64_t asked : report_of(blocks, spec).asked) CHECK(asked % 10 == 0);
  spec.rule = RegionRule::kRequest;
  spec.shares = {1, 0, 3};
  const auto asked = report_of(blocks, spec).asked;
  CHECK(asked[1] == 0);
  CHECK(static_cast<double>(asked[2]) / static_cast<double>(asked[0]) ==
        doctest::Approx(3).epsilon(0.2));
}

TEST_CASE("what cannot be replayed is said") {
  const Blocks blocks = zipf_blocks();
  const auto error = [&](auto change) {
    RegionsSpec spec = zipf_spec(0);
    change(spec);
    const auto report = replay_regions(blocks, {}, spec);
    return report ? "" : report.error().text();
  };
  CHECK(error([](RegionsSpec& s) { s.modes = {"global"}; }).find("--mode") == 0);
  CHECK(error([](RegionsSpec& s) { s.modes = {"local-only:hot=1"}; }).find("--mode") == 0);
  CHECK(error([](RegionsSpec& s) { s.policy = "belady"; }).find("future") != std::string::npos);
  CHECK(error([](RegionsSpec& s) { s.policy = "lur"; }).find("--policy") == 0);
  CHECK(error([](RegionsSpec& s) { s.shares = {1, 2}; }).find("--shares") == 0);
  CHECK(error([](RegionsSpec& s) { s.world.names.clear(); }).find("--regions") == 0);
  CHECK_FALSE(parse_region_rule("moon").ok());
}

TEST_CASE("conversation trace over three regions: pooled caches serve more, and it costs") {
  const std::string path =
      FLEETCACHE_SOURCE_DIR "/../shared/data/kv-mooncake-conversation/conversation_trace.jsonl.zst";
  if (!std::filesystem::exists(path)) {
    MESSAGE("skipped: " << path << " is not there");
    return;
  }
  RegionsSpec spec = zipf_spec(-1);
  spec.rule = RegionRule::kSession;
  spec.capacity = {0, 50'000};  // 5 % of the working set in each region
  spec.object_bytes = 16 << 20;
  const auto report = replay_regions(path, {}, spec);
  REQUIRE(report.ok());
  auto rows = by_mode(*report);
  CHECK(rows["local-only"].requests == 288'500);
  const auto served = [&](const char* mode) { return rows[mode].local + rows[mode].peer; };
  CHECK(served("peer-read-through") > served("local-only"));
  CHECK(served("home-region") > served("local-only"));
  CHECK(rows["local-only"].wan_bytes == 0);
  CHECK(rows["home-region"].egress_nanousd > rows["peer-read-through"].egress_nanousd);
}

namespace {

/// Two regions with their own origins and room for `objects` of 1 GiB each.
RegionsSpec two_regions(const char* mode, std::uint64_t objects) {
  RegionsSpec spec;
  spec.modes = {mode};
  spec.rule = RegionRule::kGiven;
  spec.capacity.amount = objects * kGib;
  spec.capacity.in_bytes = true;
  spec.world = world_of({2, 2}, -1);
  for (pooling::Origin& origin : spec.world.origins) origin.link.nanousd_per_gib = 3 * kCent;
  return spec;
}

}  // namespace

TEST_CASE("a copy is paid for from when it came") {
  RegionsSpec spec = two_regions("local-only", 5);
  spec.horizon = Duration(300 * kSec);
  const auto report = report_of({{read_of(0, 1, 0, kGib), read_of(100 * kSec, 2, 0, kGib)}}, spec);
  CHECK(report.rows[0].held_byte_s == (300 + 200) * kGib);
}

TEST_CASE("a get that is too slow costs its timeout, then the origin's time") {
  RegionsSpec spec = two_regions("peer-read-through:timeout_percent=300", 5);
  spec.slow_ppm = 1'000'000;
  const auto report = report_of({{read_of(0, 1, 0, kGib), read_of(kSec, 1, 1, kGib)}}, spec);
  const std::uint64_t origin = 20'000 + kGib / 100;
  CHECK(report.rows[0].timeouts == 1);
  CHECK(report.rows[0].origin == 2);
  CHECK(report.rows[0].wait_us == origin + 3 * (50'000 + kGib / 1000) + origin);
}

TEST_CASE("serving another region is a use of the copy") {
  // Room for two: 1 and 2 come, region 1 reads 1, so 3 drives out 2.
  const Blocks blocks = {{read_of(0, 1, 0, kGib), read_of(1, 2, 0, kGib), read_of(2, 1, 1, kGib),
                          read_of(3, 3, 0, kGib), read_of(4, 1, 0, kGib)}};
  const auto report = report_of(blocks, two_regions("peer-read-through", 2));
  CHECK(report.rows[0].peer == 1);
  CHECK(report.rows[0].local == 1);
}

TEST_CASE("cost-aware: the prior at the first read, then the rate so far") {
  const auto fills = [](const char* mode, std::int64_t gap) {
    RegionsSpec spec = two_regions(mode, 5);
    spec.world.hold_nanousd_per_gib_month = 27'000'000;  // 0.9 of a read: from 1.9 reads on
    return report_of({{read_of(0, 1, 0, kGib), read_of(gap, 1, 0, kGib)}}, spec).rows[0].fills;
  };
  CHECK(fills("cost-aware:usd_per_hour=0:prior_reads=1.95", 2 * kMonth) == 1);
  CHECK(fills("cost-aware:usd_per_hour=0:prior_reads=1.85", 2 * kMonth) == 0);  // then 1.5 a month
  CHECK(fills("cost-aware:usd_per_hour=0:prior_reads=1.85", kMonth) == 1);      // 2 a month
  CHECK(fills("cost-aware:usd_per_hour=0:prior_reads=1.85", kMonth * 10 / 9 + 1000 * kSec) == 0);
  CHECK(fills("cost-aware:usd_per_hour=0:prior_reads=1.85", kMonth * 10 / 9 - 1000 * kSec) == 1);
}
