#include "models/capacity/burst_reads.hpp"

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <limits>

#include "models/placement/share.hpp"
#include "policies/base/check.hpp"

namespace fleetcache::models {

namespace {

constexpr std::size_t kPlaces = 64, kFirstBytes = 32;

struct Group {
  double asked_s = 0;  // to its first byte
  double finish = 0;   // bytes that one transfer will have had when this one is done
};

std::vector<Group> groups_of(const LogNormalLatency& first_byte, const BurstSpec& spec) {
  std::vector<double> latency;
  for (std::size_t i = 0; i < kFirstBytes; ++i)
    latency.push_back(
        to_seconds(first_byte.quantile((static_cast<double>(i) + 0.5) / kFirstBytes)));
  const double planning = spec.plans.count > 0 ? spec.reads / spec.plans.count : 0;
  std::vector<Group> groups;
  for (std::size_t place = 0; place < kPlaces; ++place) {
    const double planned = planning * (static_cast<double>(place) + 0.5) / kPlaces;
    for (const double s : latency) groups.push_back({planned + spec.before_s + s, 0});
  }
  std::stable_sort(groups.begin(), groups.end(),
                   [](const Group& a, const Group& b) { return a.asked_s < b.asked_s; });
  return groups;
}

}  // namespace

std::vector<TimeShare> burst_read_law(const LogNormalLatency& first_byte, const BurstSpec& spec) {
  FLEETCACHE_CHECK(spec.reads >= 1 && spec.capacity.count > 0, "a burst without reads or link");
  std::vector<Group> groups = groups_of(first_byte, spec);
  const double group_reads = spec.reads / static_cast<double>(groups.size());
  const double stream = spec.stream.count > 0 ? std::min(spec.stream.count, spec.capacity.count)
                                              : spec.capacity.count;
  // All are as large and shares are equal: who starts first is done first.
  double now = 0, had = 0;  // bytes that a transfer under way since time 0 has had
  std::size_t started = 0;
  std::vector<TimeShare> law;
  for (std::size_t done = 0; done < groups.size();) {
    const double under_way = group_reads * static_cast<double>(started - done);
    const double rate = under_way > 0 ? std::min(stream, spec.capacity.count / under_way) : 0;
    const double next_start =
        started < groups.size() ? groups[started].asked_s : std::numeric_limits<double>::infinity();
    const double next_end = under_way > 0 ? now + std::max(0.0, groups[done].finish - had) / rate
                                          : std::numeric_limits<double>::infinity();
    if (next_start < next_end) {
      had += rate * (next_start - now);
      now = next_start;
      groups[started++].finish = had + spec.bytes;
      continue;
    }
    had = groups[done].finish;
    now = next_end;
    ++done;
    law.push_back({now, 1.0 / static_cast<double>(groups.size())});
  }
  return law;
}

namespace {

bool sooner(const TimeShare& a, const TimeShare& b) { return a.seconds < b.seconds; }

// What one kind of other bursts adds.
std::vector<TimeShare> added_by(double own_s, const OtherBurst& other) {
  constexpr int kPoints = 12;
  const double apart = own_s + other.alone_s;
  const double meets = std::min(1.0, apart / other.period_s);
  std::vector<TimeShare> added;
  if (meets < 1) added.push_back({0, 1 - meets});
  for (int i = 0; i < kPoints; ++i) {
    const double begins = apart * (i + 0.5) / kPoints - other.alone_s;  // after this burst does
    const double work = begins < 0 ? std::min(own_s, other.alone_s + begins)
                                   : std::min(own_s - begins, other.alone_s);
    added.push_back({work, meets / kPoints});
  }
  return added;
}

std::vector<TimeShare> sum_of(const std::vector<TimeShare>& a, const std::vector<TimeShare>& b) {
  std::vector<TimeShare> sum;
  sum.reserve(a.size() * b.size());
  for (const TimeShare& x : a)
    for (const TimeShare& y : b) sum.push_back({x.seconds + y.seconds, x.share * y.share});
  std::stable_sort(sum.begin(), sum.end(), sooner);
  return sum;
}

}  // namespace

std::vector<TimeShare> met_by_others(const std::vector<TimeShare>& law, double own_s,
                                     const std::vector<OtherBurst>& others) {
  constexpr std::size_t kOfLaw = 100, kOfOthers = 40;
  std::vector<TimeShare> added;
  for (const OtherBurst& other : others) {
    FLEETCACHE_CHECK(other.period_s > 0, "bursts come one after the other");
    if (other.alone_s <= 0) continue;
    const std::vector<TimeShare> one = added_by(own_s, other);
    added = added.empty() ? one : thinned(sum_of(added, one), kOfOthers);
  }
  return added.empty() ? law : sum_of(thinned(law, kOfLaw), added);
}

std::vector<TimeShare> queued_read_law(double ahead, double step_s, double ordered) {
  FLEETCACHE_CHECK(ahead >= 1 && step_s > 0, "asked for a step ahead or more");
  FLEETCACHE_CHECK(ordered >= 0 && ordered <= 1, "a share of a step");
  constexpr int kPoints = 200;
  std::vector<TimeShare> law;
  for (int i = 0; i < kPoints; ++i) {
    law.push_back({step_s * (ahead - ordered * (1 - (i + 0.5) / kPoints)), 1.0 / kPoints});
  }
  return law;
}

std::vector<TimeShare> thinned(const std::vector<TimeShare>& law, std::size_t most) {
  if (law.size() <= most) return law;
  double all = 0;
  for (const TimeShare& point : law) all += point.share;
  std::vector<TimeShare> out;
  double share = 0, seconds = 0;
  for (const TimeShare& point : law) {
    share += point.share;
    seconds += point.share * point.seconds;
    if (share < all / static_cast<double>(most)) continue;
    out.push_back({seconds / share, share});
    share = seconds = 0;
  }
  if (share > 0) out.push_back({seconds / share, share});
  return out;
}

double mean_of(const std::vector<TimeShare>& law) {
  double sum = 0, share = 0;
  for (const TimeShare& point : law) {
    sum += point.share * point.seconds;
    share += point.share;
  }
  return share > 0 ? sum / share : 0;
}

// Keys fall to accounts by chance: where there are few for each, some bursts are longer.
std::vector<TimeShare> burst_over_accounts(const LogNormalLatency& first_byte, BurstSpec burst,
                                           double accounts) {
  constexpr unsigned kStrata = 7;
  constexpr std::size_t kPoints = 200;
  constexpr double kEven = 0.02;
  const double sigma = accounts > 1 ? std::sqrt(accounts / burst.reads) : 0;
  if (sigma < kEven) return burst_read_law(first_byte, burst);
  const BytesPerSecond even = burst.capacity;
  const std::vector<double> sums = cumulative_shares(sigma, kStrata);
  std::vector<TimeShare> law;
  for (unsigned i = 0; i < kStrata; ++i) {
    const double share = sums[i] - (i > 0 ? sums[i - 1] : 0);
    burst.capacity = BytesPerSecond(even.count / (share * kStrata));
    for (const TimeShare& t : thinned(burst_read_law(first_byte, burst), kPoints))
      law.push_back({t.seconds, t.share * share});
  }
  std::stable_sort(law.begin(), law.end(),
                   [](const TimeShare& a, const TimeShare& b) { return a.seconds < b.seconds; });
  return law;
}

}  // namespace fleetcache::models
