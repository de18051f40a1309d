// The C binding and the C++ binding make the same decisions: every policy over seeded traces with
// everything a host does, one call of each binding after the other.
#include <doctest/doctest.h>

#include "policies/abi/fleetcache_policy.h"
#include "tests/contract/traces.hpp"

using namespace fleetcache;
using namespace fleetcache::testing;
using eviction::Cache;
using eviction::Handle;
using eviction::Meta;
using eviction::Victim;

namespace {

fcp_meta to_c(const Meta& meta) {
  fcp_meta m = FCP_META_INIT;
  m.id = meta.id;
  m.charge = meta.charge;
  m.next_access = meta.next_access;
  m.expires_ns = meta.expires.ns;
  m.cost = meta.cost;
  return m;
}

/// One cache in both bindings.
class Both {
 public:
  Both(std::string_view policy, bool unit_charge, std::uint32_t features) {
    eviction::Config config;
    config.capacity = unit_charge ? 100 : 100 * 600;
    config.max_entries = 100;
    config.unit_charge = unit_charge;
    config.seed = 11;
    config.features = features;
    config.max_capacity = 2 * config.capacity;
    core = std::make_unique<Cache>(Cache::create(policy, config).value());
    const std::string name(policy);
    fcp_cache_config c = FCP_INIT(fcp_cache_config);
    c.policy = name.c_str();
    c.capacity = config.capacity;
    c.max_entries = config.max_entries;
    c.unit_charge = unit_charge ? 1 : 0;
    c.seed = config.seed;
    c.features = features;
    c.max_capacity = config.max_capacity;
    REQUIRE(fcp_cache_create(&c, &binding, nullptr, 0) == FCP_OK);
  }
  ~Both() { fcp_cache_destroy(binding); }
  Both(const Both&) = delete;
  Both& operator=(const Both&) = delete;

  void step(std::uint64_t k, const Meta& meta, SplitMix& random) {
    const TimePoint now{static_cast<std::int64_t>(k) << 20};
    const fcp_meta m = to_c(meta);
    const Handle h = core->find(meta.id);
    const fcp_handle c = fcp_find(binding, 0, m.id, 0);
    REQUIRE(static_cast<bool>(h) == (c != 0));
    const bool hit = h && core->access(now, h, meta.next_access);
    if (h) REQUIRE((fcp_access(binding, now.ns, c, m.next_access) == FCP_OK) == hit);
    const std::uint64_t what = random.below(100);
    if (hit && what < 4) REQUIRE((fcp_pin(binding, c) == FCP_OK) == core->pin(h));
    if (hit && what >= 4 && what < 9) REQUIRE((fcp_unpin(binding, c) == FCP_OK) == core->unpin(h));
    if (hit && what == 10)
      REQUIRE((fcp_erase(binding, now.ns, c) == FCP_OK) == core->erase(now, h));
    if (hit) return;
    core->miss(now, meta);
    REQUIRE(fcp_miss(binding, now.ns, &m) == FCP_OK);
    if (what < 30) {
      const Handle got = core->admit(now, meta);
      fcp_handle entry = 0;
      REQUIRE((fcp_admit(binding, now.ns, &m, nullptr, nullptr, &entry) == FCP_OK) ==
              static_cast<bool>(got));
    } else if (!h) {
      insert(now, meta, m, what);
    }
  }

  void insert(TimePoint now, const Meta& meta, const fcp_meta& m, std::uint64_t what) {
    Victim victims[3];
    fcp_victim seen[3];
    Handle handles[3];
    fcp_handle c_handles[3];
    const std::size_t room = 1 + what % 3;
    if (!core->admissible(meta)) {
      fcp_handle entry = 0;
      REQUIRE(fcp_insert(binding, now.ns, &m, &entry) == FCP_E_REFUSED);
      return;
    }
    while (core->must_evict(&meta)) {
      REQUIRE(fcp_must_evict(binding, &m) == 1);
      fcp_handle entry = 0;
      REQUIRE(fcp_insert(binding, now.ns, &m, &entry) == FCP_E_FULL);
      fcp_want want = FCP_INIT(fcp_want);
      want.incoming = &m;
      const std::size_t found = core->reserve(now, &meta, victims, room);
      std::size_t count = 0;
      REQUIRE(fcp_reserve(binding, now.ns, &want, seen, room, &count) == FCP_OK);
      REQUIRE(count == found);
      if (found == 0) return;
      for (std::size_t k = 0; k < found; ++k) {
        REQUIRE(seen[k].id == victims[k].id);
        REQUIRE(seen[k].charge == victims[k].charge);
        handles[k] = victims[k].handle;
        c_handles[k] = seen[k].handle;
      }
      if (what % 5 == 0) {
        what = 1;
        core->abort(now, handles, found);
        fcp_abort(binding, now.ns, c_handles, count);
        continue;
      }
      core->commit(now, handles, found);
      fcp_commit(binding, now.ns, c_handles, count);
    }
    fcp_handle entry = 0;
    core->insert(now, meta);
    REQUIRE(fcp_insert(binding, now.ns, &m, &entry) == FCP_OK);
    REQUIRE(fcp_insert(binding, now.ns, &m, &entry) == FCP_E_EXISTS);
  }

  std::unique_ptr<Cache> core;
  fcp_cache* binding = nullptr;
};

Trace mixed_trace(std::uint64_t seed, std::uint32_t features) {
  SplitMix random(seed);
  Trace trace;
  for (std::uint64_t k = 0; k < 4000; ++k) {
    Meta meta = one(random.below(2) == 0 ? random.below(60) : random.below(600));
    if (k % 500 < 80) meta.id = 1000 + k;  // a scan
    meta.charge = 1 + mix64(meta.id) % 1200;
    if ((features & eviction::kTtl) != 0 && meta.id % 3 == 0) {
      meta.expires = {static_cast<std::int64_t>(k + 40 + meta.id % 400) << 20};
    }
    if ((features & eviction::kCosts) != 0) meta.cost = 1 + static_cast<std::uint32_t>(meta.id % 9);
    trace.push_back(meta);
  }
  link_next_access(trace);
  return trace;
}

}  // namespace

TEST_CASE("every policy decides the same through C as through C++") {
  for (const eviction::PolicyInfo& policy : eviction::policies()) {
    for (const std::uint32_t features : {0U, std::uint32_t{eviction::kTtl | eviction::kCosts}}) {
      for (const bool unit_charge : {true, false}) {
        CAPTURE(policy.name);
        CAPTURE(features);
        Both both(policy.name, unit_charge, features);
        SplitMix random(3);
        const Trace trace = mixed_trace(42 + features, features);
        for (std::size_t k = 0; k < trace.size(); ++k) {
          both.step(k, trace[k], random);
          if (k == 2000) {
            std::uint64_t over = 0;
            const auto excess = both.core->resize(both.core->capacity() * 3 / 2);
            REQUIRE(fcp_resize(both.binding, both.core->capacity(), &over) == FCP_OK);
            REQUIRE(over == excess.value());
          }
          if (k % 256 == 0) REQUIRE(fcp_state_hash(both.binding) == both.core->state_hash());
        }
        CHECK(fcp_state_hash(both.binding) == both.core->state_hash());
        fcp_stats stats = FCP_INIT(fcp_stats);
        REQUIRE(fcp_get_stats(both.binding, 0, &stats) == FCP_OK);
        CHECK(stats.hits == both.core->stats().hits);
        CHECK(stats.misses == both.core->stats().misses);
        CHECK(stats.evictions == both.core->stats().evictions);
        CHECK(stats.aborts == both.core->stats().aborts);
        CHECK(stats.scanned == both.core->stats().scanned);
        CHECK(stats.used == both.core->used());
        char text[200];
        CHECK_MESSAGE(fcp_audit(both.binding, text, sizeof text) == FCP_OK, text);
      }
    }
  }
}

TEST_CASE("requests one by one, in batches and in C++ leave the same state") {
  const Trace trace = zipf_trace(5000, 40000, 9);
  std::vector<fcp_lookup> lookups;
  for (const Meta& meta : trace) lookups.push_back({0, meta.id, meta.charge, meta.next_access});
  for (const eviction::PolicyInfo& policy : eviction::policies()) {
    CAPTURE(policy.name);
    Both single(policy.name, true, 0);
    Both batched(policy.name, true, 0);
    std::uint64_t hits = 0;
    std::uint64_t c_hits = 0;
    for (const Meta& meta : trace) {
      const fcp_meta m = to_c(meta);
      hits += single.core->request({}, meta) ? 1 : 0;
      const std::int32_t answer = fcp_request(single.binding, 0, &m);
      REQUIRE(answer >= 0);
      c_hits += static_cast<std::uint64_t>(answer);
    }
    std::vector<std::uint8_t> which(trace.size(), 9);
    std::uint64_t batch_hits = 0;
    REQUIRE(fcp_request_n(batched.binding, lookups.data(), lookups.size(), which.data(),
                          &batch_hits) == FCP_OK);
    CHECK(hits == c_hits);
    CHECK(hits == batch_hits);
    CHECK(hits == static_cast<std::uint64_t>(std::count(which.begin(), which.end(), 1)));
    CHECK(std::count(which.begin(), which.end(), 0) + std::count(which.begin(), which.end(), 1) ==
          static_cast<std::ptrdiff_t>(trace.size()));
    CHECK(fcp_state_hash(single.binding) == single.core->state_hash());
    CHECK(fcp_state_hash(batched.binding) == single.core->state_hash());
  }
}
