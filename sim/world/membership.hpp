/// Who is up, who answers, and whose keys are where: what a loss means between the moment it
/// happens and the moment everybody knows.
///
///     lost -- detect --> keys move ... back -- rejoin --> keys return, to an empty cache or not
///       meanwhile readers ask, wait for `timeout`, read the origin
#pragma once

#include <cstdint>
#include <vector>

#include "sim/engine/event_queue.hpp"
#include "sim/world/cache_service.hpp"

namespace fleetcache::world {

class Membership : private engine::EventHandler {
 public:
  /// Everything passed must outlive it.
  Membership(const scenario::Cache& settings, std::uint32_t nodes, engine::EventQueue& queue,
             CacheService& cache)
      : settings_(settings.membership), queue_(&queue), cache_(&cache), nodes_(nodes) {}

  /// A reason for a node to be absent begins or ends; reasons may overlap. Announced: its keys move
  /// at once, and come back without waiting for `rejoin`. Otherwise nobody knows before `detect`,
  /// and a loss that ends sooner moves no key. True when this made it absent, or present again.
  bool absent(TimePoint now, NodeId node, bool announced);
  bool present(TimePoint now, NodeId node, bool announced);

  /// Most nodes that were absent at once, and the date when the last of them came back (0: none
  /// did).
  std::uint32_t absent_max() const { return absent_max_; }
  TimePoint last_return() const { return last_return_; }
  /// No timer of detection or rejoining runs.
  bool settled() const { return timers_ == 0; }
  /// Time passed without being played; who was absent still was.
  void step_over(Duration step);
  /// Nanoseconds of absence over all nodes up to now.
  std::uint64_t absent_ns(TimePoint now) const;

 private:
  enum Code : std::uint32_t { kDetected, kRejoined };
  struct State {
    std::uint32_t reasons = 0;
    std::uint32_t generation = 0;  // of changes: voids the timers of before
    bool member = true;            // has its keys
    TimePoint since;
  };

  void on_event(TimePoint now, std::uint32_t code, std::uint64_t arg) override;
  void depart(NodeId node);
  void join(NodeId node);
  void wait(TimePoint at, Code code, NodeId node);

  scenario::Membership settings_;
  engine::EventQueue* queue_;
  CacheService* cache_;
  std::vector<State> nodes_;
  std::uint64_t absent_ns_ = 0;  // of absences that ended
  std::uint64_t timers_ = 0;     // that run, void ones too
  std::uint32_t absent_now_ = 0, absent_max_ = 0;
  TimePoint last_return_;
  Duration stepped_;
};

}  // namespace fleetcache::world
