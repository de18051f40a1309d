/// The origin as clients meet it: the Blob front end with its throttles and retries, the direct
/// paths with their plans and leases. Latencies and back-offs come from models/, bandwidth from the
/// engine's links.
#pragma once

#include <cstdint>
#include <map>
#include <utility>
#include <vector>

#include "models/origin/latency.hpp"
#include "models/origin/retry.hpp"
#include "models/origin/token_bucket.hpp"
#include "policies/base/rng.hpp"
#include "sim/engine/event_queue.hpp"
#include "sim/engine/flow_engine.hpp"
#include "sim/probes/collector.hpp"
#include "sim/world/platform.hpp"
#include "sim/world/pool.hpp"

namespace fleetcache::world {

/// Told once when an origin read or write ended. `tier` is the path its bytes came by.
class OriginClient {
 public:
  virtual ~OriginClient() = default;
  virtual void on_origin_done(TimePoint now, std::uint64_t tag, bool ok, probes::Tier tier) = 0;
};

struct OriginRequest {
  std::uint64_t object = 0;
  std::uint64_t bytes = 0;
  NodeId node = 0;      ///< reader or writer
  RegionId region = 0;  ///< whose Blob holds the object
  bool write = false;
  std::uint32_t weight = 1;  ///< equal requests that it stands for
  Duration first_byte{-1};   ///< given instead of drawn; negative: drawn
};

class OriginService : private engine::EventHandler, private engine::FlowListener {
 public:
  /// Everything passed must outlive the service.
  OriginService(const scenario::Scenario& scenario, const Platform& platform,
                engine::EventQueue& queue, engine::FlowEngine& flows, probes::Collector& collector);

  void start(TimePoint now, const OriginRequest& request, OriginClient* client, std::uint64_t tag);

  /// Operations inside a flow right now.
  std::uint64_t in_transfer() const;
  /// Nanoseconds that operations still under way have spent so far.
  probes::VisitorNs present_ns(TimePoint now) const;
  /// Time to first byte of the slowest of `reads` reads of a region, at probability `u` in (0, 1).
  /// Requires: reads >= 1.
  Duration slowest_first_byte(RegionId region, double reads, double u) const;

  /// Bytes that finished flows took out of the accounts and stamps, by the engine's own count.
  std::uint64_t link_bytes_read() const;
  /// The same by this service's count of finished reads.
  std::uint64_t bytes_read() const { return bytes_read_; }
  void end_warmup() {
    bytes_at_warmup_ = bytes_read_;
    bytes_repeated_ = 0;
  }
  /// With what was stepped over.
  std::uint64_t bytes_read_since_warmup() const {
    return bytes_read_ - bytes_at_warmup_ + bytes_repeated_;
  }
  /// Time was stepped over in which `factor` times as much was read as since `before`.
  void repeat(std::uint64_t before, double factor) {
    bytes_repeated_ +=
        static_cast<std::uint64_t>(static_cast<double>(bytes_read_ - before) * factor);
  }

 private:
  enum Code : std::uint32_t { kAttempt, kPlan, kPlanReady, kFirstByte };
  struct Operation {
    OriginRequest request;
    OriginClient* client = nullptr;
    std::uint64_t tag = 0;
    TimePoint started;
    std::uint32_t attempt = 0;
    bool direct = false;
    bool transferring = false;
  };
  struct RegionState {
    std::vector<models::TokenBucket> requests;  // by account
    double burst = 0;                           // tokens that a full bucket holds
    models::RetrySpec retry;
    models::LogNormalLatency first_byte;
    models::LogNormalLatency direct_first_byte;
    double direct_latency_factor = 1;
    Duration plan_gap;       // 1 / plan rate
    TimePoint plan_free_at;  // when the plan service can take the next request
  };

  void on_event(TimePoint now, std::uint32_t code, std::uint64_t arg) override;
  void on_flow_done(TimePoint now, std::uint64_t tag) override;
  void attempt(TimePoint now, std::uint32_t id);
  void plan(TimePoint now, std::uint32_t id);
  void first_byte(TimePoint now, std::uint32_t id);
  void transfer(TimePoint now, std::uint32_t id);
  void finish(TimePoint now, std::uint32_t id, bool ok);
  bool eligible_for_direct(const OriginRequest& request) const;
  std::uint32_t account_of(const OriginRequest& request) const;

  const scenario::Scenario* scenario_;
  const Platform* platform_;
  engine::EventQueue* queue_;
  engine::FlowEngine* flows_;
  probes::Collector* collector_;
  probes::Population* population_;
  probes::Series* read_s_;
  probes::Series* write_s_;
  std::vector<RegionState> regions_;
  std::vector<Rng> latency_rng_;                                  // by node
  std::vector<Rng> retry_rng_;                                    // by node
  std::map<std::pair<NodeId, std::uint64_t>, TimePoint> leases_;  // (node, object) -> end
  Pool<Operation> operations_;
  std::uint64_t bytes_read_ = 0;
  std::uint64_t bytes_at_warmup_ = 0;
  std::uint64_t bytes_repeated_ = 0;
};

}  // namespace fleetcache::world
