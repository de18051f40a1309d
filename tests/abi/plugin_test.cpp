// A plugin in this process: checks, self-test, use by name, snapshot, shared memory; SHA-256.
#include <doctest/doctest.h>

#include <cstring>
#include <string>
#include <vector>

#include "policies/abi/fleetcache_policy.h"
#include "policies/abi/sha256.hpp"
#include "tests/contract/traces.hpp"

// The outside plugin's source, compiled into this test.
#include "tests/abi/outside_plugin/two_random.c"

using fleetcache::testing::SplitMix;

namespace {

std::string hex_sum(const std::string& text, std::size_t piece) {
  fleetcache::abi::Sha256 sha;
  for (std::size_t at = 0; at < text.size(); at += piece) {
    const std::string part = text.substr(at, piece);
    sha.add(reinterpret_cast<const unsigned char*>(part.data()), part.size());
  }
  std::string out;
  for (const unsigned char byte : sha.finish()) {
    out += "0123456789abcdef"[byte >> 4];
    out += "0123456789abcdef"[byte & 15];
  }
  return out;
}

fcp_status add(fcp_registry* registry, const fcp_plugin& candidate_plugin, std::string& message) {
  char text[300];
  const fcp_status status = fcp_registry_add(registry, &candidate_plugin, text, sizeof text);
  message = text;
  return status;
}

uint32_t wild_candidate(const fcp_plugin_view*, void*, const fcp_entry*) { return 12345678; }
uint32_t no_candidate(const fcp_plugin_view*, void*, const fcp_entry*) { return FCP_NO_SLOT; }
uint32_t stuck_candidate(const fcp_plugin_view* v, void*, const fcp_entry*) {
  return entries(v)[0].slot_at;
}

fcp_cache_config config_with(const fcp_registry* registry) {
  fcp_cache_config config = FCP_INIT(fcp_cache_config);
  config.policy = "two-random";
  config.registry = registry;
  config.capacity = 64;
  config.max_entries = 64;
  config.seed = 5;
  return config;
}

}  // namespace

TEST_CASE("SHA-256 gives the published digests") {
  CHECK(hex_sum("", 1) == "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
  CHECK(hex_sum("abc", 3) == "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
  const std::string two = "abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq";
  for (const std::size_t piece : {1U, 7U, 64U}) {
    CHECK(hex_sum(two, piece) ==
          "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1");
  }
  CHECK(hex_sum(std::string(1000000, 'a'), 997) ==
        "cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0");
}

TEST_CASE("a plugin is accepted once, under its own name, and is listed") {
  fcp_registry* registry = nullptr;
  REQUIRE(fcp_registry_create(&registry) == FCP_OK);
  std::string message;
  CHECK_MESSAGE(add(registry, plugin, message) == FCP_OK, message);
  CHECK(message.empty());
  CHECK(add(registry, plugin, message) == FCP_E_EXISTS);
  fcp_policy_info info = FCP_INIT(fcp_policy_info);
  REQUIRE(fcp_registry_at(registry, 0, &info) == FCP_OK);
  CHECK(std::string(info.name) == "two-random");
  CHECK(fcp_registry_at(registry, 1, &info) == FCP_E_NOT_FOUND);
  std::uint64_t golden = 0;
  REQUIRE(fcp_plugin_self_test(&plugin, &golden, nullptr, 0) == FCP_OK);
  CHECK(golden == plugin.golden);
  for (const char* name : {"", "Upper", "with space", "a/b"}) {
    fcp_plugin other = plugin;
    other.name = name;
    CHECK(add(registry, other, message) == FCP_E_INVALID);
  }
  fcp_plugin other = plugin;
  other.name = "2q";  // an alias of the core's
  CHECK(add(registry, other, message) == FCP_E_EXISTS);
  other.name = "other";
  other.golden ^= 1;
  CHECK(add(registry, other, message) == FCP_E_SELF_TEST);
  fcp_eviction_table lacking = table;
  lacking.hit = nullptr;
  other.eviction = &lacking;
  CHECK(add(registry, other, message) == FCP_E_INVALID);
  fcp_registry_destroy(registry);
}

TEST_CASE("a plugin that names what is no entry is found out; one that names nothing works") {
  fcp_registry* registry = nullptr;
  REQUIRE(fcp_registry_create(&registry) == FCP_OK);
  std::string message;
  fcp_eviction_table broken = table;
  fcp_plugin other = plugin;
  other.name = "broken";
  other.eviction = &broken;
  broken.candidate = wild_candidate;
  CHECK(add(registry, other, message) == FCP_E_SELF_TEST);
  CHECK(message.find("candidates that are no entries") != std::string::npos);
  // Without candidates, or always the same one, the host looks for itself and always finds one.
  for (const auto candidate_of : {no_candidate, stuck_candidate}) {
    broken.candidate = candidate_of;
    CHECK_MESSAGE(fcp_plugin_self_test(&other, &other.golden, nullptr, 0) == FCP_OK, message);
    CHECK(other.golden != plugin.golden);
  }
  CHECK(add(registry, other, message) == FCP_OK);
  fcp_registry_destroy(registry);
}

TEST_CASE("a plugin's cache reads parameters, is saved, restored and moved as any other") {
  fcp_registry* registry = nullptr;
  REQUIRE(fcp_registry_create(&registry) == FCP_OK);
  std::string message;
  REQUIRE(add(registry, plugin, message) == FCP_OK);
  fcp_cache_config config = config_with(registry);
  char text[300];
  fcp_cache* cache = nullptr;
  fcp_param param = {"draws", "0"};
  config.params = &param;
  config.param_count = 1;
  CHECK(fcp_cache_create(&config, &cache, text, sizeof text) == FCP_E_INVALID);
  CHECK(std::string(text).find("draws") != std::string::npos);
  param.key = "drawn";
  CHECK(fcp_cache_create(&config, &cache, text, sizeof text) == FCP_E_INVALID);
  param = {"draws", "3"};
  std::uint64_t bytes = 0;
  REQUIRE(fcp_cache_bytes(&config, &bytes, text, sizeof text) == FCP_OK);
  std::vector<std::uint64_t> block(bytes / 8 + 1);
  config.memory = block.data();
  config.memory_bytes = bytes;
  REQUIRE(fcp_cache_create(&config, &cache, text, sizeof text) == FCP_OK);
  SplitMix random(2);
  const auto requests = [&](fcp_cache* of, std::uint64_t seed) {
    SplitMix draws(seed);
    std::uint64_t hits = 0;
    for (int k = 0; k < 2000; ++k) {
      fcp_meta meta = FCP_META_INIT;
      meta.id = draws.below(1 + draws.below(300));
      hits += static_cast<std::uint64_t>(fcp_request(of, k, &meta));
    }
    return hits;
  };
  CHECK(requests(cache, 1) > 200);
  std::string snapshot;
  const fcp_write append = [](void* context, const void* data, std::size_t count) {
    static_cast<std::string*>(context)->append(static_cast<const char*>(data), count);
    return 0;
  };
  REQUIRE(fcp_save(cache, append, &snapshot) == FCP_OK);
  // No address is in it: the plugin at another one gives the same bytes.
  fcp_registry* elsewhere = nullptr;
  REQUIRE(fcp_registry_create(&elsewhere) == FCP_OK);
  REQUIRE(add(elsewhere, plugin, message) == FCP_OK);
  std::vector<std::uint64_t> other_block(bytes / 8 + 1);
  fcp_cache_config other_config = config;
  other_config.registry = elsewhere;
  other_config.memory = other_block.data();
  fcp_cache* other = nullptr;
  REQUIRE(fcp_cache_create(&other_config, &other, text, sizeof text) == FCP_OK);
  requests(other, 1);
  std::string other_snapshot;
  REQUIRE(fcp_save(other, append, &other_snapshot) == FCP_OK);
  CHECK(other_snapshot == snapshot);
  fcp_cache_destroy(other);
  fcp_registry_destroy(elsewhere);
  struct Source {
    const std::string& bytes;
    std::size_t at;
  } source{snapshot, 0};
  const fcp_read read = [](void* context, void* data, std::size_t count) {
    auto* from = static_cast<Source*>(context);
    if (from->bytes.size() - from->at < count) return 1;
    std::memcpy(data, from->bytes.data() + from->at, count);
    from->at += count;
    return 0;
  };
  fcp_cache* restored = nullptr;
  CHECK(fcp_restore(nullptr, read, &source, &restored, text, sizeof text) == FCP_E_CORRUPT);
  CHECK(std::string(text).find("unknown policy") != std::string::npos);
  source.at = 0;
  REQUIRE(fcp_restore(&config, read, &source, &restored, text, sizeof text) == FCP_OK);
  std::vector<std::uint64_t> copy = block;
  fcp_cache_config there = FCP_INIT(fcp_cache_config);
  there.memory = copy.data();
  there.memory_bytes = bytes;
  fcp_cache* moved = nullptr;
  CHECK(fcp_cache_attach(&there, &moved, text, sizeof text) == FCP_E_CORRUPT);
  there.registry = registry;
  there.policy = "two-random";
  REQUIRE(fcp_cache_attach(&there, &moved, text, sizeof text) == FCP_OK);
  const std::uint64_t hits = requests(cache, 7);
  CHECK(requests(restored, 7) == hits);
  CHECK(requests(moved, 7) == hits);
  CHECK(fcp_state_hash(restored) == fcp_state_hash(cache));
  CHECK(fcp_state_hash(moved) == fcp_state_hash(cache));
  CHECK(fcp_audit(moved, text, sizeof text) == FCP_OK);
  fcp_cache_destroy(moved);
  fcp_cache_destroy(restored);
  fcp_cache_destroy(cache);
  fcp_registry_destroy(registry);
}

TEST_CASE("a plugin serves tenants, and a shadow") {
  fcp_registry* registry = nullptr;
  REQUIRE(fcp_registry_create(&registry) == FCP_OK);
  std::string message;
  REQUIRE(add(registry, plugin, message) == FCP_OK);
  fcp_cache_config config = config_with(registry);
  config.tenants = 2;
  fcp_cache* cache = nullptr;
  REQUIRE(fcp_cache_create(&config, &cache, nullptr, 0) == FCP_OK);
  fcp_shadow* shadow = nullptr;
  REQUIRE(fcp_shadow_create(&config, &shadow, nullptr, 0) == FCP_OK);
  SplitMix random(3);
  for (int k = 0; k < 3000; ++k) {
    fcp_meta meta = FCP_META_INIT;
    meta.id = random.below(200);
    meta.tenant = static_cast<std::uint32_t>(random.below(2));
    REQUIRE(fcp_request(cache, k, &meta) >= 0);
    REQUIRE(fcp_shadow_miss(shadow, k, &meta) == FCP_OK);
    REQUIRE(fcp_shadow_insert(shadow, k, &meta) == FCP_OK);
  }
  char text[200] = "";
  CHECK_MESSAGE(fcp_audit(cache, text, sizeof text) == FCP_OK, text);
  fcp_shadow_report report = FCP_INIT(fcp_shadow_report);
  REQUIRE(fcp_shadow_get(shadow, &report) == FCP_OK);
  CHECK(report.would_hits > 300);
  fcp_shadow_destroy(shadow);
  fcp_cache_destroy(cache);
  fcp_registry_destroy(registry);
}
