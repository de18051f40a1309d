// How each headline figure was reached: the formula, then its numbers, then the keys it rests on.
#include <algorithm>
#include <cmath>

#include "sim/analytic/cache_content.hpp"
#include "sim/analytic/record_parts.hpp"
#include "sim/analytic/text.hpp"

namespace fleetcache::analytic {

namespace {

using probes::Derivation;
using probes::Record;

std::string job_path(const JobView& j) { return "workloads." + j.job->name; }

std::vector<std::string> cache_inputs(const Solved& s, const JobView& j) {
  std::vector<std::string> keys = {"datasets." + j.job->dataset + ".size", job_path(j) + ".nodes",
                                   "cache.scope"};
  for (const scenario::CacheTier& t : s.view.scenario->cache.tiers) {
    const std::string tier = t.medium == scenario::Medium::kDram ? "dram" : "nvme";
    keys.push_back("cache.tiers." + tier + ".capacity");
    keys.push_back("cache.tiers." + tier + ".eviction");
  }
  return keys;
}

void hit_steps(const Solved& s, std::size_t j, Derivation& d) {
  const JobView& job = s.view.jobs[j];
  const JobHits& h = s.course.phases.steady.job[j].hits;
  const PoolView& pool = s.view.pools[job.pool];
  if (const scenario::CacheTier* tier = s.design.cache ? largest_tier(s.view, pool) : nullptr)
    d.steps.push_back("cache of " + count(pool.domain_nodes) +
                      " nodes: " + byte_count(domain_capacity(s.view, pool, *tier, s.design.nvme)) +
                      " of a data set of " +
                      byte_count(static_cast<double>(job.dataset->size.count)) +
                      ", shared with what else lies there: c = " + percent(h.cached));
  d.steps.push_back(h.formula + " -> h = " + percent(h.hit) +
                    (h.units > 1 ? " (over " + count(h.units) + " caches)" : "") +
                    (h.readers > 1 ? " (" + count(h.readers) + " jobs read it)" : ""));
}

Derivation stall_of(const Solved& s, std::size_t j, bool goodput) {
  const JobView& job = s.view.jobs[j];
  const JobAnswer &a = s.course.phases.steady.job[j], &cold = s.course.phases.first.job[j];
  Derivation d;
  d.formula = goodput
                  ? "goodput = (1 - checkpoint share) x compute / step, first epoch and steady "
                    "state weighted by time, of the time that it is not stopped"
                  : "stall = (step - compute) / step x (1 - checkpoint share); step = compute + "
                    "max(compute (f*/f - 1), E[(slowest read - read-ahead)+])";
  d.steps.push_back("f* = nodes x bytes per step / compute = " + count(job.nodes) + " x " +
                    byte_count(a.wanted * a.compute_s / job.nodes) + " / " + seconds(a.compute_s) +
                    " = " + bytes_per_second(a.wanted));
  hit_steps(s, j, d);
  for (const JobAnswer* p : {&cold, &a}) {
    const std::string when = p == &cold ? "first epoch, at its start: " : "steady: ";
    d.steps.push_back(when + "f = " + bytes_per_second(p->rate) + " (" +
                      (p->binding.empty() ? "nothing binds" : p->binding + " binds") +
                      "), so the bytes cost " + seconds(p->rate_stall_s) + " a step");
    d.steps.push_back(when + digits(p->slow_reads_per_step) + " origin reads in " +
                      percent(p->reading_steps) + " of the steps, read-ahead " +
                      seconds(job.job->prefetch * p->compute_s) + ": the slowest costs " +
                      seconds(p->slow_read_s) + " a step");
    d.steps.push_back(when + "step = " + seconds(p->step_s) + ", stall = " + percent(p->stall) +
                      ", goodput = " + percent(p->goodput));
  }
  d.steps.push_back("checkpoints stand still " + percent(a.checkpoint_share) + " of the time");
  d.steps.push_back("the first batch is there after " + seconds(cold.start_s) +
                    "; over the first epoch h = " + percent(s.course.phases.first_hit[j]) +
                    ", stall = " + percent(s.course.phases.first_stall[j]));
  const JobCourse& c = s.course.job[j];
  d.steps.push_back("stopped " + count(c.stops) + " times: nodes away " + percent(c.down) +
                    ", restoring " + percent(c.restore) + ", computed again " + percent(c.redone) +
                    " of the measured time");
  d.steps.push_back("first epoch takes " + percent(s.course.job[j].first_share) +
                    " of the measured time: stall = " + percent(s.course.job[j].stall) +
                    ", goodput = " + percent(s.course.job[j].goodput));
  d.inputs = cache_inputs(s, job);
  for (const char* key :
       {".bytes_per_step", ".compute", ".prefetch", ".checkpoint.every", ".checkpoint.stall"})
    d.inputs.push_back(job_path(job) + key);
  const std::string home = "regions." + s.view.region_name(job.home) + ".";
  for (const char* key : {"blob.accounts", "blob.egress", "blob.requests", "blob.first_byte.p50",
                          "blob.first_byte.p99", "bifrost.stamp"})
    d.inputs.push_back(home + key);
  return d;
}

// What failures of its nodes cost a job in the mean.
Derivation failures_of(const Solved& s, const JobView& job, const JobAnswer& a) {
  Derivation d;
  d.formula =
      "best interval = sqrt(2 write MTTI) (Young); waste = 1 - T / (M e^(R/M) (e^((T + w)/M) - "
      "1)) (exact renewal), T the interval, w the write, R the restore, M the MTTI";
  const Duration mtbf = events::node_mtbf(*s.view.scenario, *s.view.pools[job.pool].pool);
  d.steps.push_back("MTTI = " + seconds(to_seconds(mtbf)) +
                    " (failures.node.mtbf, else by GPUs) / " + count(job.nodes) +
                    " nodes = " + seconds(a.mtti_s));
  d.steps.push_back("write stands still " + seconds(a.checkpoint_write_s) +
                    ", is in the accounts after " + seconds(a.checkpoint_drain_s) + "; restore " +
                    seconds(a.restore_s));
  d.steps.push_back("best interval " + seconds(a.best_interval_s) + ": waste " +
                    percent(a.best_waste));
  d.steps.push_back("the scenario's " + seconds(to_seconds(job.job->checkpoint.every)) +
                    ": waste " + percent(a.failure_waste));
  const bool of_nodes = s.view.scenario->failures.node.mtbf.count > 0;
  d.inputs.push_back(of_nodes ? "failures.node.mtbf" : "assumptions.gpu_failure_rate");
  for (const char* key : {".nodes", ".checkpoint.size", ".checkpoint.every", ".checkpoint.stall"})
    d.inputs.push_back(job_path(job) + key);
  return d;
}

Derivation hit_of(const Solved& s) {
  Derivation d;
  d.formula = "h = sum over jobs of f h / sum of f, in steady state";
  for (std::size_t j = 0; j < s.view.jobs.size(); ++j) {
    const std::size_t before = d.steps.size();
    hit_steps(s, j, d);
    for (std::size_t i = before; i < d.steps.size(); ++i)
      d.steps[i] = s.view.jobs[j].job->name + ": " + d.steps[i];
    for (const std::string& key : cache_inputs(s, s.view.jobs[j]))
      if (std::find(d.inputs.begin(), d.inputs.end(), key) == d.inputs.end())
        d.inputs.push_back(key);
  }
  d.steps.push_back("h = " + percent(dataset_hit_ratio(s.view, s.course.phases.steady)));
  return d;
}

Derivation origin_of(const Solved& s, std::uint32_t r) {
  const RegionAnswer& a = s.course.phases.steady.region[r];
  Derivation d;
  d.formula = "origin = sum over jobs whose data live here of f (1 - h - remote)";
  for (std::size_t j = 0; j < s.view.jobs.size(); ++j) {
    const JobView& job = s.view.jobs[j];
    if (job.home != r) continue;
    const JobAnswer& p = s.course.phases.steady.job[j];
    d.steps.push_back(job.job->name + ": " + bytes_per_second(p.rate) + " x (1 - " +
                      percent(p.hits.hit) +
                      ") = " + bytes_per_second(p.rate * p.hits.from_origin()));
    d.inputs.push_back(job_path(job) + ".bytes_per_step");
    d.inputs.push_back(job_path(job) + ".compute");
  }
  d.steps.push_back("asked for " + bytes_per_second(a.origin_wanted) + ", taken " +
                    bytes_per_second(a.origin_served));
  return d;
}

Derivation accounts_of(const Solved& s, std::uint32_t r, const RegionAnswer& a) {
  const scenario::BlobFrontEnd& blob = s.view.regions[r]->blob;
  const std::string path = "regions." + s.view.region_name(r) + ".blob.";
  Derivation d;
  d.formula =
      "accounts = max(ceil(D (1-h) / egress), ceil(requests / rate), ceil(writes / ingress), "
      "ceil(stored / capacity))";
  const auto n = [](std::uint64_t x) { return count(static_cast<double>(x)); };
  d.steps.push_back("egress: " + bits_per_second(a.front_end_wanted) + " / " +
                    bits_per_second(blob.egress.count) + " -> " + n(a.plan.by_egress));
  d.steps.push_back("requests: " + digits(a.requests) + "/s / " + digits(blob.requests.count) +
                    "/s -> " + n(a.plan.by_requests));
  d.steps.push_back("ingress: " + bits_per_second(a.ingress) + " / " +
                    bits_per_second(blob.ingress.count) + " -> " + n(a.plan.by_ingress));
  d.steps.push_back("capacity: " + byte_count(a.stored) + " / " +
                    byte_count(static_cast<double>(blob.capacity.count)) + " -> " +
                    n(a.plan.by_capacity));
  d.steps.push_back(n(a.plan.accounts) + " accounts, set by " +
                    std::string(models::name(a.plan.limit)) + "; the scenario has " +
                    count(a.accounts));
  d.inputs = {path + "accounts", path + "egress", path + "requests", path + "ingress",
              path + "capacity"};
  return d;
}

Derivation flip_of(const Solved& s, const FlipPoints& f) {
  Derivation d;
  d.formula =
      "the x at which D(x) (1 - h(x)) fills what binds at the front end; bisection over x, "
      "h from the cache model at each x";
  d.steps.push_back("now " + digits(f.per_gpu / 1e6) + " MB/s per GPU");
  if (f.crossing_resource.empty()) {
    d.steps.push_back(f.front_end_to > 0 ? "it does not fill at a million times this demand: h = 1"
                                         : "it is full at a millionth of this demand");
  } else {
    d.steps.push_back("crossing at " + digits(f.front_end_to / 1e6) + " MB/s per GPU: D = " +
                      bytes_per_second(f.crossing_demand) + ", h = " + percent(f.crossing_hit));
    d.steps.push_back("offered to " + f.crossing_resource + ": " +
                      amount(f.crossing_offered, f.crossing_unit) + ", capacity " +
                      amount(f.crossing_capacity, f.crossing_unit));
  }
  d.steps.push_back("in the first epoch (h = 0 for one reader): " +
                    digits(f.front_end_first_to / 1e6) + " MB/s per GPU");
  const std::string path = "regions." + s.view.region_name(f.region) + ".";
  d.inputs = {path + "blob.accounts", path + "blob.egress", path + "blob.requests",
              path + "blob.fleet_egress", path + "bifrost.stamp"};
  return d;
}

Derivation kv_of(const Solved& s) {
  Derivation d;
  d.formula =
      "h = (shared blocks x sum p (1 - e^(-p T)) + earlier turns' blocks (1 - e^(-T/think))) / "
      "blocks; T from occupancy(T) = capacity";
  for (std::size_t i = 0; i < s.view.services.size(); ++i) {
    const ServiceView& v = s.view.services[i];
    if (!v.synthetic) continue;
    const ServiceAnswer& a = s.course.phases.steady.service[i];
    d.steps.push_back(v.service->name + ": " + digits(v.demand.blocks) + " blocks a request, " +
                      digits(v.demand.shared_blocks) + " of a shared prefix, " +
                      digits(v.demand.reused_blocks) +
                      " of earlier turns; T = " + seconds(a.hits.window_s) + ": prefixes hit " +
                      percent(a.hits.kv.prefix_hit) + ", turns " + percent(a.hits.kv.turn_hit) +
                      (a.hits.formula.empty() ? "" : " (" + a.hits.formula + ")") +
                      " -> h = " + percent(a.hits.kv.block_hit_ratio));
    for (const char* key :
         {"rate", "prompt_tokens", "turns", "think", "prefixes", "shared_fraction"})
      d.inputs.push_back("workloads." + v.service->name + ".requests." + key);
  }
  return d;
}

Derivation ttft_of(const ServiceView& v, const ServiceAnswer& a) {
  Derivation d;
  d.formula =
      "TTFT = queue + fetch + prefill; queue W' = max(0, W + S - T) to its fixed point (Lindley; "
      "Allen-Cunneen in sweeps); p50, p99 of that wait plus a service mixed over turns";
  d.steps.push_back("prefill " + seconds(a.prefill_mean_s) + " + fetch " + seconds(a.fetch_mean_s) +
                    " = S " + seconds(a.queue.service_s) +
                    ", cs^2 = " + digits(a.queue.service_cv2));
  d.steps.push_back("one node: " + digits(a.queue.arrival_rate) + " requests/s, ca^2 = " +
                    digits(a.queue.arrival_cv2) + ", " + count(a.queue.servers) + " slots: busy " +
                    percent(a.utilization) + ", queue " + seconds(a.queue_mean_s));
  d.steps.push_back("TTFT mean " + seconds(a.ttft_mean_s) + ", p50 " + seconds(a.ttft_p50_s) +
                    ", p99 " + seconds(a.ttft_p99_s));
  const std::string path = "workloads." + v.service->name + ".";
  d.inputs = {path + "nodes", path + "prefill_tokens", path + "prefill_slots",
              path + "requests.rate", path + "requests.prompt_tokens"};
  return d;
}

}  // namespace

void add_derivations(const Solved& s, Record& record) {
  auto& out = record.derivations;
  for (std::size_t j = 0; j < s.view.jobs.size(); ++j) {
    const std::string name = "train." + s.view.jobs[j].job->name + ".";
    out[name + "goodput"] = stall_of(s, j, true);
    for (const char* metric : {"stall", "stall_first_epoch", "stall_steady", "rate", "hit_ratio",
                               "slow_read_stall", "first_epoch_share"})
      out[name + metric] = stall_of(s, j, false);
    if (s.course.phases.steady.job[j].mtti_s > 0)
      for (const char* metric :
           {"mtti", "checkpoint_interval_best", "checkpoint_waste", "checkpoint_waste_best"})
        out[name + metric] = failures_of(s, s.view.jobs[j], s.course.phases.steady.job[j]);
  }
  if (!s.view.jobs.empty()) out["cache.hit_ratio.dataset"] = hit_of(s);
  for (std::uint32_t r = 0; r < s.view.regions.size(); ++r) {
    const std::string& name = s.view.region_name(r);
    out["origin.bytes_per_second." + name] = origin_of(s, r);
    out["accounts." + name] = accounts_of(s, r, s.course.phases.steady.region[r]);
    out["accounts_first_epoch." + name] = accounts_of(s, r, s.course.phases.first.region[r]);
    out["accounts_no_cache." + name] = accounts_of(s, r, s.no_cache.front().region[r]);
    if (s.flips[r].per_gpu > 0)
      for (const char* flip : {"flip.front_end.", "flip.front_end_first_epoch."})
        out[flip + name] = flip_of(s, s.flips[r]);
  }
  bool kv = false;
  for (std::size_t i = 0; i < s.view.services.size(); ++i) {
    const ServiceView& v = s.view.services[i];
    if (!v.synthetic) continue;
    kv = true;
    for (const char* metric : {"ttft_mean", "ttft_p50", "ttft_p99"})
      out["infer." + v.service->name + "." + metric] =
          ttft_of(v, s.course.phases.steady.service[i]);
  }
  if (kv) out["kv.block_hit_ratio"] = kv_of(s);
  if (!s.view.jobs.empty()) {
    Derivation fleet;
    fleet.formula = "node-weighted mean over jobs";
    for (std::size_t j = 0; j < s.view.jobs.size(); ++j)
      fleet.steps.push_back(s.view.jobs[j].job->name + ": " + count(s.view.jobs[j].nodes) +
                            " nodes, stall " + percent(s.course.job[j].stall) + ", goodput " +
                            percent(s.course.job[j].goodput));
    fleet.steps.push_back("stall " + percent(s.course.stall) + ", goodput " +
                          percent(s.course.goodput));
    out["train.stall"] = out["train.goodput"] = fleet;
  }
}

}  // namespace fleetcache::analytic
