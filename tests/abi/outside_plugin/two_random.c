/* Power of two choices: of two entries drawn at random the one not used for longer goes. As in
 * object caches that keep no order, made repeatable: the draws are numbered by the victims so far.
 * A search changes nothing, so putting a victim back brings the same draw again. */
#include <fleetcache_policy.h>

#ifndef PLUGIN_MAJOR
#define PLUGIN_MAJOR FCP_VERSION_MAJOR
#endif
#ifndef PLUGIN_MINOR
#define PLUGIN_MINOR FCP_VERSION_MINOR
#endif
#ifndef PLUGIN_BYTES
#define PLUGIN_BYTES sizeof(fcp_plugin)
#endif
#ifndef TABLE_BYTES
#define TABLE_BYTES sizeof(fcp_eviction_table)
#endif
#ifndef PLUGIN_NAME
#define PLUGIN_NAME "two-random"
#endif
#ifndef FCP_QUERY_NAME
#define FCP_QUERY_NAME fcp_plugin_query_v1
#endif

typedef struct head {
  uint64_t clock;    /* insertions and hits so far */
  uint64_t dropped;  /* victims so far */
  uint64_t reserved; /* of the entries now */
  uint32_t draws;    /* parameter: pairs drawn before the host looks for itself */
} head;
typedef struct entry {
  uint64_t last;    /* clock at its last use */
  uint32_t place;   /* of this slot in the array below */
  uint32_t slot_at; /* the array: which slot has this place */
} entry;
typedef struct cursor {
  uint64_t number;
  uint32_t attempt;
} cursor;

static entry *entries(const fcp_plugin_view *v) { return (entry *)v->entries_state; }
static head *state(const fcp_plugin_view *v) { return (head *)v->head; }

static uint64_t mix(uint64_t z) {
  z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9u;
  z = (z ^ (z >> 27)) * 0x94d049bb133111ebu;
  return z ^ (z >> 31);
}

static void configure(uint32_t slots, uint64_t max_capacity, const fcp_param_reader *reader,
                      void *memory, fcp_plugin_shape *out) {
  (void)slots;
  (void)max_capacity;
  ((head *)memory)->draws = reader->integer(reader->context, "draws", 16, 1, 1000);
  out->entry_bytes = sizeof(entry);
}

static void insert(const fcp_plugin_view *v, uint32_t slot, const fcp_entry *object) {
  (void)object;
  const uint32_t place = v->entries - 1;
  entries(v)[slot].place = place;
  entries(v)[place].slot_at = slot;
  entries(v)[slot].last = ++state(v)->clock;
}

static void hit(const fcp_plugin_view *v, uint32_t slot, int64_t next_access) {
  (void)next_access;
  entries(v)[slot].last = ++state(v)->clock;
}

static uint32_t candidate(const fcp_plugin_view *v, void *memory, const fcp_entry *incoming) {
  (void)incoming;
  cursor *at = (cursor *)memory;
  const uint64_t number = state(v)->dropped + state(v)->reserved;
  if (v->entries == 0) return FCP_NO_SLOT;
  if (at->number != number) at->attempt = 0;
  at->number = number;
  if (at->attempt == state(v)->draws) return FCP_NO_SLOT;
  const uint64_t bits = mix(v->seed + mix(number * 1000 + at->attempt++));
  const uint32_t a = entries(v)[(uint32_t)bits % v->entries].slot_at;
  const uint32_t b = entries(v)[(uint32_t)(bits >> 32) % v->entries].slot_at;
#ifdef YOUNGER_GOES
  return entries(v)[a].last < entries(v)[b].last ? b : a;
#else
  return entries(v)[a].last < entries(v)[b].last ? a : b;
#endif
}

static void reserve(const fcp_plugin_view *v, uint32_t slot) {
  (void)slot;
  ++state(v)->reserved;
}

static void put_back(const fcp_plugin_view *v, uint32_t slot) {
  (void)slot;
#ifndef LOSE_ABORTS
  --state(v)->reserved;
#else
  (void)v;
#endif
}

/* The last of the array moves into the gap. */
static void erase(const fcp_plugin_view *v, uint32_t slot) {
  const uint32_t place = entries(v)[slot].place;
  const uint32_t moved = entries(v)[v->entries - 1].slot_at;
  entries(v)[place].slot_at = moved;
  entries(v)[moved].place = place;
}

static void evict(const fcp_plugin_view *v, uint32_t slot) {
  erase(v, slot);
  --state(v)->reserved;
  ++state(v)->dropped;
}

static uint64_t digest(const fcp_plugin_view *v) {
  uint64_t sum = mix(state(v)->clock) ^ mix(state(v)->dropped + 1);
  for (uint32_t k = 0; k < v->entries; ++k) {
    const uint32_t slot = entries(v)[k].slot_at;
    sum = mix(sum ^ entries(v)[slot].last) + slot;
  }
  return sum;
}

static const fcp_eviction_table table = {TABLE_BYTES, 0,       configure, insert, hit,   0,
                                         candidate,   reserve, put_back,  evict,  erase, digest};
static const fcp_plugin plugin = {PLUGIN_BYTES,
                                  PLUGIN_MAJOR,
                                  PLUGIN_MINOR,
                                  1,
                                  PLUGIN_NAME,
                                  "of two entries drawn at random the older goes",
                                  "Mitzenmacher, IEEE TPDS 2001; draws numbered by victims",
                                  &table,
                                  0x0b5ab1890aea1e78u};

__attribute__((visibility("default"))) const fcp_plugin *FCP_QUERY_NAME(uint32_t major,
                                                                        uint32_t minor) {
  (void)minor;
  return major == FCP_VERSION_MAJOR ? &plugin : 0;
}
