/// Repetitions under other seeds: as many as asked, or until an interval is narrow enough.
#pragma once

#include <cstdint>
#include <string>

#include "analysis/result.hpp"
#include "policies/base/result.hpp"

namespace fleetcache::cli {

/// `rel_ci(METRIC) < 2%`: stop when the half width of the 95 % interval of the mean, over the mean,
/// is below the limit. Looked at after 5 seeds and then after every 2 more, so that the answer does
/// not hang on how many processes ran at once. Stopping at the first narrow interval favours
/// intervals that are too narrow by chance: nominal 95 % covers about 92 % (tests/unit/cli).
struct StopRule {
  std::string metric;
  double relative = 0;
};
inline constexpr std::uint32_t kRepsFirst = 5;
inline constexpr std::uint32_t kRepsStep = 2;

/// Fails for another form and for a limit that is not between 0 and 100 %.
Result<StopRule> parse_stop_rule(const std::string& text);

/// True when the metric's replicates satisfy the rule. A mean of zero never does.
bool satisfied(const StopRule& rule, const analysis::Result& result);

/// Makes every figure that all seeds have the mean over them.
void average(analysis::Result& result);

}  // namespace fleetcache::cli
