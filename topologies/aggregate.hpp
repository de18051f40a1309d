/// The bottleneck of a whole fleet by maximum flow over classes: all nodes of a pool are one
/// vertex, so are its racks and its pods, so that 100,000 nodes are a few dozen vertices and the
/// cut takes well below a millisecond. topologies/cuts.hpp is the same question node by node.
#pragma once

#include <string>
#include <vector>

#include "policies/base/result.hpp"
#include "topologies/fleet.hpp"

namespace fleetcache::topologies {

/// Bytes a second that want to leave a region's origin.
struct OriginLoad {
  std::uint32_t region = 0;
  BytesPerSecond front_end;  ///< through the accounts
  BytesPerSecond direct;     ///< from the stamp
  BytesPerSecond copies;     ///< from caches of this region, for readers of others
};

/// Bytes a second that want into nodes of one pool, by where they turn downwards: a copy in the
/// same rack crosses NICs only, one in the same pod the ToRs too, one in another pod the pods'
/// links too; what an origin sends crosses all, and the WAN when the origin is another region's.
struct PoolLoad {
  std::uint32_t pool = 0;
  BytesPerSecond origin;  ///< of its own region or of others'
  BytesPerSecond from_rack, from_pod, from_region;
  BytesPerSecond nvme_read;  ///< of the copies sent, those read from disks; to whichever node
  /// Most that this load can take in by its own nodes; 0: the pool's nodes.
  BytesPerSecond own_limit;
  std::string name;  ///< of that limit, "nic_down.eastus2.train.job"
};

struct ClassLoads {
  std::vector<OriginLoad> origin;
  std::vector<PoolLoad> pool;  ///< any number of each pool
};

/// A class of links that is full when the cut is.
struct CutEdge {
  std::string name;  ///< "blob_egress.eastus2", "tor_down.eastus2.train", as stations are called
  BytesPerSecond capacity;
};

struct ClassCut {
  BytesPerSecond wanted;       ///< sum of all loads into nodes
  BytesPerSecond flow;         ///< the most of them that gets in at once
  std::vector<CutEdge> edges;  ///< that stop the rest, also of what copies and disks send; of
                               ///< several choices the nearest to the readers
  bool fits = true;            ///< everything gets through, in and out
};

/// Max-flow from all origins and copies at once to all readers, and of what copies and disks send
/// up to where it turns (push-relabel, Boost.Graph), over capacities rounded down to whole bytes a
/// second. Short last racks and pods count with what their nodes can take, so the flow into a whole
/// pool is that of the graph of single nodes. A relaxation in one respect: which region's bytes
/// reach which reader is left to the flow wherever loads allow several ways, so a cut that it names
/// does bind, and one that needs several sources told apart can be missed. Requests and plans a
/// second are not bytes and not in it. Fails for ids out of range and for a load of 2^53 bytes a
/// second or more. Source: Goldberg and Tarjan, J. ACM 35 (1988). Checked by:
/// tests/unit/topologies/aggregate_test.cpp, tests/unit/analytic/bottlenecks_test.cpp.
Result<ClassCut> class_cut(const Fleet& fleet, const ClassLoads& loads);

/// What the links of one level pass into the whole of a pool: all pods', all ToRs' or all NICs'
/// (`level`: kPod, kRack or kNode). A short last rack or pod counts with what lies below it, so
/// that the least of the three levels is the flow over single links.
BytesPerSecond pool_intake(const Pool& pool, Distance level);

}  // namespace fleetcache::topologies
