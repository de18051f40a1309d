#include "sim/traces/regions_split.hpp"

#include <algorithm>
#include <iterator>

#include "policies/base/hash.hpp"
#include "sim/traces/id_map.hpp"

namespace fleetcache::traces {
namespace {

__extension__ using Wide = unsigned __int128;

class Splitter {
 public:
  Splitter(const RegionsSpec& spec, std::uint32_t regions) : spec_(spec), regions_(regions) {
    for (std::uint32_t r = 0; r < regions; ++r) {
      const std::uint64_t share = spec.shares.empty() ? 1 : spec.shares[r];
      ends_.push_back((ends_.empty() ? 0 : ends_.back()) + share);
    }
  }

  std::uint8_t region_of(const Request& r) {
    ++index_;
    if (!r.follows) ++session_;
    switch (spec_.rule) {
      case RegionRule::kSession:
        return drawn(session_);
      case RegionRule::kTenant:
        return drawn(r.tenant);
      case RegionRule::kRequest:
        return drawn(index_);
      case RegionRule::kObject:
        return drawn(r.id);
      case RegionRule::kTime:
        return drawn(static_cast<std::uint64_t>(r.time_ns / spec_.slice.count));
      case RegionRule::kGiven:
        break;
    }
    return static_cast<std::uint8_t>(r.tenant % regions_);
  }

 private:
  std::uint8_t drawn(std::uint64_t key) const {
    const auto at =
        static_cast<std::uint64_t>(Wide{region_draw(spec_.seed, 1, key)} * ends_.back() >> 64);
    std::uint8_t region = 0;
    while (ends_[region] <= at) ++region;
    return region;
  }

  const RegionsSpec& spec_;
  std::uint32_t regions_;
  std::vector<std::uint64_t> ends_;
  std::uint64_t index_ = 0, session_ = 0;
};

}  // namespace

std::uint64_t region_draw(std::uint64_t seed, std::uint64_t purpose, std::uint64_t key) {
  return mix64(mix64(seed + 0x9e3779b97f4a7c15ULL * (purpose + 1)) ^ mix64(key + purpose));
}

RegionSplit split_regions(const std::vector<std::vector<Request>>& blocks, const RegionsSpec& spec,
                          std::uint32_t regions, std::uint64_t object_bytes) {
  RegionSplit out;
  Splitter splitter(spec, regions);
  IdMap<std::uint32_t> numbers;
  out.asked.resize(regions);
  for (const auto& block : blocks) {
    for (const Request& r : block) {
      const std::uint64_t size = object_bytes > 0 ? object_bytes : r.size;
      const auto [number, is_new] = numbers.find_or_add(r.id);
      if (is_new) {
        number = static_cast<std::uint32_t>(out.ids.size());
        out.ids.push_back(r.id);
        out.working_set += size;
      }
      out.smallest = out.requests == 0 ? size : std::min(out.smallest, size);
      out.object.push_back(number);
      out.region.push_back(splitter.region_of(r));
      ++out.asked[out.region.back()];
      ++out.requests;
    }
  }
  return out;
}

Result<RegionRule> parse_region_rule(std::string_view name) {
  constexpr std::string_view kNames[] = {"session", "tenant", "request", "object", "time", "given"};
  for (std::size_t i = 0; i < std::size(kNames); ++i) {
    if (kNames[i] == name) return static_cast<RegionRule>(i);
  }
  return Error{"--by", "\"" + std::string(name) +
                           "\" is none of session, tenant, request, object, time, given"};
}

std::uint32_t home_region(std::uint64_t id, std::uint64_t seed, std::uint32_t regions) {
  return static_cast<std::uint32_t>(Wide{region_draw(seed, 0, id)} * regions >> 64);
}

}  // namespace fleetcache::traces
