// SimGrid's solver and the native one, side by side on random systems. One SimGrid per process, so
// a system is added to the same pair of solvers and the one before it goes silent.
#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>
#include <string>
#include <vector>

#include "policies/base/rng.hpp"
#include "sim/engine/flow_solver.hpp"

using namespace fleetcache;
using namespace fleetcache::engine;

namespace {

/// The largest difference of two rates, as a share of the larger.
double difference(double a, double b) {
  const double larger = std::max(std::fabs(a), std::fabs(b));
  return larger == 0 ? 0 : std::fabs(a - b) / larger;
}

/// Both solvers with the same links and classes.
class Pair {
 public:
  void add_link(double capacity) {
    simgrid_->add_link("l", BytesPerSecond(capacity));
    native_->add_link("l", BytesPerSecond(capacity));
    ++links_;
  }
  void add_class(const std::vector<SolverLink>& route, BytesPerSecond cap) {
    simgrid_->add_class(route, cap);
    native_->add_class(route, cap);
    ++classes_;
  }
  void populate(SolverClass c, double flows) {
    simgrid_->set_population(c, flows);
    native_->set_population(c, flows);
  }
  void capacity(SolverLink l, double c) {
    simgrid_->set_capacity(l, BytesPerSecond(c));
    native_->set_capacity(l, BytesPerSecond(c));
  }
  /// Solves both and returns the worst relative difference of any class.
  double solve() {
    simgrid_->solve();
    native_->solve();
    double worst = 0;
    for (SolverClass c = 0; c < classes_; ++c) {
      worst = std::max(worst, difference(simgrid_->rate(c).count, native_->rate(c).count));
    }
    return worst;
  }
  std::uint32_t links() const { return links_; }
  std::uint32_t classes() const { return classes_; }
  FlowSolver& simgrid() { return *simgrid_; }
  FlowSolver& native() { return *native_; }

 private:
  std::unique_ptr<FlowSolver> simgrid_ = make_simgrid_solver();
  std::unique_ptr<FlowSolver> native_ = make_native_solver();
  std::uint32_t links_ = 0;
  std::uint32_t classes_ = 0;
};

Pair& pair() {
  static Pair* both = new Pair;  // SimGrid is left to the end of the process
  return *both;
}

/// A random system in a pair; its own links and classes only.
class RandomSystem {
 public:
  RandomSystem(Pair& pair, std::uint64_t seed) : pair_(pair), rng_(seed, "test/systems") {
    first_link_ = pair.links();
    first_class_ = pair.classes();
    const auto links = static_cast<std::uint32_t>(1 + rng_.below(40));
    classes_ = static_cast<std::uint32_t>(1 + rng_.below(1 + rng_.below(300)));
    for (std::uint32_t l = 0; l < links; ++l) pair.add_link(capacity());
    links_ = links;
    for (std::uint32_t c = 0; c < classes_; ++c) add_class();
    for (std::uint32_t c = 0; c < classes_; ++c) pair.populate(first_class_ + c, population());
  }
  ~RandomSystem() {
    for (std::uint32_t c = 0; c < classes_; ++c) pair_.populate(first_class_ + c, 0);
  }
  RandomSystem(const RandomSystem&) = delete;
  RandomSystem& operator=(const RandomSystem&) = delete;

  /// Changes a tenth of the populations and capacities, some to or from 0.
  void change() {
    for (std::uint32_t i = 0; i < 1 + classes_ / 10; ++i) {
      pair_.populate(first_class_ + pick(classes_), population());
    }
    for (std::uint32_t i = 0; i < 1 + links_ / 10; ++i) {
      pair_.capacity(first_link_ + pick(links_), rng_.below(5) == 0 ? 0 : capacity());
    }
  }
  std::uint32_t classes() const { return classes_; }

 private:
  std::uint32_t pick(std::uint32_t n) { return static_cast<std::uint32_t>(rng_.below(n)); }
  /// 0.1 to 1,000 GB/s.
  double capacity() { return 1e8 * std::pow(10.0, 4 * rng_.uniform()); }
  /// A fifth are empty; else 1 to 3,000, some not whole.
  double population() {
    if (rng_.below(5) == 0) return 0;
    const double k = std::pow(10.0, 3.5 * rng_.uniform());
    return rng_.below(2) == 0 ? std::ceil(k) : k;
  }
  void add_class() {
    std::vector<SolverLink> route;
    const std::uint64_t hops = 1 + rng_.below(std::min<std::uint64_t>(links_, 6));
    while (route.size() < hops) {
      const SolverLink l = first_link_ + pick(links_);
      if (std::find(route.begin(), route.end(), l) == route.end()) route.push_back(l);
    }
    const bool capped = rng_.below(2) == 0;
    pair_.add_class(route,
                    capped ? BytesPerSecond(1e6 * std::pow(10.0, 3 * rng_.uniform())) : kUncapped);
  }

  Pair& pair_;
  Rng rng_;
  std::uint32_t first_link_ = 0;
  std::uint32_t first_class_ = 0;
  std::uint32_t links_ = 0;
  std::uint32_t classes_ = 0;
};

}  // namespace

TEST_CASE("SimGrid and the native solver agree to 1e-6 on random systems, also after changes") {
  double worst = 0;
  std::uint32_t most_classes = 0;
  for (std::uint64_t seed = 0; seed < 250; ++seed) {
    CAPTURE(seed);
    RandomSystem system(pair(), seed);
    most_classes = std::max(most_classes, system.classes());
    double difference_now = pair().solve();
    for (int change = 0; change < 8; ++change) {
      system.change();
      difference_now = std::max(difference_now, pair().solve());
    }
    CHECK(difference_now < 1e-6);
    worst = std::max(worst, difference_now);
  }
  MESSAGE("worst relative difference " << worst << ", up to " << most_classes << " classes");
  CHECK(most_classes > 250);
}
