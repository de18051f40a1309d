/// A small cache node: real bodies, two-phase eviction, fills under way, readers that hold what
/// they read, a snapshot file. It knows the policy core through its C binding alone.
///
/// A kill takes all that is in `Live`; bodies ("the disk"), the snapshot and the configuration
/// stay.
#pragma once

#include <fleetcache_policy.h>

#include <cstdint>
#include <deque>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "fcp_conform.h"

namespace toy {

/// What the node does wrong on purpose.
enum class Fault {
  kNone,
#define FAULT(ident, name, what) ident,
#include "tests/conformance/faults.def"
#undef FAULT
};
struct FaultInfo {
  Fault fault;
  const char* name;
  const char* what;
};
const std::vector<FaultInfo>& faults();

using Key = std::pair<std::uint32_t, std::uint64_t>;  ///< tenant, id

struct Object {
  Key key;
  std::uint64_t charge = 0;
  std::int64_t expires_ns = 0;
  std::optional<std::uint64_t> parent, mate;
  std::string body;
};

struct CacheFree {
  void operator()(fcp_cache* cache) const { fcp_cache_destroy(cache); }
};
struct MapFree {
  void operator()(fcp_map* map) const { fcp_map_destroy(map); }
};
struct RegistryFree {
  void operator()(fcp_registry* registry) const { fcp_registry_destroy(registry); }
};

class Node {
 public:
  Node(Fault fault, std::string snapshot_file);

  std::int32_t reset(const fcp_conform_config& config);
  std::int32_t get(Key key, std::string& body);
  std::int32_t put(const Object& object);
  std::int32_t erase(Key key);
  std::int32_t pin(Key key);
  std::int32_t unpin(Key key);
  std::int32_t advance(std::int64_t delta_ns);
  std::int64_t now() const { return now_ns_; }
  std::vector<fcp_conform_entry> resident() const;
  std::int64_t used() const { return live_.used; }
  std::size_t drain(fcp_conform_event* out, std::size_t capacity);
  std::int32_t stats(fcp_conform_stats& out) const;

  std::size_t evict_begin(fcp_conform_entry* out, std::size_t count);
  std::int32_t evict_end(bool succeeded);
  std::int32_t fill_begin(const Object& object, std::uint64_t& ticket);
  std::int32_t fill_end(std::uint64_t ticket, bool succeeded);
  std::int32_t touch_later(Key key);
  std::int32_t touch_flush();

  std::int32_t set_capacity(std::uint64_t capacity);
  std::int32_t set_param(const char* key, const char* value);
  std::int32_t save(std::uint64_t& bytes) const;
  std::int32_t restart(const fcp_conform_damage& damage);

  std::int32_t set_members(std::uint64_t epoch, const fcp_conform_member* members,
                           std::uint32_t count);
  std::int64_t lookup(std::uint64_t epoch, std::uint64_t key, std::uint64_t* owners,
                      std::uint32_t count) const;
  std::int32_t plugin(const fcp_plugin* plugin, std::uint64_t* golden);

 private:
  struct Stored {
    std::string body;
    std::uint64_t charge = 0;
  };
  struct Fill {
    Object object;
    bool cancelled = false;
  };
  struct Live {
    std::unique_ptr<fcp_cache, CacheFree> cache;
    std::map<Key, int> pins;
    std::vector<fcp_victim> leaving;  ///< reserved, their bodies being moved out
    std::map<std::uint64_t, Fill> fills;
    std::vector<fcp_handle> touches;
    std::deque<fcp_conform_event> events;
    std::int64_t used = 0;
    std::uint64_t reads = 0;
  };
  struct Configuration {
    std::string policy;
    std::uint32_t features = 0, max_entries = 0, tenants = 1;
    std::uint64_t capacity = 0, max_capacity = 0, seed = 0;
    std::vector<fcp_quota> quotas;
    std::map<std::string, std::string> params;
  };
  struct Membership {
    std::uint64_t epoch = 0;
    std::vector<std::uint64_t> ids;
    std::unique_ptr<fcp_map, MapFree> map;
  };

  bool has(Fault fault) const { return fault_ == fault; }
  fcp_cache* cache() const { return live_.cache.get(); }
  fcp_handle find(Key key) const { return find_entry(key); }
  fcp_handle find_entry(Key key) const;
  Key named(Key key) const;
  void log(std::int32_t kind, Key key, std::uint64_t charge);
  fcp_cache_config core_config() const;
  bool create();
  std::int32_t store(const Object& object);
  fcp_meta meta_of(const Object& object) const;
  std::vector<fcp_victim> choose(const fcp_meta* incoming) const;
  bool make_room(const fcp_meta* incoming);
  void remove(const std::vector<fcp_victim>& victims, std::int32_t kind);
  void drop_body(Key key);
  void settle();
  void cancel_fill(Key key);

  bool damage_snapshot(const fcp_conform_damage& damage) const;
  std::int32_t start();
  std::int32_t start_cold(std::int32_t reason);
  void match_bodies();
  void reinsert_all();

  Fault fault_;
  std::string snapshot_file_;
  std::unique_ptr<fcp_registry, RegistryFree> registry_;
  std::map<Key, Stored> disk_;
  Configuration config_;
  std::int64_t now_ns_ = 0;
  std::uint64_t next_ticket_ = 1;
  std::uint64_t resets_ = 0;
  std::vector<Membership> memberships_;  ///< the last two, the newer one last
  Live live_;
};

}  // namespace toy
