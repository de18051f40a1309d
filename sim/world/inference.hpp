/// One inference service: requests queue for a prefill slot of their node, fetch the cached blocks
/// of their prompt, prefill the rest, and leave their new blocks in the cache.
/// TTFT = queue + fetch + prefill.
#pragma once

#include <cstdint>
#include <deque>
#include <vector>

#include "sim/traces/mooncake.hpp"
#include "sim/world/data_path.hpp"

namespace fleetcache::world {

class InferenceRun : private engine::EventHandler, private ReadClient {
 public:
  /// Uses `service.nodes` nodes from `first` on; `requests` are in order of time.
  InferenceRun(const scenario::InferenceService& service, NodeId first,
               std::vector<traces::KvRequest> requests, const Platform& platform,
               engine::EventQueue& queue, DataPath& path, CacheService& cache,
               probes::Collector& collector);

  /// A second cache that sees every prompt at its arrival and stores at that instant: what an ideal
  /// cache of the same size and policy would hit. Its counters are "kv.shadow_hits" and
  /// "kv.shadow_lookups" of the main collector.
  void watch(CacheService& shadow) { shadow_ = &shadow; }
  void start();
  /// A failed node gets no new requests; those it already holds still end there (as if drained).
  void node_down(NodeId node);
  void node_up(NodeId node);
  const scenario::InferenceService& service() const { return *service_; }
  std::uint64_t block_bytes() const { return block_bytes_; }
  std::uint64_t requests_total() const { return requests_.size(); }
  /// Digest of arrivals, lengths and blocks: a scenario names a trace by its path only.
  std::uint64_t requests_digest() const;
  std::uint64_t requests_arrived() const { return in_system_->arrivals(); }
  /// Requests that arrived and have not sent their first token.
  std::uint64_t unfinished() const { return active_.live(); }
  /// KV bytes that looked-up requests still wait to fetch or to compute.
  std::uint64_t unfinished_bytes() const;
  /// Nanoseconds they have spent so far: in all, and holding a slot.
  probes::VisitorNs present_ns(TimePoint now) const;
  probes::VisitorNs present_in_slots_ns(TimePoint now) const;
  /// Share of time that prefill slots were taken since the warm-up, which was `measured` ago.
  double slot_utilization(TimePoint now, Duration measured) const;

 private:
  enum Code : std::uint32_t { kArrive, kPrefillDone };
  struct Active {
    std::uint32_t request = 0;
    NodeId node = 0;
    TimePoint arrived, scheduled, fetched;
    bool looked_up = false;
    bool in_slot = false;
    std::vector<Location> hits;          // the usable prefix, in order
    std::vector<std::uint32_t> missing;  // positions of blocks that were not resident
    std::uint32_t fetches = 0;           // still under way
  };
  struct Server {
    bool up = true;
    std::uint32_t busy = 0;
    std::deque<std::uint32_t> waiting;
  };

  void on_event(TimePoint now, std::uint32_t code, std::uint64_t arg) override;
  void on_read_done(TimePoint now, std::uint64_t tag, bool ok) override;
  NodeId next_node(std::uint32_t request) const;
  void arrive(TimePoint now, std::uint32_t request);
  void look_up(TimePoint now, Active& active);
  void look_up_shadow(TimePoint now, const Active& active);
  void schedule(TimePoint now, std::uint32_t id);
  void fetch(TimePoint now, std::uint32_t id);
  void prefill(TimePoint now, std::uint32_t id);
  void first_token(TimePoint now, std::uint32_t id);
  ReadRequest block(const Active& active, std::uint32_t position) const;

  const scenario::InferenceService* service_;
  const Platform* platform_;
  engine::EventQueue* queue_;
  DataPath* path_;
  CacheService* cache_;
  CacheService* shadow_ = nullptr;
  probes::Collector* collector_;
  NodeId first_;
  std::uint64_t block_bytes_;
  std::uint64_t namespace_;
  std::vector<traces::KvRequest> requests_;
  std::vector<Server> servers_;
  Pool<Active> active_;
  probes::Population* in_system_;
  probes::Population* in_service_;
  probes::Series *ttft_, *queue_s_, *fetch_s_, *prefill_s_;
};

}  // namespace fleetcache::world
