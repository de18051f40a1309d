/// The time line for people (a drawing with the events marked) and for spreadsheets.
#pragma once

#include <string>

#include "analysis/io/report.hpp"
#include "analysis/io/terminal_plot.hpp"
#include "analysis/result.hpp"

namespace fleetcache::analysis::io {

/// At most kSeriesDrawn curves over one time axis, at most 80 columns: goodput and latency first,
/// then what is down, hit ratios, how busy the origin is and traffic; curves that are 0 throughout
/// are left out. Each from 0 to its largest column. Events are letters under the axis, lines for as
/// long as they last, and a legend; random failures are a row of their own with their number in
/// each column. The axis is dotted where time was stepped over and waves in the warm-up, of which
/// the means hold nothing.
Section timeline_section(const Timeline& timeline, Glyphs glyphs);
inline constexpr std::size_t kSeriesDrawn = 8;

/// Whether anything happened to the fleet, planned or drawn.
bool has_events(const Timeline& timeline);

/// One line a bin: from_s, to_s, a column for each series ("name [unit]"), and the labels of the
/// events that began in it. Empty cells where nothing was observed. RFC 4180 with LF.
std::string timeline_csv(const Timeline& timeline);

}  // namespace fleetcache::analysis::io
