// No call after creation allocates. The counter below sees every `new` of this executable.
#include <doctest/doctest.h>

#include <cstdlib>
#include <new>

#include "tests/contract/traces.hpp"

namespace {
std::uint64_t allocations = 0;
}

void* operator new(std::size_t size) {
  ++allocations;
  if (void* memory = std::malloc(size == 0 ? 1 : size)) return memory;
  throw std::bad_alloc();
}
void operator delete(void* memory) noexcept { std::free(memory); }
void operator delete(void* memory, std::size_t) noexcept { std::free(memory); }

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

}  // namespace

TEST_CASE("no call after creation allocates") {
  const Trace trace = mixed_trace(300, 20000, 9, 5);
  const std::uint64_t before_any = allocations;
  CHECK(Trace(1).size() == 1);
  REQUIRE(allocations > before_any);  // the counter works
  for (const PolicyInfo& policy : policies()) {
    CAPTURE(policy.name);
    Cache cache = make_cache(policy.name, byte_config(503, 200));
    const std::uint64_t before = allocations;
    use_everything(cache, trace);
    const std::uint64_t after = allocations;
    CHECK(after == before);
    CHECK(cache.audit() == "");
  }
}
