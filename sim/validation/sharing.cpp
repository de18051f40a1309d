// V21 and V22: a link that many transfers share is an M/G/1 processor-sharing queue, whatever their
// sizes; one that serves them one by one is an M/G/1 first-come queue, where the sizes matter.

#include <array>

#include "models/queueing/mg1.hpp"
#include "policies/base/rng.hpp"
#include "sim/engine/flow_engine.hpp"
#include "sim/validation/estimate.hpp"
#include "sim/validation/experiment.hpp"

namespace fleetcache::validation {
namespace {

constexpr double kMeanBytes = 1e9;  // at 1e9 B/s a mean service of 1 s
constexpr std::uint32_t kLinks = 3;

/// Sizes of mean 1: constant, exponential, and a mixture of two exponentials with E[S^2] = 6.5.
double draw_size(std::uint32_t law, Rng& rng) {
  if (law == 0) return 1;
  const double exponential = rng.exponential();
  if (law == 1) return exponential;
  // Balanced means: with probability q rate 2q, else 2(1-q); E[S^2] = 1/(2q) + 1/(2(1-q)) = 6.5 at
  // q(1-q) = 1/13.
  constexpr double kQ = 0.08397485283107812;
  const double rate = rng.uniform() < kQ ? 2 * kQ : 2 * (1 - kQ);
  return exponential / rate;
}

class SharedLinks final : public engine::EventHandler, public engine::FlowListener {
 public:
  /// Runs until every mean is known to its tolerance, or for `kMost` transfers of each law.
  SharedLinks(engine::LinkKind kind, double rho, const std::array<double, kLinks>& tolerance)
      : engine_(engine::make_simgrid_engine()), rho_(rho) {
    for (std::uint32_t law = 0; law < kLinks; ++law) {
      links_[law] = engine_->add_link("link", BytesPerSecond(kMeanBytes), kind);
      queue_.push({0}, this, law);
    }
    engine_->run(queue_, {std::int64_t{1} << 62}, [&] { return settled(tolerance); });
  }

  const Estimate& sojourn_s(std::uint32_t law) const { return sojourn_s_[law].batches(); }

  void on_event(TimePoint now, std::uint32_t law, std::uint64_t) override {
    Rng& rng = rng_[law];
    const double size = draw_size(law, rng);
    starts_[law].push_back(now);
    const LinkRoute route{links_[law]};
    const double bytes = size * kMeanBytes + 0.5;
    engine_->start(Bytes(bytes < 1 ? 1 : static_cast<std::uint64_t>(bytes)), route, this,
                   starts_[law].size() * kLinks + law);
    if (starts_[law].size() == kMost) return;
    queue_.push(now + from_seconds(rng.exponential() / rho_), this, law);
  }

  void on_flow_done(TimePoint now, std::uint64_t tag) override {
    const auto law = static_cast<std::uint32_t>(tag % kLinks);
    const std::uint64_t flow = tag / kLinks - 1;
    if (flow < kWarmUp) return;  // the link was empty at the start
    sojourn_s_[law].add(to_seconds(now - starts_[law][flow]));
  }

 private:
  using LinkRoute = std::array<engine::LinkId, 1>;
  static constexpr std::uint64_t kBatch = 10'000;
  static constexpr std::uint64_t kWarmUp = 20'000;
  static constexpr std::uint64_t kLeastBatches = 30;
  static constexpr std::uint64_t kMost = 8'000'000;

  bool settled(const std::array<double, kLinks>& tolerance) const {
    for (std::uint32_t law = 0; law < kLinks; ++law) {
      if (!sojourn_s(law).settled(tolerance[law], kLeastBatches)) return false;
    }
    return true;
  }

  std::unique_ptr<engine::FlowEngine> engine_;
  engine::EventQueue queue_;
  double rho_;
  std::array<engine::LinkId, kLinks> links_{};
  std::array<std::vector<TimePoint>, kLinks> starts_;
  std::array<Rng, kLinks> rng_{Rng(21, "validation/sharing", 0), Rng(21, "validation/sharing", 1),
                               Rng(21, "validation/sharing", 2)};
  std::array<BatchEstimate, kLinks> sojourn_s_{BatchEstimate(kBatch), BatchEstimate(kBatch),
                                               BatchEstimate(kBatch)};
};

std::vector<Case> measure(engine::LinkKind kind, double rho, double relative_tolerance,
                          const std::array<double, kLinks>& expected) {
  std::array<double, kLinks> tolerance{};
  for (std::uint32_t law = 0; law < kLinks; ++law) {
    tolerance[law] = relative_tolerance * expected[law];
  }
  const SharedLinks links(kind, rho, tolerance);
  constexpr const char* kLaws[] = {"constant", "exponential", "two-phase"};
  std::vector<Case> cases;
  for (std::uint32_t law = 0; law < kLinks; ++law) {
    const Estimate& measured = links.sojourn_s(law);
    cases.push_back({kLaws[law], expected[law], measured.mean(), measured.standard_error()});
  }
  return cases;
}

Result<std::vector<Case>> run_sharing(const Parameters& p, const Environment&) {
  const double expected = to_seconds(models::mg1_ps_sojourn(PerSecond(p["rho"]), 1));
  return measure(engine::LinkKind::kShared, p["rho"], 0.04, {expected, expected, expected});
}

Result<std::vector<Case>> run_fifo(const Parameters& p, const Environment&) {
  std::array<double, kLinks> expected{};
  constexpr double kSecondMoment[] = {1, 2, 6.5};
  for (std::uint32_t law = 0; law < kLinks; ++law) {
    expected[law] =
        to_seconds(models::mg1_fifo_sojourn(PerSecond(p["rho"]), {1, kSecondMoment[law]}));
  }
  return measure(engine::LinkKind::kFifo, p["rho"], 0.05, expected);
}

}  // namespace

Experiment v21() {
  Experiment e;
  e.id = "V21";
  e.title =
      "mean time of Poisson transfers on one link at load rho, for three laws of size (mean 1 s)";
  e.formula = "S / (1 - rho)";
  e.rung = "exact";
  e.tolerance = 0.04;
  e.parameters = {{"rho", "1", 0.8, 0.05, 0.85}};
  e.run = run_sharing;
  return e;
}

Experiment v22() {
  Experiment e;
  e.id = "V22";
  e.title = "mean time of Poisson transfers on a link that serves them one by one, mean size 1 s";
  e.formula = "S + rho E[S^2] / (2 (1 - rho))";
  e.rung = "exact";
  e.tolerance = 0.05;
  e.parameters = {{"rho", "1", 0.8, 0.05, 0.85}};
  e.run = run_fifo;
  return e;
}

}  // namespace fleetcache::validation
