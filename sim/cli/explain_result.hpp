/// `explain RESULT --metric M`: how a figure of a result document was reached.
#pragma once

#include <string>

#include "sim/cli/verb.hpp"

namespace fleetcache::cli {

/// Prints the derivation of a metric of a result document with its numbers; without a metric, the
/// metrics that have one. Fails (exit 2) for a file that is no result and for an unknown metric.
void explain_result(Session& session, const std::string& file, const std::string& metric);

}  // namespace fleetcache::cli
