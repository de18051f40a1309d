/* A cache of objects of some KiB, evicted by any policy.    host POLICY [PLUGIN.so] */
#include <fcp_plugin_loader.h>
#include <fleetcache_policy.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

static char message[512];
static int fail(const char *what, fcp_status status) {
  fprintf(stderr, "%s: %s: %s\n", what, fcp_status_name(status), message);
  return 1;
}

static void *bytes_of[4096]; /* by slot: the low half of a handle */
static void drop(void *context, const fcp_victim *victim) {
  free(bytes_of[(uint32_t)victim->handle]);
  *(uint64_t *)context += victim->charge;
}

static uint64_t draw(uint64_t k) {
  k = (k + 1) * 0x9e3779b97f4a7c15u;
  return k ^ (k >> 29);
}

int main(int argc, char **argv) {
  fcp_registry *plugins = NULL;
  fcp_status status = fcp_registry_create(&plugins);
  if (status == FCP_OK && argc > 2)
    status = fcp_plugin_load(plugins, argv[2], NULL, message, sizeof message);
  if (status != FCP_OK) return fail("plugin", status);
  fcp_cache_config config = FCP_INIT(fcp_cache_config);
  config.policy = argc > 1 ? argv[1] : "s3fifo";
  config.registry = plugins;
  config.capacity = 1 << 20;
  config.max_entries = 4095;
  fcp_cache *cache = NULL;
  status = fcp_cache_create(&config, &cache, message, sizeof message);
  if (status != FCP_OK) return fail("cache", status);
  uint64_t hits = 0, dropped = 0;
  for (int64_t now = 0; now < 200000; ++now) {
    fcp_meta object = FCP_META_INIT;
    object.id = draw((uint64_t)now) % (1 + draw((uint64_t)now + 1000000) % 8192);
    object.charge = 512 + draw(object.id) % 4096;
    fcp_handle entry = fcp_find(cache, 0, object.id, 0);
    if (entry != 0 && fcp_access(cache, now, entry, -1) == FCP_OK) {
      ++hits;
      continue;
    }
    fcp_miss(cache, now, &object);
    if (fcp_admit(cache, now, &object, drop, &dropped, &entry) == FCP_OK)
      bytes_of[(uint32_t)entry] = malloc(object.charge);
  }
  status = fcp_audit(cache, message, sizeof message);
  if (status != FCP_OK) return fail("audit", status);
  printf("%s: %" PRIu64 " hits, %" PRIu64 " bytes dropped, state %016" PRIx64 "\n", config.policy,
         hits, dropped, fcp_state_hash(cache));
  fcp_cache_destroy(cache);
  fcp_registry_destroy(plugins);
  return 0;
}
