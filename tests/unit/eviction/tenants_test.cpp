// Tenants that share one cache: shares, borrowing and reclaiming, over every policy.
#include "policies/eviction/tenants.hpp"

#include <doctest/doctest.h>

#include <numeric>

#include "tests/contract/traces.hpp"

using namespace fleetcache;
using namespace fleetcache::eviction;
using namespace fleetcache::testing;

namespace {

constexpr TimePoint kNow{};

TenantCache make(std::string_view policy, std::uint64_t capacity, std::uint32_t tenants) {
  return TenantCache::create(policy, unit_config(capacity), tenants).value();
}
Meta of(std::uint32_t tenant, ObjectId id, std::uint64_t charge = 1) {
  Meta meta = one(id, charge);
  meta.tenant = tenant;
  return meta;
}
std::uint64_t sum(const std::vector<std::uint64_t>& v) {
  return std::accumulate(v.begin(), v.end(), std::uint64_t{0});
}

}  // namespace

TEST_CASE("shares: by weight, within bounds, and no unit is lost") {
  CHECK(fair_shares(100, {{}, {}, {0, ~0ULL, 2}}) == std::vector<std::uint64_t>{25, 25, 50});
  CHECK(fair_shares(10, {{}, {}, {}}) == std::vector<std::uint64_t>{4, 3, 3});
  CHECK(fair_shares(100, {{60, ~0ULL, 1}, {}, {}}) == std::vector<std::uint64_t>{60, 20, 20});
  CHECK(fair_shares(100, {{0, 10, 1}, {}, {}}) == std::vector<std::uint64_t>{10, 45, 45});
  CHECK(fair_shares(100, {{0, 10, 1}, {0, 20, 1}}) == std::vector<std::uint64_t>{10, 20});
  // A maximum that raises the level of the others above a minimum that would have bound alone.
  CHECK(fair_shares(100, {{40, ~0ULL, 1}, {0, 10, 1}, {}}) ==
        std::vector<std::uint64_t>{45, 10, 45});
}

TEST_CASE("shares: no level gives a fairer division, for random quotas") {
  SplitMix random(7);
  for (int round = 0; round < 2000; ++round) {
    const std::uint64_t capacity = 50 + random.below(1000);
    std::vector<Quota> quotas(1 + random.below(6));
    std::uint64_t left = capacity;
    for (Quota& q : quotas) {
      q.weight = static_cast<std::uint32_t>(1 + random.below(5));
      q.min = random.below(3) == 0 ? random.below(left / 2 + 1) : 0;
      left -= q.min;
      if (random.below(3) == 0) q.max = q.min + random.below(capacity);
    }
    const auto shares = fair_shares(capacity, quotas);
    std::uint64_t most = 0;
    for (const Quota& q : quotas) most += std::min(q.max, capacity);
    CHECK(sum(shares) == std::min(most, capacity));
    for (std::size_t t = 0; t < quotas.size(); ++t) {
      CHECK(shares[t] >= quotas[t].min);
      CHECK(shares[t] <= quotas[t].max);
      for (std::size_t u = 0; u < quotas.size(); ++u) {
        // Nobody above his minimum has more by weight than one below his maximum, but for rounding.
        if (t == u || shares[t] == quotas[t].min || shares[u] == quotas[u].max) continue;
        CHECK((shares[t] - 1) * quotas[u].weight <= (shares[u] + 1) * quotas[t].weight);
      }
    }
  }
}

TEST_CASE("one tenant decides as the plain policy") {
  for (const PolicyInfo& policy : policies()) {
    CAPTURE(policy.name);
    TenantCache whole = make(policy.name, 40, 1);
    Cache plain = make_cache(policy.name, unit_config(40));
    for (const Meta& meta : mixed_trace(200, 3000, 1, 5)) {
      CHECK(whole.request(kNow, meta) == plain.request(kNow, meta));
    }
    CHECK(whole.state_hash() == plain.state_hash());
  }
}

TEST_CASE("idle space is lent, and comes back from whoever is furthest over his share") {
  TenantCache cache = make("lru", 30, 3);
  for (ObjectId id = 0; id < 30; ++id) cache.request(kNow, of(0, id));
  CHECK(cache.used(0) == 30);  // all of it, while nobody else asks
  for (ObjectId id = 0; id < 30; ++id) cache.request(kNow, of(1, id));
  CHECK(cache.used(0) == 15);  // two share what the third leaves
  CHECK(cache.used(1) == 15);
  for (ObjectId id = 0; id < 5; ++id) cache.request(kNow, of(2, id));
  CHECK(cache.used(2) == 5);
  CHECK(cache.used(0) + cache.used(1) == 25);
  for (ObjectId id = 5; id < 50; ++id) cache.request(kNow, of(2, id));
  for (std::uint32_t t = 0; t < 3; ++t) CHECK(cache.used(t) == 10);
}

TEST_CASE("quotas hold for every policy, whatever comes, and the cache is used to the full") {
  for (const PolicyInfo& policy : policies()) {
    CAPTURE(policy.name);
    for (const bool by_bytes : {false, true}) {
      Config config = by_bytes ? byte_config(600, 120) : unit_config(60);
      TenantCache cache = TenantCache::create(policy.name, config, 4).value();
      const std::uint64_t unit = by_bytes ? 10 : 1;
      REQUIRE(cache.set_quotas({{20 * unit, ~0ULL, 1}, {0, 15 * unit, 1}, {}, {0, ~0ULL, 3}}));
      SplitMix random(3);
      std::vector<std::uint64_t> before(4);
      for (int k = 0; k < 6000; ++k) {
        for (std::uint32_t t = 0; t < 4; ++t) before[t] = cache.used(t);
        const auto tenant = static_cast<std::uint32_t>(random.below(k < 3000 ? 2 : 4));
        const ObjectId id = std::min(random.below(90), random.below(90));
        cache.request(kNow, of(tenant, id, by_bytes ? 1 + id % 8 : 1));
        REQUIRE(cache.audit() == "");
        CHECK(cache.used() <= cache.capacity());
        CHECK(cache.used(1) <= 15 * unit);
        for (std::uint32_t t = 0; t < 4; ++t) {
          // One within his share loses nothing to another.
          if (t != tenant && before[t] <= cache.share(t)) CHECK(cache.used(t) == before[t]);
        }
      }
      if (policy.evicts && !by_bytes && policy.name != "twoq") CHECK(cache.used() == 60);
    }
  }
}

TEST_CASE("two phases across tenants: handles name the tenant, an abort restores the victim") {
  TenantCache cache = make("s3fifo", 20, 2);
  for (ObjectId id = 0; id < 40; ++id) cache.request(kNow, of(0, id));
  const Meta incoming = of(1, 7);
  REQUIRE(cache.must_evict(&incoming));
  Victim victim;
  Want want;
  want.incoming = &incoming;
  REQUIRE(cache.reserve(kNow, want, &victim, 1) == 1);
  CHECK(cache.tenant_of(victim.handle) == 0);
  CHECK_FALSE(cache.live(victim.handle));
  cache.abort(kNow, &victim.handle, 1);
  CHECK(cache.live(victim.handle));
  Victim again;
  REQUIRE(cache.reserve(kNow, want, &again, 1) == 1);
  CHECK(again.id == victim.id);
  cache.commit(kNow, &again.handle, 1);
  REQUIRE_FALSE(cache.must_evict(&incoming));
  const Handle h = cache.insert(kNow, incoming);
  CHECK(cache.find(1, 7) == h);
  CHECK_FALSE(cache.find(0, 7) == h);
  CHECK(cache.audit() == "");
}

TEST_CASE("resize, save and restore keep tenants and quotas") {
  TenantCache cache = make("arc", 40, 2);
  REQUIRE(cache.set_quotas({{10, ~0ULL, 1}, {0, 25, 2}}));
  for (int k = 0; k < 500; ++k) {
    cache.request(kNow, of(static_cast<std::uint32_t>(k % 2), static_cast<ObjectId>(k * k % 61)));
  }
  std::string bytes;
  REQUIRE(cache.save([&](const void* p, std::size_t n) {
    bytes.append(static_cast<const char*>(p), n);
    return true;
  }));
  const auto from = [](const std::string& text) {
    return [&text, at = std::size_t{0}](void* out, std::size_t n) mutable {
      if (n > text.size() - at) return false;
      text.copy(static_cast<char*>(out), n, at);
      at += n;
      return true;
    };
  };
  Result<TenantCache> copy = TenantCache::restore(from(bytes));
  REQUIRE(copy);
  CHECK(copy->state_hash() == cache.state_hash());
  for (std::size_t at = 0; at < bytes.size(); at += 97) {
    std::string damaged = bytes;
    damaged[at] = static_cast<char>(damaged[at] ^ 4);
    CHECK_FALSE(TenantCache::restore(from(damaged)).ok());
    CHECK_FALSE(TenantCache::restore(from(bytes.substr(0, at))).ok());
  }
  const std::uint64_t over = cache.resize(20).value();
  CHECK(over == cache.used() - 20);
  while (cache.must_evict(nullptr)) {
    Victim victim;
    REQUIRE(cache.reserve(kNow, Want{}, &victim, 1) == 1);
    cache.commit(kNow, &victim.handle, 1);
  }
  CHECK(cache.used() == 20);
  CHECK(cache.audit() == "");
  CHECK_FALSE(cache.resize(5).ok());  // the minima no longer fit
}
