#include "models/sampling/strata.hpp"

#include <algorithm>

#include "policies/base/check.hpp"

namespace fleetcache::models {

Strata::Strata(std::vector<std::uint64_t> hot, double cold_rate, std::uint64_t salt)
    : hot_(std::move(hot)) {
  FLEETCACHE_CHECK(cold_rate > 0 && cold_rate <= 1, "a sampling rate lies in (0, 1]");
  cold_ = sampling_at(cold_rate, 1, salt);
  std::sort(hot_.begin(), hot_.end());
  hot_.erase(std::unique(hot_.begin(), hot_.end()), hot_.end());
}

Stratum Strata::of(std::uint64_t id) const {
  if (std::binary_search(hot_.begin(), hot_.end(), id)) return Stratum::kHot;
  return cold_.takes(id) ? Stratum::kCold : Stratum::kLeftOut;
}

double Strata::weight(Stratum stratum) const {
  if (stratum == Stratum::kHot) return 1;
  return stratum == Stratum::kCold ? cold_.weight() : 0;
}

std::uint64_t Strata::charge(Stratum stratum, std::uint64_t size) const {
  FLEETCACHE_CHECK(stratum != Stratum::kLeftOut, "what is left out takes no space");
  if (stratum == Stratum::kHot) return size;
  const double inflated = static_cast<double>(size) * cold_.weight() + 0.5;
  FLEETCACHE_CHECK(inflated < 281474976710656.0, "size / R is below 2^48");
  return static_cast<std::uint64_t>(inflated);
}

void StratifiedHits::Sums::add(Stratum stratum, bool hit, double amount) {
  switch (stratum) {
    case Stratum::kHot:
      hot += amount;
      if (hit) hot_hits += amount;
      break;
    case Stratum::kCold:
      cold += amount;
      if (hit) cold_hits += amount;
      break;
    case Stratum::kLeftOut:
      left_out += amount;
      break;
  }
}

double StratifiedHits::Sums::adjusted(double rate) const {
  const double all = hot + all_cold();
  if (all <= 0) return 0;
  const double misses = (hot - hot_hits) + (cold - cold_hits) / rate;
  return std::clamp(1 - misses / all, 0.0, 1.0);
}

double StratifiedHits::Sums::unadjusted() const {
  const double all = hot + all_cold();
  if (all <= 0) return 0;
  const double of_cold = cold > 0 ? cold_hits / cold : 0;
  return (hot_hits + of_cold * all_cold()) / all;
}

void StratifiedHits::add(Stratum stratum, bool hit, std::uint64_t bytes) {
  requests_.add(stratum, hit, 1);
  bytes_.add(stratum, hit, static_cast<double>(bytes));
}

void StratifiedHits::set_cold_total(double requests, double bytes) {
  requests_.cold_total = requests;
  bytes_.cold_total = bytes;
}

double StratifiedHits::Sums::estimate(double rate) const {
  const bool hot_apart = hot > 0 && hot >= kHotShare * (hot + all_cold());
  return hot_apart ? unadjusted() : adjusted(rate);
}

double StratifiedHits::hit_ratio() const { return requests_.estimate(rate_); }
double StratifiedHits::byte_hit_ratio() const { return bytes_.estimate(rate_); }
double StratifiedHits::adjusted_hit_ratio() const { return requests_.adjusted(rate_); }
double StratifiedHits::unadjusted_hit_ratio() const { return requests_.unadjusted(); }

}  // namespace fleetcache::models
