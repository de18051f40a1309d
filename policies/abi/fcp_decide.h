/* The other decisions of a cache: pacing (when and how much to evict), admission (whether to
 * store), placement (who owns a key) and pooling over regions (from where to read, where to keep
 * copies). The rules of all functions are in fcp_base.h; names, parameters and meaning of the
 * policies in docs/policies/. */
#ifndef FCP_DECIDE_H
#define FCP_DECIDE_H

#include "fcp_base.h"

#ifdef __cplusplus
extern "C" {
#endif

/* ---- pacing: when a cache evicts, and how much ---------------------------------------------- */

typedef struct fcp_pacer fcp_pacer; /* a rule; immutable, free for concurrent readers */
#define FCP_UNBOUNDED UINT64_MAX

/* What the host keeps between calls: plain data, to be saved byte by byte. Frozen. */
typedef struct fcp_pacing_state {
  int64_t now_ns, space_due_ns, time_due_ns, mark_ns;
  uint32_t rounds;
  uint32_t latched;
} fcp_pacing_state;

/* What the host measured just before the call. */
typedef struct fcp_pacing_load {
  uint32_t struct_size;
  uint32_t reserved;
  uint64_t used;     /* bytes */
  uint64_t capacity; /* bytes; > 0 */
  uint64_t entries;  /* 0: not known */
  uint64_t need;     /* bytes that want in, 0 for a timer's call */
} fcp_pacing_load;

enum { FCP_PACE_IDLE = 0, FCP_PACE_EVICT = 1, FCP_PACE_GAVE_UP = 2, FCP_PACE_TIME_WENT_BACK = 3 };
enum { FCP_PACE_NO_REASON = 0, FCP_PACE_SPACE = 1, FCP_PACE_IDLE_TOO_LONG = 2 };

/* An order: drop until `bytes` and `entries` are gone (FCP_UNBOUNDED: all that may go), at most
 * `max_entries`, looking at `max_scan` at most, and only entries last used before `idle_before_ns`.
 * After FCP_PACE_EVICT carry it out and call again at the same time. */
typedef struct fcp_pacing_order {
  uint32_t struct_size;
  int32_t verdict;
  int32_t reason;
  uint32_t round; /* from 1 */
  uint64_t bytes, entries;
  uint64_t least_bytes, least_entries; /* to be reached even if soft pins break */
  uint64_t max_entries, max_scan;
  int64_t idle_before_ns;
  int64_t next_due_ns; /* when to call without a put */
} fcp_pacing_order;

/* A kind ("watermark") or a preset ("blobfuse2"), with parameters over it. */
FCP_API fcp_status fcp_pacer_create(const char *name, const fcp_param *params, uint32_t param_count,
                                    fcp_pacer **out, char *message,
                                    size_t message_bytes) FCP_NOEXCEPT;
FCP_API void fcp_pacer_destroy(fcp_pacer *pacer) FCP_NOEXCEPT;
FCP_API fcp_status fcp_pacer_start(const fcp_pacer *pacer, int64_t now_ns,
                                   fcp_pacing_state *out) FCP_NOEXCEPT;
/* O(1). FCP_E_INVALID for capacity 0. */
FCP_API fcp_status fcp_pacer_step(const fcp_pacer *pacer, fcp_pacing_state *state, int64_t now_ns,
                                  const fcp_pacing_load *load, fcp_pacing_order *out) FCP_NOEXCEPT;

/* ---- admission: whether to store an object -------------------------------------------------- */

typedef struct fcp_admission fcp_admission;

enum { FCP_OP_READ = 0, FCP_OP_WRITE = 1, FCP_OP_PREFETCH = 2, FCP_OP_DEMOTE = 3 };
/* Decisions; negative values are status codes. */
enum {
  FCP_ADMIT = 0,
  FCP_REJECT = 1, /* not this time */
  FCP_BYPASS = 2, /* never under these parameters */
  FCP_DEFER = 3   /* worth storing, but there is no room for it now: ask again */
};

typedef struct fcp_admission_request {
  uint32_t struct_size;
  uint32_t cost; /* of a miss; 0 unknown */
  uint64_t id;
  uint64_t charge; /* bytes it would take */
  uint16_t tenant, klass, depth;
  uint16_t op;
} fcp_admission_request;

/* What the host measured; NULL in fcp_admission_decide: nothing. */
typedef struct fcp_admission_load {
  uint32_t struct_size;
  uint32_t queue_depth;    /* writes under way or waiting at the device */
  uint64_t device_written; /* bytes so far, never falls; 0 unknown */
  uint64_t write_budget;   /* bytes/s it may write; 0: the policy's parameter */
  uint32_t free_ppm;       /* millionths of the tier that are free */
  uint32_t would_evict;    /* not 0: storing the object needs the room of `victim` */
  uint64_t victim;
} fcp_admission_load;

/* `entries`: objects that the tier holds, or 0. */
FCP_API fcp_status fcp_admission_create(const char *name, const fcp_param *params,
                                        uint32_t param_count, uint32_t entries, uint64_t seed,
                                        fcp_admission **out, char *message,
                                        size_t message_bytes) FCP_NOEXCEPT;
FCP_API void fcp_admission_destroy(fcp_admission *admission) FCP_NOEXCEPT;
/* Each request, hit or miss, before its decision. O(1) amortised. */
FCP_API fcp_status fcp_admission_seen(fcp_admission *admission, int64_t now_ns,
                                      const fcp_admission_request *request, int hit) FCP_NOEXCEPT;
/* FCP_ADMIT, FCP_REJECT, FCP_BYPASS or FCP_DEFER for an object that is not resident. What is
 * admitted is taken to be written. O(1) amortised. */
FCP_API int32_t fcp_admission_decide(fcp_admission *admission, int64_t now_ns,
                                     const fcp_admission_request *request,
                                     const fcp_admission_load *load) FCP_NOEXCEPT;
/* An object left the cache, after a hit or without one. */
FCP_API fcp_status fcp_admission_outcome(fcp_admission *admission, int64_t now_ns,
                                         const fcp_admission_request *request,
                                         int reused) FCP_NOEXCEPT;
FCP_API uint64_t fcp_admission_state_hash(const fcp_admission *admission) FCP_NOEXCEPT;

/* ---- placement: who owns a key -------------------------------------------------------------- */

typedef struct fcp_map fcp_map; /* of one epoch; immutable, free for concurrent readers */

enum { FCP_UP = 0, FCP_DRAIN = 1, FCP_DOWN = 2 };
enum { FCP_SPREAD_HOST = 0, FCP_SPREAD_RACK = 1, FCP_SPREAD_ZONE = 2, FCP_SPREAD_REGION = 3 };

/* Frozen. */
typedef struct fcp_member {
  uint64_t id;         /* stable identity: placement depends on it, not on the position */
  uint32_t weight_q16; /* share of keys: 65536 is 1; > 0 */
  uint32_t state;      /* FCP_UP, ... */
  uint32_t region, zone, rack, host; /* each numbered within the one before */
} fcp_member;

typedef struct fcp_map_config {
  uint32_t struct_size;
  uint32_t param_count;
  const char *policy; /* "ring", "maglev", ... */
  const fcp_param *params;
  uint64_t seed;
  uint64_t epoch;         /* version of the membership */
  uint32_t virtual_nodes; /* of a ring, a unit of weight; 0: 128 */
  uint32_t spread;        /* replicas go to different domains of this level while any is left */
} fcp_map_config;

/* FCP_E_INVALID for an unknown policy or parameter, no member up, a repeated id, a weight of 0. */
FCP_API fcp_status fcp_map_build(const fcp_map_config *config, const fcp_member *members,
                                 uint32_t count, fcp_map **out, char *message,
                                 size_t message_bytes) FCP_NOEXCEPT;
FCP_API void fcp_map_destroy(fcp_map *map) FCP_NOEXCEPT;
FCP_API uint64_t fcp_map_epoch(const fcp_map *map) FCP_NOEXCEPT;
FCP_API uint64_t fcp_map_bytes(const fcp_map *map) FCP_NOEXCEPT;
/* Positions of the owners of a key, best first; returns how many: `count`, or all that are up.
 * `out` holds `count`. No allocation. */
FCP_API uint32_t fcp_map_lookup(const fcp_map *map, uint64_t key, uint32_t count,
                                uint32_t *out) FCP_NOEXCEPT;
/* The same with bounded load: `loads` of all members by position in any unit, `total` their sum
 * over the members that are up (< 2^48), `bound_q8` the most load as a multiple of the fair one in
 * 1/256 (320 is 1.25; 0 < . < 2^16). */
FCP_API uint32_t fcp_map_lookup_bounded(const fcp_map *map, uint64_t key, uint32_t count,
                                        const uint64_t *loads, uint64_t total, uint32_t bound_q8,
                                        uint32_t *out) FCP_NOEXCEPT;
/* The first owner of each key. FCP_E_INVALID for a NULL. */
FCP_API fcp_status fcp_map_lookup_n(const fcp_map *map, const uint64_t *keys, size_t count,
                                    uint32_t *owners) FCP_NOEXCEPT;
/* Fraction, in millionths, of `samples` keys drawn by the seed whose owner differs between maps. */
FCP_API fcp_status fcp_map_moved_ppm(const fcp_map *from, const fcp_map *to, uint64_t seed,
                                     uint32_t samples, uint32_t *ppm) FCP_NOEXCEPT;

/* ---- pooling over regions ------------------------------------------------------------------- */

typedef struct fcp_pooling fcp_pooling; /* a mode; immutable, free for concurrent readers */
#define FCP_MAX_REGIONS 16u
#define FCP_MAX_STEPS 52u

/* Frozen. The sending side pays. */
typedef struct fcp_link {
  uint32_t rtt_us;       /* of an origin: until the first byte */
  uint32_t bytes_per_us; /* free for one read; 0: full or down, not used */
  uint64_t nanousd_per_gib;
} fcp_link;
/* Frozen. */
typedef struct fcp_origin {
  fcp_link link;
  uint64_t nanousd_per_request;
} fcp_origin;

typedef struct fcp_pooling_view {
  uint32_t struct_size;
  uint32_t regions;          /* 0 < . <= FCP_MAX_REGIONS */
  uint32_t self;             /* the region that was asked */
  uint32_t home;             /* of this object */
  const fcp_link *links;     /* regions x regions, [from * regions + to] */
  const fcp_origin *origins; /* [region] */
  uint64_t have;             /* the directory: bit r says that region r holds the object */
  int64_t have_age_ns;       /* how old that knowledge is */
  uint64_t hold_nanousd_per_gib_month; /* of a copy kept in `self` */
  uint64_t bytes;                      /* of the object */
  const uint32_t *heat;                /* [region] reads in the host's window, or NULL */
  uint64_t reads_per_month_ppm; /* expected reads by `self` in a month, in millionths; 0 unknown */
} fcp_pooling_view;

enum {
  FCP_GET_LOCAL = 0,
  FCP_GET_REGION = 1,  /* read it from the cache of a region; not found costs a round trip */
  FCP_GET_THROUGH = 2, /* the same, but the region reads its origin if it has no copy */
  FCP_GET_ORIGIN = 3,
  FCP_FILL_LOCAL = 4, /* keep a copy here */
  FCP_PUSH = 5,       /* send a copy to a region */
  FCP_DROP = 6        /* a region's copy is no longer worth its place */
};
/* Frozen. Gets are tried in order until one gives the bytes; then the rest is carried out. */
typedef struct fcp_pooling_step {
  int32_t act;
  uint32_t region;
  uint32_t timeout_us; /* give this get up after so long; 0: never */
  uint32_t hedge_us;   /* start the next get beside it after so long; 0: no */
} fcp_pooling_step;

FCP_API fcp_status fcp_pooling_create(const char *mode, const fcp_param *params,
                                      uint32_t param_count, fcp_pooling **out, char *message,
                                      size_t message_bytes) FCP_NOEXCEPT;
FCP_API void fcp_pooling_destroy(fcp_pooling *pooling) FCP_NOEXCEPT;
/* The steps of one request; `steps` holds FCP_MAX_STEPS. FCP_E_INVALID for regions out of range.
 * O(regions x peers). */
FCP_API fcp_status fcp_pooling_plan(const fcp_pooling *pooling, const fcp_pooling_view *view,
                                    fcp_pooling_step *steps, uint32_t *count) FCP_NOEXCEPT;

#ifdef __cplusplus
}
#endif
#endif
