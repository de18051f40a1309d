/// The answer for people: verdict first, then where the bytes came from, what bound it, how sure
/// it is, what it leaves out.
#pragma once

#include <string>

#include "analysis/io/report.hpp"
#include "analysis/result.hpp"

namespace fleetcache::analysis::io {

/// `reproduce` is the command that gives the same document again.
Report describe(const Result& result, const std::string& reproduce);

}  // namespace fleetcache::analysis::io
