// The front end of each region: how long its reads take, what it refuses, and how fast the
// read-ahead windows can pull at all.
#include <algorithm>
#include <cmath>
#include <vector>

#include "models/queueing/mva.hpp"
#include "sim/analytic/checkpoints.hpp"
#include "sim/analytic/origin_wait.hpp"
#include "sim/analytic/record_parts.hpp"
#include "sim/analytic/text.hpp"

namespace fleetcache::analytic {

namespace {

using probes::Record;
using probes::Table;

constexpr std::uint32_t kClientsMost = 400'000;
constexpr double kLeftOut = 1e-5;  // of all reads, in the stages that have fewest: no law for those

struct Closed {
  double clients = 0, alone_s = 0, demand_s = 0, object = 0;
  double knee = 0;
  double rate = 0;  // B/s
};

// Read-ahead windows that are always full, over one station of the path's whole capacity.
Closed closed_network(const Solved& s, const Answer& answer, std::uint32_t region) {
  Closed c;
  double reads = 0, bytes = 0;
  for (std::size_t j = 0; j < s.view.jobs.size(); ++j) {
    const JobView& job = s.view.jobs[j];
    const JobAnswer& a = answer.job[j];
    const double missed = a.hits.from_origin();
    if (job.home != region || missed <= 0) continue;
    const double rate = a.wanted * missed / job.object;
    const OriginRead read = origin_read(*s.view.regions[region], s.design.path, job.object);
    reads += rate;
    bytes += rate * job.object;
    c.alone_s += rate * (to_seconds(read.law.mean()) + to_seconds(read.rest));
  }
  c.clients = answer.region[region].under_way;
  if (reads <= 0) return c;
  c.alone_s /= reads;
  c.object = bytes / reads;
  const double capacity = path_capacity(s.view, s.design, region, c.object).count;
  if (capacity <= 0) return c;
  c.demand_s = c.object / capacity;
  const std::vector<double> demand = {c.demand_s};
  c.knee = models::closed_knee(demand, c.alone_s);
  const double clients = std::floor(c.clients);
  // Four knees on, the station is busy all the time.
  const bool saturated = clients > 4 * c.knee + 100 || clients > kClientsMost;
  const double rate = saturated ? 1 / c.demand_s
                                : models::mean_value_analysis(demand, c.alone_s,
                                                              static_cast<std::uint32_t>(clients))
                                      .throughput;
  c.rate = rate * c.object;
  return c;
}

struct Part {
  double seconds = 0, weight = 0;
};

// None where the job reads nothing from its origin.
StepReads step_reads(const Solved& s, const Answer& phase, std::size_t j) {
  const JobAnswer& a = phase.job[j];
  const bool reads = a.reading_steps > 0 && a.slow_reads_per_step > 0 && std::isfinite(a.step_s);
  return {s.view.jobs[j].object, a.slow_reads_per_step, reads ? a.step_s / a.reading_steps : 0};
}

// The law of one read of a job: that of bursts where a step's reads come at once to a way that is
// not full, that of a line where it is full and plans come one by one; else 200 quantiles of the
// first byte plus the rest.
std::vector<models::TimeShare> read_law(const Solved& s, const Answer& phase, std::size_t j) {
  constexpr int kPoints = 200;
  const JobView& job = s.view.jobs[j];
  const JobAnswer& a = phase.job[j];
  if (a.origin_read_s <= 0) return {};
  std::vector<models::TimeShare> law;
  if (a.rate_stall_s > 0 && direct_share(s.view, s.design, job.home) > 0) {
    return queued_law(s.view, s.design, phase.resource, job, a.step_s);
  }
  if (!a.origin_full) {
    std::vector<StepReads> others;
    for (std::size_t i = 0; i < s.view.jobs.size(); ++i)
      if (i != j && s.view.jobs[i].home == job.home) others.push_back(step_reads(s, phase, i));
    law = burst_law(s.view, s.design, phase.resource, job.home, step_reads(s, phase, j), others);
    const OriginWait wait = origin_wait(s.view, s.design, phase.resource, job.home, job.object,
                                        a.slow_reads_per_step, phase.region[job.home].under_way);
    for (models::TimeShare& t : law) t.seconds += wait.tokens_s / 2;
  }
  if (!law.empty()) return law;
  const OriginRead read = origin_read(*s.view.regions[job.home], s.design.path, job.object);
  for (int i = 0; i < kPoints; ++i)
    law.push_back(
        {to_seconds(read.law.quantile((i + 0.5) / kPoints)) + std::max(0.0, a.origin_rest_s),
         1.0 / kPoints});
  return law;
}

// By job; empty for those that read nothing from an origin.
using ReadLaws = std::vector<std::vector<models::TimeShare>>;

// Stages differ by what other regions do: most laws are those of another stage.
const std::vector<models::TimeShare>& known_law(const Solved& s, const Answer& phase, std::size_t j,
                                                EpochLaw& law) {
  constexpr std::size_t kPoints = 200;
  const JobAnswer& a = phase.job[j];
  std::vector<double> key = {
      static_cast<double>(j), a.origin_read_s, a.rate_stall_s,  a.step_s,
      a.slow_reads_per_step,  a.reading_steps, a.origin_rest_s, a.origin_full ? 1.0 : 0.0,
      s.design.origin};
  for (const ResourceAnswer& r : phase.resource)
    if (r.kind == ResourceKind::kPlans && r.region == s.view.jobs[j].home)
      key.push_back(r.utilization());
  for (std::size_t i = 0; i < s.view.jobs.size(); ++i) {
    if (i == j || s.view.jobs[i].home != s.view.jobs[j].home) continue;
    const StepReads other = step_reads(s, phase, i);
    key.insert(key.end(), {other.reads, other.period_s});
  }
  const auto [entry, fresh] = law.reads().try_emplace(std::move(key));
  if (fresh) entry->second = models::thinned(read_law(s, phase, j), kPoints);
  return entry->second;
}

ReadLaws read_laws(const Solved& s, const Answer& phase) {
  ReadLaws laws;
  for (std::size_t j = 0; j < s.view.jobs.size(); ++j) laws.push_back(read_law(s, phase, j));
  return laws;
}

// Read times of all stages as weighted points.
std::vector<Part> read_times(const Solved& s, EpochLaw& law) {
  struct Reads {
    double count = 0;
    const Stage* stage = nullptr;
    std::size_t job = 0;
  };
  std::vector<Reads> reads;
  double all = 0;
  for (const Stage& stage : s.course.stage)
    for (std::size_t j = 0; j < s.view.jobs.size(); ++j) {
      reads.push_back({stage.origin[j] / s.view.jobs[j].object, &stage, j});
      all += reads.back().count;
    }
  std::stable_sort(reads.begin(), reads.end(),
                   [](const Reads& a, const Reads& b) { return a.count < b.count; });
  std::vector<Part> parts;
  double left_out = 0;
  for (const Reads& r : reads) {
    if (left_out + r.count <= kLeftOut * all) {
      left_out += r.count;
      continue;
    }
    for (const models::TimeShare& t : known_law(s, r.stage->answer, r.job, law))
      parts.push_back({t.seconds, r.count * t.share});
  }
  // Checkpoints are read back node by node, all at once.
  for (std::size_t j = 0; j < s.view.jobs.size(); ++j) {
    const double parts_read = s.course.job[j].restores * s.view.jobs[j].nodes;
    if (parts_read <= 0) continue;
    const double mean_s = s.course.job[j].restore * s.course.seconds / s.course.job[j].restores;
    parts.push_back({mean_s, parts_read});
  }
  std::stable_sort(parts.begin(), parts.end(),
                   [](const Part& a, const Part& b) { return a.seconds < b.seconds; });
  return parts;
}

double quantile(const std::vector<Part>& parts, double total, double p) {
  double sum = 0;
  for (const Part& part : parts) {
    sum += part.weight;
    if (sum >= p * total) return part.seconds;
  }
  return parts.back().seconds;
}

void put_reads(const Solved& s, EpochLaw& law, Record& record) {
  const std::vector<Part> parts = read_times(s, law);
  if (parts.empty()) return;
  double total = 0, mean = 0;
  for (const Part& part : parts) {
    total += part.weight;
    mean += part.weight * part.seconds;
  }
  put_metric(record, "origin.read_mean", mean / total, "s");
  put_metric(record, "origin.read_p50", quantile(parts, total, 0.50), "s");
  put_metric(record, "origin.read_p95", quantile(parts, total, 0.95), "s");
  put_metric(record, "origin.read_p99", quantile(parts, total, 0.99), "s");
}

// Attempts at the front end over the measured time, refused ones included.
void put_attempts(const Solved& s, Record& record) {
  double attempts = 0, refused = 0;
  for (std::size_t j = 0; j < s.view.jobs.size(); ++j) {
    const JobView& job = s.view.jobs[j];
    const double classic = 1 - direct_share(s.view, s.design, job.home);
    for (const Stage& stage : s.course.stage) {
      const models::ThrottleAnswer& t = stage.answer.region[job.home].throttle;
      const double reads = stage.origin[j] / job.object * classic;
      attempts += reads * t.attempts;
      refused += reads * t.attempts * t.refused;
    }
    attempts +=
        job.nodes * (s.course.job[j].checkpoints +
                     s.course.job[j].restores * (1 - direct_share(s.view, s.design, job.region)));
  }
  put_metric(record, "origin.attempts", attempts, "1");
  put_metric(record, "origin.throttled_ratio", attempts > 0 ? refused / attempts : 0, "ratio");
}

}  // namespace

void add_origin_figures(const Solved& s, EpochLaw& law, Record& record) {
  if (s.view.jobs.empty()) return;
  put_reads(s, law, record);
  put_attempts(s, record);
}

void add_origin_table(const Solved& s, Record& record) {
  if (s.view.jobs.empty()) return;
  const ReadLaws first = read_laws(s, s.course.phases.first);
  const ReadLaws steady = read_laws(s, s.course.phases.steady);
  Table t;
  t.title = "ORIGIN: reads under way, what they wait, how fast their windows can pull";
  t.columns = {"region", "phase",        "reads under way", "alone",   "with waits",
               "knee",   "windows pull", "asked",           "refused", "back-off"};
  for (std::uint32_t r = 0; r < s.view.regions.size(); ++r)
    for (const Answer* phase : {&s.course.phases.first, &s.course.phases.steady}) {
      const RegionAnswer& a = phase->region[r];
      const Closed c = closed_network(s, *phase, r);
      if (c.demand_s <= 0) continue;
      double read_s = 0, reads = 0;
      for (std::size_t j = 0; j < s.view.jobs.size(); ++j) {
        const auto& law = phase == &s.course.phases.first ? first[j] : steady[j];
        if (s.view.jobs[j].home != r || law.empty()) continue;
        const JobAnswer& job = phase->job[j];
        const double rate = job.rate * job.hits.from_origin() / s.view.jobs[j].object;
        reads += rate;
        read_s += rate * models::mean_of(law);
      }
      t.rows.push_back(
          {s.view.region_name(r), phase == &s.course.phases.first ? "first epoch" : "steady",
           count(a.under_way), seconds(c.alone_s), reads > 0 ? seconds(read_s / reads) : "-",
           count(c.knee), bytes_per_second(c.rate), bytes_per_second(a.origin_wanted),
           percent(a.throttle.refused), seconds(a.throttle.wait_s)});
    }
  if (t.rows.empty()) return;
  t.notes = {
      "windows pull: exact mean value analysis of read-ahead windows that are always full; "
      "knee: (alone + demand) / demand",
      "waits: Erlang C of streams on accounts or stamp, bursts of a synchronous step, "
      "tokens; refused: share of attempts where the request limit binds"};
  record.tables.push_back(t);
}

}  // namespace fleetcache::analytic
