/// Stall of a synchronous step by its slowest reads, hidden in part by read-ahead.
#pragma once

#include "models/origin/latency.hpp"
#include "policies/base/units.hpp"

namespace fleetcache::models {

/// Mean stall of a step of which `reads` reads (a mean; it may be below 1) go to a path with
/// latency `law` plus a constant `transfer`, and whose slack is what read-ahead hides: with p = 1 -
/// e^-reads the step has such a read, and then E[(slowest of reads/p + transfer - slack)+].
/// Valid for: independent reads issued together, a path below saturation. An upper estimate: a
/// step that waited gives the next ones more slack.
/// Source: order statistics, docs/analytic.md. Checked by: tests/unit/analytic/capacity_test.cpp.
Duration slowest_read_stall(const LogNormalLatency& law, double reads, Duration transfer,
                            Duration slack);

}  // namespace fleetcache::models
