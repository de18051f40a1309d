/// How far the figures of an answer may be off: what goes into closed forms has an error, and the
/// answer with it moved by that much says what it does to every figure.
#pragma once

#include "sim/analytic/record_parts.hpp"

namespace fleetcache::analytic {

/// Adds to the record half widths "error.COMPONENT.METRIC", 0 left out. Components:
/// - hits: hit ratios, by models::hit_doubt;
/// - rates: what an origin's way gives, by kOriginError either way;
/// - timing: when the measured time begins, by kTimingError of the warm-up either way: a first
///   epoch, a stop or a checkpoint may fall on the other side;
/// - losses: copies that go with nodes and what is read again, against an answer without; and where
///   reads of an origin meet such a loss, all reads that can be under way in one heap;
/// - draws: prompts of the measured time are a sample of their law.
/// Requires: the figures of `solved` in the record. Cost: eight courses and their figures, three
/// of them under a coarse law.
void add_errors(const Solved& solved, EpochLaw& law, probes::Record& record);

/// Of a capacity: what the shares of keys and of flows on accounts and stamps take from it
/// (assumed; the ladder's coverage is with it).
constexpr double kOriginError = 0.05;
/// Of the warm-up (assumed; likewise).
constexpr double kTimingError = 0.1;

}  // namespace fleetcache::analytic
