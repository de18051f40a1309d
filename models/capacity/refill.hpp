/// Arithmetic of fleet events: what failures, upgrades, starts and restarts ask of the origin and
/// how long they take when one thing binds. Each is a bound that a simulation can be held against.
#pragma once

#include <string>
#include <vector>

#include "policies/base/units.hpp"

namespace fleetcache::models {

/// A rate that may bind, by name.
struct RateLimit {
  std::string name;
  BytesPerSecond rate;
};

struct RefillAnswer {
  double seconds = 0;   ///< infinite where nothing gets through
  std::string binding;  ///< the limit that is least; ties go to the one named first
};

/// Time to bring `bytes` back through all of `limits` in a row: bytes over the least. Valid for:
/// one thing binds, full use of it. Checked by: V27 figures in tests/unit/models/refill_test.cpp.
RefillAnswer refill(double bytes, const std::vector<RateLimit>& limits);

/// Losses and refill demand of nodes that fail at a constant rate.
struct LossSpec {
  double nodes = 0;
  double failures = 0;      ///< of one node a second
  double cached_bytes = 0;  ///< on one node
  /// Of what is lost, read again before it would have been evicted anyway.
  double reuse = 1;
  Duration repair;
};
struct LossAnswer {
  double per_day = 0;
  double down_mean = 0;        ///< nodes: N r / (1 + r) with r = failures x repair (renewal-reward)
  BytesPerSecond refill_mean;  ///< bytes a second lost and asked again
};
LossAnswer losses(const LossSpec& spec);

/// A rolling upgrade that takes `fraction` of `nodes` away for `each` at a time, wave after wave.
struct UpgradeSpec {
  double nodes = 0, fraction = 0;
  Duration each;
  double cached_bytes = 0;  ///< on one node
  double reuse = 1;         ///< as above
  bool keeps = false;       ///< nodes come back with their copies
  double refill_s = 0;  ///< time that one node's copies take to come back; hits are lost until then
};
struct UpgradeAnswer {
  double waves = 0, duration_s = 0;
  double away = 0;               ///< nodes
  BytesPerSecond refill_demand;  ///< asked while it lasts; 0 when copies stay
  double hit_deficit = 0;        ///< share of hits lost, mean while it lasts; at most 1
};
/// Requires: 0 < fraction <= 1, nodes > 0. V26: 1 % for 90 s takes 2.5 h with 1 % away, and asks
/// for nodes x fraction x reuse x bytes / each; the deficit is the share away plus, without its
/// copies, the share that came back less than `refill_s` ago and is filled by half.
UpgradeAnswer rolling_upgrade(const UpgradeSpec& spec);

/// Reads of the same bytes by many: each of `nodes` reads its part (or all of it) from the origin,
/// or one reads it and a binary tree hands it on in pieces of `piece` bytes.
struct BroadcastSpec {
  double bytes = 0;  ///< that every node needs
  double nodes = 0;
  double readers = 1;     ///< of the same bytes, e.g. data-parallel replicas
  BytesPerSecond origin;  ///< shared capacity
  BytesPerSecond node;    ///< of one NIC, each direction
  double piece = 32e6;
};
struct BroadcastAnswer {
  double each_s = 0;  ///< every reader from the origin: readers x bytes / origin, or its NIC
  double tree_s = 0;  ///< read once, then handed on: the slower of origin and NICs, and the depth
};
BroadcastAnswer broadcast(const BroadcastSpec& spec);

/// Share of a catalogue of `n` equal objects that `requests` random requests have touched:
/// 1 - (1 - 1/n)^requests, what a demand-filled cache holds of its working set.
double touched_share(double n, double requests);

/// Time until a cache that starts empty holds `share` of a data set read in shuffled epochs at
/// `rate`: share x size / rate when every object is read once before any is read again.
double epoch_fill_s(double size, double share, BytesPerSecond rate);

}  // namespace fleetcache::models
