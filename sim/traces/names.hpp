/// Numbers for names of tenants and classes, and 64-bit ids for names of objects.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <vector>

namespace fleetcache::traces {

/// Numbers names from 1 in the order they first come, up to `limit` of them: memory stays bounded
/// whatever a trace holds. "" is number 0.
class NameTable {
 public:
  /// `names` is TraceInfo::tenants or ::classes, which this fills.
  NameTable(std::vector<std::string>& names, std::uint32_t limit) : names_(names), limit_(limit) {}

  /// False when the name is new and the table is full. O(log n).
  bool number(std::string_view name, std::uint32_t& out) {
    out = 0;
    if (name.empty()) return true;
    const auto found = numbers_.find(name);
    if (found != numbers_.end()) {
      out = found->second;
      return true;
    }
    if (numbers_.size() >= limit_) return false;
    if (names_.empty()) names_.emplace_back();
    out = static_cast<std::uint32_t>(names_.size());
    names_.emplace_back(name);
    numbers_.emplace(name, out);
    return true;
  }

  std::uint32_t limit() const { return limit_; }

 private:
  std::vector<std::string>& names_;
  std::uint32_t limit_;
  std::map<std::string, std::uint32_t, std::less<>> numbers_;
};

constexpr std::uint32_t kMaxTenants = 1'000'000;
constexpr std::uint32_t kMaxClasses = 65'535;

}  // namespace fleetcache::traces
