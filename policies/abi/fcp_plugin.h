/* Eviction policies from a shared library. The host keeps entries, index, charges, pins, expiry and
 * reservations; the plugin keeps an order, in memory of the cache's own, and names candidates.
 *
 * A plugin exports one function, fcp_plugin_query_v1, and needs nothing of this library but this
 * header. A host loads it with fcp_plugin_load (fcp_plugin_loader.h), or has it linked in and calls
 * fcp_registry_add itself; then a cache whose config names the registry finds the policy by name.
 *
 * Before a plugin is accepted it runs a fixed set of requests, reservations, aborts, pins, erasures
 * and a restore in this very process, and must make the same decisions as at its author's: the
 * digest of them is fcp_plugin::golden. */
#ifndef FCP_PLUGIN_H
#define FCP_PLUGIN_H

#include "fcp_eviction.h"

#ifdef __cplusplus
extern "C" {
#endif

#define FCP_NO_SLOT 0xffffffffu
#define FCP_HEAD_BYTES 192
#define FCP_CURSOR_BYTES 64

/* What a plugin learns of an object. Fields of undeclared features are 0. Frozen. */
typedef struct fcp_entry {
  uint64_t id; /* or 64 bits mixed from a 128-bit one */
  uint64_t charge;
  int64_t next_access; /* -1 never or unknown */
  uint32_t cost;
  uint32_t reserved;
  uint16_t klass;
  uint16_t depth;
  uint32_t reserved2;
} fcp_entry;

/* The cache as it is during one call; nothing of it may be kept. All memory is zero at first, holds
 * no addresses, and is saved, restored and moved with the cache, so plain data and slot numbers
 * only. All zero must be the valid state of an empty cache. */
typedef struct fcp_plugin_view {
  uint32_t struct_size;
  uint32_t slots;   /* entries are numbered below this; a number is used again */
  uint32_t entries; /* live and reserved; the entry of the call counts */
  uint32_t reserved;
  uint64_t capacity;
  uint64_t used;
  uint64_t seed;
  void *head;          /* FCP_HEAD_BYTES, as `configure` filled them */
  void *shared;        /* shared_bytes */
  void *entries_state; /* entry_bytes for each slot; as left by the slot's last user */
} fcp_plugin_view;

/* Reads parameters: what nobody asked for is the host's error, and so is a value out of bounds. */
typedef struct fcp_param_reader {
  uint32_t struct_size;
  uint32_t reserved;
  void *context;
  double (*number)(void *context, const char *key, double fallback, double low, double high);
  uint32_t (*integer)(void *context, const char *key, uint32_t fallback, uint32_t low,
                      uint32_t high);
} fcp_param_reader;

typedef struct fcp_plugin_shape {
  uint32_t struct_size;
  uint32_t entry_bytes; /* rounded up to a multiple of 8 */
  uint64_t shared_bytes;
} fcp_plugin_shape;

/* The policy. Calls must be deterministic, must not throw, allocate or call back, and cost O(1)
 * amortised or O(log n). `miss`, `reserve` and `abort` may be NULL. */
typedef struct fcp_eviction_table {
  uint32_t struct_size;
  uint32_t reserved;
  /* Reads parameters into `head` (zeroed) and says what memory a cache of `slots` takes. Called
   * before there is any other memory, and more than once. */
  void (*configure)(uint32_t slots, uint64_t max_capacity, const fcp_param_reader *reader,
                    void *head, fcp_plugin_shape *out);
  void (*insert)(const fcp_plugin_view *view, uint32_t slot, const fcp_entry *entry);
  void (*hit)(const fcp_plugin_view *view, uint32_t slot, int64_t next_access);
  void (*miss)(const fcp_plugin_view *view, const fcp_entry *entry);
  /* The next candidate, best first, or FCP_NO_SLOT after the last one. `cursor` is
   * FCP_CURSOR_BYTES, zero at the start of a search. Held and refused candidates are passed over by
   * calling again; must not change the state. After 4 x entries + 1024 calls, or FCP_NO_SLOT, the
   * host looks through all slots in their order, so the last possible victim is always found. */
  uint32_t (*candidate)(const fcp_plugin_view *view, void *cursor, const fcp_entry *incoming);
  void (*reserve)(const fcp_plugin_view *view, uint32_t slot); /* it became RESERVED */
  void (*abort)(const fcp_plugin_view *view, uint32_t slot);   /* undoes exactly that */
  void (*evict)(const fcp_plugin_view *view, uint32_t slot);   /* a RESERVED entry goes for good */
  void (*erase)(const fcp_plugin_view *view, uint32_t slot);   /* a live entry goes */
  /* Digest of the whole decision state, the order included. O(n). */
  uint64_t (*digest)(const fcp_plugin_view *view);
} fcp_eviction_table;

typedef struct fcp_plugin {
  uint32_t struct_size;
  uint32_t abi_major; /* FCP_VERSION_MAJOR and FCP_VERSION_MINOR at its compilation */
  uint32_t abi_minor;
  uint32_t version; /* of the policy: rises whenever its decisions change */
  const char *name; /* a-z, 0-9 and '-', at most 47; not one that is taken */
  const char *summary;
  const char *source;
  const fcp_eviction_table *eviction;
  uint64_t golden; /* what fcp_plugin_self_test gave at its author's */
} fcp_plugin;

/* The plugin's only export. NULL when it cannot serve a host of that version. What it returns lives
 * as long as the library is loaded. */
#define FCP_PLUGIN_QUERY "fcp_plugin_query_v1"
typedef const fcp_plugin *(*fcp_plugin_query)(uint32_t host_major, uint32_t host_minor);

/* ---- the host's side ---- */

/* An empty list of plugins; the caller destroys it, after all caches that name it. */
FCP_API fcp_status fcp_registry_create(fcp_registry **out) FCP_NOEXCEPT;
FCP_API void fcp_registry_destroy(fcp_registry *registry) FCP_NOEXCEPT;
/* Checks a plugin, runs its self-test and adds it. FCP_E_VERSION for another major version, a
 * higher minor one or a short struct, FCP_E_INVALID for a missing function or a bad name,
 * FCP_E_EXISTS for a name that is taken, FCP_E_SELF_TEST for other decisions or a broken rule. The
 * plugin's code and texts must stay loaded as long as the registry. Some milliseconds. */
FCP_API fcp_status fcp_registry_add(fcp_registry *registry, const fcp_plugin *plugin, char *message,
                                    size_t message_bytes) FCP_NOEXCEPT;
/* The plugin at a position from 0; FCP_E_NOT_FOUND past the last one. */
FCP_API fcp_status fcp_registry_at(const fcp_registry *registry, uint32_t position,
                                   fcp_policy_info *out) FCP_NOEXCEPT;
/* The digest of a plugin's decisions here, for its author to write down. Fails as fcp_registry_add,
 * but for the digest itself. */
FCP_API fcp_status fcp_plugin_self_test(const fcp_plugin *plugin, uint64_t *golden, char *message,
                                        size_t message_bytes) FCP_NOEXCEPT;

#ifdef __cplusplus
}
#endif
#endif
