/// Which runs stand beside a base to tell its error, and what each tells.
#pragma once

#include <string>
#include <vector>

#include "analysis/evidence.hpp"
#include "analysis/result.hpp"
#include "sim/world/run.hpp"

namespace fleetcache::cli {

/// A run of the base's scenario and seed with other refinements.
struct CompanionRun {
  enum class Kind : std::uint8_t {
    kEpsilonDoubled,
    kEpsilonHalved,
    kSamplesDoubled,
    kRepresentativesDoubled,
    kSalt,
    kQuarter,
  };
  Kind kind = Kind::kEpsilonDoubled;
  world::RunOptions options;  ///< rung and refinements; the rest is unset
};

/// In the order in which they run. Exact: none (its error is told by seeds and batches). Quick:
/// bundled one run at twice the threshold, cheaper than the base; fleet four quarters, as much
/// again where sampling dominates the cost. Full: half the threshold, doubled samples, doubled
/// representatives and four salts, eight to nine times the base.
std::vector<CompanionRun> companion_runs(const world::RunOptions& base, analysis::Effort effort);

/// Flags of `run` that give these refinements; what stands at its default is left out.
std::vector<std::string> refinement_flags(const world::RunOptions& options);

/// Files the figures of a finished companion.
void add_companion(CompanionRun::Kind kind, const analysis::Result& answer,
                   analysis::Companions& companions);

/// Gives a variant the terms that only the base's companions tell: half widths of the base, named
/// so. What the variant's own run told stays.
void borrow_errors(const std::vector<analysis::ErrorTerm>& base,
                   std::vector<analysis::ErrorTerm>& variant);

}  // namespace fleetcache::cli
