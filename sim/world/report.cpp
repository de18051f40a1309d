// What a finished run says: every figure named, with its unit and where it came from.

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <numeric>

#include "sim/events/tally.hpp"
#include "sim/world/world.hpp"

namespace fleetcache::world {
namespace {

using probes::Metric;
using probes::Series;
using probes::Tier;
using probes::TrafficClass;

double ratio(double part, double whole) { return whole > 0 ? part / whole : 0; }

void add_latency(probes::Record& record, const std::string& name, const Series& series) {
  if (series.sketch().count() == 0) return;
  record.metrics[name + "_mean"] = {series.mean(), "s", series.standard_error(),
                                    series.batch_means()};
  record.metrics[name + "_p50"] = {series.sketch().quantile(0.50), "s", 0};
  record.metrics[name + "_p95"] = {series.sketch().quantile(0.95), "s", 0};
  record.metrics[name + "_p99"] = {series.sketch().quantile(0.99), "s", 0};
}

std::string hex(std::uint64_t value) {
  char text[17];
  std::snprintf(text, sizeof text, "%016llx", static_cast<unsigned long long>(value));
  return text;
}

bool from_origin(Tier tier) {
  return tier == Tier::kFrontEnd || tier == Tier::kBifrost || tier == Tier::kDeltaZero;
}

/// Shares of a job's time beside compute ("goodput") and waiting for data ("stall"). With these two
/// they add up to 1.
struct OtherTime {
  double checkpoint_s = 0;
  double restore_s = 0;
  double down_s = 0;    ///< nodes of the job away
  double redone_s = 0;  ///< computed since the last durable checkpoint, and lost

  OtherTime& operator+=(const OtherTime& o) {
    checkpoint_s += o.checkpoint_s;
    restore_s += o.restore_s;
    down_s += o.down_s;
    redone_s += o.redone_s;
    return *this;
  }
  OtherTime operator*(double k) const {
    return {k * checkpoint_s, k * restore_s, k * down_s, k * redone_s};
  }
  void report(probes::Record& record, const std::string& name, double elapsed_s) const {
    record.metrics[name + "checkpoint_share"] = {ratio(checkpoint_s, elapsed_s), "ratio", 0};
    record.metrics[name + "restore_share"] = {ratio(restore_s, elapsed_s), "ratio", 0};
    record.metrics[name + "down_share"] = {ratio(down_s, elapsed_s), "ratio", 0};
    record.metrics[name + "redone_share"] = {ratio(redone_s, elapsed_s), "ratio", 0};
  }
};

/// `from`: when the measured time of a job begins, which says how long it is itself.
OtherTime other_time(const TrainingReport& r, const std::vector<events::PlannedEvent>& plan,
                     events::NodeSpan nodes, TimePoint from) {
  // Both are in `lost_s`: what the plan of events does not explain was computed in vain.
  const double down_s = std::min(
      r.lost_s, to_seconds(events::time_away(plan, nodes, from, from + from_seconds(r.elapsed_s))));
  return {r.checkpoint_s, r.restore_s, down_s, r.lost_s - down_s};
}

}  // namespace

probes::Record World::record() const {
  probes::Record record;
  record.rung = name_of(options_.rung);
  record.interrupted = stopped_early_;
  if (stopped_early_ && queue_.now() < warmup_end_) {
    record.notes.push_back(
        "Interrupted inside the warm-up: the figures are of the time since the start.");
  }
  record.simulated_seconds = to_seconds(date());
  record.requests = collector_.requests();
  report_training(record);
  report_inference(record);
  report_cache(record);
  events_->report(record, queue_.now());
  const auto jobs = static_cast<std::uint32_t>(training_.size());
  const events::NodeUsers users{&claim_of_node_, jobs,
                                jobs + static_cast<std::uint32_t>(inference_.size())};
  const auto tallies = events::tally_events(events_->plan(), users, date());
  for (const auto& [name, n] : events::event_figures(tallies, scenario_.failures.enabled))
    record.metrics[name] = {n, "1", 0};
  report_origin(record);
  report_stations(record);
  report_stepping(record);
  check_conservation(record);
  if (timeline_) timeline_->report(record);
  record.fingerprint["events"] = std::to_string(queue_.popped());
  record.fingerprint["event_digest"] = hex(queue_.digest());
  record.fingerprint["cache_state"] = hex(cache_->state_hash());
  for (const auto& service : inference_) {
    record.fingerprint["requests." + service->service().name] = hex(service->requests_digest());
  }
  record.fingerprint["flows"] = std::to_string(flows_->stats().started);
  return record;
}

Duration World::played() const { return queue_.now() - std::min(warmup_end_, queue_.now()); }

Duration World::measured() const {
  return queue_.now() - std::min(warmup_end_, queue_.now()) + calendar_.stepped() -
         stepped_at_warmup_;
}

World::FleetTime World::fleet_time() const {
  FleetTime sum;
  for (const auto& job : training_) {
    const TrainingReport r = job->report(queue_.now());
    const double nodes = job->job().nodes;
    sum.useful += nodes * r.compute_s;
    sum.stalled += nodes * r.stall_s;
    sum.elapsed += nodes * r.elapsed_s;
  }
  return sum;
}

// The slowest first byte of a step is drawn from its law, for as many reads as there are. What
// throttles add to it (refusals in a row, back-off) is only as long as the longest among the reads
// played.
void World::report_tail(probes::Record& record, const TrainingRun& job) const {
  if (!job.readers().sampled() || collector_.counter("origin.throttled") == 0) return;
  record.metrics["tail.samples." + job.job().name] = {static_cast<double>(job.readers().played()),
                                                      "1", 0};
  record.metrics["tail.readers." + job.job().name] = {job.readers().reads_per_step(), "1", 0};
}

void World::report_training(probes::Record& record) const {
  const FleetTime all = fleet_time();
  const TimePoint from{date().ns < scenario_.warmup.count ? 0 : scenario_.warmup.count};
  OtherTime others;
  const auto jobs = static_cast<std::uint32_t>(training_.size());
  const events::NodeUsers users{&claim_of_node_, jobs, jobs};
  const auto stops = events::random_stops(events_->plan(), users, from, date());
  const auto put_stops = [&](const std::string& name, std::uint64_t n) {
    // Zero says that nothing is known of what a failure costs.
    if (scenario_.failures.enabled) record.metrics[name] = {static_cast<double>(n), "1", 0};
  };
  for (std::size_t i = 0; i < training_.size(); ++i) {
    const auto& job = training_[i];
    const TrainingReport r = job->report(queue_.now());
    const std::string name = "train." + job->job().name + ".";
    const std::uint32_t nodes = job->job().nodes;
    const NodeId first = job_nodes_[i].second;
    const OtherTime other = other_time(r, events_->plan(), {first, first + nodes}, from);
    others += other * nodes;
    other.report(record, name, r.elapsed_s);
    put_stops(name + "random_stops", stops[i]);
    record.metrics[name + "weight"] = {ratio(nodes * r.elapsed_s, all.elapsed), "ratio", 0};
    const double step = ratio(r.elapsed_s, static_cast<double>(r.steps));
    const double goodput = ratio(r.compute_s, r.elapsed_s);
    const double stall = ratio(r.stall_s, r.elapsed_s);
    // A share S / (C + S) moves by (1 - share) / (C + S) with the mean stall S of a step.
    const double se = ratio(collector_.all_series().at(name + "stall_s").standard_error(), step);
    std::vector<double> goodputs, stalls;
    for (const double s : collector_.all_series().at(name + "stall_s").batch_means()) {
      const double batch_step = step * (1 - stall) + s;
      goodputs.push_back(ratio(step * goodput, batch_step));
      stalls.push_back(ratio(s, batch_step));
    }
    record.metrics[name + "goodput"] = {goodput, "ratio", se * goodput, goodputs};
    record.metrics[name + "stall"] = {stall, "ratio", se * (1 - stall), stalls};
    record.metrics[name + "accelerator_utilization"] = {ratio(r.compute_s, r.compute_s + r.stall_s),
                                                        "ratio", se * (1 - stall)};
    record.metrics[name + "restore_s"] = {r.restore_s, "s", 0};
    record.metrics[name + "lost_s"] = {r.lost_s, "s", 0};
    record.metrics[name + "bytes_read"] = {static_cast<double>(r.bytes_read), "B", 0};
    record.metrics[name + "steps"] = {static_cast<double>(r.steps), "1", 0};
    record.metrics[name + "epochs_begun"] = {static_cast<double>(r.epochs_begun), "1", 0};
    report_tail(record, *job);
  }
  if (training_.empty()) return;
  others.report(record, "train.", all.elapsed);
  put_stops("train.random_stops", std::accumulate(stops.begin(), stops.end(), std::uint64_t{0}));
  probes::Metric goodput{ratio(all.useful, all.elapsed), "ratio", 0, {}};
  probes::Metric stall{ratio(all.stalled, all.elapsed), "ratio", 0, {}};
  FleetTime before;
  for (const FleetTime& at : fleet_times_) {
    if (at.elapsed <= before.elapsed) break;  // every job is done
    goodput.batches.push_back((at.useful - before.useful) / (at.elapsed - before.elapsed));
    stall.batches.push_back((at.stalled - before.stalled) / (at.elapsed - before.elapsed));
    before = at;
  }
  record.metrics["train.goodput"] = goodput;
  record.metrics["train.stall"] = stall;
}

void World::report_inference(probes::Record& record) const {
  for (const auto& service : inference_) {
    const std::string name = "infer." + service->service().name + ".";
    for (const char* part : {"ttft", "ttft_queue", "ttft_fetch", "ttft_prefill"}) {
      add_latency(record, name + part, collector_.all_series().at(name + part));
    }
    record.metrics[name + "slot_utilization"] = {service->slot_utilization(queue_.now(), played()),
                                                 "ratio", 0};
    record.metrics[name + "availability"] = {service->availability(), "ratio", 0};
    const bool cut = service->requests_total() > service->requests_arrived() && !stopped_early_ &&
                     !service->service().arrivals.trace.empty();
    if (cut) {
      record.notes.push_back(service->service().name + ": " +
                             std::to_string(service->requests_arrived()) + " of " +
                             std::to_string(service->requests_total()) +
                             " requests of the trace arrive before the horizon (time.horizon).");
    }
    record.metrics[name + "block_bytes"] = {static_cast<double>(service->block_bytes()), "B", 0};
  }
  if (inference_.empty()) return;
  const auto lookups = static_cast<double>(collector_.counter("kv.block_lookups"));
  const auto hits = static_cast<double>(collector_.counter("kv.block_hits"));
  const auto usable = static_cast<double>(collector_.counter("kv.usable_blocks"));
  record.metrics["kv.block_lookups"] = {lookups, "1", 0};
  record.metrics["kv.block_hits"] = {hits, "1", 0};
  record.metrics["kv.block_misses"] = {lookups - hits, "1", 0};
  record.metrics["kv.block_hit_ratio"] = {ratio(hits, lookups), "ratio", 0};
  record.metrics["kv.usable_block_ratio"] = {ratio(usable, lookups), "ratio", 0};
  if (!shadow_) return;
  const auto shadow = ratio(static_cast<double>(collector_.counter("kv.shadow_hits")),
                            static_cast<double>(collector_.counter("kv.shadow_lookups")));
  record.metrics["kv.block_hit_ratio_instant"] = {shadow, "ratio", 0};
  char note[400];
  std::snprintf(note, sizeof note,
                "KV blocks: %.2f %% hit with real timing, %.2f %% if they were stored and "
                "refreshed at arrival. Time costs hits of blocks that are asked for again while "
                "the prompt that computes them waits or is in prefill; it gains some, since a "
                "later fill also evicts later.",
                100 * ratio(hits, lookups), 100 * shadow);
  record.notes.push_back(note);
}

void World::report_cache(probes::Record& record) const {
  for (std::size_t c = 0; c < probes::kClasses; ++c) {
    const auto traffic = static_cast<TrafficClass>(c);
    auto& row = record.bytes[std::string(name_of(traffic))];
    double cached = 0, all = 0;
    for (std::size_t t = 0; t < probes::kTiers; ++t) {
      const auto tier = static_cast<Tier>(t);
      const std::uint64_t bytes = collector_.served_since_warmup(traffic, tier);
      row[std::string(name_of(tier))] = bytes;
      all += static_cast<double>(bytes);
      const bool hit =
          !from_origin(tier) && tier != Tier::kRecompute && tier != Tier::kRemoteRegion;
      if (hit) cached += static_cast<double>(bytes);
    }
    if (all == 0) {
      record.bytes.erase(std::string(name_of(traffic)));
    } else {
      record.metrics["cache.byte_hit_ratio." + std::string(name_of(traffic))] = {ratio(cached, all),
                                                                                 "ratio", 0};
    }
  }
  for (const char* counter :
       {"cache.evictions", "cache.refused", "cache.not_admitted", "cache.promotions"}) {
    record.metrics[counter] = {static_cast<double>(collector_.counter(counter)), "1", 0};
  }
  for (std::size_t c = 0; c < probes::kClasses; ++c) {
    for (std::size_t m = 0; m < probes::kMedia; ++m) {
      const std::uint64_t bytes =
          collector_.written(static_cast<TrafficClass>(c), static_cast<probes::Medium>(m));
      if (bytes == 0) continue;
      record.metrics["written." + std::string(probes::kClassNames[c]) + "." +
                     std::string(probes::kMediumNames[m])] = {static_cast<double>(bytes), "B", 0};
    }
  }
  if (!cache_->enabled()) return;
  for (std::uint32_t tier = 0; tier < cache_->settings().tiers.size(); ++tier) {
    const bool nvme = cache_->settings().tiers[tier].medium == scenario::Medium::kNvme;
    const std::string name = "cache.tier" + std::to_string(tier) + (nvme ? ".nvme" : ".dram");
    record.metrics[name + ".used"] = {static_cast<double>(cache_->used_bytes(tier)), "B", 0};
    record.metrics[name + ".capacity"] = {static_cast<double>(cache_->capacity_bytes(tier)), "B",
                                          0};
  }
}

void World::report_origin(probes::Record& record) const {
  add_latency(record, "origin.read", collector_.all_series().at("origin.read_s"));
  for (const std::string_view tier : probes::kTierNames) {
    const auto found = collector_.all_series().find("read_s." + std::string(tier));
    if (found != collector_.all_series().end()) {
      add_latency(record, "read." + std::string(tier), found->second);
    }
  }
  const auto attempts = static_cast<double>(collector_.counter("origin.attempts"));
  record.metrics["origin.attempts"] = {attempts, "1", 0};
  record.metrics["origin.throttled_ratio"] = {
      ratio(static_cast<double>(collector_.counter("origin.throttled")), attempts), "ratio", 0};
  record.metrics["origin.plans"] = {static_cast<double>(collector_.counter("origin.plans")), "1",
                                    0};
  record.metrics["origin.bytes_per_second"] = {
      ratio(static_cast<double>(origin_->bytes_read_since_warmup()), to_seconds(measured())), "B/s",
      0};
}

void World::report_stations(probes::Record& record) const {
  stations_->report(record.stations);
  const double seconds = to_seconds(played());
  for (const auto& job : training_) {
    const TrainingReport r = job->report(queue_.now());
    probes::Station station;
    station.utilization_mean = station.utilization_p99 = ratio(r.compute_s, r.elapsed_s);
    station.capacity = job->job().nodes;
    station.unit = "nodes";
    station.parameter = "workloads." + job->job().name + ".compute";
    record.stations["gpu." + job->job().name] = station;
  }
  for (const auto& service : inference_) {
    const auto& population =
        collector_.populations().at("infer." + service->service().name + ".slots");
    probes::Station station;
    station.utilization_mean = station.utilization_p99 =
        service->slot_utilization(queue_.now(), played());
    station.capacity =
        static_cast<double>(service->service().nodes) * service->service().prefill_slots;
    const double weight = service->weight();
    station.unit = "slots";
    station.parameter = "workloads." + service->service().name + ".prefill_tokens";
    station.arrival_rate =
        weight * ratio(static_cast<double>(population.measured_arrivals()), seconds);
    station.mean_population =
        weight * ratio(static_cast<double>(population.measured_integral_ns(queue_.now())),
                       static_cast<double>(played().count));
    station.mean_sojourn_s = ratio(static_cast<double>(population.measured_sojourn_ns()) * 1e-9,
                                   static_cast<double>(population.measured_departures()));
    record.stations["prefill." + service->service().name] = station;
  }
  const auto attempts = static_cast<double>(collector_.counter("origin.attempts"));
  for (const auto& [name, region] : scenario_.regions) {
    if (scenario_.regions.size() > 1) break;  // attempts are not split by region
    probes::Station station;
    station.capacity = region.blob.accounts * region.blob.requests.count;
    station.unit = "1/s";
    station.parameter = "regions." + name + ".blob.requests";
    station.utilization_mean = station.utilization_p99 =
        ratio(ratio(attempts, to_seconds(measured())), station.capacity);
    record.stations["blob_requests." + name] = station;
  }
}

}  // namespace fleetcache::world
