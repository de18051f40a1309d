/// What shares bandwidth. A transfer is one flow over a route of links, limited jointly by all of
/// them (max-min fair); latency is not here: callers charge it with timers of the event queue.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <span>
#include <string>
#include <string_view>

#include "policies/base/units.hpp"
#include "sim/engine/event_queue.hpp"

namespace fleetcache::engine {

using LinkId = std::uint32_t;
constexpr LinkId kNoLink = 0xffffffffU;

enum class LinkKind : std::uint8_t {
  kShared,    ///< capacity shared by the flows on it
  kVariable,  ///< the same, and `set_capacity` may lower and raise it under live flows
  kFifo,  ///< one flow at a time, the others wait in the order of their starts (exact engine only)
  kPerFlowCap,  ///< a cap on every flow by itself (connection rate, window / RTT); never shared
};

/// Told of ends of flows. Called from inside `run`; may start flows and push events.
class FlowListener {
 public:
  virtual ~FlowListener() = default;
  virtual void on_flow_done(TimePoint now, std::uint64_t tag) = 0;
};

/// Flows are counted once each, whatever their weight; bytes are bytes times weight.
struct FlowStats {
  std::uint64_t started = 0;
  std::uint64_t finished = 0;
  std::uint64_t bytes_started = 0;
  std::uint64_t bytes_finished = 0;
  std::uint64_t live_max = 0;
};

/// Life: add_link..., then run() once.
class FlowEngine {
 public:
  virtual ~FlowEngine() = default;

  /// Requires: capacity > 0, before run(). For kVariable the capacity is the peak it will ever
  /// have.
  virtual LinkId add_link(std::string_view name, BytesPerSecond capacity,
                          LinkKind kind = LinkKind::kShared) = 0;
  /// Requires: a kVariable link, 0 < capacity <= its peak; 0 too where the engine says so.
  virtual void set_capacity(LinkId link, BytesPerSecond capacity) = 0;
  /// Starts a transfer; `listener` hears of its end with `tag`. Requires: bytes > 0, a route of
  /// distinct links, not empty. O(route) here, O(flows in the component) in the solver.
  /// A flow may stand for `weight` equal transfers: it takes their share of the links, ends when
  /// each of them would, and counts `weight` times its bytes in `stats` and `link_bytes`. Requires:
  /// weight > 0, and 1 where the engine keeps every transfer apart.
  virtual void start(Bytes bytes, std::span<const LinkId> route, FlowListener* listener,
                     std::uint64_t tag, double weight = 1) = 0;
  /// Runs events and flows in time order until the queue is empty and no flow lives, until `stop`
  /// returns true (asked between events, may be empty), or until `horizon`. Call once.
  virtual void run(EventQueue& queue, TimePoint horizon, const std::function<bool()>& stop) = 0;
  /// Bytes (times weight) of finished flows that crossed the link so far.
  virtual std::uint64_t link_bytes(LinkId link) const = 0;
  /// What the live flows together get of the link right now. O(flows on it).
  virtual BytesPerSecond link_usage(LinkId link) const = 0;
  /// Its capacity right now: of a kVariable link what set_capacity left of it.
  virtual BytesPerSecond link_capacity(LinkId link) const = 0;
  virtual const FlowStats& stats() const = 0;
};

/// How SimGrid looks for what a start or an end changes: the links it reaches by shared flows, or
/// everything. Results agree up to rounding; see docs/performance.md for which is faster when.
enum class SimGridOptim : std::uint8_t { kLazy, kFull };

/// The real one, on SimGrid (exact rung). Requires: none created before in this process.
std::unique_ptr<FlowEngine> make_simgrid_engine(SimGridOptim optim = SimGridOptim::kLazy);
/// Every transfer takes a fixed time: for benches of the code around SimGrid and for
/// counterfactuals that move no shared bytes.
std::unique_ptr<FlowEngine> make_fixed_delay_engine(Duration delay);
/// "simgrid 3.32" and the settings in force.
std::string simgrid_version();

}  // namespace fleetcache::engine
