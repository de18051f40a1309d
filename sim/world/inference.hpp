/// One inference service: requests queue for a prefill slot of their node, fetch the cached blocks
/// of their prompt, prefill the rest, and leave their new blocks in the cache.
/// TTFT = queue + fetch + prefill.
#pragma once

#include <cstdint>
#include <deque>
#include <memory>
#include <optional>
#include <vector>

#include "sim/world/data_path.hpp"
#include "sim/world/prompts.hpp"

namespace fleetcache::world {

class InferenceRun : private engine::EventHandler, private ReadClient {
 public:
  /// Uses `service.nodes` nodes from `first` on, or those of a sample of them: each server then
  /// gets the load of one and stands for `weight` of them. Prefixes that all prompts share are kept
  /// one by one and hear of the prompts that are not played, so that they live as long as they
  /// would.
  InferenceRun(const scenario::Scenario& scenario, const scenario::InferenceService& service,
               NodeId first, const SamplePlan& sample, std::unique_ptr<Prompts> prompts,
               const Platform& platform, engine::EventQueue& queue, DataPath& path,
               CacheService& cache, probes::Collector& collector);

  /// A second cache that sees every prompt at its arrival and stores at that instant: what an ideal
  /// cache of the same size and policy would hit. Its counters are "kv.shadow_hits" and
  /// "kv.shadow_lookups" of the main collector.
  void watch(CacheService& shadow) { shadow_ = &shadow; }
  void start();
  /// A failed node gets no new requests, and those that wait for it go elsewhere; those that hold a
  /// slot of it still end there (as if drained). While no node is there requests fail.
  void node_down(TimePoint now, NodeId node);
  void node_up(NodeId node);
  const scenario::InferenceService& service() const { return *service_; }
  std::uint64_t block_bytes() const { return block_bytes_; }
  /// Requests that one played request stands for.
  std::uint32_t weight() const { return sample_.weight; }
  /// Of a trace, past the horizon too; 0: those before the horizon.
  std::uint64_t requests_total() const { return prompts_->total(); }
  /// Digest of arrivals, lengths and blocks of the prompts so far: a scenario names a trace by its
  /// path only.
  std::uint64_t requests_digest() const { return digest_.value(); }
  /// Those that were played or stepped over.
  std::uint64_t requests_arrived() const { return arrivals_; }
  /// Share of the requests since the warm-up that were not turned away; 1 when there were none.
  double availability() const;
  /// Requests that arrived and have not sent their first token.
  std::uint64_t unfinished() const { return active_.live() * sample_.weight; }
  /// KV bytes that looked-up requests still wait to fetch or to compute.
  std::uint64_t unfinished_bytes() const;
  /// Nanoseconds they have spent so far: in all, and holding a slot.
  probes::VisitorNs present_ns(TimePoint now) const;
  probes::VisitorNs present_in_slots_ns(TimePoint now) const;
  /// Share of time that prefill slots were taken since the warm-up, which was `measured` ago.
  double slot_utilization(TimePoint now, Duration measured) const;
  std::uint64_t shown() const { return shown_; }
  std::uint64_t shown_hits() const { return shown_hits_; }
  /// `step` of time passed without being played: its prompts are only shown to the caches. Arrivals
  /// go on after it.
  void step_over(TimePoint now, Duration step);

 private:
  enum Code : std::uint32_t { kArrive, kPrefillDone };
  struct Active {
    Prompt prompt;
    NodeId node = 0;
    TimePoint arrived, scheduled, fetched;
    bool looked_up = false;
    bool in_slot = false;
    std::vector<Location> hits;          // the usable prefix, in order
    std::vector<std::uint32_t> missing;  // positions of blocks that were not resident
    std::uint32_t fetches = 0;           // still under way
  };
  struct Server {
    std::uint32_t down = 0;  // of the nodes that it stands for
    bool up = true;          // most of them are there
    std::uint32_t busy = 0;
    std::deque<std::uint32_t> waiting;
  };

  void on_event(TimePoint now, std::uint32_t code, std::uint64_t arg) override;
  void on_read_done(TimePoint now, std::uint64_t tag, bool ok, probes::Tier tier) override;
  NodeId node_of(std::uint32_t server) const { return first_ + server * sample_.weight; }
  std::uint32_t server_of(NodeId node) const { return (node - first_) / sample_.weight; }
  bool mine(NodeId node) const;
  void count_down(NodeId node, bool down);
  std::optional<NodeId> next_node() const;
  void queue_up(TimePoint now, std::uint32_t id);
  void send_elsewhere(TimePoint now, std::uint32_t id);
  bool take_prompt();
  void schedule_arrival();
  void arrive(TimePoint now, Prompt prompt);
  void hear_of_others(TimePoint now);
  void look_up(TimePoint now, Active& active);
  void look_up_shadow(TimePoint now, const Active& active);
  void schedule(TimePoint now, std::uint32_t id);
  void fetch(TimePoint now, std::uint32_t id);
  void prefill(TimePoint now, std::uint32_t id);
  void first_token(TimePoint now, std::uint32_t id);
  ReadRequest block(const Prompt& prompt, NodeId node, std::uint32_t position) const;
  ReadRequest block(const Active& active, std::uint32_t position) const {
    return block(active.prompt, active.node, position);
  }

  const scenario::InferenceService* service_;
  const Platform* platform_;
  engine::EventQueue* queue_;
  DataPath* path_;
  CacheService* cache_;
  CacheService* shadow_ = nullptr;
  probes::Collector* collector_;
  NodeId first_;
  Sample sample_;
  bool whole_domains_ = false;
  std::uint64_t block_bytes_;
  std::uint64_t namespace_;
  std::unique_ptr<Prompts> prompts_;
  Prompt next_;  // the one that arrives next
  bool has_next_ = false;
  Duration stepped_;            // time that was stepped over so far
  std::uint64_t arrivals_ = 0;  // prompts so far
  std::uint64_t moved_ = 0;     // of them, sent to another server later
  // Requests since the warm-up, and those turned away; counters of the collector.
  std::uint64_t *asked_, *failed_;
  std::uint64_t shown_ = 0, shown_hits_ = 0;  // blocks while time was stepped over
  std::uint64_t resets_ = 0;                  // of the arrival that is in the queue
  Digest digest_;
  models::ZipfSampler popularity_;    // of prefixes
  std::vector<TimePoint> refreshed_;  // by prefix: when the caches heard of it last
  std::uint32_t prefix_blocks_ = 0;   // of one prefix
  Rng others_;                        // prefixes of the prompts that are not played
  std::vector<Server> servers_;
  Pool<Active> active_;
  probes::Population* in_system_;
  probes::Population* in_service_;
  probes::Series *ttft_, *queue_s_, *fetch_s_, *prefill_s_;
};

}  // namespace fleetcache::world
