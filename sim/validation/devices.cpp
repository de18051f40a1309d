// V23 to V25: an NVMe device as channels, as a shared controller and as cells that wear out.

#include <algorithm>

#include "models/devices/nvme.hpp"
#include "policies/base/rng.hpp"
#include "sim/engine/event_queue.hpp"
#include "sim/validation/estimate.hpp"
#include "sim/validation/experiment.hpp"

namespace fleetcache::validation {
namespace {

/// `outstanding` readers, each with one read in flight, on a device of `channels`.
class QueuedReads final : public engine::EventHandler {
 public:
  QueuedReads(std::uint32_t outstanding, std::uint32_t channels, Duration media)
      : free_(channels), media_(media), waiting_(outstanding) {
    serve({});
  }

  void run_until(TimePoint end) {
    while (queue_.top().at <= end) {
      const engine::Event event = queue_.pop();
      on_event(event.at, event.code, event.arg);
    }
  }
  std::uint64_t done() const { return done_; }

  void on_event(TimePoint now, std::uint32_t, std::uint64_t) override {
    ++done_;
    ++free_;
    ++waiting_;  // the reader asks again
    serve(now);
  }

 private:
  void serve(TimePoint now) {
    for (; free_ > 0 && waiting_ > 0; --free_, --waiting_) queue_.push(now + media_, this, 0);
  }

  engine::EventQueue queue_;
  std::uint32_t free_;
  Duration media_;
  std::uint32_t waiting_;
  std::uint64_t done_ = 0;
};

Result<std::vector<Case>> run_depth(const Parameters& p, const Environment&) {
  const auto q = static_cast<std::uint32_t>(p.count("q"));
  const models::NvmeQueue device{static_cast<std::uint32_t>(p.count("channels")),
                                 from_seconds(p["media"])};
  constexpr std::int64_t kRounds = 2000;
  const Duration window = device.media * kRounds;
  QueuedReads reads(q, device.channels, device.media);
  reads.run_until(TimePoint{} + window);
  const double rate = static_cast<double>(reads.done()) / to_seconds(window);
  return std::vector<Case>{
      {"reads", models::nvme_throughput(device, q).count, rate},
      {"latency", to_seconds(models::nvme_latency(device, q)), q / rate}};  // Little
}

Result<std::vector<Case>> run_mix(const Parameters& p, const Environment&) {
  constexpr double kIo = 1 << 20;
  constexpr std::uint64_t kLeast = 2000, kMost = 100'000;
  const double expected = models::nvme_mixed_bandwidth(BytesPerSecond(p["R"]),
                                                       BytesPerSecond(p["W"]), p["f"], p["kappa"])
                              .count;
  // One controller does one thing at a time: a read or a write, kappa times as long.
  Rng rng(24, "validation/mix");
  Estimate bandwidth;
  while (!bandwidth.settled(0.01 * expected, kLeast) && bandwidth.count() < kMost) {
    constexpr int kIos = 1000;
    TimePoint now;
    for (int i = 0; i < kIos; ++i) {
      const bool write = rng.uniform() < p["f"];
      now = now + from_seconds(write ? p["kappa"] * kIo / p["W"] : kIo / p["R"]);
    }
    bandwidth.add(kIos * kIo / to_seconds(now));
  }
  return std::vector<Case>{{"", expected, bandwidth.mean(), bandwidth.standard_error()}};
}

Result<std::vector<Case>> run_endurance(const Parameters& p, const Environment&) {
  constexpr double kHoursPerYear = 365 * 24;
  const auto capacity = static_cast<std::uint64_t>(p["capacity"]);
  const double rated =
      models::nvme_total_bytes_written(Bytes(capacity), p["dwpd"], p["rated_years"]);
  const double expected = models::nvme_life_years(rated, BytesPerSecond(p["writes"]), p["waf"]);
  // The rated life, day by day; then hours of writing until it is used up.
  double budget = 0;
  for (int day = 0; day < static_cast<int>(p["rated_years"]) * 365; ++day) {
    budget += p["dwpd"] * static_cast<double>(capacity);
  }
  double hours = 0;
  for (double worn = 0; worn < budget; ++hours) worn += p["writes"] * 3600 * p["waf"];
  return std::vector<Case>{{"written", rated, budget}, {"life", expected, hours / kHoursPerYear}};
}

}  // namespace

Experiment v23() {
  Experiment e;
  e.id = "V23";
  e.title = "reads a second of an NVMe device with q reads outstanding";
  e.formula = "min(q, n)/t; latency q/X(q)";
  e.rung = "core";
  e.tolerance = 0.01;
  e.parameters = {{"q", "1", 128, 1, 4096, true},
                  {"channels", "1", 231, 1, 4096, true},
                  {"media", "s", 70e-6, 1e-6, 0.1}};
  e.points = {{{"q", 1}}, {{"q", 32}}, {{"q", 512}}};
  e.run = run_depth;
  return e;
}

Experiment v24() {
  Experiment e;
  e.id = "V24";
  e.title = "bandwidth of a device of which a share f of the bytes are writes";
  e.formula = "1 / ((1 - f)/R + kappa f/W)";
  e.rung = "core";
  e.tolerance = 0.01;
  e.parameters = {{"f", "1", 0.3, 0, 1},
                  {"kappa", "1", 1, 1, 3},
                  {"R", "B/s", 14e9, 1e8, 1e11},
                  {"W", "B/s", 10e9, 1e8, 1e11}};
  e.points = {{{"f", 0.1}},
              {{"f", 0.5}},
              {{"f", 0.1}, {"kappa", 2}},
              {{"kappa", 2}},
              {{"f", 0.5}, {"kappa", 2}}};
  e.run = run_mix;
  return e;
}

Experiment v25() {
  Experiment e;
  e.id = "V25";
  e.title = "life of a device that is written without pause";
  e.formula = "capacity dwpd 365 years; life = that / (writes WAF)";
  e.rung = "core";
  e.tolerance = 0.01;
  e.parameters = {{"capacity", "B", 30.72e12, 1e12, 1e15, true},
                  {"dwpd", "1", 1, 0.3, 10},
                  {"rated_years", "year", 5, 1, 10, true},
                  {"writes", "B/s", 5e9, 1e8, 5e9},
                  {"waf", "1", 1.2, 1, 3}};
  e.run = run_endurance;
  return e;
}

}  // namespace fleetcache::validation
