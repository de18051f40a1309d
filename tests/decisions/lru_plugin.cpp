// LRU once more, as an outsider would write it against the plugin header: its decisions must be
// those of the one built in.
#include <fleetcache_policy.h>

#include <cstdint>

namespace {

/// A ring through all entries and the head. Slots count from 1 here, and 0 is the head, so that all
/// zero is the empty ring.
struct Link {
  std::uint32_t newer;
  std::uint32_t older;
};
struct Cursor {
  std::uint32_t started;
  std::uint32_t at;
};

Link& link_of(const fcp_plugin_view* v, std::uint32_t k) {
  return k == 0 ? *static_cast<Link*>(v->head) : static_cast<Link*>(v->entries_state)[k - 1];
}
/// The newest is the head's `older`, the oldest its `newer`.
void link_newest(const fcp_plugin_view* v, std::uint32_t k) {
  const std::uint32_t second = link_of(v, 0).older;
  link_of(v, k) = {0, second};
  link_of(v, second).newer = k;
  link_of(v, 0).older = k;
}
void unlink(const fcp_plugin_view* v, std::uint32_t k) {
  const Link gone = link_of(v, k);
  link_of(v, gone.newer).older = gone.older;
  link_of(v, gone.older).newer = gone.newer;
}

void configure(std::uint32_t, std::uint64_t, const fcp_param_reader*, void*,
               fcp_plugin_shape* out) {
  out->entry_bytes = sizeof(Link);
}
void insert(const fcp_plugin_view* v, std::uint32_t slot, const fcp_entry*) {
  link_newest(v, slot + 1);
}
void hit(const fcp_plugin_view* v, std::uint32_t slot, std::int64_t) {
  unlink(v, slot + 1);
  link_newest(v, slot + 1);
}
std::uint32_t candidate(const fcp_plugin_view* v, void* memory, const fcp_entry*) {
  auto* cursor = static_cast<Cursor*>(memory);
  cursor->at = link_of(v, cursor->started == 0 ? 0 : cursor->at).newer;
  cursor->started = 1;
  return cursor->at == 0 ? FCP_NO_SLOT : cursor->at - 1;
}
void leave(const fcp_plugin_view* v, std::uint32_t slot) { unlink(v, slot + 1); }
std::uint64_t digest(const fcp_plugin_view* v) {
  std::uint64_t sum = 14695981039346656037u;
  for (std::uint32_t k = link_of(v, 0).newer; k != 0; k = link_of(v, k).newer) {
    sum = (sum ^ k) * 1099511628211u;
  }
  return sum;
}

const fcp_eviction_table kTable = {sizeof(fcp_eviction_table),
                                   0,
                                   configure,
                                   insert,
                                   hit,
                                   nullptr,
                                   candidate,
                                   nullptr,
                                   nullptr,
                                   leave,
                                   leave,
                                   digest};
const fcp_plugin kPlugin = {sizeof(fcp_plugin),
                            FCP_VERSION_MAJOR,
                            FCP_VERSION_MINOR,
                            1,
                            "lru-again",
                            "LRU as a plugin",
                            "own",
                            &kTable,
                            0x0fa7d4e14157bc6cu};

}  // namespace

extern "C" FCP_API const fcp_plugin* fcp_plugin_query_v1(std::uint32_t, std::uint32_t) {
  return &kPlugin;
}
