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

/// Two solvers with the same links and classes.
class Pair {
 public:
  Pair(std::unique_ptr<FlowSolver> a, std::unique_ptr<FlowSolver> b)
      : a_(std::move(a)), b_(std::move(b)) {}
  void add_link(double capacity) {
    a_->add_link("l", BytesPerSecond(capacity));
    b_->add_link("l", BytesPerSecond(capacity));
    ++links_;
  }
  void add_class(const std::vector<SolverLink>& route, BytesPerSecond cap) {
    a_->add_class(route, cap);
    b_->add_class(route, cap);
    ++classes_;
  }
  void populate(SolverClass c, double flows) {
    a_->set_population(c, flows);
    b_->set_population(c, flows);
  }
  void capacity(SolverLink l, double c) {
    a_->set_capacity(l, BytesPerSecond(c));
    b_->set_capacity(l, BytesPerSecond(c));
  }
  /// Solves both and returns the worst relative difference of any class.
  double solve() {
    a_->solve();
    b_->solve();
    double worst = 0;
    for (SolverClass c = 0; c < classes_; ++c) {
      worst = std::max(worst, difference(a_->rate(c).count, b_->rate(c).count));
    }
    return worst;
  }
  std::uint32_t links() const { return links_; }
  std::uint32_t classes() const { return classes_; }

 private:
  std::unique_ptr<FlowSolver> a_;
  std::unique_ptr<FlowSolver> b_;
  std::uint32_t links_ = 0;
  std::uint32_t classes_ = 0;
};

/// A solver that passes everything on, for faults to be planted in.
class Passing : public FlowSolver {
 public:
  SolverLink add_link(std::string_view name, BytesPerSecond c) override {
    return inner_->add_link(name, c);
  }
  SolverClass add_class(std::span<const SolverLink> route, BytesPerSecond cap) override {
    return inner_->add_class(route, cap);
  }
  void set_population(SolverClass id, double flows) override { inner_->set_population(id, flows); }
  void set_capacity(SolverLink id, BytesPerSecond c) override { inner_->set_capacity(id, c); }
  void solve() override { inner_->solve(); }
  BytesPerSecond rate(SolverClass id) const override { return inner_->rate(id); }
  std::span<const SolverClass> changed() const override { return inner_->changed(); }

 protected:
  std::unique_ptr<FlowSolver> inner_ = make_native_solver();
};

/// Loses every hundredth change of a population that lives.
class StaleReweight : public Passing {
 public:
  void set_population(SolverClass id, double flows) override {
    if (id >= last_.size()) last_.resize(id + 1, 0);
    if (last_[id] > 0 && flows > 0 && ++changes_ % 100 == 0) return;
    last_[id] = flows;
    inner_->set_population(id, flows);
  }

 private:
  std::vector<double> last_;
  std::uint64_t changes_ = 0;
};

/// Gives a class that comes back to life the weight of one flow, as a transfer that was resumed and
/// not weighed again would have.
class ForgottenWeight : public Passing {
 public:
  void set_population(SolverClass id, double flows) override {
    if (id >= state_.size()) state_.resize(id + 1, 0);
    const bool back = state_[id] == 2 && flows > 0;
    state_[id] = flows > 0 ? 1 : (state_[id] == 0 ? 0 : 2);
    inner_->set_population(id, back ? 1 : flows);
  }

 private:
  std::vector<int> state_;  // 0 never lived, 1 lives, 2 has lived
};

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

namespace {

struct Verdict {
  double worst = 0;
  std::uint32_t most_classes = 0;
  int systems_apart = 0;  // by more than 1e-6
};

/// Random systems, each solved once and after each of eight changes.
Verdict compare(Pair& pair, std::uint64_t systems) {
  Verdict verdict;
  for (std::uint64_t seed = 0; seed < systems; ++seed) {
    RandomSystem system(pair, seed);
    verdict.most_classes = std::max(verdict.most_classes, system.classes());
    double worst = pair.solve();
    for (int change = 0; change < 8; ++change) {
      system.change();
      worst = std::max(worst, pair.solve());
    }
    verdict.systems_apart += worst > 1e-6;
    verdict.worst = std::max(verdict.worst, worst);
  }
  return verdict;
}

}  // namespace

TEST_CASE("SimGrid and the native solver agree to 1e-6 on random systems, also after changes") {
  Pair& pair = *new Pair(make_simgrid_solver(), make_native_solver());  // SimGrid stays to the end
  const Verdict verdict = compare(pair, 250);
  MESSAGE("worst relative difference " << verdict.worst << ", up to " << verdict.most_classes
                                       << " classes");
  CHECK(verdict.systems_apart == 0);
  CHECK(verdict.most_classes > 250);
}

TEST_CASE("negative control: a stale re-weight is seen") {
  Pair pair(std::make_unique<StaleReweight>(), make_native_solver());
  CHECK(compare(pair, 50).systems_apart > 5);
}

TEST_CASE("negative control: a weight forgotten at a return to life is seen") {
  Pair pair(std::make_unique<ForgottenWeight>(), make_native_solver());
  CHECK(compare(pair, 50).systems_apart > 25);
}

TEST_CASE("changed() names exactly the classes whose rate is another one") {
  const auto solver = make_native_solver();
  const SolverLink l = solver->add_link("l", BytesPerSecond(12));
  const SolverLink other = solver->add_link("m", BytesPerSecond(5));
  for (int i = 0; i < 3; ++i) solver->add_class(std::vector<SolverLink>{i < 2 ? l : other});
  for (SolverClass c = 0; c < 3; ++c) solver->set_population(c, 1);
  solver->solve();
  CHECK(solver->changed().size() == 3);
  solver->set_population(0, 3);  // 12 / 4 = 3 a flow
  solver->solve();
  REQUIRE(solver->changed().size() == 2);
  CHECK(solver->changed()[0] == 0);
  CHECK(solver->changed()[1] == 1);
  CHECK(solver->rate(0).count == 9);
  CHECK(solver->rate(1).count == 3);
  CHECK(solver->rate(2).count == 5);
  solver->solve();
  CHECK(solver->changed().empty());
}
