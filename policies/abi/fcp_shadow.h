/* Shadow mode: a second policy eats the inputs of a running cache and says what it would have hit;
 * and a miss-ratio curve of LRU while the cache runs. Neither moves a byte. */
#ifndef FCP_SHADOW_H
#define FCP_SHADOW_H

#include "fcp_eviction.h"

#ifdef __cplusplus
extern "C" {
#endif

typedef struct fcp_shadow fcp_shadow;
typedef struct fcp_curve fcp_curve;

typedef struct fcp_shadow_report {
  uint32_t struct_size;
  uint32_t reserved;
  uint64_t requests, request_charge;
  uint64_t hits, hit_charge;             /* of the host */
  uint64_t would_hits, would_hit_charge; /* of the shadow */
} fcp_shadow_report;

/* As fcp_cache_create; memory comes from the heap, tenants are not told apart. */
FCP_API fcp_status fcp_shadow_create(const fcp_cache_config *config, fcp_shadow **out,
                                     char *message, size_t message_bytes) FCP_NOEXCEPT;
FCP_API void fcp_shadow_destroy(fcp_shadow *shadow) FCP_NOEXCEPT;
/* The host had a hit; had a miss; stored an object after a miss; was told to forget one (deleted or
 * overwritten, not evicted). Of `meta` the handles are not looked at. One request of its policy a
 * call. */
FCP_API fcp_status fcp_shadow_hit(fcp_shadow *shadow, int64_t now_ns,
                                  const fcp_meta *meta) FCP_NOEXCEPT;
FCP_API fcp_status fcp_shadow_miss(fcp_shadow *shadow, int64_t now_ns,
                                   const fcp_meta *meta) FCP_NOEXCEPT;
FCP_API fcp_status fcp_shadow_insert(fcp_shadow *shadow, int64_t now_ns,
                                     const fcp_meta *meta) FCP_NOEXCEPT;
FCP_API fcp_status fcp_shadow_erase(fcp_shadow *shadow, int64_t now_ns, uint64_t id,
                                    uint64_t id_high) FCP_NOEXCEPT;
FCP_API fcp_status fcp_shadow_get(const fcp_shadow *shadow, fcp_shadow_report *out) FCP_NOEXCEPT;

/* SHARDS with 64 .. 2^20 samples, about 100 bytes each. */
FCP_API fcp_status fcp_curve_create(uint32_t samples, uint64_t seed, fcp_curve **out, char *message,
                                    size_t message_bytes) FCP_NOEXCEPT;
FCP_API void fcp_curve_destroy(fcp_curve *curve) FCP_NOEXCEPT;
/* One lookup, hit or miss. `charge` 1 for a curve over objects, or bytes. One hash, and O(log
 * samples) amortised for a sampled id. */
FCP_API void fcp_curve_request(fcp_curve *curve, uint64_t id, uint64_t charge) FCP_NOEXCEPT;
/* Estimated share of requests that LRU of that capacity would miss; 1 before the first request. */
FCP_API double fcp_curve_miss_ratio(const fcp_curve *curve, uint64_t capacity) FCP_NOEXCEPT;

#ifdef __cplusplus
}
#endif
#endif
