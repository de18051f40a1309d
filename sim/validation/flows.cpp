// V1 and V3: how flows that live together share links, read from the engine while they live.

#include <algorithm>

#include "models/fabric/max_min.hpp"
#include "sim/engine/flow_engine.hpp"
#include "sim/validation/experiment.hpp"

namespace fleetcache::validation {
namespace {

/// Starts its flows at time 0 and reads their rates a second later. A flow's rate is the usage of a
/// private link of its own, much too wide to bind.
class Sharing final : public engine::EventHandler, public engine::FlowListener {
 public:
  explicit Sharing(const std::vector<BytesPerSecond>& capacity)
      : engine_(engine::make_simgrid_engine()) {
    for (const BytesPerSecond c : capacity) links_.push_back(engine_->add_link("shared", c));
  }

  void add_flow(const models::FilledFlow& flow) {
    std::vector<engine::LinkId> route;
    for (const std::uint32_t link : flow.links) route.push_back(links_[link]);
    route.push_back(engine_->add_link("private", BytesPerSecond(1e15)));
    routes_.push_back(route);
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
      constexpr Bytes kEndless(1'000'000'000'000'000'000);
      for (const auto& route : routes_) engine_->start(kEndless, route, this, 0);
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
  std::vector<double> flow_rates_;
  std::vector<double> link_rates_;
};

Result<std::vector<Case>> run_parking_lot(const Parameters& p, const Environment&) {
  const std::vector<BytesPerSecond> capacity{BytesPerSecond(p["l1"]), BytesPerSecond(p["l2"])};
  const std::vector<models::FilledFlow> flows{{{0, 1}}, {{0}}, {{1}}, {{1}}};
  const auto expected = models::max_min_rates(capacity, flows);
  Sharing sharing(capacity);
  for (const auto& flow : flows) sharing.add_flow(flow);
  sharing.read();
  std::vector<Case> cases;
  for (std::size_t f = 0; f < flows.size(); ++f) {
    cases.push_back({"f" + std::to_string(f + 1), expected[f].count, sharing.flow_rate(f)});
  }
  return cases;
}

Result<std::vector<Case>> run_racks(const Parameters& p, const Environment&) {
  constexpr int kReaders[] = {5, 10, 20, 40};
  std::vector<BytesPerSecond> capacity{BytesPerSecond(p["origin"])};
  std::vector<models::FilledFlow> flows;
  std::vector<std::size_t> first;
  for (const int readers : kReaders) {
    const auto tor = static_cast<std::uint32_t>(capacity.size());
    capacity.emplace_back(p["tor"]);
    first.push_back(flows.size());
    for (int i = 0; i < readers; ++i) flows.push_back({{0, tor}});
  }
  const auto expected = models::max_min_rates(capacity, flows);
  Sharing sharing(capacity);
  for (const auto& flow : flows) sharing.add_flow(flow);
  sharing.read();
  std::vector<Case> cases;
  for (std::size_t rack = 0; rack < std::size(kReaders); ++rack) {
    const std::string name = "of " + std::to_string(kReaders[rack]);
    const double each = expected[first[rack]].count;
    cases.push_back({"reader " + name, each, sharing.flow_rate(first[rack])});
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

Experiment v3() {
  Experiment e;
  e.id = "V3";
  e.title = "one origin, racks of 5, 10, 20 and 40 readers behind their switches";
  e.formula = "progressive filling";
  e.rung = "exact";
  e.tolerance = 1e-4;
  e.parameters = {{"origin", "B/s", 250e9, 1e6, 1e13}, {"tor", "B/s", 100e9, 1e6, 1e13}};
  e.run = run_racks;
  return e;
}

}  // namespace fleetcache::validation
