// No call after creation allocates: malloc and its kin, which `new` ends in as well, are counted.
#include <doctest/doctest.h>

#include <cerrno>
#include <cstdlib>
#include <vector>

#include "policies/abi/fleetcache_policy.h"
#include "policies/admission/admission.hpp"
#include "policies/eviction/shadow.hpp"
#include "policies/eviction/shards.hpp"
#include "policies/eviction/tenants.hpp"
#include "policies/log/decision_log.hpp"
#include "policies/log/ring.hpp"
#include "policies/pacing/pacing.hpp"
#include "policies/placement/epochs.hpp"
#include "policies/placement/placement.hpp"
#include "policies/pooling/pooling.hpp"
#include "tests/contract/traces.hpp"

namespace {
std::uint64_t allocations = 0;
}

// glibc lets a program bring its own; these count and pass on.
extern "C" {
void* __libc_malloc(std::size_t);                 // NOLINT: glibc's names
void* __libc_calloc(std::size_t, std::size_t);    // NOLINT
void* __libc_realloc(void*, std::size_t);         // NOLINT
void* __libc_memalign(std::size_t, std::size_t);  // NOLINT

void* malloc(std::size_t size) noexcept {
  ++allocations;
  return __libc_malloc(size);
}
void* calloc(std::size_t count, std::size_t size) noexcept {
  ++allocations;
  return __libc_calloc(count, size);
}
void* realloc(void* memory, std::size_t size) noexcept {
  ++allocations;
  return __libc_realloc(memory, size);
}
void* aligned_alloc(std::size_t alignment, std::size_t size) noexcept {
  ++allocations;
  return __libc_memalign(alignment, size);
}
int posix_memalign(void** out, std::size_t alignment, std::size_t size) noexcept {
  ++allocations;
  *out = __libc_memalign(alignment, size);
  return *out == nullptr ? ENOMEM : 0;
}
}

using namespace fleetcache;
using namespace fleetcache::eviction;
using namespace fleetcache::testing;

namespace {

void use_everything(Cache& cache, const Trace& trace) {
  constexpr TimePoint kNow{};
  std::uint64_t dropped = 0;
  const OnVictim on_victim = [&dropped](const Victim& v) { dropped += v.charge; };
  const Eligible eligible = [](const Victim& v) {
    return v.id % 2 == 0 ? Verdict::kTake : Verdict::kSkip;
  };
  Victim victims[4];
  for (std::size_t k = 0; k < trace.size(); ++k) {
    const Meta& meta = trace[k];
    if (k % 3 == 0) {
      cache.request(kNow, meta);
      continue;
    }
    if (const Handle h = cache.find(meta.id)) {
      cache.access(kNow, h, meta.next_access);
      if (k % 5 == 0 && cache.pin(h)) cache.unpin(h);
      if (k % 50 == 0) cache.erase(kNow, h);
    } else {
      cache.miss(kNow, meta);
      cache.admit(kNow, meta, on_victim);
    }
    if (k % 7 != 0) continue;
    const std::size_t found = cache.reserve(kNow, &meta, victims, 4, eligible);
    for (std::size_t v = 0; v < found; ++v) {
      const Handle h = victims[v].handle;
      v % 2 == 0 ? cache.commit(kNow, &h, 1) : cache.abort(kNow, &h, 1);
    }
  }
}

/// Calls that `work` makes of malloc and its kin.
template <class Work>
std::uint64_t count_allocations(const Work& work) {
  const std::uint64_t before = allocations;
  work();
  return allocations - before;
}

/// The two-phase calls, holds and times of a cache with two tenants.
template <class Tenants>
void use_tenants(Tenants& cache, const Trace& trace) {
  TimePoint now{1};
  std::uint64_t dropped = 0;
  const OnVictim on_victim = [&dropped](const Victim& v) { dropped += v.charge; };
  const Eligible eligible = [](const Victim& v) { return static_cast<Verdict>(v.id % 5); };
  Want want;
  Victim victims[4];
  Handle handles[4];
  for (std::size_t k = 0; k < trace.size(); ++k) {
    now.ns += 1000000;
    Meta meta = trace[k];
    meta.tenant = static_cast<std::uint32_t>(k % 2);
    if (k % 5 == 0) meta.expires.ns = now.ns + 300000000;
    if (k % 3 == 0) {
      cache.request(now, meta);
      continue;
    }
    const Handle h = cache.find(meta.tenant, meta.id);
    if (h && cache.access(now, h, meta.next_access)) {
      if (k % 5 == 0 && cache.pin(h)) cache.unpin(h);
      if (k % 50 == 0) cache.erase(now, h);
    } else {
      cache.miss(now, meta);
      cache.admit(now, meta, on_victim);
    }
    if (k % 7 != 0) continue;
    want.incoming = k % 2 == 0 ? &meta : nullptr;
    want.eligible = k % 4 == 0 ? &eligible : nullptr;
    const std::size_t found =
        k % 3 == 1 ? cache.expire(now, victims, 4) : cache.reserve(now, want, victims, 4);
    for (std::size_t v = 0; v < found; ++v) handles[v] = victims[v].handle;
    cache.commit(now, handles, found / 2);
    cache.abort(now, handles + found / 2, found - found / 2);
  }
  CHECK(dropped > 0);
}

eviction::Config timed_config() {
  eviction::Config config = byte_config(503, 200);
  config.features = kTtl;
  return config;
}

}  // namespace

TEST_CASE("every kind of allocation is counted") {
  const std::uint64_t counted = count_allocations([] {
    void* volatile memory = std::malloc(10);
    memory = std::realloc(memory, 5000);
    std::free(memory);
    memory = std::calloc(3, 5);
    std::free(memory);
    memory = std::aligned_alloc(64, 128);
    std::free(memory);
    int* volatile number = new int(3);
    delete number;
  });
  CHECK(counted == 5);
}

TEST_CASE("an allocation inside a policy's callback is caught") {
  const Trace trace = mixed_trace(300, 2000, 9, 5);
  Cache cache = make_cache("lru", byte_config(503, 200));
  std::vector<std::uint64_t> kept;
  const OnVictim keeps = [&kept](const Victim& v) { kept.push_back(v.id); };
  const std::uint64_t counted = count_allocations([&] {
    for (const Meta& meta : trace) {
      cache.miss(TimePoint{}, meta);
      cache.admit(TimePoint{}, meta, keeps);
    }
  });
  CHECK(counted > 0);
}

TEST_CASE("no call after creation allocates") {
  const Trace trace = mixed_trace(300, 20000, 9, 5);
  for (const PolicyInfo& policy : policies()) {
    CAPTURE(policy.name);
    Cache cache = make_cache(policy.name, byte_config(503, 200));
    CHECK(count_allocations([&] { use_everything(cache, trace); }) == 0);
    CHECK(cache.audit() == "");
  }
}

TEST_CASE("no call on a cache with tenants allocates") {
  const Trace trace = mixed_trace(300, 20000, 9, 5);
  for (const PolicyInfo& policy : policies()) {
    CAPTURE(policy.name);
    auto cache = TenantCache::create(policy.name, timed_config(), 2).value();
    CHECK(cache.set_quotas({{100, 400, 1}, {50, 450, 2}}).ok());
    if (!policy.evicts) continue;
    CHECK(count_allocations([&] { use_tenants(cache, trace); }) == 0);
    CHECK(cache.audit() == "");
  }
}

TEST_CASE("no call on a cache that logs into a ring allocates") {
  const Trace trace = mixed_trace(300, 20000, 9, 5);
  for (const char* policy : {"s3fifo", "arc", "gdsf", "wtinylfu"}) {
    CAPTURE(policy);
    log::Ring ring(4096);
    char drained[1024];
    std::uint64_t bytes = 0;
    log::Origin origin;
    origin.policy = policy;
    origin.config = timed_config();
    origin.tenants = 2;
    auto cache = log::LoggedCache::create(origin, [&](const void* data, std::size_t count) {
                   if (ring.write(data, count)) return true;
                   bytes += ring.read(drained, sizeof drained);  // this record is a gap
                   return false;
                 }).value();
    CHECK(count_allocations([&] {
            use_tenants(cache, trace);
            cache.finish();
          }) == 0);
    CHECK(bytes > 100000);
    CHECK(cache.lost() > 0);
  }
}

TEST_CASE("no call of shadow mode or of the curve allocates") {
  const Trace trace = mixed_trace(300, 20000, 9, 5);
  auto shadow = Shadow::create("s3fifo", byte_config(503, 200)).value();
  auto curve = Shards::create(64).value();
  double misses = 0;
  CHECK(count_allocations([&] {
          for (std::size_t k = 0; k < trace.size(); ++k) {
            curve.request(trace[k].id, trace[k].charge);
            k % 3 == 0 ? shadow.hit(TimePoint{}, trace[k]) : shadow.miss(TimePoint{}, trace[k]);
            if (k % 3 == 1) shadow.insert(TimePoint{}, trace[k]);
            if (k % 97 == 0) shadow.erase(TimePoint{}, trace[k].id);
          }
          misses = curve.miss_ratio(500);
        }) == 0);
  CHECK(shadow.report().would_hits > 0);
  CHECK(curve.sampling_rate() < 1);  // ids were dropped and taken up
  CHECK(misses > 0);
}

TEST_CASE("no call of an admission rule allocates") {
  const Trace trace = mixed_trace(300, 20000, 9, 5);
  for (const admission::PolicyInfo& policy : admission::policies()) {
    CAPTURE(policy.name);
    admission::Config config;
    config.entries = 200;
    if (policy.name == "write-budget") config.params = {{"target_mb_per_s", "5"}};
    auto rule = admission::Policy::create(policy.name, config).value();
    CHECK(count_allocations([&] {
            TimePoint now{1};
            admission::Load load;
            load.write_budget = 1000;
            for (const Meta& meta : trace) {
              now.ns += 1000000;
              admission::Request request;
              request.id = meta.id;
              request.charge = meta.charge;
              request.op = static_cast<admission::Op>(meta.id % 4);
              load.device_written += meta.charge;
              load.would_evict = meta.id % 2 == 0;
              load.victim = meta.id + 1;
              rule.seen(now, request, meta.id % 3 == 0);
              (void)rule.decide(now, request, load);
              rule.outcome(now, request, meta.id % 5 == 0);
            }
          }) == 0);
    CHECK(rule.stats().decided == trace.size());
  }
}

TEST_CASE("no lookup of an owner allocates") {
  std::vector<placement::Member> members(24);
  std::vector<std::uint64_t> loads(members.size(), 3);
  for (std::uint32_t m = 0; m < members.size(); ++m) {
    members[m].id = m + 1;
    members[m].domain = m / 3;
    members[m].host = m;
  }
  for (const placement::PolicyInfo& policy : placement::policies()) {
    CAPTURE(policy.name);
    const auto map = placement::build(policy.name, {}, members).value();
    std::uint32_t out[3];
    std::uint64_t sum = 0;
    CHECK(count_allocations([&] {
            placement::Query query;
            query.count = 3;
            for (std::uint64_t key = 0; key < 5000; ++key) {
              query.loads = key % 2 == 0 ? loads.data() : nullptr;
              query.total = key % 2 == 0 ? 3 * loads.size() : 0;
              sum += map->lookup(mix64(key), query, out);
              sum += map->owner(key);
            }
          }) == 0);
    CHECK(sum > 15000);
  }
}

TEST_CASE("no step of a pacer and no plan over regions allocates") {
  for (const pacing::PolicyInfo& preset : pacing::policies()) {
    CAPTURE(preset.name);
    const pacing::Config config = pacing::configure(preset.name).value();
    pacing::State state = pacing::start(config, TimePoint{});
    std::uint64_t orders = 0;
    CHECK(count_allocations([&] {
            pacing::Load load;
            load.capacity = 1000000;
            load.entries = 1000;
            for (std::int64_t k = 0; k < 20000; ++k) {
              load.used = 700000 + mix64(static_cast<std::uint64_t>(k)) % 300000;
              load.need = k % 3 == 0 ? 5000 : 0;
              const auto step = pacing::step(config, state, TimePoint{k * 100000000}, load);
              if (step.verdict == pacing::Verdict::kEvict) ++orders;
            }
          }) == 0);
    CHECK(orders > 0);
  }
  for (const pooling::PolicyInfo& mode : pooling::policies()) {
    CAPTURE(mode.name);
    const pooling::Config config = pooling::configure(mode.name).value();
    std::vector<pooling::Link> links(9, {30000, 100, 20000000});
    std::vector<pooling::Origin> origins(3, {{20000, 50, 0}, 400});
    std::uint32_t heat[3] = {4, 1, 40};
    std::uint64_t steps = 0;
    CHECK(count_allocations([&] {
            pooling::Plan plan;
            pooling::View view;
            view.regions = 3;
            view.links = links.data();
            view.origins = origins.data();
            for (std::uint64_t k = 0; k < 1000; ++k) {
              view.self = static_cast<std::uint32_t>(k % 3);
              view.home = static_cast<std::uint32_t>(k / 3 % 3);
              view.have = k % 8;
              pooling::plan(config, view, {1000 + k * 1000, heat, 0}, plan);
              steps += plan.count;
            }
          }) == 0);
    CHECK(steps > 0);
  }
}

TEST_CASE("no request through the C binding allocates") {
  const Trace trace = mixed_trace(300, 20000, 9, 5);
  auto config = FCP_INIT(fcp_cache_config);
  config.policy = "s3fifo";
  config.capacity = 503;
  config.max_entries = 200;
  fcp_cache* cache = nullptr;
  REQUIRE(fcp_cache_create(&config, &cache, nullptr, 0) == FCP_OK);
  const auto take = [](void*, const fcp_victim*) -> fcp_verdict { return FCP_TAKE; };
  CHECK(count_allocations([&] {
          fcp_meta meta = FCP_META_INIT;
          auto want = FCP_INIT(fcp_want);
          want.eligible = take;
          fcp_victim victims[3];
          for (const Meta& m : trace) {
            meta.id = m.id;
            meta.charge = m.charge;
            fcp_request(cache, 0, &meta);
            std::size_t found = 0;
            if (m.id % 5 == 0) fcp_reserve(cache, 0, &want, victims, 3, &found);
            for (std::size_t v = 0; v < found; ++v) fcp_commit(cache, 0, &victims[v].handle, 1);
          }
        }) == 0);
  fcp_cache_destroy(cache);
}
