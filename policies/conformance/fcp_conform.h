/* The conformance suite of the policy core: does a cache that embeds the core still behave as the
 * core decides? The suite drives a host through the calls below, compares it with rules and with
 * naive models, and says for each case what it expected and what it saw.
 *
 * It needs neither the core nor its headers: a host in any language answers these calls, in this
 * process or by its own protocol. Answers about contents (`resident`, `used`, `get`) must come from
 * the bytes that the host holds, not from the policy's books: their difference is what is tested.
 *
 * The suite is one thread; calls come one at a time. It keeps no pointer that a call gave it.
 * A guide with a whole host: docs/conformance.md. */
#ifndef FCP_CONFORM_H
#define FCP_CONFORM_H

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/* Answers of a host. A negative number is a breakdown of the host: the case fails. */
enum {
  FCP_CONFORM_OK = 0,          /* a hit; stored; done */
  FCP_CONFORM_MISS = 1,        /* no such object; `restart`: no snapshot, a cold start */
  FCP_CONFORM_EXISTS = 2,      /* `put`: it is there, and keeps its old body */
  FCP_CONFORM_REFUSED = 3,     /* would never be stored: larger than the cache, parent gone */
  FCP_CONFORM_AGAIN = 4,       /* not now: what would have to go is held */
  FCP_CONFORM_INVALID = 5,     /* an argument that no caller may pass; nothing changed */
  FCP_CONFORM_CORRUPT = 6,     /* `restart`: the snapshot was refused, a cold start */
  FCP_CONFORM_UNSUPPORTED = 7, /* this host cannot, although it said so: the case fails */
};

/* What a host can do. Cases that need more are skipped, and counted as skipped. */
enum {
  FCP_CONFORM_ERASE = 1 << 0,
  FCP_CONFORM_PIN = 1 << 1,
  FCP_CONFORM_PHASES = 1 << 2,       /* evict_begin, evict_end */
  FCP_CONFORM_FILL = 1 << 3,         /* fill_begin, fill_end */
  FCP_CONFORM_TOUCH = 1 << 4,        /* touch_later, touch_flush */
  FCP_CONFORM_TTL = 1 << 5,          /* fcp_conform_object::expires_ns */
  FCP_CONFORM_TENANTS = 1 << 6,      /* fcp_conform_config::tenants and quotas */
  FCP_CONFORM_PREFIX = 1 << 7,       /* fcp_conform_object::parent */
  FCP_CONFORM_GROUPS = 1 << 8,       /* fcp_conform_object::mate */
  FCP_CONFORM_RESIZE = 1 << 9,       /* set_capacity */
  FCP_CONFORM_PARAMS = 1 << 10,      /* set_param; param_* below */
  FCP_CONFORM_RESTART = 1 << 11,     /* save, restart */
  FCP_CONFORM_PLACEMENT = 1 << 12,   /* set_members, lookup */
  FCP_CONFORM_PLUGINS = 1 << 13,     /* plugin */
  FCP_CONFORM_LOG = 1 << 14,         /* drain */
  FCP_CONFORM_STATS = 1 << 15,       /* stats */
  FCP_CONFORM_CHARGES = 1 << 16,     /* a charge may differ from the length of the body */
  FCP_CONFORM_ENTRY_LIMIT = 1 << 17, /* fcp_conform_config::max_entries is kept */
  FCP_CONFORM_ALL = (1 << 18) - 1
};

typedef struct fcp_conform_quota {
  uint64_t min; /* guaranteed */
  uint64_t max; /* UINT64_MAX: no bound */
  uint32_t weight;
  uint32_t reserved;
} fcp_conform_quota;

/* An empty cache. `features` are those of TTL, PREFIX and GROUPS that the case uses; never the last
 * two at once. All units are bytes. */
typedef struct fcp_conform_config {
  uint32_t struct_size;
  uint32_t features;
  const char *policy; /* one of fcp_conform_host::policies */
  uint64_t capacity;
  uint64_t max_capacity; /* most that set_capacity will ask for, or is refused beyond */
  uint32_t max_entries;
  uint32_t tenants;                /* 1 or more */
  const fcp_conform_quota *quotas; /* one a tenant, or NULL */
  uint64_t seed;
} fcp_conform_config;

typedef struct fcp_conform_object {
  uint32_t struct_size;
  uint32_t tenant;
  uint64_t id;        /* any 64 bits */
  uint64_t charge;    /* space it takes; the length of the body but for CHARGES; may be 0 */
  int64_t expires_ns; /* no hit from then on; 0 never */
  uint64_t parent;    /* with has_parent: the id of an object that this one is useless without */
  uint64_t mate;      /* with has_mate: the id of a member of the group that it joins */
  uint32_t has_parent;
  uint32_t has_mate;
  const void *body;
  uint64_t body_bytes;
} fcp_conform_object;

typedef struct fcp_conform_entry {
  uint64_t id;
  uint64_t charge;
  uint32_t tenant;
  uint32_t reserved;
} fcp_conform_entry;

/* What happened, in order. */
enum {
  FCP_CONFORM_INSERTED = 1,
  FCP_CONFORM_EVICTED = 2,
  FCP_CONFORM_EXPIRED = 3,
  FCP_CONFORM_ERASED = 4
};
typedef struct fcp_conform_event {
  uint64_t id;
  uint64_t charge;
  uint32_t tenant;
  int32_t kind;
} fcp_conform_event;

/* Since `reset`. What a host does not count is UINT64_MAX. */
typedef struct fcp_conform_stats {
  uint32_t struct_size;
  uint32_t reserved;
  uint64_t hits, misses; /* of `get` */
  uint64_t inserts, evictions, expired;
  uint64_t entries;
  uint64_t used;
  uint64_t scanned; /* candidates looked at in searches for victims */
} fcp_conform_stats;

/* What happens to a host that is down. */
enum {
  FCP_CONFORM_NO_DAMAGE = 0,
  FCP_CONFORM_TRUNCATE = 1, /* the snapshot ends at byte `at` */
  FCP_CONFORM_FLIP = 2,     /* bit `bit` of its byte `at` is turned */
  FCP_CONFORM_REMOVE = 3    /* the snapshot is gone */
};
typedef struct fcp_conform_damage {
  uint32_t struct_size;
  int32_t kind;
  uint64_t at;
  uint32_t bit;
  uint32_t lost_count;
  const fcp_conform_entry *lost; /* their bodies are gone from the disk */
} fcp_conform_damage;

typedef struct fcp_conform_member {
  uint64_t id;
  uint32_t weight; /* > 0 */
  uint32_t up;     /* 0: owns nothing */
} fcp_conform_member;

struct fcp_plugin;

/* The host. Calls of a capability that is not declared may be NULL. `context` comes back first in
 * every call. */
typedef struct fcp_conform_host {
  uint32_t struct_size;
  uint32_t capabilities; /* FCP_CONFORM_ERASE | ... */
  void *context;
  const char *name;
  const char *const *policies; /* eviction policies to test; models exist for "lru" and "fifo" */
  uint32_t policy_count;       /* > 0 */
  uint32_t reserved;
  const char *param_policy; /* PARAMS: a policy, a parameter of it, two values it can have */
  const char *param_key;
  const char *param_values[2];

  /* An empty cache, whatever was there before; the clock goes on. */
  int32_t (*reset)(void *context, const fcp_conform_config *config);
  /* A read. OK: `body` (of `capacity` bytes) holds the object, `*bytes` its length. MISS: neither
   * stored nor fetched by the host itself; the suite puts it. */
  int32_t (*get)(void *context, uint32_t tenant, uint64_t id, void *body, uint64_t capacity,
                 uint64_t *bytes);
  /* Stores an object, evicting what has to go first: OK, EXISTS, REFUSED or AGAIN. For a resident
   * object either OK (replaced: the old body is never seen again) or EXISTS. */
  int32_t (*put)(void *context, const fcp_conform_object *object);
  /* OK, MISS, or AGAIN for what may not go now (reserved, a parent of resident children). */
  int32_t (*erase)(void *context, uint32_t tenant, uint64_t id);
  /* A reader holds the object, counted. OK, MISS, AGAIN (it is on its way out). */
  int32_t (*pin)(void *context, uint32_t tenant, uint64_t id);
  /* OK; INVALID or MISS for what is not pinned. */
  int32_t (*unpin)(void *context, uint32_t tenant, uint64_t id);
  /* Time passes, and the host does what it does from time to time: nothing whose time is over is
   * resident afterwards, unless pinned. Negative: INVALID, and the clock stays. */
  int32_t (*advance)(void *context, int64_t delta_ns);
  /* Clock that `expires_ns` is told in. */
  int64_t (*now)(void *context);
  /* All objects whose bytes are held, in any order, those on their way out included. Writes at
   * most `capacity`; returns how many there are. */
  int64_t (*resident)(void *context, fcp_conform_entry *out, uint64_t capacity);
  /* Bytes held: the host's own count, as it would show it. */
  int64_t (*used)(void *context);
  /* LOG: takes the oldest events, at most `capacity`; returns how many. */
  int64_t (*drain)(void *context, fcp_conform_event *out, uint64_t capacity);
  /* STATS, of all tenants. */
  int32_t (*stats)(void *context, fcp_conform_stats *out);

  /* PHASES. Chooses up to `count` victims and starts to move them out; returns how many. */
  int64_t (*evict_begin)(void *context, fcp_conform_entry *out, uint64_t count);
  /* The move of all of them succeeded (they are gone), or failed (they stay). INVALID when none is
   * under way. */
  int32_t (*evict_end)(void *context, int32_t succeeded);
  /* FILL. A fetch of an object that is missing begins, and ends with its bytes or without. Not to
   * be seen before. */
  int32_t (*fill_begin)(void *context, const fcp_conform_object *object, uint64_t *ticket);
  int32_t (*fill_end)(void *context, uint64_t ticket, int32_t succeeded);
  /* TOUCH. A read whose touch is queued, and the queue run. */
  int32_t (*touch_later)(void *context, uint32_t tenant, uint64_t id);
  int32_t (*touch_flush)(void *context);

  /* RESIZE. Evicts what no longer fits, but for what is held. INVALID above max_capacity; 0 is
   * INVALID, or a cache that stores nothing. */
  int32_t (*set_capacity)(void *context, uint64_t capacity);
  /* PARAMS. INVALID for an unknown key or value, and then nothing changes. */
  int32_t (*set_param)(void *context, const char *key, const char *value);

  /* RESTART. Writes a snapshot; `*bytes` is its length. */
  int32_t (*save)(void *context, uint64_t *bytes);
  /* kill -9, then damage, then a start from what is there. OK, MISS or CORRUPT. The configuration
   * is that of the last reset, set_capacity and set_param. */
  int32_t (*restart)(void *context, const fcp_conform_damage *damage);

  /* PLACEMENT. A new membership. The one before stays askable. */
  int32_t (*set_members)(void *context, uint64_t epoch, const fcp_conform_member *members,
                         uint32_t count);
  /* Ids of the owners of a key, best first; how many; or negative for an epoch that is gone. */
  int64_t (*lookup)(void *context, uint64_t epoch, uint64_t key, uint64_t *owners, uint32_t count);

  /* PLUGINS. With `golden`: the digest of the plugin's decisions here (fcp_plugin_self_test). Else
   * loads it: OK, or REFUSED. */
  int32_t (*plugin)(void *context, const struct fcp_plugin *plugin, uint64_t *golden);
} fcp_conform_host;

enum { FCP_CONFORM_PASS = 0, FCP_CONFORM_FAIL = 1, FCP_CONFORM_SKIP = 2 };

typedef struct fcp_conform_result {
  int32_t verdict;
  uint32_t missing; /* SKIP: capabilities that the host lacks */
  const char *name;
  const char *expected;
  const char *seen;
} fcp_conform_result;
typedef void (*fcp_conform_report)(void *context, const fcp_conform_result *result);

typedef struct fcp_conform_summary {
  uint32_t passed, failed, skipped;
} fcp_conform_summary;

/* Runs the cases whose names contain `only` (NULL: all) and reports each as it ends. 0 when none
 * failed and at least one ran, 1 when one failed, 2 when the host is unusable (a call missing, no
 * policy) or no case ran; `message` (may be NULL) says why. */
int32_t fcp_conform_run(const fcp_conform_host *host, const char *only, fcp_conform_report report,
                        void *context, fcp_conform_summary *summary, char *message,
                        size_t message_bytes);

/* The same as a program: [--json] [--list] [CASE]. Prints a line a case; returns the exit code. */
int fcp_conform_main(const fcp_conform_host *host, int argc, char **argv);

#ifdef __cplusplus
}
#endif
#endif
