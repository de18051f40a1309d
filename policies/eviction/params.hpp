/// Reads a policy's text parameters (private to policies/eviction). The first fault is kept; a key
/// that nobody asked for, and a key given twice, are faults.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "policies/eviction/eviction.hpp"

namespace fleetcache::eviction {

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

}  // namespace fleetcache::eviction
