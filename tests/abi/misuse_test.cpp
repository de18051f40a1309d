// The header is a contract: what it says of errors, sizes, memory, snapshots and tenants.
#include <doctest/doctest.h>

#include <cstdlib>
#include <cstring>
#include <memory>
#include <new>
#include <string>
#include <vector>

#include "policies/abi/fleetcache_policy.h"
#include "tests/contract/traces.hpp"

using fleetcache::testing::SplitMix;

namespace {

fcp_cache_config config_of(const char* policy, std::uint64_t capacity = 10) {
  fcp_cache_config config = FCP_INIT(fcp_cache_config);
  config.policy = policy;
  config.capacity = capacity;
  config.max_entries = 10;
  return config;
}

struct Destroy {
  void operator()(fcp_cache* cache) const { fcp_cache_destroy(cache); }
};
using Owned = std::unique_ptr<fcp_cache, Destroy>;

Owned make(const fcp_cache_config& config) {
  fcp_cache* cache = nullptr;
  char message[200] = "";
  const fcp_status status = fcp_cache_create(&config, &cache, message, sizeof message);
  REQUIRE_MESSAGE(status == FCP_OK, message);
  return Owned(cache);
}

fcp_meta object(std::uint64_t id, std::uint64_t charge = 1) {
  fcp_meta meta = FCP_META_INIT;
  meta.id = id;
  meta.charge = charge;
  return meta;
}

fcp_handle put(fcp_cache* cache, const fcp_meta& meta) {
  fcp_handle handle = 0;
  REQUIRE(fcp_admit(cache, 0, &meta, nullptr, nullptr, &handle) == FCP_OK);
  return handle;
}

int append(void* context, const void* bytes, std::size_t count) {
  static_cast<std::string*>(context)->append(static_cast<const char*>(bytes), count);
  return 0;
}
int refuse(void*, const void*, std::size_t) { return 1; }

struct Source {
  const std::string& bytes;
  std::size_t at = 0;
};
int take(void* context, void* bytes, std::size_t count) {
  auto* source = static_cast<Source*>(context);
  if (source->bytes.size() - source->at < count) return 1;
  std::memcpy(bytes, source->bytes.data() + source->at, count);
  source->at += count;
  return 0;
}

fcp_status restore(const std::string& bytes, Owned& out, const fcp_cache_config* config = nullptr) {
  Source source{bytes};
  fcp_cache* cache = nullptr;
  const fcp_status status = fcp_restore(config, take, &source, &cache, nullptr, 0);
  out.reset(cache);
  return status;
}

/// Counts what an allocator gives, and gives nothing from its `last` call on.
struct Counting {
  std::size_t calls = 0;
  std::size_t bytes = 0;
  std::size_t last = 1000;
};
void* counted_get(void* context, std::size_t bytes, std::size_t alignment) {
  auto* counting = static_cast<Counting*>(context);
  if (counting->calls == counting->last) return nullptr;
  ++counting->calls;
  counting->bytes += bytes;
  const std::size_t rounded = (bytes + alignment - 1) / alignment * alignment;
  void* memory = std::aligned_alloc(alignment, rounded);
  std::memset(memory, 0, rounded);
  return memory;
}
void counted_put(void* context, void* memory, std::size_t bytes) {
  auto* counting = static_cast<Counting*>(context);
  --counting->calls;
  counting->bytes -= bytes;
  std::free(memory);
}

}  // namespace

TEST_CASE("creation says what is wrong, and makes nothing") {
  fcp_cache* cache = nullptr;
  char message[120] = "old";
  fcp_cache_config config = config_of("lru");
  CHECK(fcp_cache_create(nullptr, &cache, message, sizeof message) == FCP_E_INVALID);
  CHECK(fcp_cache_create(&config, nullptr, message, sizeof message) == FCP_E_INVALID);
  config.policy = "lru2";
  CHECK(fcp_cache_create(&config, &cache, message, sizeof message) == FCP_E_INVALID);
  CHECK(std::string(message).find("\"lru2\" is unknown; there are fifo, lru") != std::string::npos);
  char tiny[5];
  CHECK(fcp_cache_create(&config, &cache, tiny, sizeof tiny) == FCP_E_INVALID);
  CHECK(std::string(tiny) == "evic");
  config.policy = "lru";
  const fcp_param param = {"no_such", "1"};
  config.params = &param;
  config.param_count = 1;
  CHECK(fcp_cache_create(&config, &cache, message, sizeof message) == FCP_E_INVALID);
  CHECK(std::string(message).find("no_such") != std::string::npos);
  const fcp_param hole = {"x", nullptr};
  config.params = &hole;
  CHECK(fcp_cache_create(&config, &cache, message, sizeof message) == FCP_E_INVALID);
  config.param_count = 0;
  config.capacity = 0;
  CHECK(fcp_cache_create(&config, &cache, message, sizeof message) == FCP_E_INVALID);
  CHECK(cache == nullptr);
  config.capacity = 10;
  REQUIRE(fcp_cache_create(&config, &cache, message, sizeof message) == FCP_OK);
  CHECK(message[0] == '\0');
  fcp_cache_destroy(cache);
  fcp_cache_destroy(nullptr);
}

TEST_CASE("structs of other sizes: older callers are served, unknown wishes refused") {
  struct Longer {
    fcp_cache_config known;
    std::uint64_t unknown;
  } longer = {config_of("lru"), 0};
  longer.known.struct_size = sizeof longer;
  fcp_cache* cache = nullptr;
  REQUIRE(fcp_cache_create(&longer.known, &cache, nullptr, 0) == FCP_OK);
  const Owned owned(cache);
  longer.unknown = 1;
  CHECK(fcp_cache_create(&longer.known, &cache, nullptr, 0) == FCP_E_VERSION);
  fcp_cache_config shorter = config_of("lru");
  shorter.struct_size = sizeof shorter - 8;
  CHECK(fcp_cache_create(&shorter, &cache, nullptr, 0) == FCP_E_VERSION);
  shorter.struct_size = 0;
  CHECK(fcp_cache_create(&shorter, &cache, nullptr, 0) == FCP_E_VERSION);
  fcp_meta meta = object(1);
  meta.struct_size = 8;
  CHECK(fcp_request(owned.get(), 0, &meta) == FCP_E_VERSION);
  fcp_stats stats = FCP_INIT(fcp_stats);
  stats.struct_size = 16;
  CHECK(fcp_get_stats(owned.get(), 0, &stats) == FCP_E_VERSION);
  CHECK((fcp_version() >> 16U) == FCP_VERSION_MAJOR);
  CHECK(std::string(fcp_status_name(FCP_E_SELF_TEST)) == "FCP_E_SELF_TEST");
  CHECK(std::string(fcp_status_name(FCP_E_INTERNAL)) == "FCP_E_INTERNAL");
  CHECK(std::string(fcp_status_name(-99)) == "unknown");
  CHECK(std::string(fcp_status_name(3)) == "unknown");
}

TEST_CASE("NULLs and handles of nothing harm nobody") {
  CHECK(fcp_find(nullptr, 0, 1, 0) == 0);
  CHECK(fcp_access(nullptr, 0, 1, -1) == FCP_E_INVALID);
  CHECK(fcp_request(nullptr, 0, nullptr) == FCP_E_INVALID);
  CHECK(fcp_commit(nullptr, 0, nullptr, 0) == FCP_E_INVALID);
  CHECK(fcp_state_hash(nullptr) == 0);
  const Owned cache = make(config_of("lru"));
  CHECK(fcp_request(cache.get(), 0, nullptr) == FCP_E_INVALID);
  for (const fcp_handle h : {fcp_handle{0}, ~fcp_handle{0}, fcp_handle{1}, fcp_handle{11}}) {
    CHECK(fcp_live(cache.get(), h) == 0);
    CHECK(fcp_access(cache.get(), 0, h, -1) == FCP_E_STALE);
    CHECK(fcp_erase(cache.get(), 0, h) == FCP_E_STALE);
    CHECK(fcp_pin(cache.get(), h) == FCP_E_STALE);
    CHECK(fcp_commit(cache.get(), 0, &h, 1) == FCP_OK);
    CHECK(fcp_abort(cache.get(), 0, &h, 1) == FCP_OK);
  }
  const fcp_handle h = put(cache.get(), object(5));
  CHECK(fcp_unpin(cache.get(), h) == FCP_E_INVALID);
  CHECK(fcp_set_expiry(cache.get(), h, 5) == FCP_E_UNSUPPORTED);
  fcp_victim seen;
  REQUIRE(fcp_describe(cache.get(), h, &seen) == FCP_OK);
  CHECK(seen.id == 5);
  REQUIRE(fcp_erase(cache.get(), 0, h) == FCP_OK);
  CHECK(fcp_describe(cache.get(), h, &seen) == FCP_E_STALE);
  const fcp_handle reused = put(cache.get(), object(6));
  CHECK(reused != h);
  CHECK(fcp_access(cache.get(), 0, h, -1) == FCP_E_STALE);
  fcp_meta stranger = object(7);
  stranger.tenant = 1;
  CHECK(fcp_request(cache.get(), 0, &stranger) == FCP_E_INVALID);
}

TEST_CASE("an insert is refused for each reason by its own code") {
  const Owned cache = make(config_of("fifo"));
  fcp_handle h = 0;
  fcp_meta big = object(1, 11);
  CHECK(fcp_insert(cache.get(), 0, &big, &h) == FCP_E_REFUSED);
  fcp_meta none = object(1, 0);
  CHECK(fcp_insert(cache.get(), 0, &none, &h) == FCP_E_REFUSED);
  fcp_meta six = object(1, 6);
  REQUIRE(fcp_insert(cache.get(), 0, &six, &h) == FCP_OK);
  fcp_handle again = 0;
  CHECK(fcp_insert(cache.get(), 0, &six, &again) == FCP_E_EXISTS);
  CHECK(again == h);
  fcp_meta five = object(2, 5);
  CHECK(fcp_insert(cache.get(), 0, &five, &again) == FCP_E_FULL);
  CHECK(again == 0);
  REQUIRE(fcp_pin(cache.get(), h) == FCP_OK);
  CHECK(fcp_admit(cache.get(), 0, &five, nullptr, nullptr, &again) == FCP_E_BUSY);
  REQUIRE(fcp_unpin(cache.get(), h) == FCP_OK);
  fcp_victim victim;
  std::size_t count = 0;
  REQUIRE(fcp_reserve(cache.get(), 0, nullptr, &victim, 1, &count) == FCP_OK);
  REQUIRE(count == 1);
  CHECK(fcp_erase(cache.get(), 0, h) == FCP_E_BUSY);
  CHECK(fcp_access(cache.get(), 0, h, -1) == FCP_E_STALE);
  REQUIRE(fcp_commit(cache.get(), 0, &victim.handle, 1) == FCP_OK);
  CHECK(fcp_insert(cache.get(), 0, &five, &again) == FCP_OK);
}

TEST_CASE("reserve asks, stops at a charge, and hands out the tenant and whole victims") {
  const Owned cache = make(config_of("fifo", 1000));
  for (std::uint64_t id = 1; id <= 10; ++id) put(cache.get(), object(id, 10 * id));
  fcp_want want = FCP_INIT(fcp_want);
  int asked = 0;
  want.context = &asked;
  want.eligible = [](void* context, const fcp_victim* v) -> fcp_verdict {
    ++*static_cast<int*>(context);
    return v->id % 2 == 0 ? FCP_TAKE : FCP_SKIP;
  };
  want.charge = 55;  // 20 + 40 reach it
  fcp_victim out[10];
  std::size_t count = 0;
  REQUIRE(fcp_reserve(cache.get(), 0, &want, out, 10, &count) == FCP_OK);
  REQUIRE(count == 2);
  CHECK(out[0].id == 2);
  CHECK(out[1].id == 4);
  CHECK(out[1].charge == 40);
  CHECK(out[1].tenant == 0);
  CHECK(asked == 4);
  const fcp_handle both[] = {out[0].handle, out[1].handle};
  REQUIRE(fcp_abort(cache.get(), 0, both, 2) == FCP_OK);
  want.max_scan = 1;
  REQUIRE(fcp_reserve(cache.get(), 0, &want, out, 10, &count) == FCP_OK);
  CHECK(count == 0);
  // 1 goes behind all others; an unknown verdict ends the search.
  want = FCP_INIT(fcp_want);
  want.eligible = [](void*, const fcp_victim* v) -> fcp_verdict {
    if (v->id == 1) return FCP_SKIP_ROTATE;
    return v->id == 2 ? FCP_TAKE : 77;
  };
  REQUIRE(fcp_reserve(cache.get(), 0, &want, out, 10, &count) == FCP_OK);
  REQUIRE(count == 1);
  CHECK(out[0].id == 2);
  want = FCP_INIT(fcp_want);
  REQUIRE(fcp_reserve(cache.get(), 0, &want, out, 10, &count) == FCP_OK);
  REQUIRE(count == 9);
  CHECK(out[0].id == 3);
  CHECK(out[8].id == 1);
}

TEST_CASE("an abort of more than a piece of handles brings the same victims again") {
  for (const char* policy : {"s3fifo", "clock", "arc", "random", "gdsf", "wtinylfu"}) {
    CAPTURE(policy);
    fcp_cache_config config = config_of(policy, 300);
    config.max_entries = 300;
    const Owned cache = make(config);
    SplitMix random(3);
    for (int k = 0; k < 4000; ++k) {
      const fcp_meta meta = object(random.below(1 + random.below(900)));
      REQUIRE(fcp_request(cache.get(), k, &meta) >= 0);
    }
    std::vector<fcp_victim> first(200);
    std::vector<fcp_victim> second(200);
    std::size_t count = 0;
    std::size_t again = 0;
    REQUIRE(fcp_reserve(cache.get(), 0, nullptr, first.data(), 200, &count) == FCP_OK);
    REQUIRE(count > 130);
    std::vector<fcp_handle> handles;
    for (std::size_t k = 0; k < count; ++k) handles.push_back(first[k].handle);
    REQUIRE(fcp_abort(cache.get(), 0, handles.data(), count) == FCP_OK);
    REQUIRE(fcp_reserve(cache.get(), 0, nullptr, second.data(), 200, &again) == FCP_OK);
    REQUIRE(again == count);
    for (std::size_t k = 0; k < count; ++k) CHECK(first[k].id == second[k].id);
    REQUIRE(fcp_commit(cache.get(), 0, handles.data(), count) == FCP_OK);
    fcp_stats stats = FCP_INIT(fcp_stats);
    REQUIRE(fcp_get_stats(cache.get(), 0, &stats) == FCP_OK);
    CHECK(stats.entries == 300 - count);
    CHECK(fcp_audit(cache.get(), nullptr, 0) == FCP_OK);
  }
}

TEST_CASE("a host callback that throws becomes a status") {
  const Owned cache = make(config_of("lru"));
  put(cache.get(), object(1));
  fcp_want want = FCP_INIT(fcp_want);
  fcp_victim out;
  std::size_t count = 0;
  want.eligible = [](void*, const fcp_victim*) -> fcp_verdict { throw 1; };
  CHECK(fcp_reserve(cache.get(), 0, &want, &out, 1, &count) == FCP_E_INTERNAL);
  want.eligible = [](void*, const fcp_victim*) -> fcp_verdict { throw std::bad_alloc(); };
  CHECK(fcp_reserve(cache.get(), 0, &want, &out, 1, &count) == FCP_E_NO_MEMORY);
}

TEST_CASE("a host's memory: exact bytes, another address, an allocator of its own") {
  for (const char* policy : {"lru", "s3fifo", "wtinylfu", "gdsf"}) {
    CAPTURE(policy);
    fcp_cache_config config = config_of(policy);
    std::uint64_t bytes = 0;
    REQUIRE(fcp_cache_bytes(&config, &bytes, nullptr, 0) == FCP_OK);
    std::vector<std::uint64_t> block(bytes / 8 + 1);
    block.back() = 0x1234;
    config.memory = block.data();
    config.memory_bytes = bytes - 1;
    fcp_cache* refused = nullptr;
    CHECK(fcp_cache_create(&config, &refused, nullptr, 0) == FCP_E_INVALID);
    config.memory_bytes = bytes;
    Owned cache = make(config);
    SplitMix random(1);
    for (int k = 0; k < 300; ++k) {
      const fcp_meta meta = object(random.below(30));
      REQUIRE(fcp_request(cache.get(), k, &meta) >= 0);
    }
    CHECK(block.back() == 0x1234);
    // The same state elsewhere goes on the same.
    std::vector<std::uint64_t> copy = block;
    fcp_cache_config there = FCP_INIT(fcp_cache_config);
    there.memory = copy.data();
    there.memory_bytes = bytes;
    fcp_cache* attached = nullptr;
    REQUIRE(fcp_cache_attach(&there, &attached, nullptr, 0) == FCP_OK);
    const Owned moved(attached);
    for (int k = 0; k < 300; ++k) {
      const fcp_meta meta = object(random.below(30));
      REQUIRE(fcp_request(moved.get(), k, &meta) == fcp_request(cache.get(), k, &meta));
    }
    CHECK(fcp_state_hash(moved.get()) == fcp_state_hash(cache.get()));
    std::vector<std::uint64_t> nothing(bytes / 8 + 1);
    nothing[0] = 7;
    there.memory = nothing.data();
    CHECK(fcp_cache_attach(&there, &refused, nullptr, 0) == FCP_E_CORRUPT);

    Counting counting;
    fcp_allocator allocator = FCP_INIT(fcp_allocator);
    allocator.context = &counting;
    allocator.get = counted_get;
    allocator.put = counted_put;
    fcp_cache_config hooked = config_of(policy);
    hooked.allocator = &allocator;
    {
      const Owned own = make(hooked);
      CHECK(counting.calls == 2);
      CHECK(counting.bytes > bytes);
    }
    CHECK(counting.calls == 0);
    CHECK(counting.bytes == 0);
    for (counting.last = 0; counting.last < 2; ++counting.last) {
      CHECK(fcp_cache_create(&hooked, &refused, nullptr, 0) == FCP_E_NO_MEMORY);
      CHECK(counting.calls == 0);
    }
    allocator.put = nullptr;
    CHECK(fcp_cache_create(&hooked, &refused, nullptr, 0) == FCP_E_INVALID);
    CHECK(refused == nullptr);
  }
}

TEST_CASE("a snapshot goes on bit for bit; a damaged one makes nothing") {
  const Owned cache = make(config_of("arc"));
  SplitMix random(4);
  for (int k = 0; k < 500; ++k) {
    const fcp_meta meta = object(random.below(25));
    fcp_request(cache.get(), k, &meta);
  }
  CHECK(fcp_save(cache.get(), refuse, nullptr) == FCP_E_IO);
  std::string bytes;
  REQUIRE(fcp_save(cache.get(), append, &bytes) == FCP_OK);
  Owned again;
  REQUIRE(restore(bytes, again) == FCP_OK);
  for (int k = 0; k < 500; ++k) {
    const fcp_meta meta = object(random.below(25));
    REQUIRE(fcp_request(again.get(), k, &meta) == fcp_request(cache.get(), k, &meta));
  }
  CHECK(fcp_state_hash(again.get()) == fcp_state_hash(cache.get()));
  for (std::size_t length = 0; length < bytes.size(); length += 37) {
    CHECK(restore(bytes.substr(0, length), again) == FCP_E_CORRUPT);
    CHECK(again == nullptr);
  }
  for (std::size_t k = 0; k < bytes.size(); k += 11) {
    std::string damaged = bytes;
    damaged[k] = static_cast<char>(damaged[k] ^ 16);
    CHECK(restore(damaged, again) == FCP_E_CORRUPT);
  }
  const fcp_handle h = put(cache.get(), object(1));
  REQUIRE(fcp_pin(cache.get(), h) == FCP_OK);
  const fcp_alive odd = [](void*, const fcp_victim* v) { return v->id % 2 == 1 ? 1 : 0; };
  REQUIRE(fcp_restart(cache.get(), odd, nullptr) == FCP_OK);
  CHECK(fcp_unpin(cache.get(), h) == FCP_E_INVALID);  // the pin ended
  for (std::uint64_t id = 0; id < 25; id += 2) CHECK(fcp_find(cache.get(), 0, id, 0) == 0);
  CHECK(fcp_audit(cache.get(), nullptr, 0) == FCP_OK);
}

TEST_CASE("tenants keep what they are guaranteed, by C as well") {
  fcp_cache_config config = config_of("lru", 12);
  config.max_entries = 12;
  config.tenants = 3;
  const Owned cache = make(config);
  fcp_quota quotas[3] = {{6, UINT64_MAX, 1, 0}, {0, UINT64_MAX, 1, 0}, {0, 4, 1, 0}};
  CHECK(fcp_set_quotas(cache.get(), quotas, 2, nullptr, 0) == FCP_E_INVALID);
  REQUIRE(fcp_set_quotas(cache.get(), quotas, 3, nullptr, 0) == FCP_OK);
  const auto load = [&](std::uint32_t tenant, std::uint64_t from, std::uint64_t to) {
    for (std::uint64_t id = from; id < to; ++id) {
      fcp_meta meta = object(id);
      meta.tenant = tenant;
      REQUIRE(fcp_request(cache.get(), 0, &meta) >= 0);
    }
  };
  fcp_stats stats = FCP_INIT(fcp_stats);
  load(0, 0, 6);
  load(1, 100, 140);
  load(2, 200, 240);
  REQUIRE(fcp_get_stats(cache.get(), 0, &stats) == FCP_OK);
  CHECK(stats.entries == 6);  // its minimum, untouched
  REQUIRE(fcp_get_stats(cache.get(), 2, &stats) == FCP_OK);
  CHECK(stats.entries <= 4);
  REQUIRE(fcp_get_stats(cache.get(), FCP_ALL_TENANTS, &stats) == FCP_OK);
  CHECK(stats.used == 12);
  CHECK(stats.misses == 86);
  CHECK(fcp_get_stats(cache.get(), 3, &stats) == FCP_E_INVALID);
  CHECK(fcp_find(cache.get(), 1, 5, 0) == 0);
  const fcp_handle h = fcp_find(cache.get(), 0, 5, 0);
  REQUIRE(h != 0);
  fcp_victim seen;
  REQUIRE(fcp_describe(cache.get(), h, &seen) == FCP_OK);
  CHECK(seen.tenant == 0);
  fcp_want want = FCP_INIT(fcp_want);
  want.one_tenant = 1;
  want.tenant = 1;
  fcp_victim out[12];
  std::size_t count = 0;
  REQUIRE(fcp_reserve(cache.get(), 0, &want, out, 12, &count) == FCP_OK);
  REQUIRE(count > 0);
  for (std::size_t k = 0; k < count; ++k) CHECK(out[k].tenant == 1);
  std::string bytes;
  REQUIRE(fcp_save(cache.get(), append, &bytes) == FCP_OK);
  Owned again;
  REQUIRE(restore(bytes, again, &config) == FCP_OK);
  CHECK(fcp_state_hash(again.get()) == fcp_state_hash(cache.get()));
  const Owned plain = make(config_of("lru"));
  CHECK(fcp_set_quotas(plain.get(), quotas, 1, nullptr, 0) == FCP_E_UNSUPPORTED);
}

TEST_CASE("features: time, leases, costs") {
  fcp_cache_config config = config_of("lru");
  config.features = FCP_TTL | FCP_LEASES | FCP_COSTS;
  const Owned cache = make(config);
  fcp_meta meta = object(1);
  meta.expires_ns = 50'000'000;
  const fcp_handle h = put(cache.get(), meta);
  CHECK(fcp_access(cache.get(), 49'999'999, h, -1) == FCP_OK);
  CHECK(fcp_access(cache.get(), 50'000'000, h, -1) == FCP_E_STALE);
  REQUIRE(fcp_set_expiry(cache.get(), h, 90'000'000) == FCP_OK);
  CHECK(fcp_access(cache.get(), 50'000'000, h, -1) == FCP_OK);
  REQUIRE(fcp_set_lease(cache.get(), h, 95'000'000, 0) == FCP_OK);
  REQUIRE(fcp_set_cost(cache.get(), h, 4) == FCP_OK);
  fcp_victim out;
  std::size_t count = 9;
  REQUIRE(fcp_expire(cache.get(), 94'000'000, &out, 1, &count) == FCP_OK);
  CHECK(count == 0);
  REQUIRE(fcp_expire(cache.get(), 96'000'000, &out, 1, &count) == FCP_OK);
  REQUIRE(count == 1);
  CHECK(out.id == 1);
  REQUIRE(fcp_commit(cache.get(), 96'000'000, &out.handle, 1) == FCP_OK);
  CHECK(fcp_find(cache.get(), 0, 1, 0) == 0);
}

TEST_CASE("all policies of all families have a name and a summary") {
  for (const int family : {FCP_EVICTION, FCP_PACING, FCP_ADMISSION, FCP_PLACEMENT, FCP_POOLING}) {
    fcp_policy_info info = FCP_INIT(fcp_policy_info);
    std::uint32_t count = 0;
    while (fcp_policy_at(family, count, &info) == FCP_OK) {
      CHECK(std::strlen(info.name) > 1);
      CHECK(std::strlen(info.summary) > 3);
      ++count;
    }
    CHECK(count >= 4);
    CHECK(fcp_policy_at(family, count, &info) == FCP_E_NOT_FOUND);
  }
  fcp_policy_info info = FCP_INIT(fcp_policy_info);
  CHECK(fcp_policy_at(9, 0, &info) == FCP_E_INVALID);
}
