// The C binding from C++17.
#include <fleetcache_policy.h>

#include <cstdint>
#include <cstdio>

int main() {
  auto config = FCP_INIT(fcp_cache_config);
  config.policy = "lru";
  config.capacity = 2;
  config.max_entries = 2;
  config.unit_charge = 1;
  fcp_cache* cache = nullptr;
  if (fcp_cache_create(&config, &cache, nullptr, 0) != FCP_OK) return 1;
  fcp_meta meta = FCP_META_INIT;
  int hits = 0;
  const std::uint64_t ids[] = {1, 2, 1, 3, 1, 2};  // 2 goes for 3: hits on the later 1s
  for (const std::uint64_t id : ids) {
    meta.id = id;
    hits += fcp_request(cache, 0, &meta);
  }
  fcp_cache_destroy(cache);
  static_assert(noexcept(fcp_request(nullptr, 0, nullptr)));
  std::printf("%d hits\n", hits);
  return hits == 2 ? 0 : 1;
}
