// A plugin as a policy of the core: its table of C functions behind EvictionOps. The core keeps
// slots, index, charges and holds; the plugin's memory is the policy's part of the arena.
#include "policies/abi/plugin_policy.hpp"

#include "policies/eviction/registry.hpp"

namespace fleetcache::abi {
namespace {

using eviction::Arena;
using eviction::CacheState;
using eviction::kNil;
using eviction::Meta;
using eviction::Search;
using eviction::Shape;
using eviction::Verdict;

struct PluginPolicy : eviction::Policy {
  static constexpr std::string_view kSource = "a plugin";

  struct State {
    unsigned char head[FCP_HEAD_BYTES];
    std::uint32_t broken = 0;  ///< candidates that were no entries
  };
  struct Cursor {
    alignas(8) unsigned char bytes[FCP_CURSOR_BYTES] = {};
  };

  static const fcp_eviction_table& table(const CacheState& s) {
    return static_cast<const Plugin*>(s.external->context)->table;
  }
  static const fcp_eviction_table& table(Arena a) { return table(*a.s); }
  static fcp_plugin_view view(Arena a) {
    return {sizeof(fcp_plugin_view),
            a.s->slots,
            a.s->entries,
            0,
            a.s->capacity,
            a.s->used,
            a.s->seed,
            a.state<State>().head,
            a.at<unsigned char>(a.s->block_at),
            a.at<unsigned char>(a.s->extra_at)};
  }
  static fcp_entry entry(Arena a, const Meta& meta) {
    const bool costs = a.has(eviction::kCosts);
    const bool kinds = a.has(eviction::kKinds);
    const std::uint64_t id =
        a.has(eviction::kWideIds) ? mix64(meta.id ^ mix64(meta.id_high)) : meta.id;
    return {id,
            a.charge(meta),
            meta.next_access,
            costs ? meta.cost : 0,
            0,
            kinds ? meta.klass : std::uint16_t{0},
            kinds ? meta.depth : std::uint16_t{0},
            0};
  }

  static double read_number(void* reader, const char* key, double fallback, double low,
                            double high) {
    return static_cast<ParamReader*>(reader)->number(key, fallback, low, high);
  }
  static std::uint32_t read_integer(void* reader, const char* key, std::uint32_t fallback,
                                    std::uint32_t low, std::uint32_t high) {
    return static_cast<ParamReader*>(reader)->integer(key, fallback, low, high);
  }
  static Shape configure(State& state, const CacheState& s, ParamReader& reader) {
    const fcp_param_reader reading = {sizeof(fcp_param_reader), 0, &reader, read_number,
                                      read_integer};
    fcp_plugin_shape shape = {sizeof(fcp_plugin_shape), 0, 0};
    std::memset(state.head, 0, sizeof state.head);
    table(s).configure(s.slots, s.max_capacity, &reading, state.head, &shape);
    Shape wanted;
    wanted.extra_per_slot = (shape.entry_bytes + 7U) / 8U * 8U;
    wanted.block = shape.shared_bytes;
    return wanted;
  }

  static void insert(Arena a, std::uint32_t i, const Meta& meta) {
    const fcp_plugin_view seen = view(a);
    const fcp_entry object = entry(a, meta);
    table(a).insert(&seen, i, &object);
  }
  static void access(Arena a, std::uint32_t i, std::int64_t next_access) {
    const fcp_plugin_view seen = view(a);
    table(a).hit(&seen, i, next_access);
  }
  static void miss(Arena a, const Meta& meta) {
    if (table(a).miss == nullptr) return;
    const fcp_plugin_view seen = view(a);
    const fcp_entry object = entry(a, meta);
    table(a).miss(&seen, &object);
  }

  static bool is_entry(Arena a, std::uint32_t i) {
    return i < a.s->fresh && (a.slot(i).hold & eviction::kFree) == 0;
  }
  static bool takes(Arena a, Search& search, std::uint32_t i) {
    if (search.held(i) || search.ask(i) != Verdict::kTake) return false;
    claim(a, i);
    return true;
  }
  static std::uint32_t pick(Arena a, const Meta* incoming, Search& search, Cursor& cursor) {
    const fcp_plugin_view seen = view(a);
    const fcp_entry object = incoming != nullptr ? entry(a, *incoming) : fcp_entry{};
    const std::uint64_t bound = 4 * std::uint64_t{a.s->entries} + 1024;
    for (std::uint64_t k = 0; k < bound && !search.stopped(); ++k) {
      const std::uint32_t i =
          table(a).candidate(&seen, cursor.bytes, incoming != nullptr ? &object : nullptr);
      if (i == FCP_NO_SLOT) break;
      if (!is_entry(a, i)) {
        ++a.state<State>().broken;
        break;
      }
      if (takes(a, search, i)) return i;
    }
    for (std::uint32_t i = 0; i < a.s->fresh && !search.stopped(); ++i) {
      if (is_entry(a, i) && takes(a, search, i)) return i;
    }
    return kNil;
  }
  static void claim(Arena a, std::uint32_t i) {
    if (table(a).reserve == nullptr) return;
    const fcp_plugin_view seen = view(a);
    table(a).reserve(&seen, i);
  }
  static void abort(Arena a, std::uint32_t i) {
    if (table(a).abort == nullptr) return;
    const fcp_plugin_view seen = view(a);
    table(a).abort(&seen, i);
  }
  static void commit(Arena a, std::uint32_t i) {
    const fcp_plugin_view seen = view(a);
    table(a).evict(&seen, i);
  }
  static void erase(Arena a, std::uint32_t i) {
    const fcp_plugin_view seen = view(a);
    table(a).erase(&seen, i);
  }

  static std::string audit(Arena a) {
    return a.state<State>().broken == 0 ? std::string()
                                        : "the plugin named candidates that are no entries";
  }
  static void digest(Arena a, Digest& digest) {
    const fcp_plugin_view seen = view(a);
    digest.add(table(a).digest(&seen));
    for (std::uint32_t i = 0; i < a.s->fresh; ++i) {
      if (!is_entry(a, i)) continue;
      digest.add(a.slot(i).id());
      digest.add(a.charge(i));
      digest.add(a.slot(i).hold);
      if (a.s->features != 0) eviction::digest_columns(a, i, digest);
    }
  }
};

constexpr eviction::EvictionOps kPluginOps = eviction::make_ops<PluginPolicy>();

}  // namespace

const eviction::EvictionOps& plugin_ops() { return kPluginOps; }

}  // namespace fleetcache::abi
