#include "sim/world/membership.hpp"

#include <algorithm>

namespace fleetcache::world {

void Membership::wait(TimePoint at, Code code, NodeId node) {
  ++timers_;
  queue_->push(at, this, code, (std::uint64_t{nodes_[node].generation} << 32) | node);
}

void Membership::depart(NodeId node) {
  cache_->mute(node, false);
  if (!nodes_[node].member) return;
  nodes_[node].member = false;
  cache_->depart(node);
}

void Membership::join(NodeId node) {
  if (nodes_[node].member) return;
  nodes_[node].member = true;
  cache_->join(node);
}

bool Membership::absent(TimePoint now, NodeId node, bool announced) {
  State& state = nodes_[node];
  const bool first = state.reasons++ == 0;
  if (first) {
    state.since = now;
    absent_max_ = std::max(absent_max_, ++absent_now_);
    ++state.generation;
  }
  if (announced || settings_.detect.count == 0 || !state.member) {
    depart(node);
  } else if (first) {
    cache_->mute(node, true);
    wait(now + settings_.detect, kDetected, node);
  }
  return first;
}

bool Membership::present(TimePoint now, NodeId node, bool announced) {
  State& state = nodes_[node];
  if (--state.reasons > 0) return false;
  --absent_now_;
  last_return_ = now + stepped_;
  absent_ns_ += static_cast<std::uint64_t>((now - state.since).count);
  ++state.generation;
  cache_->mute(node, false);
  if (announced || settings_.rejoin.count == 0) {
    join(node);
  } else if (!state.member) {
    wait(now + settings_.rejoin, kRejoined, node);
  }
  return true;
}

void Membership::on_event(TimePoint, std::uint32_t code, std::uint64_t arg) {
  --timers_;
  const auto node = static_cast<NodeId>(arg);
  if (nodes_[node].generation != static_cast<std::uint32_t>(arg >> 32)) return;
  code == kDetected ? depart(node) : join(node);
}

void Membership::step_over(Duration step) {
  stepped_ = stepped_ + step;
  for (const State& state : nodes_) {
    if (state.reasons > 0) absent_ns_ += static_cast<std::uint64_t>(step.count);
  }
}

std::uint64_t Membership::absent_ns(TimePoint now) const {
  std::uint64_t sum = absent_ns_;
  for (const State& state : nodes_) {
    if (state.reasons > 0) sum += static_cast<std::uint64_t>((now - state.since).count);
  }
  return sum;
}

}  // namespace fleetcache::world
