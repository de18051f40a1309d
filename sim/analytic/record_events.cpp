// Fleet events by arithmetic, one binding constraint each: what a simulation of them is held
// against.
#include <algorithm>
#include <cmath>
#include <set>

#include "models/capacity/refill.hpp"
#include "sim/analytic/cache_content.hpp"
#include "sim/analytic/checkpoints.hpp"
#include "sim/analytic/record_parts.hpp"
#include "sim/analytic/resources.hpp"
#include "sim/analytic/text.hpp"

namespace fleetcache::analytic {

namespace {

using probes::Record;
using probes::Table;

// Where the scenario says nothing.
constexpr double kUpgradeFraction = 0.01, kUpgradeEach_s = 90, kRepair_s = 3600;

std::string binds(const std::string& what) {
  return what + (what.ends_with('s') ? " bind" : " binds");
}

struct PoolFill {
  double per_node = 0;  // bytes cached on one node in steady state
  double object = 1;    // of what is read back
};

// What the largest tier holds: the data sets' cached parts, or all of it where a service fills it.
PoolFill fill_of(const Solved& s, const PoolView& pool) {
  PoolFill fill;
  const scenario::CacheTier* tier = s.design.cache ? largest_tier(s.view, pool) : nullptr;
  if (tier == nullptr) return fill;
  const double capacity = domain_capacity(s.view, pool, *tier, s.design.nvme) / pool.domain_nodes;
  double held = pool.services.empty() ? 0 : capacity;
  std::set<std::string> counted;
  for (const std::uint32_t j : pool.jobs) {
    const JobView& job = s.view.jobs[j];
    fill.object = std::max(fill.object, job.object);
    if (!counted.insert(job.job->dataset).second) continue;
    held += s.course.phases.steady.job[j].hits.cached *
            static_cast<double>(job.dataset->size.count) / pool.domain_nodes;
  }
  for (const std::uint32_t i : pool.services)
    fill.object = std::max(fill.object, s.view.services[i].block_bytes);
  fill.per_node = std::min(capacity, held);
  return fill;
}

// What is left of the origin's way beside the steady reads.
double origin_left(const Solved& s, std::uint32_t region, double object) {
  const double all = path_capacity(s.view, s.design, region, object).count;
  return std::max(0.0, all - s.course.phases.steady.region[region].origin_served);
}

void random_losses(const Solved& s, Record& record, Table& t) {
  const scenario::Scenario& sc = *s.view.scenario;
  double per_day = 0, down = 0, refill = 0;
  for (const PoolView& pool : s.view.pools) {
    const double gpus = pool.pool->sku.gpus;
    const Duration mtbf = sc.failures.node.mtbf;
    const double rate =
        mtbf.count > 0 ? 1 / to_seconds(mtbf) : gpus * sc.assumptions.gpu_failure_rate.count;
    const Duration repair =
        sc.failures.node.repair.count > 0 ? sc.failures.node.repair : from_seconds(kRepair_s);
    const models::LossAnswer a =
        models::losses({pool.nodes, rate, fill_of(s, pool).per_node, 1, repair});
    per_day += a.per_day;
    down += a.down_mean;
    refill += a.refill_mean.count;
  }
  put_metric(record, "fleet.node_losses_per_day", per_day, "1");
  put_metric(record, "fleet.nodes_down", down, "1");
  put_metric(record, "refill.bytes_per_second", refill, "B/s");
  t.rows.push_back({"nodes lost at random", "fleet", digits(per_day) + " a day",
                    digits(down) + " down", "refill " + bytes_per_second(refill)});
}

void rack_loss(const Solved& s, std::uint32_t p, Record& record, Table& t) {
  const PoolView& pool = s.view.pools[p];
  const PoolFill fill = fill_of(s, pool);
  if (fill.per_node <= 0) return;
  const double nodes = std::min(pool.nodes, static_cast<double>(pool.fabric->nodes_per_rack));
  const double lost = nodes * fill.per_node;
  std::vector<models::RateLimit> limits = {
      {"ToR", pool.fabric->tor}, {"NICs", BytesPerSecond(nodes * pool.fabric->nic.count)}};
  if (pool.fabric->nvme_write.count > 0)
    limits.push_back({"NVMe writes", BytesPerSecond(nodes * pool.fabric->nvme_write.count)});
  // KV blocks come back from prefill, not from an origin.
  if (!pool.jobs.empty())
    limits.push_back({"origin", BytesPerSecond(origin_left(s, pool.region, fill.object))});
  const models::RefillAnswer a = models::refill(lost, limits);
  put_metric(record, "rack_loss.refill_s." + pool.name, a.seconds, "s");
  t.rows.push_back({"rack lost, its nodes come back empty", pool.name,
                    byte_count(lost) + " of " + count(nodes) + " nodes", seconds(a.seconds),
                    binds(a.binding)});
}

void upgrade(const Solved& s, std::uint32_t p, Record& record, Table& t) {
  const PoolView& pool = s.view.pools[p];
  const PoolFill fill = fill_of(s, pool);
  models::UpgradeSpec spec;
  spec.nodes = pool.nodes;
  spec.fraction = kUpgradeFraction;
  spec.each = from_seconds(kUpgradeEach_s);
  bool planned = false;
  for (const scenario::FleetEvent& e : s.view.scenario->events) {
    if (planned || e.kind != scenario::EventKind::kUpgrade) continue;
    if (e.region != s.view.region_name(pool.region)) continue;
    if (!e.pool.empty() && e.pool != pool.fabric->name) continue;
    planned = true;
    spec.fraction = e.fraction;
    spec.each = e.each;
    spec.keeps = e.keeps_nvme;
  }
  spec.cached_bytes = fill.per_node;
  const double away = std::max(1.0, spec.nodes * spec.fraction);
  const double into = std::min(pool.fabric->nic.count, pool.fabric->nvme_write.count > 0
                                                           ? pool.fabric->nvme_write.count
                                                           : pool.fabric->nic.count);
  const double share =
      pool.jobs.empty() ? into : std::min(into, origin_left(s, pool.region, fill.object) / away);
  spec.refill_s = share > 0 ? fill.per_node / share : 1e12;
  const models::UpgradeAnswer a = models::rolling_upgrade(spec);
  put_metric(record, "upgrade.duration_s." + pool.name, a.duration_s, "s");
  put_metric(record, "upgrade.nodes_away." + pool.name, a.away, "1");
  put_metric(record, "upgrade.refill_bytes_per_second." + pool.name, a.refill_demand.count, "B/s");
  put_metric(record, "upgrade.hit_deficit." + pool.name, a.hit_deficit, "ratio");
  t.rows.push_back({"rolling upgrade, " + percent(spec.fraction) + " for " +
                        seconds(to_seconds(spec.each)) + (planned ? "" : " (assumed)") +
                        (spec.keeps ? ", NVMe kept" : ", NVMe lost"),
                    pool.name, count(a.away) + " away", seconds(a.duration_s),
                    "asks " + bytes_per_second(a.refill_demand.count) + ", hits less " +
                        percent(a.hit_deficit)});
}

void restart_storm(const Solved& s, std::uint32_t r, Record& record, Table& t) {
  double bytes = 0, alone = 0, nodes = 0, nic = 0, part = 1;
  for (const JobView& job : s.view.jobs) {
    if (job.region != r || job.job->checkpoint.size.count == 0) continue;
    const auto size = static_cast<double>(job.job->checkpoint.size.count);
    bytes += size;
    nodes += job.nodes;
    nic += job.nodes * s.view.pools[job.pool].fabric->nic.count;
    part = std::max(part, size / job.nodes);
    alone = std::max(alone, restore_seconds(s.view, s.design, job));
  }
  if (bytes <= 0) return;
  const double origin = path_capacity(s.view, s.design, r, part).count;
  const models::RefillAnswer a =
      models::refill(bytes, {{"origin", BytesPerSecond(origin)}, {"NICs", BytesPerSecond(nic)}});
  const double storm = std::max(a.seconds, alone);
  put_metric(record, "restart.storm_s." + s.view.region_name(r), storm, "s");
  t.rows.push_back({"all jobs restore their checkpoints at once", s.view.region_name(r),
                    byte_count(bytes) + " into " + count(nodes) + " nodes", seconds(storm),
                    a.seconds >= alone ? binds(a.binding) : "the slowest stream binds"});
}

void cold_start(const Solved& s, std::size_t j, Record& record, Table& t) {
  const JobView& job = s.view.jobs[j];
  const JobAnswer& cold = s.course.phases.first.job[j];
  const double held = s.course.phases.steady.job[j].hits.cached;
  const double filled = models::epoch_fill_s(static_cast<double>(job.dataset->size.count), held,
                                             BytesPerSecond(cold.rate));
  put_metric(record, "cold_start.fill_s." + job.job->name, filled, "s");
  t.rows.push_back(
      {"cold start: the cached part is read once", job.job->name,
       percent(held) + " of " + byte_count(static_cast<double>(job.dataset->size.count)),
       seconds(filled), cold.binding.empty() ? "the job's own pace" : cold.binding + " binds"});
}

}  // namespace

void add_events(const Solved& s, Record& record) {
  Table t;
  t.title = "EVENTS BY ARITHMETIC, planned or not: what each takes; one constraint binds";
  t.columns = {"event", "where", "how much", "time", "what binds, what it asks"};
  random_losses(s, record, t);
  for (std::uint32_t p = 0; p < s.view.pools.size(); ++p) {
    if (s.view.pools[p].jobs.empty() && s.view.pools[p].services.empty()) continue;
    rack_loss(s, p, record, t);
    upgrade(s, p, record, t);
  }
  for (std::uint32_t r = 0; r < s.view.regions.size(); ++r) restart_storm(s, r, record, t);
  if (s.design.cache)
    for (std::size_t j = 0; j < s.view.jobs.size(); ++j) cold_start(s, j, record, t);
  t.notes = {
      "everything lost is taken to be read again (reuse 1): upper bounds; the origin's share "
      "is what steady reads leave of it",
      "node failures: failures.node.mtbf, else accelerators x assumptions.gpu_failure_rate; "
      "repair failures.node.repair, else 1 h (assumed)"};
  record.tables.push_back(t);
}

}  // namespace fleetcache::analytic
