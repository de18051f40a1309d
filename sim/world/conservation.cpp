// Identities that every run must keep, in release builds too. Each compares two figures that were
// counted in different places, so that a lost transfer or a byte counted twice shows.

#include <algorithm>
#include <array>
#include <cmath>

#include "models/sampling/representatives.hpp"
#include "sim/world/world.hpp"

namespace fleetcache::world {
namespace {

void exact(probes::Record& record, const std::string& name, std::uint64_t lhs, std::uint64_t rhs) {
  record.conservation.push_back(
      {name, static_cast<double>(lhs), static_cast<double>(rhs), 0, lhs == rhs});
}

/// The shares of a job's time are never negative and add up to all of it.
void time_adds_up(probes::Record& record, const std::string& job, const TrainingReport& t) {
  probes::Check check;
  check.name = "time of " + job + " = compute + stall + checkpoint + restore + lost";
  check.lhs = t.elapsed_s;
  check.rhs = t.compute_s + t.stall_s + t.checkpoint_s + t.restore_s + t.lost_s;
  check.tolerance = 1e-9;
  const double slack = check.tolerance * std::max(1.0, check.lhs);
  const double least = std::min({t.compute_s, t.stall_s, t.checkpoint_s, t.restore_s, t.lost_s});
  check.ok = least >= -slack && std::abs(check.lhs - check.rhs) <= slack;
  record.conservation.push_back(check);
}

}  // namespace

void World::little(probes::Record& record, const std::string& station, TimePoint now,
                   probes::VisitorNs present_ns) const {
  const probes::Population& population = collector_.populations().at(station);
  if (population.arrivals() == 0) return;
  probes::Check check;
  check.name = "Little's law, " + station;
  check.lhs = static_cast<double>(population.integral_ns(now));
  check.rhs = static_cast<double>(population.sojourn_ns() + present_ns);
  check.ok = population.integral_ns(now) == population.sojourn_ns() + present_ns;
  record.conservation.push_back(check);
}

// Keys that were drawn by what also decides who owns them would all be with few owners: the loss of
// one of these would then mean too much, that of any other nothing.
void World::check_samples(probes::Record& record) const {
  if (!cache_->enabled()) return;
  constexpr std::uint64_t kLookedAt = 20'000;
  constexpr double kNeverByChance = 45;  // chi-square of 1 degree: 2e-11
  for (std::size_t i = 0; i < training_.size(); ++i) {
    const StepReaders& readers = training_[i]->readers();
    const std::uint64_t count = std::min(readers.sample_size(), kLookedAt);
    const NodeId first = job_nodes_[i].second;
    const auto members = cache_->members(cache_->domain_of(first));
    if (count < 100 || members.size() < 2) continue;
    const NodeId middle = members[members.size() / 2];
    std::array<std::array<std::uint64_t, 2>, 2> counts{};
    for (const bool in_sample : {false, true}) {
      for (std::uint64_t n = 0; n < count; ++n) {
        const NodeId owner = cache_->owner(cache_->domain_of(first), readers.object(n, in_sample));
        ++counts[in_sample ? 1 : 0][owner < middle ? 1 : 0];
      }
    }
    const models::IndependenceCheck check = models::independent_samples(counts);
    record.conservation.push_back(
        {"sampled keys independent of their owners, " + training_[i]->job().name,
         check.share_sampled, check.share_others, 0, check.statistic < kNeverByChance});
  }
}

void World::check_conservation(probes::Record& record) const {
  for (std::size_t c = 0; c < probes::kClasses; ++c) {
    const auto traffic = static_cast<probes::TrafficClass>(c);
    const std::uint64_t asked = collector_.asked_total(traffic);
    if (asked == 0) continue;
    std::uint64_t open = path_->unfinished_bytes(traffic);
    if (traffic == probes::TrafficClass::kKv) {
      for (const auto& service : inference_) open += service->unfinished_bytes();
    }
    exact(record, "bytes asked = served + failed + unfinished, " + std::string(name_of(traffic)),
          asked, collector_.served_played(traffic) + collector_.failed_total(traffic) + open);
  }

  std::uint64_t unfinished = path_->unfinished_requests();
  for (const auto& service : inference_) unfinished += service->unfinished();
  record.requests.unfinished = unfinished;
  const probes::Requests& r = record.requests;
  exact(record, "requests in = done + failed + unfinished", r.in, r.done + r.failed + unfinished);

  const engine::FlowStats& flows = flows_->stats();
  exact(record, "operations in transfer = live flows",
        path_->in_transfer() + origin_->in_transfer(), flows.started - flows.finished);
  exact(record, "bytes out of accounts and stamps = bytes read from the origin",
        origin_->link_bytes_read(), origin_->bytes_read());

  // Little's law as an identity: the time integral of the population, kept by events, against the
  // stamps of the visitors, those who left and those still inside.
  const TimePoint now = queue_.now();
  little(record, "reads", now, path_->present_ns(now));
  little(record, "origin", now, origin_->present_ns(now));
  for (const auto& service : inference_) {
    const std::string name = "infer." + service->service().name + ".";
    little(record, name + "requests", now, service->present_ns(now));
    little(record, name + "slots", now, service->present_in_slots_ns(now));
  }
  for (const auto& job : training_) time_adds_up(record, job->job().name, job->report(now));
  if (!stopped_early_) {
    exact(record, "events planned = events played", events_->steps_planned(),
          events_->steps_played());
    exact(record, "absence of nodes, as planned = as it was", events_->planned_absent_ns(date()),
          events_->absent_ns(now));
  }
  check_samples(record);
  const std::string audit = cache_->audit();
  record.conservation.push_back({audit.empty() ? "cache audit" : "cache audit: " + audit,
                                 audit.empty() ? 0.0 : 1.0, 0, 0, audit.empty()});
}

}  // namespace fleetcache::world
