/// The parts of the analytic record: metrics, stations, tables and derivations of one answer.
#pragma once

#include <vector>

#include "sim/analytic/bottlenecks.hpp"
#include "sim/analytic/course.hpp"
#include "sim/analytic/regime.hpp"
#include "sim/probes/record.hpp"

namespace fleetcache::analytic {

/// Everything that one scenario's answer is made of.
struct Solved {
  const FleetView& view;
  Design design = {};
  Course course = {};
  std::vector<RegimeRow> map = {};
  std::vector<FlipPoints> flips = {};   ///< by region
  std::vector<Answer> no_cache = {};    ///< one: the scenario without a cache, all else equal
  double no_cache_stall = 0;            ///< of the measured time, likewise
  Bottlenecks steady = {}, first = {};  ///< by max-flow; `first` at the start of the first epoch
};

/// Of all services together, hits over looked-up blocks.
double kv_block_hit_ratio(const FleetView& view, const Answer& answer);
/// Of all jobs together, cached over asked bytes.
double dataset_hit_ratio(const FleetView& view, const Answer& answer);
/// The same over the measured time.
double dataset_hit_ratio(const Course& course);

/// KV blocks that a service looks up in the measured time: conversations begin with the run.
double kv_blocks(const Solved& solved, const ServiceView& service);

void add_metrics(const Solved& solved, probes::Record& record);
void add_stations(const Solved& solved, probes::Record& record);
void add_bytes_and_checks(const Solved& solved, probes::Record& record);
/// Front end: waits and refusals of its reads; with the closed network of read-ahead windows, as a
/// table.
void add_origin_figures(const Solved& solved, EpochLaw& law, probes::Record& record);
void add_origin_table(const Solved& solved, probes::Record& record);
/// Fleet events by arithmetic: metrics and table.
void add_events(const Solved& solved, probes::Record& record);
/// Counts over the measured time, under the names that simulation uses.
void add_counts(const Solved& solved, probes::Record& record);
/// JSON has no infinity: a figure without a bound is left out.
void put_metric(probes::Record& record, const std::string& name, double value, const char* unit);
void add_tables(const Solved& solved, probes::Record& record);
void add_derivations(const Solved& solved, probes::Record& record);
void add_notes(const Solved& solved, probes::Record& record);

}  // namespace fleetcache::analytic
