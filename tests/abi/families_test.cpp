// Pacing, admission, placement, pooling, shadow and curve: the C binding against the C++ binding on
// seeded inputs.
#include <doctest/doctest.h>

#include <cmath>

#include "policies/abi/fleetcache_policy.h"
#include "policies/admission/admission.hpp"
#include "policies/eviction/shadow.hpp"
#include "policies/eviction/shards.hpp"
#include "policies/pacing/pacing.hpp"
#include "policies/placement/epochs.hpp"
#include "policies/pooling/pooling.hpp"
#include "tests/contract/traces.hpp"

using namespace fleetcache;
using fleetcache::testing::SplitMix;

TEST_CASE("every pacing kind and preset orders the same through C") {
  for (const pacing::PolicyInfo& info : pacing::policies()) {
    CAPTURE(info.name);
    const pacing::Config config = pacing::configure(info.name).value();
    pacing::State state = pacing::start(config, {5});
    const std::string name(info.name);
    fcp_pacer* pacer = nullptr;
    REQUIRE(fcp_pacer_create(name.c_str(), nullptr, 0, &pacer, nullptr, 0) == FCP_OK);
    fcp_pacing_state c_state;
    REQUIRE(fcp_pacer_start(pacer, 5, &c_state) == FCP_OK);
    SplitMix random(1);
    std::int64_t now = 5;
    std::uint64_t evicts = 0;
    for (int k = 0; k < 3000; ++k) {
      now += static_cast<std::int64_t>(random.below(40'000'000'000));
      fcp_pacing_load load = FCP_INIT(fcp_pacing_load);
      load.capacity = 1 << 30;
      load.used = random.below(load.capacity + 1);
      load.entries = random.below(5000);
      load.need = random.below(3) == 0 ? random.below(1 << 28) : 0;
      const pacing::Step step =
          pacing::step(config, state, {now}, {load.used, load.capacity, load.entries, load.need});
      fcp_pacing_order order = FCP_INIT(fcp_pacing_order);
      REQUIRE(fcp_pacer_step(pacer, &c_state, now, &load, &order) == FCP_OK);
      REQUIRE(order.verdict == static_cast<std::int32_t>(step.verdict));
      REQUIRE(order.reason == static_cast<std::int32_t>(step.reason));
      REQUIRE(order.bytes == step.bytes);
      REQUIRE(order.entries == step.entries);
      REQUIRE(order.least_bytes == step.least_bytes);
      REQUIRE(order.max_entries == step.max_entries);
      REQUIRE(order.max_scan == step.max_scan);
      REQUIRE(order.idle_before_ns == step.idle_before.ns);
      REQUIRE(order.next_due_ns == step.next_due.ns);
      REQUIRE(order.round == step.round);
      evicts += order.verdict == FCP_PACE_EVICT ? 1 : 0;
    }
    CHECK(evicts > 0);
    fcp_pacer_destroy(pacer);
  }
}

TEST_CASE("every admission policy decides the same through C") {
  for (const admission::PolicyInfo& info : admission::policies()) {
    CAPTURE(info.name);
    admission::Config config;
    config.seed = 4;
    config.entries = 500;
    // The one rule without a default for all it needs.
    const fcp_param target = {"target_mb_per_s", "15"};
    const bool budget = info.name == "write-budget";
    if (budget) config.params.emplace_back(target.key, target.value);
    Result<admission::Policy> made = admission::Policy::create(info.name, config);
    REQUIRE(made.ok());
    const std::string name(info.name);
    fcp_admission* binding = nullptr;
    REQUIRE(fcp_admission_create(name.c_str(), &target, budget ? 1 : 0, 500, 4, &binding, nullptr,
                                 0) == FCP_OK);
    SplitMix random(8);
    std::uint64_t admitted = 0;
    for (std::int64_t k = 0; k < 20000; ++k) {
      const TimePoint now{k * 1'000'000};
      fcp_admission_request r = FCP_INIT(fcp_admission_request);
      r.id = random.below(2) == 0 ? random.below(300) : random.below(30000);
      r.charge = 1 + r.id % 70000;
      r.op = static_cast<std::uint16_t>(random.below(4));
      r.klass = static_cast<std::uint16_t>(r.id % 3);
      r.depth = static_cast<std::uint16_t>(r.id % 5);
      r.tenant = static_cast<std::uint16_t>(r.id % 2);
      const admission::Request request{
          r.id, r.charge, 0, r.tenant, r.klass, r.depth, static_cast<admission::Op>(r.op)};
      fcp_admission_load l = FCP_INIT(fcp_admission_load);
      l.queue_depth = static_cast<std::uint32_t>(random.below(16));
      l.device_written = static_cast<std::uint64_t>(k) * 9000;
      l.write_budget = 20'000'000;
      l.free_ppm = static_cast<std::uint32_t>(random.below(1000001));
      l.would_evict = random.below(2) != 0 ? 1 : 0;
      l.victim = random.below(300);
      const admission::Load load{l.device_written, l.write_budget,     l.queue_depth,
                                 l.free_ppm,       l.would_evict != 0, l.victim};
      const bool hit = random.below(3) == 0;
      made->seen(now, request, hit);
      REQUIRE(fcp_admission_seen(binding, now.ns, &r, hit ? 1 : 0) == FCP_OK);
      if (hit) continue;
      const auto decision = static_cast<std::int32_t>(made->decide(now, request, load));
      REQUIRE(fcp_admission_decide(binding, now.ns, &r, &l) == decision);
      admitted += decision == FCP_ADMIT ? 1 : 0;
      if (random.below(4) == 0) {
        made->outcome(now, request, decision == FCP_ADMIT);
        fcp_admission_outcome(binding, now.ns, &r, decision == FCP_ADMIT ? 1 : 0);
      }
    }
    CHECK(fcp_admission_state_hash(binding) == made->state_hash());
    if (info.name != "never") CHECK(admitted > 0);
    fcp_admission_destroy(binding);
  }
}

namespace {

std::vector<placement::Member> members(std::size_t count) {
  std::vector<placement::Member> all;
  for (std::uint32_t k = 0; k < count; ++k) {
    placement::Member member;
    member.id = 7000 + k * 13;
    member.weight = 1.0 + 0.5 * (k % 3);
    member.region = k % 2;
    member.zone = k % 4;
    member.domain = k / 4;
    member.host = k;
    if (k % 11 == 5) member.state = placement::State::kDrain;
    all.push_back(member);
  }
  return all;
}

fcp_map* build(const char* policy, const std::vector<placement::Member>& all, std::uint64_t epoch) {
  std::vector<fcp_member> c;
  for (const placement::Member& m : all) {
    c.push_back({m.id, static_cast<std::uint32_t>(m.weight * 65536),
                 static_cast<std::uint32_t>(m.state), m.region, m.zone, m.domain, m.host});
  }
  fcp_map_config config = FCP_INIT(fcp_map_config);
  config.policy = policy;
  config.seed = 77;
  config.epoch = epoch;
  config.spread = FCP_SPREAD_RACK;
  fcp_map* map = nullptr;
  char message[300] = "";
  const fcp_status status = fcp_map_build(&config, c.data(), static_cast<std::uint32_t>(c.size()),
                                          &map, message, sizeof message);
  CHECK_MESSAGE((status == FCP_OK) == (map != nullptr), message);
  return map;
}

}  // namespace

TEST_CASE("every placement answers the same through C") {
  for (const placement::PolicyInfo& info : placement::policies()) {
    CAPTURE(info.name);
    placement::Config config;
    config.seed = 77;
    config.epoch = 3;
    auto core = placement::build(info.name, config, members(40));
    const std::string name(info.name);
    fcp_map* map = build(name.c_str(), members(40), 3);
    REQUIRE((map != nullptr) == core.ok());
    if (!core) continue;
    CHECK(fcp_map_epoch(map) == 3);
    CHECK(fcp_map_bytes(map) == (*core)->memory_bytes());
    std::vector<std::uint64_t> loads(40);
    std::uint64_t total = 0;
    for (std::size_t k = 0; k < loads.size(); ++k) {
      loads[k] = k % 7;
      if (k % 11 != 5) total += loads[k];
    }
    for (std::uint64_t key = 0; key < 2000; ++key) {
      std::uint32_t owners[3];
      std::uint32_t c_owners[3];
      placement::Query query;
      query.count = 3;
      std::uint32_t found = (*core)->lookup(key, query, owners);
      REQUIRE(fcp_map_lookup(map, key, 3, c_owners) == found);
      for (std::uint32_t k = 0; k < found; ++k) REQUIRE(owners[k] == c_owners[k]);
      std::uint32_t first = 99;
      REQUIRE(fcp_map_lookup_n(map, &key, 1, &first) == FCP_OK);
      REQUIRE(first == owners[0]);
      query.loads = loads.data();
      query.total = total;
      found = (*core)->lookup(key, query, owners);
      REQUIRE(fcp_map_lookup_bounded(map, key, 3, loads.data(), total, 320, c_owners) == found);
      for (std::uint32_t k = 0; k < found; ++k) REQUIRE(owners[k] == c_owners[k]);
    }
    config.epoch = 4;
    auto later = placement::build(info.name, config, members(44));
    fcp_map* c_later = build(name.c_str(), members(44), 4);
    REQUIRE(later.ok());
    std::uint32_t ppm = 0;
    REQUIRE(fcp_map_moved_ppm(map, c_later, 5, 4000, &ppm) == FCP_OK);
    const double moved = placement::moved_fraction(**core, **later, 5, 4000);
    CHECK(std::fabs(static_cast<double>(ppm) - moved * 1e6) <= 0.5);
    CHECK(ppm > 0);
    fcp_map_destroy(c_later);
    fcp_map_destroy(map);
  }
}

TEST_CASE("every pooling mode plans the same through C") {
  for (const pooling::PolicyInfo& info : pooling::policies()) {
    CAPTURE(info.name);
    const pooling::Config config = pooling::configure(info.name).value();
    const std::string name(info.name);
    fcp_pooling* binding = nullptr;
    REQUIRE(fcp_pooling_create(name.c_str(), nullptr, 0, &binding, nullptr, 0) == FCP_OK);
    SplitMix random(21);
    constexpr std::uint32_t kRegions = 4;
    for (int k = 0; k < 3000; ++k) {
      pooling::Link links[kRegions * kRegions];
      fcp_link c_links[kRegions * kRegions];
      pooling::Origin origins[kRegions];
      fcp_origin c_origins[kRegions];
      std::uint32_t heat[kRegions];
      for (std::uint32_t l = 0; l < kRegions * kRegions; ++l) {
        links[l] = {static_cast<std::uint32_t>(random.below(100000)),
                    static_cast<std::uint32_t>(random.below(3) * 400), random.below(30'000'000)};
        c_links[l] = {links[l].rtt_us, links[l].bytes_per_us, links[l].nanousd_per_gib};
      }
      for (std::uint32_t r = 0; r < kRegions; ++r) {
        origins[r] = {links[r], random.below(1000)};
        c_origins[r] = {c_links[r], origins[r].nanousd_per_request};
        heat[r] = static_cast<std::uint32_t>(random.below(12));
      }
      fcp_pooling_view c = FCP_INIT(fcp_pooling_view);
      c.regions = kRegions;
      c.self = static_cast<std::uint32_t>(random.below(kRegions));
      c.home = static_cast<std::uint32_t>(random.below(kRegions));
      c.links = c_links;
      c.origins = c_origins;
      c.have = random.below(16);
      c.have_age_ns = static_cast<std::int64_t>(random.below(100'000'000'000));
      c.hold_nanousd_per_gib_month = random.below(100'000'000);
      c.bytes = random.below(1 << 26);
      c.heat = heat;
      c.reads_per_month_ppm = random.below(10'000'000);
      pooling::View view;
      view.regions = c.regions;
      view.self = c.self;
      view.home = c.home;
      view.links = links;
      view.origins = origins;
      view.have = c.have;
      view.have_age = Duration(c.have_age_ns);
      view.hold_nanousd_per_gib_month = c.hold_nanousd_per_gib_month;
      pooling::Plan plan;
      pooling::plan(config, view, {c.bytes, heat, c.reads_per_month_ppm}, plan);
      fcp_pooling_step steps[FCP_MAX_STEPS];
      std::uint32_t count = 0;
      REQUIRE(fcp_pooling_plan(binding, &c, steps, &count) == FCP_OK);
      REQUIRE(count == plan.count);
      for (std::uint32_t s = 0; s < count; ++s) {
        REQUIRE(steps[s].act == static_cast<std::int32_t>(plan.steps[s].act));
        REQUIRE(steps[s].region == plan.steps[s].region);
        REQUIRE(steps[s].timeout_us == plan.steps[s].timeout_us);
        REQUIRE(steps[s].hedge_us == plan.steps[s].hedge_us);
      }
    }
    fcp_pooling_view bad = FCP_INIT(fcp_pooling_view);
    fcp_pooling_step steps[FCP_MAX_STEPS];
    std::uint32_t count = 0;
    CHECK(fcp_pooling_plan(binding, &bad, steps, &count) == FCP_E_INVALID);
    fcp_pooling_destroy(binding);
  }
}

TEST_CASE("shadow and curve report the same through C") {
  eviction::Config config;
  config.capacity = 500;
  config.max_entries = 500;
  auto shadow = eviction::Shadow::create("sieve", config).value();
  auto shards = eviction::Shards::create(256, 3).value();
  fcp_cache_config c = FCP_INIT(fcp_cache_config);
  c.policy = "sieve";
  c.capacity = 500;
  c.max_entries = 500;
  fcp_shadow* c_shadow = nullptr;
  fcp_curve* c_curve = nullptr;
  REQUIRE(fcp_shadow_create(&c, &c_shadow, nullptr, 0) == FCP_OK);
  REQUIRE(fcp_curve_create(256, 3, &c_curve, nullptr, 0) == FCP_OK);
  for (const eviction::Meta& meta : fleetcache::testing::zipf_trace(3000, 30000, 6)) {
    fcp_meta m = FCP_META_INIT;
    m.id = meta.id;
    const bool hit = meta.id % 5 < 2;  // whatever the host hits
    if (hit) {
      shadow.hit({}, meta);
      fcp_shadow_hit(c_shadow, 0, &m);
    } else {
      shadow.miss({}, meta);
      fcp_shadow_miss(c_shadow, 0, &m);
      shadow.insert({}, meta);
      fcp_shadow_insert(c_shadow, 0, &m);
    }
    if (meta.id % 97 == 0) {
      shadow.erase({}, meta.id);
      fcp_shadow_erase(c_shadow, 0, meta.id, 0);
    }
    shards.request(meta.id, 1);
    fcp_curve_request(c_curve, meta.id, 1);
  }
  fcp_shadow_report report = FCP_INIT(fcp_shadow_report);
  REQUIRE(fcp_shadow_get(c_shadow, &report) == FCP_OK);
  CHECK(report.requests == shadow.report().requests);
  CHECK(report.hits == shadow.report().hits);
  CHECK(report.would_hits == shadow.report().would_hits);
  CHECK(report.would_hits > 1000);
  for (const std::uint64_t capacity : {10U, 100U, 1000U}) {
    CHECK(fcp_curve_miss_ratio(c_curve, capacity) == shards.miss_ratio(capacity));
  }
  CHECK(fcp_curve_miss_ratio(c_curve, 100) < 1);
  fcp_shadow_destroy(c_shadow);
  fcp_curve_destroy(c_curve);
}
