// V4 to V7b: when transfers end. Latency is a timer before the flow, as everywhere in the
// simulator.

#include <algorithm>

#include "models/wan/wan.hpp"
#include "sim/engine/flow_engine.hpp"
#include "sim/validation/experiment.hpp"

namespace fleetcache::validation {
namespace {

struct Transfer {
  Bytes bytes;
  Duration latency;
  std::vector<engine::LinkId> route;
};

class Transfers final : public engine::EventHandler, public engine::FlowListener {
 public:
  Transfers() : engine_(engine::make_simgrid_engine()) {}

  engine::FlowEngine& engine() { return *engine_; }
  void add(Transfer transfer) { transfers_.push_back(std::move(transfer)); }
  /// At `at` the link's capacity becomes `capacity`.
  void change(Duration at, engine::LinkId link, BytesPerSecond capacity) {
    changes_.push_back({at, link, capacity});
  }
  /// Events that concern nobody, one each `spacing` from time 0.
  void disturb(std::uint64_t events, Duration spacing) {
    disturbances_ = events;
    spacing_ = spacing;
  }

  /// Ends of the transfers in seconds, in the order added.
  std::vector<double> run() {
    ends_.assign(transfers_.size(), -1.0);
    for (std::size_t i = 0; i < changes_.size(); ++i) {
      queue_.push(TimePoint{} + changes_[i].at, this, kChange, i);
    }
    for (std::size_t i = 0; i < transfers_.size(); ++i) {
      queue_.push(TimePoint{} + transfers_[i].latency, this, kStart, i);
    }
    if (disturbances_ > 0) queue_.push({0}, this, kDisturb);
    engine_->run(queue_, {1'000'000'000'000'000}, {});
    return ends_;
  }

  void on_event(TimePoint now, std::uint32_t code, std::uint64_t arg) override {
    if (code == kStart) {
      engine_->start(transfers_[arg].bytes, transfers_[arg].route, this, arg);
    } else if (code == kChange) {
      engine_->set_capacity(changes_[arg].link, changes_[arg].capacity);
    } else if (--disturbances_ > 0) {
      queue_.push(now + spacing_, this, kDisturb);
    }
  }

  void on_flow_done(TimePoint now, std::uint64_t tag) override { ends_[tag] = to_seconds(now); }

 private:
  enum : std::uint32_t { kChange, kStart, kDisturb };
  struct Change {
    Duration at;
    engine::LinkId link;
    BytesPerSecond capacity;
  };

  std::unique_ptr<engine::FlowEngine> engine_;
  engine::EventQueue queue_;
  std::vector<Transfer> transfers_;
  std::vector<Change> changes_;
  std::vector<double> ends_;
  std::uint64_t disturbances_ = 0;
  Duration spacing_;
};

Bytes whole_bytes(double bytes) { return Bytes(static_cast<std::uint64_t>(bytes)); }

Result<std::vector<Case>> run_latencies(const Parameters& p, const Environment&) {
  Transfers transfers;
  const auto link = transfers.engine().add_link("shared", BytesPerSecond(p["link"]));
  const char* names[] = {"near", "far"};
  const double latencies[] = {p["near"], p["far"]};
  for (const double latency : latencies) {
    transfers.add({whole_bytes(p["size"]), from_seconds(latency), {link}});
  }
  const std::vector<double> ends = transfers.run();
  std::vector<Case> cases;
  for (int i = 0; i < 2; ++i) {
    cases.push_back({names[i], 2 * p["size"] / p["link"] + latencies[i], ends[i]});
  }
  return cases;
}

Result<std::vector<Case>> run_rdma(const Parameters& p, const Environment&) {
  Transfers transfers;
  const auto link = transfers.engine().add_link("nic", BytesPerSecond(p["link"]));
  transfers.add({whole_bytes(p["size"]), from_seconds(p["latency"]), {link}});
  return std::vector<Case>{{"", p["size"] / p["link"] + p["latency"], transfers.run()[0]}};
}

Result<std::vector<Case>> run_wan(const Parameters& p, const Environment&) {
  const Bytes size = whole_bytes(p["size"]);
  const BytesPerSecond link(p["link"]);
  const BytesPerSecond expected_stream =
      models::wan_stream_rate(whole_bytes(p["window"]), from_seconds(p["rtt"]));
  const double expected =
      to_seconds(models::wan_transfer_time(size, p.count("flows"), expected_stream, link)) +
      p["rtt"] / 2;
  Transfers transfers;
  const auto wan = transfers.engine().add_link("wan", link);
  const auto window = transfers.engine().add_link("window", BytesPerSecond(p["window"] / p["rtt"]),
                                                  engine::LinkKind::kPerFlowCap);
  for (std::uint64_t i = 0; i < p.count("flows"); ++i) {
    transfers.add({size, from_seconds(p["rtt"] / 2), {wan, window}});
  }
  const std::vector<double> ends = transfers.run();
  return std::vector<Case>{{"", expected, *std::max_element(ends.begin(), ends.end())}};
}

Result<std::vector<Case>> run_throttle(const Parameters& p, const Environment&) {
  Transfers transfers;
  const auto link = transfers.engine().add_link("throttled", BytesPerSecond(p["full"]),
                                                engine::LinkKind::kVariable);
  transfers.change(Duration(0), link, BytesPerSecond(p["full"] * p["cap"]));
  transfers.change(from_seconds(p["release"]), link, BytesPerSecond(p["full"]));
  transfers.add({whole_bytes(p["size"]), Duration(0), {link}});
  // Throttled until the release, unless it is done by then.
  const double sent = p["full"] * p["cap"] * p["release"];
  const double expected = sent >= p["size"] ? p["size"] / (p["full"] * p["cap"])
                                            : p["release"] + (p["size"] - sent) / p["full"];
  return std::vector<Case>{{"", expected, transfers.run()[0]}};
}

Result<std::vector<Case>> run_disturbed(const Parameters& p, const Environment&) {
  Transfers transfers;
  const auto link = transfers.engine().add_link("slow", BytesPerSecond(p["link"]));
  transfers.add({whole_bytes(p["size"]), Duration(0), {link}});
  transfers.disturb(p.count("events"), from_seconds(p["spacing"]));
  return std::vector<Case>{{"", p["size"] / p["link"], transfers.run()[0]}};
}

Experiment transfer_experiment(std::string id, std::string title, std::string formula) {
  Experiment e;
  e.id = std::move(id);
  e.title = std::move(title);
  e.formula = std::move(formula);
  e.rung = "exact";
  e.tolerance = 0.001;
  return e;
}

}  // namespace

Experiment v4() {
  Experiment e = transfer_experiment(
      "V4", "two transfers of unequal latency share one link equally", "2 size / link + latency");
  e.parameters = {{"link", "B/s", 1e9, 1e6, 1e12},
                  {"size", "B", 1e9, 1e6, 1e12, true},
                  {"near", "s", 1e-4, 0, 1e-3},
                  {"far", "s", 1e-3, 0, 1e-3}};
  e.run = run_latencies;
  return e;
}

Experiment v5() {
  Experiment e = transfer_experiment(
      "V5", "one transfer over a fast network pays bytes and latency", "size / link + latency");
  e.parameters = {{"link", "B/s", 50e9, 1e6, 1e12},
                  {"size", "B", 1e9, 1, 1e13, true},
                  {"latency", "s", 50e-6, 0, 1}};
  e.run = run_rdma;
  return e;
}

Experiment v6() {
  Experiment e = transfer_experiment("V6", "windows bound transfers over a long link",
                                     "RTT/2 + max(size RTT / window, flows size / link)");
  e.tolerance = 0.002;
  e.parameters = {{"link", "B/s", 12.5e9, 1e6, 1e12},
                  {"rtt", "s", 0.06, 1e-4, 1},
                  {"window", "B", 4 << 20, 1024, 1e10, true},
                  {"size", "B", 1e9, 1e6, 1e12, true},
                  {"flows", "1", 1, 1, 2000, true}};
  e.points = {{{"flows", 179}}};
  e.run = run_wan;
  return e;
}

Experiment v7() {
  Experiment e =
      transfer_experiment("V7", "a throttle that is lifted lets a live transfer speed up",
                          "release + (size - cap full release) / full");
  e.parameters = {{"full", "B/s", 1e9, 1e6, 1e12},
                  {"cap", "1", 0.5, 0.001, 1},
                  {"release", "s", 1, 1e-3, 100},
                  {"size", "B", 1e9, 1e6, 1e12, true}};
  e.run = run_throttle;
  return e;
}

Experiment v7b() {
  Experiment e = transfer_experiment(
      "V7b", "a transfer takes as long however many unrelated events happen", "size / link");
  e.parameters = {{"link", "B/s", 1e6, 1e5, 1e12},
                  {"size", "B", 10'000, 1000, 1e9, true},
                  {"events", "1", 2e5, 0, 1e7, true},
                  {"spacing", "s", 1e-7, 1e-9, 1}};
  e.run = run_disturbed;
  return e;
}

}  // namespace fleetcache::validation
