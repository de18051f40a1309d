/// Hit ratios of training reads: every object once an epoch, in a fresh order each time. `c` is the
/// cache over the data set, 0 to 1 (more is 1). All hold for many objects of one size.
#pragma once

namespace fleetcache::models {

/// LRU: c + (1 - c) ln(1 - c). The reuse distance of an object at position x of one epoch and y of
/// the next is 1 - x (1 - y) of the data set. Checked by: V17.
double epoch_lru(double c);
/// RANDOM replacement: h = ((1 - e^-s)/s)^2 with 1 - h = s c. Checked by: V18.
double epoch_random(double c);
/// FIFO: an entry lives until c further insertions, so the rate of misses along the epoch obeys a
/// renewal equation; solved on a grid by iteration (about 1 ms). Error below 0.001. Checked by:
/// V19.
double epoch_fifo(double c);
/// Nothing is evicted: the part that is there stays, h = c. Checked by: V19.
double epoch_pinned(double c);
/// The same order every epoch with LRU or FIFO: 0 until everything fits. Checked by: V19.
double epoch_cyclic(double c);

/// A node that draws a fresh 1/nodes share of the data each epoch and caches alone: for many nodes
/// every policy reaches node_cache / dataset.
double epoch_private_cache(double node_cache_over_dataset);
/// The same node when its share stays the same: all of it once it fits, with the policy's own ratio
/// below that. Requires: nodes >= 1. `policy` is one of the functions above.
double epoch_affinity(double node_cache_over_dataset, double nodes, double (*policy)(double));
/// Pooled caches, `replicas` copies of each object, pinned content: min(1, nodes x c / replicas).
double epoch_cooperative(double node_cache_over_dataset, double nodes, double replicas);

}  // namespace fleetcache::models
