/// A design over the scenario's horizon: which jobs are in their first epochs, at work, stopped or
/// reading a checkpoint at any time, by the plan of events that every rung plays. Between two such
/// changes everything is as `evaluate` says; nothing is played.
#pragma once

#include <cstdint>
#include <map>
#include <vector>

#include "sim/analytic/phases.hpp"
#include "sim/events/tally.hpp"

namespace fleetcache::analytic {

/// What a job did over the measured time. The six shares of it add up to 1.
struct JobCourse {
  double goodput = 0, stall = 0, checkpoint = 0;
  double restore = 0;       ///< reading a checkpoint
  double down = 0;          ///< nodes of the job away
  double redone = 0;        ///< computed since the last durable checkpoint, and lost
  double first_share = 0;   ///< of the measured time, in its first epoch
  double read = 0;          ///< bytes, those that were read again included
  double hit = 0;           ///< of those bytes, from the pool's caches
  double remote = 0;        ///< of those bytes, from the home region's cache
  double missed_again = 0;  ///< of `read`: bytes whose copies were lost
  double missed_aside = 0;  ///< of those: of losses so small that the pace does not know them
  double filled = 0;        ///< of `read`: bytes of its first epoch that were not there
  double before = 0;        ///< steps of compute done before the measured time, lost ones included
  double played = 0;        ///< the same within the measured time
  double position = 0;      ///< steps at the end that count
  double checkpoints = 0;   ///< begun in the measured time
  double restores = 0;      ///< ended in the measured time
  std::uint32_t stops = 0;  ///< in the measured time, restores and starts that were cut short too
  std::uint32_t random_stops = 0;  ///< of those, by failures that were drawn
};

/// All times at which every job is at the same.
struct Stage {
  Answer answer;               ///< Parts::kTraining: services do not change on the way
  double seconds = 0;          ///< of the measured time
  std::vector<double> origin;  ///< by job: bytes of the measured time, read from an origin
};

struct Course {
  Phases phases;
  std::vector<JobCourse> job;
  std::vector<Stage> stage;       ///< in order of their first time; those with measured time
  double goodput = 0, stall = 0;  ///< of the measured time, weighted by nodes
  std::map<events::EventKey, events::EventTally> events;  ///< of the plan, up to the horizon
  double from_s = 0;                                      ///< when the measured time begins
  double seconds = 0;                                     ///< how long it is, above 0
};

struct CourseOptions {
  double warmup = 1;  ///< factor on the warm-up, at most to the horizon
  /// Copies go with nodes, and what a job had read before it stopped is there still; else only
  /// jobs stop.
  bool copies_are_lost = true;
  Parts parts = Parts::kAll;  ///< of the steady state
};

/// Requires: a view whose scenario passed its checks. Cost: O(nodes + failures) for the plan, one
/// `evaluate` for each stage: a job that stops while all others are at work is one, however often.
Course course_of(const FleetView& view, const Design& design, EpochLaw& law,
                 const CourseOptions& options = {});

}  // namespace fleetcache::analytic
