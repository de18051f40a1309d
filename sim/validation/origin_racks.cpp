#include "sim/validation/origin_racks.hpp"

#include <algorithm>
#include <cmath>
#include <string>

#include "policies/base/check.hpp"
#include "policies/base/hash.hpp"
#include "policies/base/math.hpp"
#include "policies/base/rng.hpp"

namespace fleetcache::validation {
namespace {

class Run final : public engine::EventHandler, public engine::FlowListener {
 public:
  Run(engine::FlowEngine& engine, const OriginRacks& options, Nics nics)
      : engine_(engine), options_(options), nics_(nics) {
    origin_ = engine_.add_link("origin", options.origin);
    for (std::uint32_t rack = 0; rack < options.racks; ++rack) {
      tor_.push_back(engine_.add_link("tor", options.tor));
    }
    if (nics == Nics::kCap) {
      cap_ = engine_.add_link("nic", options.nic, engine::LinkKind::kPerFlowCap);
    } else {
      add_nodes();
    }
    transfers_.reserve(options.transfers);
    gap_s_ = options.mean_bytes / (options.rho * options.origin.count);
    queue_.push({0}, this, 0);
  }

  OriginRacksResult run() {
    engine_.run(queue_, {std::int64_t{1} << 60}, {});
    FLEETCACHE_CHECK(done_ == options_.transfers, "every transfer ends");
    result_.live_max = engine_.stats().live_max;
    for (const Transfer& t : transfers_) result_.sojourn_s.push_back(to_seconds(t.end - t.start));
    return result_;
  }

  void on_event(TimePoint now, std::uint32_t, std::uint64_t) override {
    const std::uint64_t id = transfers_.size();
    Transfer t{now, {}, static_cast<std::uint32_t>(racks_.below(options_.racks)), engine::kNoLink};
    // exp(-sigma^2 / 2) makes the mean of the log-normal what was asked for.
    const double median = options_.mean_bytes * portable_exp(-options_.sigma * options_.sigma / 2);
    const auto bytes = static_cast<std::uint64_t>(1 + sizes_.lognormal(median, options_.sigma));
    t.nic = nics_ == Nics::kCap ? cap_ : take_node(t.rack);
    transfers_.push_back(t);
    const engine::LinkId route[] = {origin_, tor_[t.rack], t.nic};
    engine_.start(Bytes(bytes), route, this, id);
    if (id + 1 == options_.transfers) return;
    queue_.push(now + from_seconds(arrivals_.exponential() * gap_s_), this, 0);
  }

  void on_flow_done(TimePoint now, std::uint64_t tag) override {
    Transfer& t = transfers_[tag];
    t.end = now;
    ++done_;
    result_.digest = mix64(result_.digest ^ tag) + static_cast<std::uint64_t>(now.ns);
    if (nics_ == Nics::kLinks) idle_[t.rack].push_back(t.nic);
  }

 private:
  struct Transfer {
    TimePoint start;
    TimePoint end;
    std::uint32_t rack;
    engine::LinkId nic;
  };

  void add_nodes() {
    idle_.resize(options_.racks);
    for (std::vector<engine::LinkId>& rack : idle_) {
      for (std::uint32_t n = 0; n < options_.nodes_per_rack; ++n) {
        rack.push_back(engine_.add_link("nic", options_.nic));
      }
    }
  }

  /// Any idle node: those of a rack differ in nothing.
  engine::LinkId take_node(std::uint32_t rack) {
    FLEETCACHE_CHECK(!idle_[rack].empty(), "more transfers live in a rack than it has nodes");
    const engine::LinkId nic = idle_[rack].back();
    idle_[rack].pop_back();
    return nic;
  }

  engine::FlowEngine& engine_;
  OriginRacks options_;
  Nics nics_;
  engine::EventQueue queue_;
  double gap_s_ = 0;
  engine::LinkId origin_ = engine::kNoLink;
  engine::LinkId cap_ = engine::kNoLink;
  std::vector<engine::LinkId> tor_;
  std::vector<std::vector<engine::LinkId>> idle_;
  Rng arrivals_{options_.seed, "validation/racks/arrivals"};
  Rng racks_{options_.seed, "validation/racks/rack"};
  Rng sizes_{options_.seed, "validation/racks/size"};
  std::vector<Transfer> transfers_;
  std::uint64_t done_ = 0;
  OriginRacksResult result_;
};

}  // namespace

double OriginRacksResult::mean_s() const {
  double sum = 0;
  for (const double s : sojourn_s) sum += s;
  return sum / static_cast<double>(sojourn_s.size());
}

double OriginRacksResult::quantile_s(double q) const {
  FLEETCACHE_CHECK(!sojourn_s.empty() && q > 0 && q <= 1, "a quantile of something");
  std::vector<double> sorted = sojourn_s;
  std::sort(sorted.begin(), sorted.end());
  const double rank = std::ceil(q * static_cast<double>(sorted.size()));
  return sorted[static_cast<std::size_t>(rank) - 1];
}

OriginRacksResult run_origin_racks(engine::FlowEngine& engine, const OriginRacks& options,
                                   Nics nics, const std::function<void()>& when_built) {
  Run run(engine, options, nics);
  if (when_built) when_built();
  return run.run();
}

}  // namespace fleetcache::validation
