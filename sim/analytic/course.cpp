#include "sim/analytic/course.hpp"

#include <algorithm>
#include <cmath>
#include <limits>
#include <map>

#include "sim/analytic/cache_content.hpp"
#include "sim/analytic/walker.hpp"

namespace fleetcache::analytic {
namespace {

constexpr double kLeast_s = 1e-9;  // of measured time
constexpr std::size_t kStillMost = 1'000;
constexpr double kNudge = 1e-9;
constexpr double kNever = std::numeric_limits<double>::infinity();

double seconds_of(TimePoint at) { return to_seconds(at - TimePoint{}); }

bool takes_copies(events::PlanKind kind) {
  return kind != events::PlanKind::kLinks && kind != events::PlanKind::kStage;
}

// Nodes of [first, first + nodes) that an event touches.
double touched(const events::PlannedEvent& event, std::uint32_t first, double nodes) {
  double sum = 0;
  const double last = first + nodes;
  for (const events::NodeSpan& span : event.nodes)
    sum += std::max(0.0, std::min<double>(span.last, last) - std::max<double>(span.first, first));
  return sum;
}

// Until a policy has settled, and one of a job's caches has seen as much as it will hold in the
// end. Epochs one by one at first, then in parts that are a quarter longer each.
std::vector<std::uint32_t> learning_epochs(const JobHits& hits) {
  constexpr std::uint32_t kOneByOne = 8;
  constexpr double kNear = 0.98;
  const std::uint32_t least = hits.learns ? kLearningEpochs : 1;
  std::vector<std::uint32_t> epochs = {1};
  while (epochs.back() < least || hits.seen(epochs.back()) < kNear * hits.hit)
    epochs.push_back(epochs.back() +
                     std::max(1U, epochs.back() >= kOneByOne ? epochs.back() / 4 : 1));
  return epochs;
}

class Walk {
 public:
  Walk(const FleetView& view, const Design& design, EpochLaw& law, const CourseOptions& options)
      : view_(view), design_(design), law_(law), options_(options) {
    course_.phases = evaluate_phases(view, design, law, options.parts);
    course_.job.resize(view.jobs.size());
    horizon_s_ = to_seconds(view.scenario->horizon);
    course_.from_s = std::min(horizon_s_, options.warmup * to_seconds(view.scenario->warmup));
    course_.seconds = std::max(kLeast_s, horizon_s_ - course_.from_s);
    add_walkers();
  }

  Course go() {
    double now = 0;
    bool measured = course_.from_s <= 0;
    std::size_t still = 0;
    while (is_after(horizon_s_, now)) {
      Stage& stage = stage_now();
      double next = measured ? horizon_s_ : course_.from_s;
      for (std::size_t j = 0; j < walkers_.size(); ++j)
        next = std::min(next, walkers_[j].next(now, stage.answer.job[j]));
      // What falls below the date's rounding may never come: after some turns without any time,
      // the next one is a billionth of the date on.
      still = is_after(next, now) ? 0 : still + 1;
      if (still > kStillMost) next = now + kNudge * std::max(1.0, now);
      pass(now, std::max(now, next), measured, stage);
      now = std::max(now, next);
      if (!measured && !is_after(course_.from_s, now)) {
        measured = true;
        for (Walker& walker : walkers_) walker.end_warmup();
      }
      for (std::size_t j = 0; j < walkers_.size(); ++j)
        walkers_[j].turn(now, measured, course_.job[j]);
    }
    finish();
    return std::move(course_);
  }

 private:
  void add_walkers() {
    const std::vector<events::PlannedEvent> plan =
        events::plan_events(*view_.scenario, view_.fleet);
    count_stops(plan);
    for (std::size_t j = 0; j < view_.jobs.size(); ++j) {
      const JobView& job = view_.jobs[j];
      const JobAnswer& first = course_.phases.first.job[j];
      const scenario::CacheTier* tier = largest_tier(view_, view_.pools[job.pool]);
      JobWay way;
      way.slices = design_.cache && first.hits.readers > 1 ? kFirstEpochSlices : 1;
      way.readers = first.hits.readers;
      way.epochs = learning_epochs(course_.phases.steady.job[j].hits);
      way.rereads_hit = options_.copies_are_lost;
      if (tier != nullptr) {
        way.pinned = is_pinned(*tier);
        const PoolView& pool = view_.pools[job.pool];
        const double keys =
            static_cast<double>(job.dataset->size.count) / job.object / owners_of(view_, pool);
        way.reread = [this, tier, keys, hits = course_.phases.steady.job[j].hits](double back,
                                                                                  double before) {
          return law_.reread(tier->eviction, tier->parameters, hits.cached, back / hits.units,
                             before / hits.units, keys);
        };
      }
      way.away = events::stretches_away(plan, {job.first_node, job.first_node + job.job->nodes},
                                        TimePoint{}, TimePoint{from_seconds(horizon_s_).count});
      if (design_.cache && options_.copies_are_lost) way.losses = losses_of(plan, job);
      walkers_.emplace_back(job, first, course_.phases.steady.job[j], std::move(way));
    }
  }

  // Of the caches that a job's keys are in: those of its pool, or of its own nodes where it is
  // spread over several.
  std::vector<CopyLoss> losses_of(const std::vector<events::PlannedEvent>& plan,
                                  const JobView& job) const {
    const PoolView& pool = view_.pools[job.pool];
    const bool spread = pool.domain_nodes < job.nodes;
    const std::uint32_t first = spread ? job.first_node : pool.fabric->first_node;
    const double nodes = spread ? job.nodes : pool.nodes;
    const TimePoint end{from_seconds(horizon_s_).count};
    std::vector<CopyLoss> losses;
    for (const events::PlannedEvent& event : plan) {
      const double share = takes_copies(event.kind) ? touched(event, first, nodes) / nodes : 0;
      if (share <= 0) continue;
      const bool once = event.kind == events::PlanKind::kCachesEmptied;
      const bool comes_back = event.kind == events::PlanKind::kUnreachable ||
                              (event.kind == events::PlanKind::kNodesAway && event.keeps_nvme);
      losses.push_back({seconds_of(event.at), once ? kNever : seconds_of(event.end(end)),
                        std::min(1.0, share), comes_back});
    }
    return losses;
  }

  // Users of a pool have its nodes in the order of their kinds and names, as in simulation.
  void count_stops(const std::vector<events::PlannedEvent>& plan) {
    const auto jobs = static_cast<std::uint32_t>(view_.jobs.size());
    const auto users = jobs + static_cast<std::uint32_t>(view_.services.size());
    std::vector<std::uint32_t> of_node(view_.fleet.node_count(), users);
    for (const PoolView& pool : view_.pools) {
      std::uint32_t next = pool.fabric->first_node, last = next + pool.fabric->nodes;
      const auto claim = [&](std::uint32_t nodes, std::uint32_t user) {
        nodes = std::min(nodes, last - next);
        std::fill_n(of_node.begin() + next, nodes, user);
        next += nodes;
      };
      for (const std::uint32_t j : pool.jobs) claim(view_.jobs[j].job->nodes, j);
      for (const std::uint32_t s : pool.services) claim(view_.services[s].service->nodes, jobs + s);
    }
    const TimePoint from{from_seconds(course_.from_s).count}, to{from_seconds(horizon_s_).count};
    const events::NodeUsers who{&of_node, jobs, users};
    course_.events = events::tally_events(plan, who, to);
    const auto stops = events::random_stops(plan, who, from, to);
    for (std::uint32_t j = 0; j < jobs; ++j)
      course_.job[j].random_stops = static_cast<std::uint32_t>(stops[j]);
  }

  // Jobs in the same slices and states: answered once.
  Stage& stage_now() {
    std::vector<int> key;
    Moment moment;
    for (const Walker& walker : walkers_) {
      moment.push_back(walker.moment());
      const JobMoment& m = moment.back();
      key.push_back(3 * walker.phase() + (m.restoring ? 2 : m.away ? 1 : 0));
      key.push_back(static_cast<int>(std::lround(1e6 * moment.back().copies)));
    }
    const auto [entry, fresh] = known_.try_emplace(key, course_.stage.size());
    if (fresh) {
      course_.stage.push_back({evaluate(view_, design_, moment, law_, Parts::kTraining), 0,
                               std::vector<double>(view_.jobs.size(), 0)});
    }
    return course_.stage[entry->second];
  }

  void pass(double from, double to, bool measured, Stage& stage) {
    if (measured) stage.seconds += to - from;
    for (std::size_t j = 0; j < walkers_.size(); ++j) {
      JobCourse& sum = course_.job[j];
      const double before = sum.read - sum.hit - sum.remote;
      walkers_[j].pass(to - from, stage.answer.job[j], measured, sum);
      if (measured) sum.checkpoints += walkers_[j].checkpoints(from, to);
      stage.origin[j] += sum.read - sum.hit - sum.remote - before;
    }
  }

  void finish() {
    double nodes = 0;
    for (std::size_t j = 0; j < walkers_.size(); ++j) {
      JobCourse& c = course_.job[j];
      for (double* share :
           {&c.goodput, &c.stall, &c.checkpoint, &c.restore, &c.down, &c.redone, &c.first_share})
        *share = std::clamp(*share / course_.seconds, 0.0, 1.0);
      c.position = walkers_[j].steps();
      nodes += view_.jobs[j].nodes;
      course_.goodput += view_.jobs[j].nodes * c.goodput;
      course_.stall += view_.jobs[j].nodes * c.stall;
    }
    if (nodes > 0) {
      course_.goodput /= nodes;
      course_.stall /= nodes;
    }
    std::erase_if(course_.stage, [](const Stage& stage) { return stage.seconds <= 0; });
  }

  const FleetView& view_;
  const Design& design_;
  EpochLaw& law_;
  CourseOptions options_;
  double horizon_s_ = 0;
  std::vector<Walker> walkers_;
  std::map<std::vector<int>, std::size_t> known_;
  Course course_;
};

}  // namespace

Course course_of(const FleetView& view, const Design& design, EpochLaw& law,
                 const CourseOptions& options) {
  return Walk(view, design, law, options).go();
}

}  // namespace fleetcache::analytic
