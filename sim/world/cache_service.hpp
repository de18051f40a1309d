/// Caches of a fleet: which node owns an object, which tier holds it, what goes when room is
/// needed. It ties the policy core to nodes and decides nothing itself: placement, eviction and
/// admission do.
#pragma once

#include <cstdint>
#include <memory>
#include <numeric>
#include <optional>
#include <vector>

#include "policies/admission/admission.hpp"
#include "policies/eviction/eviction.hpp"
#include "policies/placement/placement.hpp"
#include "sim/probes/collector.hpp"
#include "sim/world/platform.hpp"

namespace fleetcache::world {

using DomainId = std::uint32_t;
/// No node of a domain is there to own anything.
constexpr NodeId kNobody = 0xffffffffU;

/// A resident copy.
struct Location {
  NodeId node = 0;
  std::uint32_t tier = 0;  ///< position in cache.tiers
  scenario::Medium medium = scenario::Medium::kDram;
  eviction::Handle handle;
  DomainId domain = 0;
  std::uint32_t instance = 0;
  std::uint32_t epoch = 0;  ///< of the instance: a copy found before its node failed is void
};

/// What sizes an instance: the objects that could be cached by the nodes of one pool.
struct Catalogue {
  std::uint64_t objects = 0;    ///< distinct objects at most
  std::uint64_t bytes_min = 0;  ///< smallest object, but for `small` ones; > 0 when objects > 0
  std::uint64_t small = 0;      ///< objects that are smaller
  /// Objects that the ones above stand for; the same when nothing is sampled.
  std::uint64_t population = 0;
};

/// How much of the caches is kept.
struct CachePlan {
  std::vector<Catalogue> catalogues;  ///< by pool index of the platform
  /// 0: instances as the scenario says. Else the owners of a domain are pooled into this many
  /// instances by how large a share of the keys placement gives them: a sampled key is one of few
  /// on its owner, but one of many in its stratum. A lost node takes its own copies along.
  std::uint32_t owner_strata = 0;
  /// Nodes that read; domains without one hold nothing. Empty: every node.
  std::vector<std::uint8_t> readers = {};
};

class CacheService {
 public:
  /// Fails for an unknown policy or a bad parameter.
  static Result<std::unique_ptr<CacheService>> build(const scenario::Scenario& scenario,
                                                     const Platform& platform, CachePlan plan,
                                                     probes::Collector& collector);

  bool enabled() const { return settings_->enabled && !settings_->tiers.empty(); }
  const scenario::Cache& settings() const { return *settings_; }
  DomainId domain_of(NodeId node) const { return domain_of_[node]; }
  /// Nodes that share copies, ascending.
  const std::vector<NodeId>& members(DomainId domain) const { return domains_[domain].members; }
  /// False for a domain that is left out because nobody reads there.
  bool plays(DomainId domain) const { return !domains_[domain].instances.empty(); }

  /// The node that holds (or would hold) an object for the readers of a domain; kNobody while all
  /// of them are away: the origin is then asked without a cache.
  NodeId owner(DomainId domain, std::uint64_t object) const;
  /// The fastest tier that holds it. Changes nothing.
  std::optional<Location> find(DomainId domain, std::uint64_t object) const;
  /// A hit: refreshes the entry. Like pin, unpin and promote it does nothing for a location that
  /// was found before its node failed.
  void touch(TimePoint now, const Location& where);
  /// A lookup that found nothing in any tier.
  void miss(TimePoint now, DomainId domain, std::uint64_t object, std::uint64_t bytes);
  /// Keeps an entry from eviction while its bytes are being read.
  void pin(const Location& where);
  void unpin(const Location& where);

  /// Stores an object in every tier that admits it; true when the NVMe tier took it (its bytes are
  /// then to be written). Counts evictions and refusals.
  bool fill(TimePoint now, DomainId domain, std::uint64_t object, std::uint64_t bytes,
            probes::TrafficClass traffic);
  /// Copies a hit of a slower tier into the faster ones.
  void promote(TimePoint now, const Location& where, std::uint64_t object, std::uint64_t bytes);

  /// Takes a node out of its domain: its keys move to others, its copies stay where they are until
  /// `join` brings the keys back. O(members of its domain).
  void depart(NodeId node);
  void join(NodeId node);
  /// Its copies are gone, its keys stay with it; of one medium, or of all. Over strata they go on
  /// taking room until one owner in 64 has lost some: cost of a loss O(1), then O(entries).
  void lose(TimePoint now, NodeId node);
  void lose(TimePoint now, NodeId node, scenario::Medium medium);
  /// Tiers of a medium take no copies meanwhile. Lose it first.
  void set_offline(NodeId node, scenario::Medium medium, bool offline);
  /// A node that does not answer although nobody knows: it owns its keys, but what it holds is not
  /// found and nothing is stored there.
  void mute(NodeId node, bool muted) { muted_[node] = muted; }
  bool muted(NodeId node) const { return muted_[node] != 0; }

  /// Time passed without being played: what a policy is told of time is the date.
  void step_over(Duration step) { stepped_ = stepped_ + step; }

  /// Bytes held over all instances of a tier, and what they may hold.
  std::uint64_t used_bytes(std::uint32_t tier) const;
  std::uint64_t capacity_bytes(std::uint32_t tier) const;
  /// Recounts every instance; empty when sound. O(entries).
  std::string audit() const;
  /// Digest over the decision states of all instances. O(entries).
  std::uint64_t state_hash() const;

 private:
  static constexpr std::uint32_t kNoStamp = 0xffffffffU;
  /// Who stored an entry of a stratum: whose stamp it was then. Who was away meanwhile and has a
  /// copy of before on its disks will have it when it is back: one entry stands for both.
  struct Filled {
    std::uint32_t stamp = 0;
    std::uint32_t generation = 0;  // of its handle
    std::uint32_t before = kNoStamp;
  };
  struct Instance {
    std::vector<eviction::Cache> tiers;
    std::vector<admission::Policy> admission;
    std::vector<std::uint32_t> epochs;        // by tier: how often its copies were lost
    std::vector<std::vector<Filled>> filled;  // of strata, by tier and handle index
  };
  struct Domain {
    std::vector<NodeId> members;      // ascending
    std::vector<std::uint8_t> alive;  // by member
    std::uint32_t away = 0;           // members that are not
    std::uint32_t losses = 0;         // of members, whose copies still take room in the strata
    std::unique_ptr<placement::Map> map;
    std::vector<Instance> instances;  // one per member, one when pooled, or one per stratum
    std::vector<double> key_bound;    // by stratum: cumulative share of the keys
    Catalogue catalogue;
  };

  CacheService(const scenario::Scenario& scenario, const Platform& platform, CachePlan plan,
               probes::Collector& collector)
      : scenario_(&scenario),
        settings_(&scenario.cache),
        platform_(&platform),
        collector_(&collector),
        evictions_(&collector.slot("cache.evictions")),
        evicted_bytes_(&collector.slot("cache.evicted_bytes")),
        promotions_(&collector.slot("cache.promotions")),
        plan_(std::move(plan)),
        stamps_(platform.nodes() * scenario.cache.tiers.size()),
        muted_(platform.nodes(), 0),
        offline_(platform.nodes(), 0) {
    std::iota(stamps_.begin(), stamps_.end(), 0U);
    void_.assign(stamps_.size(), false);
  }
  Status build_domains();
  Status build_instances(Domain& domain);
  Status rebuild_map(Domain& domain);
  NodeId look_up_owner(const Domain& domain, std::uint64_t object) const;
  void share_keys(Domain& domain);
  Result<Instance> make_instance(const Domain& domain, double nodes) const;
  bool pooled() const { return settings_->index == scenario::Index::kPooled; }
  bool strata() const { return plan_.owner_strata > 0 && !pooled(); }
  bool has_reader(const Domain& domain) const;
  std::uint32_t instance_of(const Domain& domain, NodeId owner, std::uint64_t object) const;
  bool lost(const Instance& instance, std::uint32_t tier, eviction::Handle handle,
            NodeId owner) const;
  bool is_void(std::uint32_t stamp) const { return stamp == kNoStamp || void_[stamp]; }
  std::uint32_t member_of(const Domain& domain, NodeId node) const;
  eviction::Cache& cache(const Location& where) {
    return domains_[where.domain].instances[where.instance].tiers[where.tier];
  }
  bool valid(const Location& where) const {
    const std::uint32_t epoch =
        strata() ? stamps_[stamp_of(where.node, where.tier)]
                 : domains_[where.domain].instances[where.instance].epochs[where.tier];
    return epoch == where.epoch;
  }
  std::size_t stamp_of(NodeId node, std::uint32_t tier) const {
    return std::size_t{node} * settings_->tiers.size() + tier;
  }
  void lose_tiers(TimePoint now, NodeId node, bool all, scenario::Medium medium);
  void drop_lost(TimePoint now, Domain& domain);
  bool is_offline(NodeId node, std::uint32_t tier) const {
    return ((offline_[node] >> static_cast<unsigned>(settings_->tiers[tier].medium)) & 1U) != 0;
  }
  bool admit(TimePoint now, Instance& instance, std::uint32_t tier, NodeId owner,
             std::uint64_t object, std::uint64_t bytes);

  const scenario::Scenario* scenario_;
  const scenario::Cache* settings_;
  const Platform* platform_;
  probes::Collector* collector_;
  std::uint64_t *evictions_, *evicted_bytes_, *promotions_;  // counters of the collector
  CachePlan plan_;
  std::vector<Domain> domains_;
  std::vector<DomainId> domain_of_;  // by node
  // By node and tier: the mark of its copies, another one after each loss; no two are alike.
  std::vector<std::uint32_t> stamps_;
  std::vector<bool> void_;  // by stamp: its copies are gone
  Duration stepped_;
  // The last look-up of an owner: one read asks for it several times.
  struct LastOwner {
    DomainId domain = 0xffffffffU;
    std::uint64_t object = 0;
    std::uint64_t changes = 0;
    NodeId owner = 0;
  };
  mutable LastOwner last_owner_;
  std::uint64_t map_changes_ = 0;      // of who owns what
  std::vector<std::uint8_t> muted_;    // by node
  std::vector<std::uint8_t> offline_;  // by node: bits of media
};

}  // namespace fleetcache::world
