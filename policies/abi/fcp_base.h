/* What every part of the C binding of the policy core shares: status codes, parameters, memory.
 *
 * Rules of all functions
 * - No exception and no errno leaves a call; a call that fails has changed nothing, unless it says
 *   otherwise. A NULL where none is allowed is FCP_E_INVALID.
 * - No locks, threads, clocks, files or logging inside. The caller owns the lock: one object is
 *   used by one thread at a time. What is immutable (fcp_map, fcp_pacer, fcp_pooling, and a
 *   fcp_registry that nobody adds to) is free for any number of readers.
 * - Times are int64 nanoseconds since an instant of the host's choice and never fall.
 * - The first field of a struct is its size, set by the caller to sizeof: FCP_INIT(fcp_want) zeroes
 *   a struct and does that (but an fcp_meta comes from FCP_META_INIT: not all of it is 0). Fields
 *   that a caller's older header lacks take their defaults; fields that this library lacks must be
 *   zero, else FCP_E_VERSION. Structs that travel in arrays (fcp_lookup, fcp_victim, fcp_param,
 *   fcp_member, fcp_link, ...) have no size and are frozen for the life of a major version.
 * - `message` with `message_bytes` receives a text in English, cut to fit, always terminated; it
 *   may be NULL. It is written when a call fails, and emptied when it does not.
 * - Callbacks run inside the call that was given them, must not call back into the same object,
 *   must not throw, and are never kept. */
#ifndef FCP_BASE_H
#define FCP_BASE_H

#include <stddef.h>
#include <stdint.h>

/* A host runs with a library of the same major and the same or a higher minor version. */
#define FCP_VERSION_MAJOR 1u
#define FCP_VERSION_MINOR 0u

#if defined(__GNUC__)
#define FCP_API __attribute__((visibility("default")))
#else
#define FCP_API
#endif

#ifdef __cplusplus
#define FCP_NOEXCEPT noexcept
#define FCP_INIT(type) (fcp_sized<type>())
template <class Struct>
inline Struct fcp_sized() noexcept {
  Struct made{};
  made.struct_size = sizeof(Struct);
  return made;
}
extern "C" {
#else
#define FCP_NOEXCEPT
#define FCP_INIT(type) ((type){.struct_size = sizeof(type)})
#endif

typedef int32_t fcp_status;
enum {
  FCP_OK = 0,
  FCP_E_INVALID = -1, /* an argument out of its range, an unknown name or parameter */
  FCP_E_NO_MEMORY = -2,
  FCP_E_FULL = -3, /* a victim has to go first */
  FCP_E_NOT_FOUND = -4,
  FCP_E_EXISTS = -5,  /* the object is resident already, or a name is taken */
  FCP_E_BUSY = -6,    /* reserved, or a parent of resident children */
  FCP_E_REFUSED = -7, /* the policy would never store this object */
  FCP_E_VERSION = -8, /* struct size or version does not fit this library */
  FCP_E_CORRUPT = -9, /* a snapshot that is damaged, truncated or of something else */
  FCP_E_UNSUPPORTED = -10,
  FCP_E_STALE = -11,     /* a handle of an entry that is gone or over: harmless */
  FCP_E_IO = -12,        /* a callback, or a file, said no */
  FCP_E_SELF_TEST = -13, /* a plugin does not do here what it did at its author's */
  FCP_E_INTERNAL = -14
};

/* Bits of fcp_capabilities. */
enum {
  FCP_CAN_EVICT = 1,
  FCP_CAN_TENANTS = 2,
  FCP_CAN_SHADOW = 4,
  FCP_CAN_CURVE = 8,
  FCP_CAN_PLUGINS = 16,
  FCP_CAN_PACE = 32,
  FCP_CAN_ADMIT = 64,
  FCP_CAN_PLACE = 128,
  FCP_CAN_POOL = 256,
  FCP_CAN_LOG = 512
};

/* A parameter of a policy as text ("small_ratio", "0.1"). A key that the policy does not know, or
 * that is given twice, is FCP_E_INVALID. */
typedef struct fcp_param {
  const char *key;
  const char *value;
} fcp_param;

/* Where an object takes its memory from, for hosts that own all memory. `get` returns zeroed memory
 * of that alignment (a power of two, at most 64), or NULL; `put` takes it back. */
typedef struct fcp_allocator {
  uint32_t struct_size;
  uint32_t reserved;
  void *context;
  void *(*get)(void *context, size_t bytes, size_t alignment);
  void (*put)(void *context, void *memory, size_t bytes);
} fcp_allocator;

/* A policy that this library knows. Texts live as long as the library, or the registry. */
typedef struct fcp_policy_info {
  uint32_t struct_size;
  uint32_t version; /* rises whenever its decisions change */
  const char *name;
  const char *summary;
  const char *source;
} fcp_policy_info;

typedef enum fcp_family {
  FCP_EVICTION = 0,
  FCP_PACING = 1,
  FCP_ADMISSION = 2,
  FCP_PLACEMENT = 3,
  FCP_POOLING = 4
} fcp_family;

/* The version of the library at run time: major << 16 | minor. */
FCP_API uint32_t fcp_version(void) FCP_NOEXCEPT;
FCP_API uint32_t fcp_capabilities(void) FCP_NOEXCEPT;
/* "FCP_E_FULL"; "unknown" for another number. */
FCP_API const char *fcp_status_name(fcp_status status) FCP_NOEXCEPT;
/* The built-in policy of a family at a position from 0; FCP_E_NOT_FOUND past the last one. */
FCP_API fcp_status fcp_policy_at(int32_t family, uint32_t position,
                                 fcp_policy_info *out) FCP_NOEXCEPT;

#ifdef __cplusplus
}
#endif
#endif
