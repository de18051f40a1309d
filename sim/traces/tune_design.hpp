/// Which parameters to try: ranges, and points spread evenly over them.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "policies/base/params.hpp"
#include "policies/base/result.hpp"
#include "policies/eviction/eviction.hpp"

namespace fleetcache::traces {

/// One parameter of a policy. Spread evenly in its logarithm when `low` > 0 and `high` is at least
/// 20 times as large.
struct ParamRange {
  std::string name;
  double low = 0;
  double high = 0;
  bool whole = false;  ///< integers only

  friend bool operator==(const ParamRange&, const ParamRange&) = default;
};

/// "small_ratio=0.02..0.5"; whole when neither end has a decimal point. Errors stand at "--param".
Result<ParamRange> parse_param_range(std::string_view text);
/// The ranges that a policy states of its parameters ("name=default [low..high]: meaning"), in
/// order; whole when the default and both ends have no decimal point. One without a range is left
/// out.
std::vector<ParamRange> declared_ranges(const eviction::PolicyInfo& policy);

/// `count` different settings, the defaults (no parameters) first: a Halton sequence, shifted at
/// random by `seed`, so that any number of settings covers the ranges evenly. Values are plain
/// decimals of three significant digits within the range. Fewer than `count` where the ranges hold
/// no more.
/// Source: Halton 1960; random shift: Cranley and Patterson 1976.
std::vector<Params> tuning_design(const std::vector<ParamRange>& ranges, std::size_t count,
                                  std::uint64_t seed);

}  // namespace fleetcache::traces
