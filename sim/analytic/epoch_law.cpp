#include "sim/analytic/epoch_law.hpp"

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <numeric>
#include <vector>

#include "models/cache/epoch.hpp"
#include "models/capacity/shared_epochs.hpp"
#include "policies/base/math.hpp"
#include "policies/base/rng.hpp"
#include "policies/eviction/eviction.hpp"

namespace fleetcache::analytic {

namespace {

constexpr std::uint64_t kUnitsMax = 64;   // past it every policy is within 1/64 of the limit
constexpr std::uint64_t kReadersMax = 8;  // likewise
constexpr std::uint64_t kWarmPasses = 3, kMeasuredPasses = 4;
constexpr unsigned kObjectsMost = 4;     // times as many as usual, where few of many are kept
constexpr std::uint64_t kCharge = 1000;  // of an object: queues of few have no whole number of them
constexpr double kFewObjects = 64;       // an owner with room for more decides like a large one

class MiniatureReader {
 public:
  MiniatureReader(std::uint64_t number, unsigned objects, std::uint64_t start, bool shuffled)
      : rng_(1, "analytic/miniature", number), at_(start), shuffle_(shuffled) {
    order_.resize(objects);
    std::iota(order_.begin(), order_.end(), 0);
    mix();
  }
  std::uint64_t next(std::uint64_t stride) {
    if (at_ >= order_.size()) {
      at_ %= stride;
      mix();
    }
    const std::uint64_t object = order_[at_];
    at_ += stride;
    return object;
  }

 private:
  void mix() {
    if (!shuffle_) return;
    for (std::uint64_t i = order_.size(); i > 1; --i)
      std::swap(order_[i - 1], order_[rng_.below(i)]);
  }
  Rng rng_;
  std::uint64_t at_;
  bool shuffle_;
  std::vector<std::uint64_t> order_;
};

struct Counts {
  std::uint64_t pass = 0;                  // requests of one
  std::vector<std::uint64_t> asked, hits;  // by pass
};

// The policy on a few objects, from empty. False: no such policy.
bool play(std::string_view policy, const std::map<std::string, std::string>& parameters,
          std::uint64_t capacity, std::uint64_t charge, const EpochReaders& who, unsigned objects,
          std::uint64_t run, Counts& counts) {
  eviction::Config config;
  config.capacity = capacity * charge;
  config.max_entries = objects;
  config.unit_charge = charge == 1;
  config.seed = 1 + run;
  for (const auto& p : parameters) config.params.push_back(p);
  auto cache = eviction::Cache::create(policy, config);
  if (!cache) return false;
  const auto units = std::min<std::uint64_t>(kUnitsMax, std::llround(who.units));
  const auto readers = std::min<std::uint64_t>(kReadersMax, std::llround(who.readers));
  std::vector<MiniatureReader> reader;
  for (std::uint64_t r = 0; r < readers; ++r)
    reader.emplace_back(r + run * readers, objects, r * (objects / readers), who.shuffle);
  for (std::uint64_t i = 0; i < counts.pass * counts.asked.size(); ++i) {
    eviction::Meta meta;
    meta.id = reader[i % readers].next(units);
    meta.charge = charge;
    const bool hit = cache->request(TimePoint{static_cast<std::int64_t>(i)}, meta);
    ++counts.asked[i / counts.pass];
    if (hit) ++counts.hits[i / counts.pass];
  }
  return true;
}

// Whole epochs, then some reads twice: hits of the second time. Below 0: no such policy.
double play_twice(std::string_view policy, const std::map<std::string, std::string>& parameters,
                  std::uint64_t capacity, unsigned objects, std::uint64_t before,
                  std::uint64_t back) {
  eviction::Config config;
  config.capacity = capacity;
  config.max_entries = objects;
  config.unit_charge = true;
  for (const auto& p : parameters) config.params.push_back(p);
  auto cache = eviction::Cache::create(policy, config);
  if (!cache) return -1;
  MiniatureReader reader(0, objects, 0, true);
  std::vector<std::uint64_t> order;
  for (std::uint64_t i = 0; i < before + back; ++i) order.push_back(reader.next(1));
  order.insert(order.end(), order.end() - static_cast<std::ptrdiff_t>(back), order.end());
  std::uint64_t hits = 0;
  for (std::uint64_t i = 0; i < order.size(); ++i) {
    eviction::Meta meta;
    meta.id = order[i];
    meta.charge = 1;
    const bool hit = cache->request(TimePoint{static_cast<std::int64_t>(i)}, meta);
    if (hit && i >= before + back) ++hits;
  }
  return static_cast<double>(hits) / static_cast<double>(back);
}

// As many runs as give `least` requests a pass: small caches have to be played often.
EpochHit miniature(std::string_view policy, const std::map<std::string, std::string>& parameters,
                   double cached, const EpochReaders& who, unsigned objects, unsigned least,
                   bool fine) {
  EpochHit out;
  out.method = EpochMethod::kMiniature;
  const auto capacity = static_cast<std::uint64_t>(std::llround(cached * objects));
  const std::uint64_t charge = static_cast<double>(capacity) < kFewObjects ? kCharge : 1;
  if (capacity == 0) return out;
  constexpr std::uint64_t kPasses = kWarmPasses + kMeasuredPasses;
  // A pass is an epoch where one cache sees all of it; many readers, only in a fine answer.
  const auto readers = std::min<std::uint64_t>(kReadersMax, std::llround(who.readers));
  const bool epochs = who.units <= 1 && (fine || readers <= 1);
  Counts counts{epochs ? readers * objects : objects, std::vector<std::uint64_t>(kPasses, 0),
                std::vector<std::uint64_t>(kPasses, 0)};
  const std::uint64_t runs = std::max(1U, least / std::max(1U, objects));
  for (std::uint64_t run = 0; run < runs; ++run) {
    if (play(policy, parameters, capacity, charge, who, objects, run, counts)) continue;
    out.ratio = -1;
    return out;
  }
  std::uint64_t asked = 0, hits = 0;
  for (std::size_t pass = 1; pass < kPasses; ++pass) {
    if (epochs && pass <= kLearningEpochs)
      out.by_epoch.push_back(static_cast<double>(counts.hits[pass]) /
                             static_cast<double>(counts.asked[pass]));
    if (pass < kWarmPasses) continue;
    asked += counts.asked[pass];
    hits += counts.hits[pass];
  }
  out.ratio = static_cast<double>(hits) / static_cast<double>(asked);
  return out;
}

std::string key_of(std::string_view policy, const std::map<std::string, std::string>& parameters,
                   double cached, const EpochReaders& who, unsigned objects) {
  std::string key(policy);
  for (const auto& [name, value] : parameters) key += "|" + name + "=" + value;
  key += "|" + std::to_string(std::llround(cached * objects)) + "/" + std::to_string(objects);
  key += "|" + std::to_string(std::min<std::int64_t>(kUnitsMax, std::llround(who.units)));
  key += "|" + std::to_string(std::min<std::int64_t>(kReadersMax, std::llround(who.readers)));
  return key + (who.shuffle ? "|s" : "|c");
}

EpochHit lru(double cached, const EpochReaders& who) {
  if (!who.shuffle)
    return {models::epoch_cyclic(cached),
            {},
            EpochMethod::kClosedForm,
            "LRU, same order: 0 below c = 1"};
  if (who.units > 1)
    return {models::epoch_lru_units(cached, who.units),
            {},
            EpochMethod::kClosedForm,
            "LRU over u caches: sum over k of (1/u)(1-1/u)^(k-1) P(uv > (1-c)/(1-1/u)^(k-1))"};
  if (who.readers > 1)
    return {models::epoch_shared(cached, who.readers, models::epoch_lru),
            {},
            EpochMethod::kClosedForm,
            "LRU, r readers: 1 - (1 - (g + (1-g) ln(1-g))) (1-g)^(r-1), g = 1 - (1-c)^(1/r)"};
  return {models::epoch_lru(cached), {}, EpochMethod::kClosedForm, "LRU: h = c + (1-c) ln(1-c)"};
}

}  // namespace

EpochHit EpochLaw::hit(std::string_view policy,
                       const std::map<std::string, std::string>& parameters, double cached,
                       const EpochReaders& readers) {
  const double c = std::clamp(cached, 0.0, 1.0);
  if (c <= 0) return {0, {}, EpochMethod::kClosedForm, "nothing cached: h = 0"};
  if (c >= 1)
    return {1,
            {},
            EpochMethod::kClosedForm,
            readers.units > 1 ? "everything fits: h = 1 once all caches have seen all"
                              : "everything fits: h = 1 after the first epoch"};
  if (policy == "lru") return lru(c, readers);
  if (policy == "pinned")
    return {models::epoch_pinned(c), {}, EpochMethod::kClosedForm, "pinned: h = c"};
  if (policy == "fifo" && !readers.shuffle) return lru(c, readers);
  if (policy == "fifo" && readers.units <= 1 && readers.readers <= 1) {
    const auto [entry, fresh] = fifo_.try_emplace(c, 0.0);  // half a millisecond each
    if (fresh) entry->second = models::epoch_fifo(c);
    return {entry->second, {}, EpochMethod::kClosedForm, "FIFO: renewal equation along an epoch"};
  }
  const eviction::PolicyInfo* info = eviction::find_policy(policy);
  if (info == nullptr) return lru(c, readers);
  if (info->needs_next_access)
    return {models::epoch_pinned(c),
            {},
            EpochMethod::kClosedForm,
            std::string(policy) + " needs the future; at least pinned: h >= c"};
  const bool few = fine() && readers.keys >= 1 && c * readers.keys < kFewObjects;
  const unsigned most = kObjectsMost * objects_;
  const unsigned objects =
      few ? static_cast<unsigned>(std::clamp<double>(std::round(readers.keys), 2, most)) : objects_;
  const auto [entry, fresh] =
      runs_.try_emplace(key_of(policy, parameters, c, readers, objects), EpochHit{});
  if (fresh) {
    entry->second = miniature(policy, parameters, c, readers, objects, objects_, fine());
    entry->second.formula = std::string(policy) + ": no closed form; the policy itself on " +
                            std::to_string(objects) + " objects at the same c";
  }
  return entry->second.ratio < 0 ? lru(c, readers) : entry->second;
}

double EpochLaw::reread(std::string_view policy,
                        const std::map<std::string, std::string>& parameters, double cached,
                        double back, double before, double keys) {
  constexpr double kBackMost = 4, kObjectsLargest = 1 << 20;
  constexpr std::uint64_t kFills = 10;  // of the cache, after which it has forgotten how it began
  const double least = cached > 0 ? std::min(kFewObjects, cached * keys) / cached : 0;
  const auto objects = static_cast<unsigned>(
      std::clamp(std::round(least), 1.0 * objects_ / 4, std::max(kObjectsLargest, 1.0 * objects_)));
  const auto told = [objects](double epochs) {
    constexpr double kStep = 0.25 * 0.69314718055994531;  // ln 2^(1/4)
    const double near =
        portable_exp(kStep * std::round(portable_log(std::max(epochs, 1e-9)) / kStep));
    return static_cast<std::uint64_t>(std::round(near * objects));
  };
  const auto capacity = static_cast<std::uint64_t>(std::llround(std::min(1.0, cached) * objects));
  const eviction::PolicyInfo* info = eviction::find_policy(policy);
  const bool closed = policy == "lru" || policy == "fifo" || info == nullptr;
  if (closed || info->needs_next_access || capacity == 0 || capacity >= objects)
    return back <= cached ? 1 : 0;
  if (back + before <= cached) return 1;  // nothing had to go yet
  const std::uint64_t reads = std::max<std::uint64_t>(1, told(std::min(back, kBackMost)));
  const std::uint64_t warm = std::min<std::uint64_t>(
      kWarmPasses * objects, std::max<std::uint64_t>(objects_, kFills * capacity));
  const std::uint64_t earlier = before >= kWarmPasses ? warm : std::min(warm, told(before));
  std::string key = key_of(policy, parameters, cached, {}, objects);
  key += "|" + std::to_string(reads) + "|" + std::to_string(earlier);
  const auto [entry, fresh] = rereads_.try_emplace(key, 0.0);
  if (fresh)
    entry->second =
        std::max(0.0, play_twice(policy, parameters, capacity, objects, earlier, reads));
  return entry->second;
}

const models::QueueAnswer& EpochLaw::wait(const models::QueueSpec& queue) {
  std::vector<double> key = {queue.arrival_rate, queue.arrival_cv2, queue.service_s,
                             queue.service_cv2};
  for (const models::TimeShare& point : queue.service_law) {
    key.push_back(point.seconds);
    key.push_back(point.share);
  }
  const auto [entry, fresh] = waits_.try_emplace(std::move(key));
  if (fresh) entry->second = models::lindley_wait(queue);
  return entry->second;
}

}  // namespace fleetcache::analytic
