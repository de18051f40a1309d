/// The answer for people: verdict first, then where the bytes came from, what bound it, how sure
/// it is, what it leaves out.
#pragma once

#include <string>

#include "analysis/io/report.hpp"
#include "analysis/io/terminal_plot.hpp"
#include "analysis/result.hpp"

namespace fleetcache::analysis::io {

struct DescribeOptions {
  bool plot = false;  ///< draw the time line, where there is one
  Glyphs glyphs = Glyphs::kAscii;
};

/// `reproduce` is the command that gives the same document again.
Report describe(const Result& result, const std::string& reproduce,
                const DescribeOptions& options = {});

}  // namespace fleetcache::analysis::io
