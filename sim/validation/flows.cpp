// V1, V2 and V3: how flows that live together share links, read from the engine while they live.

#include <algorithm>

#include "models/fabric/max_min.hpp"
#include "sim/engine/bundle_engine.hpp"
#include "sim/validation/experiment.hpp"

namespace fleetcache::validation {
namespace {

/// Starts its flows at time 0 and reads their rates a second later. A flow's rate is the usage of a
/// private link of its own, much too wide to bind.
class Sharing final : public engine::EventHandler, public engine::FlowListener {
 public:
  Sharing(std::unique_ptr<engine::FlowEngine> engine, const std::vector<BytesPerSecond>& capacity)
      : engine_(std::move(engine)) {
    for (const BytesPerSecond c : capacity) links_.push_back(engine_->add_link("shared", c));
  }

  void add_flow(const models::FilledFlow& flow) {
    std::vector<engine::LinkId> route;
    for (const std::uint32_t link : flow.links) route.push_back(links_[link]);
    route.push_back(engine_->add_link("private", BytesPerSecond(1e15)));
    routes_.push_back(route);
    weights_.push_back(flow.weight);
  }

  void read() {
    queue_.push({0}, this, kStart);
    queue_.push({1'000'000'000}, this, kRead);
    engine_->run(queue_, {2'000'000'000}, {});
  }

  double flow_rate(std::size_t flow) const { return flow_rates_[flow]; }
  double link_rate(std::size_t link) const { return link_rates_[link]; }

  void on_flow_done(TimePoint, std::uint64_t) override {}

  void on_event(TimePoint, std::uint32_t code, std::uint64_t) override {
    if (code == kStart) {
      constexpr Bytes kEndless(100'000'000'000'000'000);
      for (std::size_t f = 0; f < routes_.size(); ++f) {
        engine_->start(kEndless, routes_[f], this, 0, weights_[f]);
      }
      return;
    }
    for (const auto& route : routes_) {
      flow_rates_.push_back(engine_->link_usage(route.back()).count);
    }
    for (const engine::LinkId link : links_) {
      link_rates_.push_back(engine_->link_usage(link).count);
    }
  }

 private:
  enum : std::uint32_t { kStart, kRead };

  std::unique_ptr<engine::FlowEngine> engine_;
  engine::EventQueue queue_;
  std::vector<engine::LinkId> links_;
  std::vector<std::vector<engine::LinkId>> routes_;
  std::vector<double> weights_;
  std::vector<double> flow_rates_;
  std::vector<double> link_rates_;
};

/// f1 over both links, `f1_flows` flows as one; f2 over the first, f3 and f4 over the second.
std::vector<Case> parking_lot(std::unique_ptr<engine::FlowEngine> engine, const Parameters& p,
                              double f1_flows) {
  const std::vector<BytesPerSecond> capacity{BytesPerSecond(p["l1"]), BytesPerSecond(p["l2"])};
  const std::vector<models::FilledFlow> flows{{{0, 1}, f1_flows}, {{0}}, {{1}}, {{1}}};
  const auto expected = models::max_min_rates(capacity, flows);
  Sharing sharing(std::move(engine), capacity);
  for (const auto& flow : flows) sharing.add_flow(flow);
  sharing.read();
  std::vector<Case> cases;
  for (std::size_t f = 0; f < flows.size(); ++f) {
    cases.push_back({"f" + std::to_string(f + 1), expected[f].count, sharing.flow_rate(f)});
  }
  return cases;
}

Result<std::vector<Case>> run_parking_lot(const Parameters& p, const Environment&) {
  return parking_lot(engine::make_simgrid_engine(), p, 1);
}

Result<std::vector<Case>> run_bundle(const Parameters& p, const Environment&) {
  return parking_lot(engine::make_bundle_engine(engine::make_simgrid_solver()), p, p["flows"]);
}

constexpr int kReaders[] = {5, 10, 20, 40};

/// One origin and a rack of each number of readers behind a switch of its own.
struct Racks {
  std::vector<BytesPerSecond> capacity;
  std::vector<models::FilledFlow> readers;
  std::vector<std::size_t> first;  ///< reader of each rack

  explicit Racks(const Parameters& p) {
    capacity.emplace_back(p["origin"]);
    for (const int n : kReaders) {
      const auto tor = static_cast<std::uint32_t>(capacity.size());
      capacity.emplace_back(p["tor"]);
      first.push_back(readers.size());
      for (int i = 0; i < n; ++i) readers.push_back({{0, tor}});
    }
  }
};

/// Every reader a flow, or with `bundles` every rack a flow that stands for its readers.
Result<std::vector<Case>> run_racks(const Parameters& p, const Environment&) {
  const Racks racks(p);
  const auto expected = models::max_min_rates(racks.capacity, racks.readers);
  const bool bundles = p["bundles"] > 0;
  Sharing sharing(bundles ? engine::make_bundle_engine(engine::make_simgrid_solver())
                          : engine::make_simgrid_engine(),
                  racks.capacity);
  for (std::size_t rack = 0; rack < std::size(kReaders) && bundles; ++rack) {
    sharing.add_flow({racks.readers[racks.first[rack]].links, 1.0 * kReaders[rack]});
  }
  for (std::size_t f = 0; f < racks.readers.size() && !bundles; ++f) {
    sharing.add_flow(racks.readers[f]);
  }
  sharing.read();
  std::vector<Case> cases;
  for (std::size_t rack = 0; rack < std::size(kReaders); ++rack) {
    const std::string name = "of " + std::to_string(kReaders[rack]);
    const double each = expected[racks.first[rack]].count;
    cases.push_back({"reader " + name, each,
                     bundles ? sharing.flow_rate(rack) / kReaders[rack]
                             : sharing.flow_rate(racks.first[rack])});
    cases.push_back({"rack " + name, each * kReaders[rack], sharing.link_rate(rack + 1)});
  }
  return cases;
}

}  // namespace

Experiment v1() {
  Experiment e;
  e.id = "V1";
  e.title = "parking lot: f1 over both links, f2 over the first, f3 and f4 over the second";
  e.formula = "progressive filling";
  e.rung = "exact";
  e.tolerance = 1e-6;
  e.parameters = {{"l1", "B/s", 10e9, 1e6, 1e12}, {"l2", "B/s", 8e9, 1e6, 1e12}};
  e.run = run_parking_lot;
  return e;
}

Experiment v2() {
  Experiment e = v1();
  e.id = "V2";
  e.title = "parking lot with f1 a bundle of two flows";
  e.formula = "progressive filling by weight";
  e.parameters.push_back({"flows", "1", 2, 0.001, 1e5});
  e.points = {{{"flows", 1000}}, {{"flows", 0.5}}};
  e.run = run_bundle;
  return e;
}

Experiment v3() {
  Experiment e;
  e.id = "V3";
  e.title = "one origin, racks of 5, 10, 20 and 40 readers behind their switches";
  e.formula = "progressive filling";
  e.rung = "exact";
  e.tolerance = 1e-4;
  e.parameters = {{"origin", "B/s", 250e9, 1e6, 1e13},
                  {"tor", "B/s", 100e9, 1e6, 1e13},
                  {"bundles", "1", 0, 0, 1, true}};
  e.points = {{{"bundles", 1}}};
  e.run = run_racks;
  return e;
}

}  // namespace fleetcache::validation
