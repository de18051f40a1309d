/// What became of the jobs' time, and what events did to them.
#pragma once

#include <optional>

#include "analysis/io/report.hpp"
#include "analysis/result.hpp"

namespace fleetcache::analysis::io {

/// A row a training job, and one for all: shares of its time by what it was spent on, 100 % in all.
/// Absent where there are no jobs.
std::optional<Section> time_section(const Result& result);
/// Whether that table has the figure, so that no other one needs to.
bool is_part_of_time(const std::string& metric);

/// A row a cause of events: how many were planned and drawn, how many of them found nothing to
/// fail, and how often jobs had to stop. Absent without events and without random failures.
std::optional<Section> events_section(const Result& result);

}  // namespace fleetcache::analysis::io
