/// Reads a policy's text parameters of any family. The first fault is kept; a key
/// that nobody asked for, and a key given twice, are faults.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "policies/base/result.hpp"

namespace fleetcache {

/// Text parameters of a policy ("small_ratio", "0.1"). A key that the policy does not use is an
/// error.
using Params = std::vector<std::pair<std::string, std::string>>;

class ParamReader {
 public:
  ParamReader(std::string_view policy, const Params& params);

  /// A plain decimal number within [low, high], or `fallback` when the key is absent.
  double number(std::string_view key, double fallback, double low, double high);
  std::uint32_t integer(std::string_view key, std::uint32_t fallback, std::uint32_t low,
                        std::uint32_t high);
  /// After all reads: the first fault, or success.
  Status finish() const;

 private:
  const std::string* text(std::string_view key);
  void fail(std::string_view key, std::string what);

  std::string policy_;
  const Params& params_;
  std::vector<std::string> used_;
  Error fault_;
  bool failed_ = false;
};

}  // namespace fleetcache
