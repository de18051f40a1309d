/* Eviction: whom to drop. One fcp_cache is one shard of metadata: it owns no bytes, no lock, no
 * clock and no file.
 *
 * Life of an entry: FREE -insert-> LIVE -reserve-> RESERVED -commit-> FREE (and perhaps remembered
 * as a ghost), or RESERVED -abort-> LIVE at its exact old place. Pinned, leased and RESERVED
 * entries are never victims.
 *
 * One request: fcp_find; on a hit fcp_access; on a miss fcp_miss and, while fcp_must_evict,
 * fcp_reserve, I/O, fcp_commit, then fcp_insert. fcp_request does all that at once for a host whose
 * victims need no I/O, fcp_request_n for a host to which a call is dear (Python, Go, Java).
 *
 * Cost: O(1) amortised where nothing is said (gdsf, lfuda, random, cost-aware, belady: O(log n));
 * with t tenants, O(t) for a decision on whom to evict from. No allocation after creation. */
#ifndef FCP_EVICTION_H
#define FCP_EVICTION_H

#include "fcp_base.h"

#ifdef __cplusplus
extern "C" {
#endif

typedef struct fcp_cache fcp_cache;
typedef struct fcp_registry fcp_registry;
/* A live or reserved entry: 32 bits of place, 32 of generation. 0 is none. A handle of an entry
 * that is gone is told from its successor's. */
typedef uint64_t fcp_handle;

/* What a host can tell of entries beyond id and charge; a field of an undeclared feature is not
 * looked at. Bytes an entry: 8 (6 with many entries), 4, 16, 16, 12, 8, 4. */
enum {
  FCP_WIDE_IDS = 1, /* ids of 128 bits */
  FCP_COSTS = 2,    /* cost of a miss */
  FCP_TTL = 4,      /* expiry times, in a timing wheel */
  FCP_LEASES = 8,   /* leases and soft pins by time */
  FCP_PREFIX = 16,  /* parent links: a parent goes after its last child */
  FCP_GROUPS = 32,  /* members of a group go together or not at all; not with FCP_PREFIX */
  FCP_KINDS = 64    /* class and depth */
};

typedef struct fcp_cache_config {
  uint32_t struct_size;
  uint32_t features;       /* FCP_WIDE_IDS | ... */
  const char *policy;      /* "s3fifo", or the name of a plugin in `registry` */
  const fcp_param *params; /* may be NULL */
  uint32_t param_count;
  uint32_t max_entries;         /* most live entries ever (a tenant); > 0 */
  uint64_t capacity;            /* sum of charges that fit, in any one unit, as a rule bytes; > 0 */
  uint64_t max_capacity;        /* most that fcp_resize may ask for; 0: `capacity` */
  uint64_t seed;                /* for policies that draw */
  uint32_t unit_charge;         /* not 0: every charge counts as 1 */
  uint32_t tenants;             /* 0 or 1: one; more: fair shares among tenants 0 .. tenants - 1 */
  const fcp_registry *registry; /* plugins, may be NULL; outlives the cache */
  const fcp_allocator *allocator; /* NULL: calloc and free. Copied. Not with tenants > 1. */
  void *memory;          /* not NULL: the state lives here, zeroed, 8-byte aligned, and holds no */
  uint64_t memory_bytes; /* address, so it may be shared memory. Not with tenants > 1. */
} fcp_cache_config;

/* An object. Start from FCP_META_INIT; what the host does not know stays as it is there. */
typedef struct fcp_meta {
  uint32_t struct_size;
  uint32_t tenant; /* < tenants */
  uint64_t id;
  uint64_t id_high;        /* FCP_WIDE_IDS */
  uint64_t charge;         /* space it takes, in the unit of the capacity; 0 < . < 2^48 */
  int64_t next_access;     /* index of the next request to it, -1 never or unknown (belady) */
  int64_t expires_ns;      /* FCP_TTL: no hit from then on; 0 never */
  int64_t leased_until_ns; /* FCP_LEASES: not a victim before; 0 no lease */
  int64_t soft_until_ns;   /* FCP_LEASES: not a victim before, unless nothing else is left */
  fcp_handle parent;       /* FCP_PREFIX: a live entry that this one is useless without */
  fcp_handle mate;         /* FCP_GROUPS: any member of the group that it joins */
  uint32_t cost;           /* FCP_COSTS: of a miss, in any one unit; 0 unknown, taken as 1 */
  uint16_t klass;          /* FCP_KINDS */
  uint16_t depth;          /* FCP_KINDS: place in its prefix, 0 at the root */
} fcp_meta;
#define FCP_META_INIT \
  { sizeof(fcp_meta), 0, 0, 0, 1, -1, 0, 0, 0, 0, 0, 0, 0, 0 }

/* The part of a request that batches carry. Frozen. */
typedef struct fcp_lookup {
  int64_t now_ns;
  uint64_t id;
  uint64_t charge;
  int64_t next_access;
} fcp_lookup;

/* Frozen. */
typedef struct fcp_victim {
  fcp_handle handle;
  uint64_t id;
  uint64_t id_high;
  uint64_t charge;
  uint32_t tenant;
  uint32_t reserved;
} fcp_victim;

/* What to do with a candidate. */
typedef int32_t fcp_verdict;
enum {
  FCP_TAKE = 0,
  FCP_SKIP = 1,        /* it stays where it is */
  FCP_SKIP_ROTATE = 2, /* it goes back as if inserted now, when the search is over */
  FCP_SKIP_TOUCH = 3,  /* it counts as accessed, when the search is over */
  FCP_STOP = 4         /* the search ends */
};
typedef fcp_verdict (*fcp_eligible)(void *context, const fcp_victim *candidate);
typedef void (*fcp_on_victim)(void *context, const fcp_victim *victim);
typedef int (*fcp_alive)(void *context, const fcp_victim *entry); /* not 0: still there */
/* Take or give exactly `count` bytes of a snapshot and return 0; another number ends it. */
typedef int (*fcp_write)(void *context, const void *bytes, size_t count);
typedef int (*fcp_read)(void *context, void *bytes, size_t count);

/* A search for victims. FCP_INIT(fcp_want) asks for any, as many as fit into the array. */
typedef struct fcp_want {
  uint32_t struct_size;
  uint32_t max_scan;        /* most candidates to look at, skipped ones included; 0: no bound */
  const fcp_meta *incoming; /* the object that needs the room, or NULL */
  fcp_eligible eligible;    /* NULL takes all */
  void *context;
  uint64_t charge;     /* stop once the victims' charges reach this; 0: no such end */
  uint32_t one_tenant; /* not 0: victims of `tenant` alone */
  uint32_t tenant;
} fcp_want;

typedef struct fcp_quota {
  uint64_t min;    /* guaranteed; the minima of all must fit into the capacity */
  uint64_t max;    /* UINT64_MAX: no bound */
  uint32_t weight; /* > 0 */
  uint32_t reserved;
} fcp_quota; /* frozen */

typedef struct fcp_stats {
  uint32_t struct_size;
  uint32_t entries;  /* live and reserved */
  uint64_t used;     /* sum of their charges */
  uint64_t capacity; /* of the cache; of a tenant: what it is entitled to */
  uint64_t hits, misses, inserts, evictions, aborts, ghost_hits, evicted_charge;
  uint64_t expired; /* entries that went because their time was over */
  uint64_t scanned; /* candidates looked at by searches for victims */
  uint64_t skipped; /* of these, held or refused by the host */
} fcp_stats;

/* ---- creation ---- */

/* Exact bytes of state that a cache takes. FCP_E_INVALID as fcp_cache_create. */
FCP_API fcp_status fcp_cache_bytes(const fcp_cache_config *config, uint64_t *bytes, char *message,
                                   size_t message_bytes) FCP_NOEXCEPT;
/* FCP_E_INVALID for an unknown policy or parameter, zero capacity or entries, memory too small or
 * misaligned; FCP_E_NO_MEMORY. The caller destroys it. */
FCP_API fcp_status fcp_cache_create(const fcp_cache_config *config, fcp_cache **out, char *message,
                                    size_t message_bytes) FCP_NOEXCEPT;
/* A cache over state that fcp_cache_create once made in `config->memory`, by this build of the
 * library, in another process perhaps. Of the config, `memory`, `memory_bytes`, `policy` (may be
 * NULL), `registry` and `allocator` are looked at. FCP_E_CORRUPT when no such state is there. Only
 * one handle on a state may be in use at a time: the caller's lock spans processes too. */
FCP_API fcp_status fcp_cache_attach(const fcp_cache_config *config, fcp_cache **out, char *message,
                                    size_t message_bytes) FCP_NOEXCEPT;
/* NULL is harmless. State in memory of the caller's is left as it is. */
FCP_API void fcp_cache_destroy(fcp_cache *cache) FCP_NOEXCEPT;

/* ---- requests ---- */

/* The live or reserved entry of an object, or 0. Changes nothing. */
FCP_API fcp_handle fcp_find(const fcp_cache *cache, uint32_t tenant, uint64_t id,
                            uint64_t id_high) FCP_NOEXCEPT;
/* fcp_find for each; `ids_high` may be NULL. Returns how many were found. */
FCP_API size_t fcp_find_n(const fcp_cache *cache, uint32_t tenant, const uint64_t *ids,
                          const uint64_t *ids_high, size_t count, fcp_handle *out) FCP_NOEXCEPT;
/* 1 for a live entry; 0 for a stale, free or reserved one. */
FCP_API int fcp_live(const fcp_cache *cache, fcp_handle handle) FCP_NOEXCEPT;
/* Id, charge and tenant of a live or reserved entry; else FCP_E_STALE. */
FCP_API fcp_status fcp_describe(const fcp_cache *cache, fcp_handle handle,
                                fcp_victim *out) FCP_NOEXCEPT;
/* A hit. FCP_E_STALE, and no hit, for an entry that is gone, reserved or expired. `next_access` as
 * in fcp_meta. */
FCP_API fcp_status fcp_access(fcp_cache *cache, int64_t now_ns, fcp_handle handle,
                              int64_t next_access) FCP_NOEXCEPT;
/* Hits in order, as from a queue of touches. Returns how many were not stale. */
FCP_API size_t fcp_access_n(fcp_cache *cache, int64_t now_ns, const fcp_handle *handles,
                            size_t count) FCP_NOEXCEPT;
/* A lookup that found nothing: ghost lists and adaptive targets learn of it. */
FCP_API fcp_status fcp_miss(fcp_cache *cache, int64_t now_ns, const fcp_meta *meta) FCP_NOEXCEPT;
/* 1 when a victim has to go before `incoming` can be inserted; with NULL, when the last access left
 * the policy over a limit of its own (slru), which is settled by one more eviction. */
FCP_API int fcp_must_evict(fcp_cache *cache, const fcp_meta *incoming) FCP_NOEXCEPT;
/* FCP_E_EXISTS (and its handle) for a resident object, FCP_E_REFUSED for one that the policy would
 * never store or whose parent is gone, FCP_E_FULL while a victim has to go first. */
FCP_API fcp_status fcp_insert(fcp_cache *cache, int64_t now_ns, const fcp_meta *meta,
                              fcp_handle *out) FCP_NOEXCEPT;
/* Evicts until the object fits and inserts it; `on_victim` (may be NULL) hears of each. For an
 * object that is live already, its handle. FCP_E_REFUSED as fcp_insert, FCP_E_BUSY when nothing may
 * go, or it is reserved itself; victims already gone stay gone. */
FCP_API fcp_status fcp_admit(fcp_cache *cache, int64_t now_ns, const fcp_meta *meta,
                             fcp_on_victim on_victim, void *context, fcp_handle *out) FCP_NOEXCEPT;
/* Find, then access, or miss and admit: the loop of a trace replay. 1 on a hit, 0 on a miss; a
 * negative status for bad input. */
FCP_API int32_t fcp_request(fcp_cache *cache, int64_t now_ns, const fcp_meta *meta) FCP_NOEXCEPT;
/* fcp_request for each in order, for tenant 0. `hits` (may be NULL) receives 1 or 0 for each;
 * `hit_count` may be NULL. */
FCP_API fcp_status fcp_request_n(fcp_cache *cache, const fcp_lookup *lookups, size_t count,
                                 uint8_t *hits, uint64_t *hit_count) FCP_NOEXCEPT;

/* ---- two-phase eviction ---- */

/* Marks up to `capacity` victims RESERVED, best first, expired ones before all. `want` may be NULL.
 * FCP_OK also when fewer were found, or none. A group comes whole or not at all. O(victims + looked
 * at); at most 64 candidates a call are rotated or touched. */
FCP_API fcp_status fcp_reserve(fcp_cache *cache, int64_t now_ns, const fcp_want *want,
                               fcp_victim *out, size_t capacity, size_t *count) FCP_NOEXCEPT;
/* Reserves entries whose time is over, oldest first. O(found + over but held). */
FCP_API fcp_status fcp_expire(fcp_cache *cache, int64_t now_ns, fcp_victim *out, size_t capacity,
                              size_t *count) FCP_NOEXCEPT;
/* Drops reserved entries for good. What is not reserved is passed over. */
FCP_API fcp_status fcp_commit(fcp_cache *cache, int64_t now_ns, const fcp_handle *handles,
                              size_t count) FCP_NOEXCEPT;
/* Puts reserved entries back at their exact old places: the next victim is the same. Pass handles
 * in the order in which they were reserved. */
FCP_API fcp_status fcp_abort(fcp_cache *cache, int64_t now_ns, const fcp_handle *handles,
                             size_t count) FCP_NOEXCEPT;

/* ---- single entries ---- */

/* Drops a live entry without remembering it (deleted, overwritten). FCP_E_STALE, or FCP_E_BUSY for
 * a reserved entry and for a parent of resident children. */
FCP_API fcp_status fcp_erase(fcp_cache *cache, int64_t now_ns, fcp_handle handle) FCP_NOEXCEPT;
/* Counted: a pinned entry keeps its place and is passed over by searches. FCP_E_STALE; FCP_E_FULL
 * beyond 16,383 pins; unpin of an unpinned entry is FCP_E_INVALID. */
FCP_API fcp_status fcp_pin(fcp_cache *cache, fcp_handle handle) FCP_NOEXCEPT;
FCP_API fcp_status fcp_unpin(fcp_cache *cache, fcp_handle handle) FCP_NOEXCEPT;
/* New time, lease or cost of a live entry; FCP_E_STALE; FCP_E_UNSUPPORTED without the feature. */
FCP_API fcp_status fcp_set_expiry(fcp_cache *cache, fcp_handle handle,
                                  int64_t expires_ns) FCP_NOEXCEPT;
FCP_API fcp_status fcp_set_lease(fcp_cache *cache, fcp_handle handle, int64_t leased_until_ns,
                                 int64_t soft_until_ns) FCP_NOEXCEPT;
FCP_API fcp_status fcp_set_cost(fcp_cache *cache, fcp_handle handle, uint32_t cost) FCP_NOEXCEPT;

/* ---- the whole cache ---- */

/* Changes the capacity, up to max_capacity; `over` (may be NULL) is by how much the use now exceeds
 * it. The caller evicts that much, or lets the next admissions do it. Allocates with tenants. */
FCP_API fcp_status fcp_resize(fcp_cache *cache, uint64_t capacity, uint64_t *over) FCP_NOEXCEPT;
/* Changes parameters of the running cache, all or none. FCP_E_INVALID also for one that would need
 * more memory than there is. Allocates. */
FCP_API fcp_status fcp_set_params(fcp_cache *cache, const fcp_param *params, uint32_t count,
                                  char *message, size_t message_bytes) FCP_NOEXCEPT;
/* New quotas, one a tenant, all or none. Nothing is evicted at once. Allocates.
 * FCP_E_UNSUPPORTED for a cache made without tenants. */
FCP_API fcp_status fcp_set_quotas(fcp_cache *cache, const fcp_quota *quotas, uint32_t count,
                                  char *message, size_t message_bytes) FCP_NOEXCEPT;
#define FCP_ALL_TENANTS 0xffffffffu
FCP_API fcp_status fcp_get_stats(const fcp_cache *cache, uint32_t tenant,
                                 fcp_stats *out) FCP_NOEXCEPT;
/* Writes the whole state, holds included, with a CRC: a restored cache goes on bit for bit.
 * O(memory in use). FCP_E_IO when the callback refused. */
FCP_API fcp_status fcp_save(const fcp_cache *cache, fcp_write write, void *context) FCP_NOEXCEPT;
/* A cache from fcp_save's bytes. Of `config` (may be NULL) `registry`, `policy` (needed for a
 * plugin's) and `tenants` are looked at; memory comes from calloc. FCP_E_CORRUPT, and no cache, for
 * bytes that are truncated, damaged, or of another version of the policy. */
FCP_API fcp_status fcp_restore(const fcp_cache_config *config, fcp_read read, void *context,
                               fcp_cache **out, char *message, size_t message_bytes) FCP_NOEXCEPT;
/* After a restart: pins, leases and reservations end; what is not `alive` (NULL: all are), or has
 * an ancestor that is not, is dropped. O(n x depth). */
FCP_API fcp_status fcp_restart(fcp_cache *cache, fcp_alive alive, void *context) FCP_NOEXCEPT;
/* Recounts everything, O(n). FCP_OK when sound, else FCP_E_INTERNAL and what broke. Allocates. */
FCP_API fcp_status fcp_audit(const fcp_cache *cache, char *message,
                             size_t message_bytes) FCP_NOEXCEPT;
/* Digest of the whole decision state, list orders included: equal in all bindings. O(n). */
FCP_API uint64_t fcp_state_hash(const fcp_cache *cache) FCP_NOEXCEPT;

#ifdef __cplusplus
}
#endif
#endif
