#include "sim/validation/ladder.hpp"

#include <algorithm>
#include <cmath>
#include <optional>

namespace fleetcache::validation {
namespace {

bool starts(const std::string& name, const char* with) { return name.rfind(with, 0) == 0; }

bool ends(const std::string& name, const std::string& with) {
  return name.size() >= with.size() &&
         name.compare(name.size() - with.size(), with.size(), with) == 0;
}

std::optional<LadderFamily> family_of(const std::string& name) {
  const bool share = ends(name, ".goodput") || ends(name, ".stall");
  if (starts(name, "train.") && share) return LadderFamily::kShares;
  if (starts(name, "cache.byte_hit_ratio.") || name == "kv.block_hit_ratio") {
    return LadderFamily::kHitRatio;
  }
  if (starts(name, "infer.") && ends(name, ".ttft_mean")) return LadderFamily::kTtftMean;
  if (starts(name, "infer.") && ends(name, ".ttft_p99")) return LadderFamily::kTtftP99;
  if (name == "origin.bytes_per_second") return LadderFamily::kOriginRate;
  if (name == "origin.read_mean") return LadderFamily::kReadMean;
  if (name == "origin.read_p99") return LadderFamily::kReadP99;
  return std::nullopt;
}

double find_or(const std::map<std::string, double>& map, const std::string& name, double none) {
  const auto found = map.find(name);
  return found == map.end() ? none : found->second;
}

double all_of(const std::map<std::string, double>& tiers) {
  double sum = 0;
  for (const auto& [tier, n] : tiers) sum += n;
  return sum;
}

/// Bytes of every class over the horizon, from both tables.
double bytes_of(const LadderAnswer& answer) {
  double sum = 0;
  for (const auto& [name, tiers] : answer.bytes) sum += all_of(tiers);
  return sum;
}

/// The part of all bytes that comes from origins is no rate, but has the same relation.
bool origin_matters(const LadderAnswer& answer) {
  double origin = 0;
  for (const auto& [name, tiers] : answer.bytes) {
    for (const char* tier : {"front_end", "bifrost", "deltazero", "remote_region"}) {
      origin += find_or(tiers, tier, 0);
    }
  }
  return origin > kSmallRate * bytes_of(answer);
}

/// What a difference is divided by; nothing: it is not compared.
std::optional<double> scale_of(LadderFamily family, const LadderAnswer& below, double a, double b) {
  switch (family) {
    case LadderFamily::kShares:
    case LadderFamily::kHitRatio:
      return 1;
    case LadderFamily::kOriginRate:
    case LadderFamily::kReadMean:
    case LadderFamily::kReadP99:
      if (!origin_matters(below)) return std::nullopt;
      break;
    default:
      break;
  }
  const double larger = std::max(std::abs(a), std::abs(b));
  if (family != LadderFamily::kOriginRate && larger < kSmallTime_s) return std::nullopt;
  if (larger == 0) return std::nullopt;
  return std::abs(a) > 0 ? std::abs(a) : larger;
}

void compare_bytes(std::uint64_t scenario, const LadderAnswer& below, const LadderAnswer& above,
                   std::vector<Disagreement>& out) {
  for (const auto& [name, tiers] : below.bytes) {
    const auto other = above.bytes.find(name);
    const double all = all_of(tiers);
    if (all == 0 || name == "prestage") continue;
    for (const auto& [tier, n] : tiers) {
      Disagreement d;
      d.scenario = scenario;
      d.family = LadderFamily::kBytes;
      d.figure = name + " " + tier;
      d.below = n;
      d.above = other == above.bytes.end() ? 0 : find_or(other->second, tier, 0);
      d.difference = std::abs(d.above - d.below) / all;
      out.push_back(d);
    }
  }
}

double quantile(const std::vector<double>& sorted, double q) {
  const auto last = static_cast<double>(sorted.size() - 1);
  return sorted[static_cast<std::size_t>(std::ceil(q * last))];
}

LadderRow row_of(LadderFamily family, const std::vector<const Disagreement*>& all) {
  struct Scenario {
    double worst = -1;
    bool has_error = false, covered = true, covered_by_own = true;
  };
  LadderRow row;
  row.family = family;
  row.most = -1;
  std::map<std::uint64_t, Scenario> scenarios;
  for (const Disagreement* d : all) {
    Scenario& s = scenarios[d->scenario];
    s.worst = std::max(s.worst, d->difference);
    s.has_error = s.has_error || d->has_error;
    s.covered = s.covered && (!d->has_error || d->covered());
    s.covered_by_own = s.covered_by_own && (!d->has_error || d->covered_by_own());
    if (d->difference > row.most) {
      row.most = d->difference;
      row.worst_scenario = d->scenario;
      row.worst_figure = d->figure;
    }
  }
  std::vector<double> worst;
  for (const auto& [scenario, s] : scenarios) {
    worst.push_back(s.worst);
    row.with_error += s.has_error ? 1 : 0;
    row.covered += s.has_error && s.covered ? 1 : 0;
    row.covered_by_own += s.has_error && s.covered_by_own ? 1 : 0;
  }
  std::sort(worst.begin(), worst.end());
  row.scenarios = worst.size();
  row.median = quantile(worst, 0.5);
  row.p90 = quantile(worst, 0.9);
  return row;
}

}  // namespace

std::vector<Disagreement> compare(std::uint64_t scenario, const LadderAnswer& below,
                                  const LadderAnswer& above) {
  std::vector<Disagreement> out;
  for (const auto& [name, value] : below.figures) {
    const auto family = family_of(name);
    const auto other = above.figures.find(name);
    if (!family || other == above.figures.end()) continue;
    const auto scale = scale_of(*family, below, value, other->second);
    if (!scale) continue;
    Disagreement d;
    d.scenario = scenario;
    d.family = *family;
    d.figure = name;
    d.below = value;
    d.above = other->second;
    d.difference = std::abs(d.above - d.below) / *scale;
    const auto error = above.error.find(name);
    d.has_error = error != above.error.end();
    d.error = d.has_error ? error->second / *scale : 0;
    d.own_error = find_or(above.own_error, name, 0) / *scale;
    const auto unknown = above.unknown.find(name);
    d.unknown = unknown != above.unknown.end() && unknown->second;
    out.push_back(d);
  }
  compare_bytes(scenario, below, above, out);
  return out;
}

double ladder_target(const std::string& above, LadderFamily family) {
  const bool tail = family == LadderFamily::kTtftP99 || family == LadderFamily::kReadP99;
  if (above == "bundled") return tail ? 0.03 : 0.01;
  if (above == "fleet") {
    if (family == LadderFamily::kBytes) return 0.02;
    return tail ? -1 : 0.01;
  }
  return above == "analytic" ? 0.05 : -1;
}

LadderStep summarize(const std::string& below, const std::string& above,
                     const std::vector<Disagreement>& disagreements) {
  LadderStep step;
  step.below = below;
  step.above = above;
  std::map<LadderFamily, std::vector<const Disagreement*>> families;
  std::map<std::uint64_t, bool> covered;
  for (const Disagreement& d : disagreements) {
    families[d.family].push_back(&d);
    const auto entry = covered.try_emplace(d.scenario, true).first;
    if (!d.has_error) continue;
    ++step.figures;
    step.figures_unknown += d.unknown ? 1 : 0;
    step.figures_covered += d.covered() ? 1 : 0;
    step.figures_covered_by_own += d.covered_by_own() ? 1 : 0;
    entry->second = entry->second && d.covered();
  }
  step.scenarios = covered.size();
  for (const auto& [scenario, all] : covered) step.covered += all ? 1 : 0;
  for (const auto& [family, all] : families) {
    LadderRow row = row_of(family, all);
    row.target = ladder_target(above, family);
    step.rows.push_back(row);
  }
  return step;
}

}  // namespace fleetcache::validation
