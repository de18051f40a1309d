#include "sim/traces/watch.hpp"

#include <algorithm>
#include <numeric>

#include "sim/traces/id_map.hpp"

namespace fleetcache::traces {

struct Watch::Entry {
  std::uint64_t position = 0;  ///< of the last request
  std::int64_t time_ns = 0;
  bool resident = false;
  bool was_hit = false;
};

struct Watch::Groups {
  IdMap<std::uint32_t> places;  ///< 1 more than the place in `counts`
  std::vector<GroupCounts> counts;

  void add(std::uint32_t group, std::uint64_t size, bool hit) {
    std::uint32_t& place = places.find_or_add(group).first;
    if (place == 0) {
      counts.push_back({});
      counts.back().group = group;
      place = static_cast<std::uint32_t>(counts.size());
    }
    GroupCounts& c = counts[place - 1];
    ++c.requests;
    c.bytes += size;
    c.misses += hit ? 0 : 1;
    c.miss_bytes += hit ? 0 : size;
  }

  std::vector<GroupCounts> sorted() {
    std::sort(counts.begin(), counts.end(),
              [](const GroupCounts& a, const GroupCounts& b) { return a.group < b.group; });
    return std::move(counts);
  }
};

namespace {

/// Traces may step back in time a little; an age is never below 0.
std::uint64_t elapsed_ms(std::int64_t from_ns, std::int64_t to_ns) {
  return to_ns <= from_ns ? 0 : static_cast<std::uint64_t>(to_ns - from_ns) / 1'000'000;
}

}  // namespace

std::uint64_t Log2Histogram::total() const {
  return std::accumulate(counts.begin(), counts.end(), std::uint64_t{0});
}

Watch::Watch(const WatchOptions& options, std::uint32_t entries) : options_(options) {
  if (options.ages) entries_.resize(entries);
  if (options.tenants) tenants_ = std::make_unique<Groups>();
  if (options.classes) classes_ = std::make_unique<Groups>();
  if (options.ages) on_victim_ = [this](const eviction::Victim& victim) { went(victim); };
}

Watch::~Watch() = default;

void Watch::hit(const Request& r, eviction::Handle handle, std::uint64_t position) {
  Entry& entry = entries_[handle.index];
  ages_.hit_requests.add(position - entry.position);
  ages_.hit_ms.add(elapsed_ms(entry.time_ns, r.time_ns));
  entry = {position, r.time_ns, true, true};
}

void Watch::came_in(const Request& r, eviction::Handle handle, std::uint64_t position) {
  entries_[handle.index] = {position, r.time_ns, true, false};
}

void Watch::went(const eviction::Victim& victim) {
  Entry& entry = entries_[victim.handle.index];
  ages_.evict_requests.add(now_position_ - entry.position);
  ages_.evict_ms.add(elapsed_ms(entry.time_ns, now_ns_));
  ++ages_.evicted;
  ages_.evicted_charge += victim.charge;
  if (!entry.was_hit) {
    ++ages_.evicted_dead;
    ages_.evicted_dead_charge += victim.charge;
  }
  entry.resident = false;
}

void Watch::erased(eviction::Handle handle) {
  if (options_.ages) entries_[handle.index].resident = false;
}

bool Watch::look_up(eviction::Cache& cache, const Request& r, const eviction::Meta& meta,
                    std::uint64_t position) {
  const TimePoint now{r.time_ns};
  now_position_ = position;
  now_ns_ = r.time_ns;
  eviction::Handle handle = cache.find(r.id);
  if (handle && cache.access(now, handle, r.next_access)) {
    hit(r, handle, position);
    while (cache.must_evict(nullptr) && cache.evict(now, nullptr, &on_victim_)) {
    }
    return true;
  }
  cache.miss(now, meta);
  handle = cache.admit(now, meta, on_victim_);
  if (handle) came_in(r, handle, position);
  return false;
}

bool Watch::request(eviction::Cache& cache, const Request& r, const eviction::Meta& meta,
                    std::uint64_t position) {
  const bool found =
      options_.ages ? look_up(cache, r, meta, position) : cache.request(TimePoint{r.time_ns}, meta);
  if (tenants_) tenants_->add(r.tenant, meta.charge, found);
  if (classes_) classes_->add(r.klass, meta.charge, found);
  return found;
}

Watched Watch::finish() {
  for (const Entry& entry : entries_) {
    ages_.resident += entry.resident ? 1 : 0;
    ages_.resident_dead += entry.resident && !entry.was_hit ? 1 : 0;
  }
  Watched out;
  out.ages = ages_;
  if (tenants_) out.tenants = tenants_->sorted();
  if (classes_) out.classes = classes_->sorted();
  return out;
}

}  // namespace fleetcache::traces
