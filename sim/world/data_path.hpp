/// The path of one read: the owner's tiers, else the origin, else another region; and of one write.
/// All waiting is here: request latency, NVMe media time and queue depth, flows, single flight.
#pragma once

#include <cstdint>
#include <deque>
#include <map>
#include <utility>
#include <vector>

#include "sim/world/cache_service.hpp"
#include "sim/world/origin_service.hpp"

namespace fleetcache::world {

/// Told once when a read or a write ended, and where its bytes came from. Not ok: the origin
/// refused it until the client gave up.
class ReadClient {
 public:
  virtual ~ReadClient() = default;
  virtual void on_read_done(TimePoint now, std::uint64_t tag, bool ok, probes::Tier tier) = 0;
};

struct ReadRequest {
  std::uint64_t object = 0;
  std::uint64_t bytes = 0;
  NodeId reader = 0;
  RegionId home = 0;  ///< region whose Blob holds it
  probes::TrafficClass traffic = probes::TrafficClass::kDataset;
  std::uint32_t weight = 1;  ///< equal requests that it stands for, each for an object of its own
  std::uint32_t keys = 1;    ///< objects that its object stands for in caches
  std::uint32_t burst = 1;   ///< reads that its reader starts together
};

class DataPath : private engine::EventHandler,
                 private engine::FlowListener,
                 private OriginClient,
                 private ReadClient {
 public:
  DataPath(const Platform& platform, engine::EventQueue& queue, engine::FlowEngine& flows,
           CacheService& cache, OriginService& origin, probes::Collector& collector);

  /// Reads an object through the cache (or straight from the origin when it is off).
  void read(TimePoint now, const ReadRequest& request, ReadClient* client, std::uint64_t tag);
  /// Reads a copy that a lookup just found; whoever looked it up counts the bytes as asked. With
  /// `pinned`, it stays until delivered and is refreshed then; without, the lookup already did what
  /// the policy has to know.
  void fetch(TimePoint now, const ReadRequest& request, const Location& where, bool pinned,
             ReadClient* client, std::uint64_t tag);
  /// One read of `request` through its owner straight from the origin, whose first byte takes
  /// `first_byte`: the slowest of the many reads of a step that were not played. It moves bytes but
  /// is in no count; the client hears of it as of any read.
  void slow_read(TimePoint now, const ReadRequest& request, Duration first_byte, ReadClient* client,
                 std::uint64_t tag);
  /// Time to first byte of the slowest of `reads` origin reads, at probability u in (0, 1).
  Duration slowest_first_byte(RegionId region, double reads, double u) const {
    return origin_->slowest_first_byte(region, reads, u);
  }
  /// What the caches would do with a read, all in this instant: no time, no bytes. True for a hit.
  bool show_caches(TimePoint now, const ReadRequest& request);
  /// Moves an object to its owner and stores it there; nobody waits for it.
  void store(TimePoint now, const ReadRequest& object);
  /// Writes to the home region's origin.
  void write_origin(TimePoint now, const ReadRequest& object, ReadClient* client,
                    std::uint64_t tag);

  /// Reads and writes that are inside a flow of this listener right now.
  std::uint64_t in_transfer() const;
  /// Bytes asked by reads that have not ended.
  std::uint64_t unfinished_bytes(probes::TrafficClass traffic) const;
  std::uint64_t unfinished_requests() const;
  /// Nanoseconds that reads still under way have spent so far.
  probes::VisitorNs present_ns(TimePoint now) const;

 private:
  enum Code : std::uint32_t { kAtOwner, kMediaDone };
  enum class Kind : std::uint8_t { kRead, kFetch, kStore, kNvmeWrite, kOriginWrite, kSlowRead };
  enum class Phase : std::uint8_t { kTravel, kQueued, kMedia, kOrigin, kWaiting, kTransfer };
  static constexpr std::uint32_t kNone = 0xffffffffU;

  struct Operation {
    ReadRequest request;
    ReadClient* client = nullptr;
    std::uint64_t tag = 0;
    TimePoint started;
    Duration first_byte{-1};
    Location where;
    DomainId domain = 0;
    NodeId owner = 0;
    Kind kind = Kind::kRead;
    Phase phase = Phase::kTravel;
    probes::Tier tier = probes::Tier::kLocalDram;
    bool located = false;  // `where` holds a copy
    bool pinned = false;
    bool bypass = false;         // the owner did not answer: the reader asks the origin itself
    bool nested = false;         // part of another read: not counted by itself
    std::uint32_t next = kNone;  // next waiter of the same fetch
  };
  struct Device {
    std::uint32_t busy = 0;
    std::deque<std::uint32_t> waiting;
  };
  using FlightKey = std::pair<NodeId, std::uint64_t>;  // (owner, object)

  void on_event(TimePoint now, std::uint32_t code, std::uint64_t arg) override;
  void on_flow_done(TimePoint now, std::uint64_t tag) override;
  void on_origin_done(TimePoint now, std::uint64_t tag, bool ok, probes::Tier tier) override;
  void on_read_done(TimePoint now, std::uint64_t tag, bool ok, probes::Tier tier) override;

  std::uint32_t begin(TimePoint now, Kind kind, const ReadRequest& request, ReadClient* client,
                      std::uint64_t tag);
  void find_owner(Operation& op) const;
  void read_from(TimePoint now, const ReadRequest& request, DomainId domain, bool nested,
                 ReadClient* client, std::uint64_t tag);
  void ask_in_vain(TimePoint now, std::uint32_t id);
  void at_owner(TimePoint now, std::uint32_t id);
  void serve_copy(TimePoint now, std::uint32_t id);
  void start_media(TimePoint now, std::uint32_t id);
  void release_device(TimePoint now, NodeId node);
  void transfer(TimePoint now, std::uint32_t id, const Route& route);
  void fetch_from_beyond(TimePoint now, std::uint32_t id);
  void arrived_at_owner(TimePoint now, std::uint32_t id, bool ok, probes::Tier tier);
  void fill(TimePoint now, const ReadRequest& request, DomainId domain, NodeId owner);
  void finish(TimePoint now, std::uint32_t id, bool ok);
  bool counted(const Operation& op) const { return op.kind == Kind::kRead && !op.nested; }
  static std::uint64_t bytes_of(const Operation& op) {
    return op.request.bytes * op.request.weight;
  }

  const Platform* platform_;
  engine::EventQueue* queue_;
  engine::FlowEngine* flows_;
  CacheService* cache_;
  OriginService* origin_;
  probes::Collector* collector_;
  probes::Population* reads_;
  std::vector<probes::Series*> latency_;          // by tier
  std::vector<Device> devices_;                   // by node
  std::map<FlightKey, std::uint32_t> in_flight_;  // -> first operation of the chain
  Pool<Operation> operations_;
};

}  // namespace fleetcache::world
