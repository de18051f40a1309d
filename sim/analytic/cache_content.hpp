/// What shares one cache of a pool and how long it stays there: data sets by their readers, KV
/// blocks by their services.
#pragma once

#include <limits>
#include <map>
#include <string>
#include <vector>

#include "sim/analytic/fleet_view.hpp"
#include "sim/analytic/hit_ratios.hpp"

namespace fleetcache::analytic {

constexpr double kEndless = std::numeric_limits<double>::infinity();

/// Capacity that one cache of a pool (the nodes that share copies) has in a tier, in bytes.
double domain_capacity(const FleetView& view, const PoolView& pool, const scenario::CacheTier& tier,
                       double factor);
/// The tier that decides the hit ratio: tiers are filled together, so it is the largest.
const scenario::CacheTier* largest_tier(const FleetView& view, const PoolView& pool);
/// Filled once, nothing leaves.
bool is_pinned(const scenario::CacheTier& tier);
/// Nodes among which the keys of one cache are divided.
double owners_of(const FleetView& view, const PoolView& pool);
/// Caches of its pool over which so many nodes are spread, at least 1.
double units_of(const PoolView& pool, double nodes);
/// The caches that a job's nodes are in, equal ones together; the largest share first.
std::vector<CachePart> parts_of(const PoolView& pool, const JobView& job);
/// Bytes of a job's data set.
double data_size(const JobView& job);
/// Jobs of the pool that are at home in most of the caches that job `j` is in, itself included.
std::vector<std::uint32_t> sharers(const FleetView& view, const PoolView& pool, std::uint32_t j);

class Content {
 public:
  /// The cache that `jobs` and all services of the pool share. The view must outlive it.
  Content(const FleetView& view, const PoolView& pool, std::vector<std::uint32_t> jobs,
          const Design& design, bool pinned);

  /// Bytes that are resident when entries stay `window_s` after their last use (or, pinned, bytes
  /// inserted in the first window_s).
  double bytes(double window_s) const;
  /// All that ever comes, in bytes.
  double all_bytes() const;
  /// Characteristic time: the window at which `capacity` bytes are resident; kEndless: all fits.
  double window(double capacity) const;
  /// Of a data set that a job here reads, resident at that window.
  double cached_share(const std::string& dataset, double window_s) const;
  /// More than one data set, or data and KV blocks.
  bool mixed() const { return sets_.size() + pool_.services.size() > 1; }
  /// Jobs that read a data set.
  double readers(const std::string& dataset) const {
    return static_cast<double>(sets_.at(dataset).size());
  }
  /// Of the data set, what no job but `j` has read yet.
  double unread_by_others(std::uint32_t j, const Moment& moment) const;
  /// Relative deviation of what falls to one of the cache's `owners`, each placed by `points`.
  double uneven(double owners, double points) const;

 private:
  struct Reader {
    double size = 0, object = 0;
    double passes = 0;  ///< a second
    bool shuffle = true;
  };

  double share(const Reader& r, double window_s) const;
  double kv_bytes(const ServiceView& s, double window_s) const;

  const FleetView& view_;
  const PoolView& pool_;
  std::vector<std::uint32_t> jobs_;
  bool pinned_;
  double caches_ = 1;
  std::map<std::string, std::vector<Reader>> sets_;
};

}  // namespace fleetcache::analytic
