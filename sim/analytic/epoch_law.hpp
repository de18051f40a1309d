/// The hit ratio of shuffled epochs under a named eviction policy: a closed form where there is
/// one, else a miniature run of the policy itself, whose answer depends on the cached share only.
#pragma once

#include <map>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "models/capacity/response_time.hpp"
#include "sim/analytic/kv_law.hpp"

namespace fleetcache::analytic {

/// What the readers of one data set look like to one cache.
struct EpochReaders {
  double units = 1;     ///< equal caches over which one job's reads are spread
  double readers = 1;   ///< jobs on the same data set and cache
  bool shuffle = true;  ///< a fresh permutation each epoch
  double keys = 0;      ///< objects that fall to one owner; 0: many
};

/// How a figure was reached, for derivations and error notes.
enum class EpochMethod { kClosedForm, kMiniature };

/// Epochs that a policy without a closed form is followed through before it counts as settled.
constexpr int kLearningEpochs = 6;

struct EpochHit {
  double ratio = 0;  ///< settled
  /// Of each reader's second, third, ... epoch, kLearningEpochs of them; empty: settled, or not
  /// told (several caches).
  std::vector<double> by_epoch;
  EpochMethod method = EpochMethod::kClosedForm;
  std::string formula;
};

/// Objects of a miniature run: for one answer, and for a sweep over thousands of designs.
constexpr unsigned kMiniatureObjects = 4096;
constexpr unsigned kSweepObjects = 1024;
/// Bound on the error of a miniature run of kMiniatureObjects: two standard errors of a ratio over
/// four passes, 2 sqrt(1/4 / (4 x 4096)). Twice that with kSweepObjects.
constexpr double kMiniatureError = 0.008;

/// Remembers miniature runs, which depend on nothing but what they are asked for: a bisection over
/// demand, which leaves the cached share alone, runs each once.
class EpochLaw {
 public:
  explicit EpochLaw(unsigned objects = kMiniatureObjects)
      : objects_(objects), kv_(objects < kMiniatureObjects ? kKvSweepBlocks : kKvBlocks) {}

  /// `cached` is the share of the data set that the cache can hold, 0..1. Policies lru and pinned
  /// and, for one reader on one unit, fifo have closed forms; the others run in miniature: three
  /// passes to warm up, four counted, bias O(1/objects); a pass is an epoch of all readers on one
  /// cache, else as many requests as there are objects. An owner with room for few objects is run
  /// as it is, longer: policies decide otherwise there. Unknown policies count as LRU.
  /// Cost of a run: about 70 ns a request, 7 passes of them.
  EpochHit hit(std::string_view policy, const std::map<std::string, std::string>& parameters,
               double cached, const EpochReaders& readers);

  /// Hit ratio of one reader's `back` epochs of reads (above 0) that are read again in the same
  /// order, by the policy itself on a quarter of the objects, on more where fewer than 64 of them
  /// (and fewer than the owner's own, of `keys`) would fit: a job that goes back to its last
  /// checkpoint, `before` epochs after it began to read at all. Told at powers of 2^(1/4) of both,
  /// up to four and three epochs. LRU and FIFO have all of it where it fits, else (as policies that
  /// cannot be played) nothing; a pinned cache hangs on where the reads were: not here.
  double reread(std::string_view policy, const std::map<std::string, std::string>& parameters,
                double cached, double back, double before, double keys);

  /// One answer, not one of a sweep.
  bool fine() const { return objects_ >= kMiniatureObjects; }
  /// The same for KV blocks, as fine or as coarse.
  KvLaw& kv() { return kv_; }
  /// Delays of a service's blocks by all that they hang on.
  std::map<std::vector<double>, double>& delays() { return delays_; }
  /// Laws of the time of a read by all that they hang on; for whoever works them out.
  std::map<std::vector<double>, std::vector<models::TimeShare>>& reads() { return reads_; }
  /// Waits of one server, by Lindley's recursion. Requires what models::lindley_wait does.
  const models::QueueAnswer& wait(const models::QueueSpec& queue);

 private:
  unsigned objects_;
  KvLaw kv_;
  std::map<std::string, EpochHit> runs_;
  std::map<std::string, double> rereads_;
  std::map<double, double> fifo_;
  std::map<std::vector<double>, models::QueueAnswer> waits_;
  std::map<std::vector<double>, std::vector<models::TimeShare>> reads_;
  std::map<std::vector<double>, double> delays_;
};

}  // namespace fleetcache::analytic
