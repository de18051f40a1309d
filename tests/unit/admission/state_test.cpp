// The block behind a policy: exact memory, no allocation, save and restore, golden digests.
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <new>
#include <string>
#include <vector>

#include "tests/unit/admission/helpers.hpp"

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
#define COUNTS_MALLOC 0
#elif defined(__has_feature)
#define COUNTS_MALLOC (!__has_feature(address_sanitizer) && !__has_feature(thread_sanitizer))
#else
#define COUNTS_MALLOC 1
#endif

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

#if COUNTS_MALLOC && defined(__GLIBC__)
extern "C" {
void* __libc_malloc(std::size_t);
void* __libc_calloc(std::size_t, std::size_t);
void* malloc(std::size_t size) {
  ++allocations;
  return __libc_malloc(size);
}
void* calloc(std::size_t count, std::size_t size) {
  ++allocations;
  return __libc_calloc(count, size);
}
}
#endif

using namespace fleetcache;
using namespace fleetcache::admission;
using namespace fleetcache::admission::testing;

namespace {

/// Every call, over a mixed stream; returns a digest of the decisions.
std::uint64_t use(Policy& policy, std::uint64_t from, std::uint64_t to) {
  Digest digest;
  std::uint64_t written = 1;
  for (std::uint64_t k = from; k < to; ++k) {
    const std::uint64_t bits = draw(1, k);
    Request request = object(bits % (1 + (bits >> 20) % 3000), 512ULL << (bits >> 8) % 13);
    request.klass = static_cast<std::uint16_t>(request.id % 5);
    request.depth = static_cast<std::uint16_t>(request.id % 97);
    request.op = static_cast<Op>((bits >> 40) % 4);
    const TimePoint now = at(static_cast<double>(k) * 0.125);
    const bool hit = (bits >> 44) % 4 == 0;
    policy.seen(now, request, hit);
    if (hit) continue;
    Load load;
    load.device_written = written;
    load.queue_depth = static_cast<std::uint32_t>((bits >> 50) % 16);
    load.free_ppm = static_cast<std::uint32_t>(bits % 1000001);
    load.would_evict = (bits >> 45) % 2 == 0;
    load.victim = (bits >> 12) % 3000;
    const Decision decision = policy.decide(now, request, load);
    digest.add(static_cast<std::uint64_t>(decision));
    if (decision != Decision::kAdmit) continue;
    written += request.charge;
    if (bits % 3 == 0) policy.outcome(now, request, (bits >> 60) % 8 == 0);
  }
  return digest.value();
}

std::string saved(const Policy& policy) {
  std::string bytes;
  CHECK(policy.save([&](const void* data, std::size_t count) {
    bytes.append(static_cast<const char*>(data), count);
    return true;
  }));
  return bytes;
}

Result<Policy> restored(const std::string& bytes) {
  std::size_t at_byte = 0;
  return Policy::restore([&](void* out, std::size_t count) {
    if (bytes.size() - at_byte < count) return false;
    std::memcpy(out, bytes.data() + at_byte, count);
    at_byte += count;
    return true;
  });
}

Config config_of(std::string_view name, std::uint64_t seed) {
  Config config;
  config.seed = seed;
  config.entries = 500;
  config.params = needed(name);
  return config;
}

}  // namespace

TEST_CASE("names are known, unknown names and parameters are not") {
  CHECK(policies().size() == 10);
  CHECK(find_policy("kth-request") != nullptr);
  CHECK(find_policy("kth_request") == nullptr);
  CHECK(Policy::create("kth", {}).error().text().find("there are always, never") !=
        std::string::npos);
  CHECK_FALSE(Policy::create("always", {0, 0, {{"p", "1"}}}).ok());
  CHECK_FALSE(Policy::create("probability", {0, 0, {{"p", "1.1"}}}).ok());
  CHECK_FALSE(Policy::create("kth-request", {0, 0, {{"k", "16"}}}).ok());
  CHECK(create("always", 1).ok());
}

TEST_CASE("every rule takes exactly the memory it says, lies in the caller's, and moves with it") {
  for (const PolicyInfo& info : policies()) {
    CAPTURE(info.name);
    const Config config = config_of(info.name, 5);
    const std::size_t bytes = Policy::memory_bytes(info.name, config).value();
    constexpr std::uint64_t kGuard = 0xa5a5a5a5a5a5a5a5ULL;
    std::vector<std::uint64_t> memory(bytes / 8 + 1, kGuard);
    CHECK(bytes % 8 == 0);
    CHECK_FALSE(Policy::create_in(memory.data(), bytes - 1, info.name, config).ok());
    Policy inside = Policy::create_in(memory.data(), bytes, info.name, config).value();
    Policy own = Policy::create(info.name, config).value();
    CHECK(use(inside, 0, 20000) == use(own, 0, 20000));
    CHECK(inside.state_hash() == own.state_hash());
    CHECK(memory.back() == kGuard);
    CHECK(saved(own).size() == 64 + bytes + 4);
    Policy moved = std::move(own);
    CHECK(moved.state_hash() == inside.state_hash());
  }
}

TEST_CASE("no call after creation allocates, by new or by malloc") {
  const std::uint64_t before_any = allocations;
  CHECK(std::vector<int>(100, 1).size() == 100);
  REQUIRE(allocations > before_any);
#if COUNTS_MALLOC && defined(__GLIBC__)
  const std::uint64_t before_malloc = allocations;
  void* volatile taken = std::malloc(100);
  std::free(taken);
  REQUIRE(allocations > before_malloc);
#endif
  for (const PolicyInfo& info : policies()) {
    CAPTURE(info.name);
    Policy policy = make(info.name, needed(info.name), 500);
    const std::uint64_t before = allocations;
    const std::uint64_t decisions = use(policy, 0, 50000);
    const std::uint64_t hash = policy.state_hash();
    const std::uint64_t after = allocations;
    CHECK(after == before);
    CHECK(decisions != hash);
  }
}

TEST_CASE("a restored policy goes on bit for bit") {
  for (const PolicyInfo& info : policies()) {
    CAPTURE(info.name);
    Policy one = make(info.name, needed(info.name), 500);
    use(one, 0, 20000);
    auto two = restored(saved(one));
    REQUIRE(two.ok());
    CHECK(two->state_hash() == one.state_hash());
    CHECK(use(*two, 20000, 40000) == use(one, 20000, 40000));
    CHECK(two->state_hash() == one.state_hash());
    CHECK(two->stats().admitted == one.stats().admitted);
  }
}

TEST_CASE("a snapshot that is cut, flipped or of another version is refused") {
  for (const PolicyInfo& info : policies()) {
    CAPTURE(info.name);
    Policy policy = make(info.name, needed(info.name), 20);
    use(policy, 0, 2000);
    const std::string bytes = saved(policy);
    REQUIRE(restored(bytes).ok());
    for (std::size_t cut = 0; cut < bytes.size(); cut += 1 + cut / 16) {
      CHECK_FALSE(restored(bytes.substr(0, cut)).ok());
    }
    CHECK_FALSE(restored(bytes.substr(0, bytes.size() - 1)).ok());
    for (std::size_t k = 0; k < bytes.size(); k += k < 64 ? 1 : 1 + k / 50) {
      for (int bit = 0; bit < 8; bit += k < 64 ? 1 : 3) {
        std::string flipped = bytes;
        flipped[k] = static_cast<char>(flipped[k] ^ (1 << bit));
        if (restored(flipped).ok()) FAIL("a flip of bit " << bit << " of byte " << k << " passes");
      }
    }
  }
}

TEST_CASE("time that falls back counts as no time") {
  for (const PolicyInfo& info : policies()) {
    CAPTURE(info.name);
    Policy one = make(info.name, needed(info.name));
    Policy two = make(info.name, needed(info.name));
    one.decide(at(100), object(1));
    two.decide(at(100), object(1));
    one.decide(at(1), object(2));
    two.decide(at(100), object(2));
    CHECK(one.state_hash() == two.state_hash());
  }
}

TEST_CASE("decisions and state are the same for every compiler and level") {
  struct Golden {
    const char* name;
    std::uint64_t decisions;
    std::uint64_t state;
  };
  const Golden golden[] = {
      {"", 0, 0},
#include "tests/unit/admission/golden.inc"
  };
  std::string fresh;
  for (const PolicyInfo& info : policies()) {
    Policy policy = make(info.name, needed(info.name), 500, 11);
    const std::uint64_t decisions = use(policy, 0, 60000);
    bool found = false;
    for (const Golden& line : golden) {
      if (info.name != line.name) continue;
      found = true;
      CHECK_MESSAGE(line.decisions == decisions, info.name);
      CHECK_MESSAGE(line.state == policy.state_hash(), info.name);
    }
    CHECK_MESSAGE(found, info.name);
    char text[128];
    std::snprintf(text, sizeof text, "    {\"%s\", 0x%016llxULL, 0x%016llxULL},\n",
                  std::string(info.name).c_str(), static_cast<unsigned long long>(decisions),
                  static_cast<unsigned long long>(policy.state_hash()));
    fresh += text;
  }
  if (std::getenv("FLEETCACHE_PRINT_GOLDEN") != nullptr) std::fputs(fresh.c_str(), stderr);
}
