// V11 and V12b: queues built on the event queue, against mean value analysis and Erlang's formula.

#include <array>
#include <deque>

#include "models/queueing/erlang.hpp"
#include "models/queueing/mva.hpp"
#include "policies/base/rng.hpp"
#include "sim/engine/event_queue.hpp"
#include "sim/validation/estimate.hpp"
#include "sim/validation/experiment.hpp"

namespace fleetcache::validation {
namespace {

/// N clients that think, pass two single-server stations in turn and think again.
class ClosedLoop final : public engine::EventHandler {
 public:
  ClosedLoop(std::uint32_t clients, double think_s, double front_end_s, double network_s)
      : clients_(clients),
        think_s_(think_s),
        service_s_{front_end_s, network_s},
        rng_(11, "validation/closed-loop", clients) {}

  /// Runs until `completions` requests are done, after a tenth as many to settle.
  void run(std::uint64_t completions) {
    for (std::uint32_t i = 0; i < clients_; ++i) think({});
    while (done_ < completions / 10) step();
    recording_ = true;
    done_ = 0;
    const TimePoint start = batch_start_ = queue_.now();
    batch_ = completions / kBatches;
    while (done_ < completions) step();
    elapsed_s_ = to_seconds(queue_.now() - start);
  }

  double throughput() const { return static_cast<double>(done_) / elapsed_s_; }
  double throughput_error() const { return batch_rates_.standard_error(); }
  double response_s() const { return responses_.batches().mean(); }
  double response_error_s() const { return responses_.batches().standard_error(); }

  void on_event(TimePoint now, std::uint32_t code, std::uint64_t) override {
    if (code == kArrive) {
      join(0, now, now);
      return;
    }
    const std::uint32_t station = code - kFirstServed;
    const TimePoint asked = waiting_[station].front();
    waiting_[station].pop_front();
    if (!waiting_[station].empty()) serve(station, now);
    if (station == 0) {
      join(1, now, asked);
      return;
    }
    ++done_;
    if (recording_) record(now, asked);
    think(now);
  }

 private:
  enum : std::uint32_t { kArrive, kFirstServed };
  static constexpr std::uint64_t kBatches = 40;
  static constexpr std::uint64_t kResponseBatch = 25'000;

  void step() {
    const engine::Event event = queue_.pop();
    on_event(event.at, event.code, event.arg);
  }
  void think(TimePoint now) {
    queue_.push(now + from_seconds(think_s_ * rng_.exponential()), this, kArrive);
  }
  void join(std::uint32_t station, TimePoint now, TimePoint asked) {
    waiting_[station].push_back(asked);
    if (waiting_[station].size() == 1) serve(station, now);
  }
  void serve(std::uint32_t station, TimePoint now) {
    queue_.push(now + from_seconds(service_s_[station] * rng_.exponential()), this,
                kFirstServed + station);
  }
  void record(TimePoint now, TimePoint asked) {
    responses_.add(to_seconds(now - asked));
    if (done_ % batch_ != 0) return;
    batch_rates_.add(static_cast<double>(batch_) / to_seconds(now - batch_start_));
    batch_start_ = now;
  }

  std::uint32_t clients_;
  double think_s_;
  std::array<double, 2> service_s_;
  Rng rng_;
  engine::EventQueue queue_;
  std::array<std::deque<TimePoint>, 2> waiting_;  // instants at which the requests were asked
  std::uint64_t done_ = 0;
  std::uint64_t batch_ = 1;
  bool recording_ = false;
  TimePoint batch_start_;
  double elapsed_s_ = 0;
  Estimate batch_rates_;
  BatchEstimate responses_{kResponseBatch};
};

Result<std::vector<Case>> run_closed(const Parameters& p, const Environment&) {
  const auto clients = static_cast<std::uint32_t>(p.count("N"));
  const std::array<double, 2> demand{p["front_end"], p["network"]};
  const models::ClosedPoint expected = models::mean_value_analysis(demand, p["think"], clients);
  ClosedLoop loop(clients, p["think"], demand[0], demand[1]);
  loop.run(1'000'000);
  return std::vector<Case>{
      {"throughput", expected.throughput, loop.throughput(), loop.throughput_error()},
      {"response", expected.response_s, loop.response_s(), loop.response_error_s()}};
}

/// c servers, one queue, Poisson requests, exponential service of mean 1.
class ServerPool final : public engine::EventHandler {
 public:
  ServerPool(std::uint32_t servers, double offered)
      : free_(servers), offered_(offered), rng_(12, "validation/pool") {}

  /// Until both means are known to the tolerance (relative), at most 40 million requests.
  void run(double tolerance, double expected_waiting, double expected_wait) {
    constexpr std::uint64_t kWarmUp = 100'000, kMost = 40'000'000;
    constexpr std::uint64_t kLeastBatches = 30;
    queue_.push({0}, this, kArrive);
    while (requests_ < kMost) {
      const engine::Event event = queue_.pop();
      on_event(event.at, event.code, event.arg);
      recording_ = requests_ > kWarmUp;
      if (waiting_share_.batches().settled(tolerance * expected_waiting, kLeastBatches) &&
          wait_s_.batches().settled(tolerance * expected_wait, kLeastBatches)) {
        return;
      }
    }
  }

  const Estimate& waiting_share() const { return waiting_share_.batches(); }
  const Estimate& wait_s() const { return wait_s_.batches(); }

  void on_event(TimePoint now, std::uint32_t code, std::uint64_t) override {
    if (code == kArrive) {
      ++requests_;
      queue_.push(now + from_seconds(rng_.exponential() / offered_), this, kArrive);
      if (free_ > 0) {
        --free_;
        serve(now, now);
      } else {
        line_.push_back(now);
      }
    } else if (line_.empty()) {
      ++free_;
    } else {
      serve(now, line_.front());
      line_.pop_front();
    }
  }

 private:
  enum : std::uint32_t { kArrive, kServed };
  static constexpr std::uint64_t kBatch = 50'000;

  void serve(TimePoint now, TimePoint arrived) {
    if (recording_) {
      waiting_share_.add(now > arrived ? 1 : 0);
      wait_s_.add(to_seconds(now - arrived));
    }
    queue_.push(now + from_seconds(rng_.exponential()), this, kServed);
  }

  std::uint32_t free_;
  double offered_;
  Rng rng_;
  engine::EventQueue queue_;
  std::deque<TimePoint> line_;
  std::uint64_t requests_ = 0;
  bool recording_ = false;
  BatchEstimate waiting_share_{kBatch};
  BatchEstimate wait_s_{kBatch};
};

Result<std::vector<Case>> run_pool(const Parameters& p, const Environment&) {
  const auto servers = static_cast<std::uint32_t>(p.count("servers"));
  const double offered = p["load"] * static_cast<double>(servers);
  const double waiting = models::erlang_c(servers, offered);
  const double wait = models::erlang_c_wait(servers, offered);
  ServerPool pool(servers, offered);
  pool.run(0.02, waiting, wait);
  const Estimate& share = pool.waiting_share();
  const Estimate& wait_s = pool.wait_s();
  return std::vector<Case>{{"P(wait)", waiting, share.mean(), share.standard_error()},
                           {"wait", wait, wait_s.mean(), wait_s.standard_error()}};
}

}  // namespace

Experiment v11() {
  Experiment e;
  e.id = "V11";
  e.title = "N clients that think, ask the front end and the network, and think again";
  e.formula = "exact mean value analysis";
  e.rung = "core";
  e.tolerance = 0.02;
  e.parameters = {{"N", "1", 50, 1, 200, true},
                  {"think", "s", 0.9, 0.1, 10},
                  {"front_end", "s", 0.05, 0.001, 1},
                  {"network", "s", 0.01, 0.001, 1}};
  e.points = {{{"N", 1}}, {{"N", 10}}, {{"N", 100}}};
  e.run = run_closed;
  return e;
}

Experiment v12b() {
  Experiment e;
  e.id = "V12b";
  e.title = "waiting at a pool of front-end servers (service time 1 s)";
  e.formula = "Erlang-C";
  e.rung = "core";
  e.tolerance = 0.02;
  e.parameters = {{"servers", "1", 10, 1, 20, true}, {"load", "1", 0.8, 0.7, 0.9}};
  e.run = run_pool;
  return e;
}

}  // namespace fleetcache::validation
