#include <string>

#include "policies/pooling/modes.hpp"

namespace fleetcache::pooling {
namespace {

struct Line {
  std::string_view name;
  std::string_view summary;
  std::string_view source;
  const Keys* keys;
};

constexpr Line kLines[] = {
#define POOLING_POLICY(ident, name, summary, source) {name, summary, source, &keys_##ident},
#include "policies/pooling/pooling_policies.def"
#undef POOLING_POLICY
};

/// How a parameter's text becomes a field.
struct Key {
  std::string_view name;
  std::string_view text;  ///< "name=default: meaning"
  void (*read)(ParamReader&, Config&);
};

// 3 USD an hour are 3e12 / 3.6e9 = 833.3 pico-dollars a microsecond.
constexpr double kPicoPerHourlyUsd = 1e12 / 3.6e9;

constexpr Key kKeys[] = {
    {"timeout_percent", "timeout_percent=400: a remote get is given up after so much of its time",
     [](ParamReader& r, Config& c) {
       c.timeout_percent = r.integer("timeout_percent", c.timeout_percent, 0, 100'000);
     }},
    {"hedge_percent", "hedge_percent=0: the next get starts after so much of its time, 0 never",
     [](ParamReader& r, Config& c) {
       c.hedge_percent = r.integer("hedge_percent", c.hedge_percent, 0, 100'000);
     }},
    {"peers", "peers=2: regions asked for one request",
     [](ParamReader& r, Config& c) { c.peers = r.integer("peers", c.peers, 0, kMaxRegions); }},
    {"stale_ms", "stale_ms=60000: an older directory is not believed",
     [](ParamReader& r, Config& c) {
       constexpr std::int64_t kMillisecond = 1'000'000;
       const auto now = static_cast<std::uint32_t>(c.stale.count / kMillisecond);
       c.stale = Duration(r.integer("stale_ms", now, 0, 4'000'000'000) * kMillisecond);
     }},
    {"usd_per_hour", "usd_per_hour=3: what an hour of waiting costs",
     [](ParamReader& r, Config& c) {
       const double usd = r.number("usd_per_hour", 3, 0, 1e6);
       c.picousd_per_us = static_cast<std::uint64_t>(usd * kPicoPerHourlyUsd);
     }},
    {"prior_reads", "prior_reads=2: reads a month, this one too, where nothing is known",
     [](ParamReader& r, Config& c) {
       const double reads = r.number("prior_reads", 2, 0, 1e9);
       c.prior_reads_ppm = static_cast<std::uint64_t>(reads * 1e6 + 0.5);
     }},
    {"hot", "hot=3: reads in the window from which a region keeps a copy",
     [](ParamReader& r, Config& c) { c.hot = r.integer("hot", c.hot, 1, 0xffffffffU); }},
    {"push", "push=32: reads of all regions from which all get a copy, 0 never",
     [](ParamReader& r, Config& c) { c.push = r.integer("push", c.push, 0, 0xffffffffU); }},
    {"cool", "cool=1: copies of regions with fewer reads in the window go, 0 never",
     [](ParamReader& r, Config& c) { c.cool = r.integer("cool", c.cool, 0, 0xffffffffU); }},
};

bool takes(const Keys& keys, std::string_view name) {
  for (const std::string_view key : keys.names) {
    if (key == name) return true;
  }
  return false;
}

std::vector<PolicyInfo> all_infos() {
  std::vector<PolicyInfo> infos;
  for (const Line& line : kLines) {
    PolicyInfo info{line.name, line.summary, line.source, {}};
    for (const Key& key : kKeys) {
      if (takes(*line.keys, key.name)) info.parameters.push_back(key.text);
    }
    infos.push_back(std::move(info));
  }
  return infos;
}

}  // namespace

const std::vector<PolicyInfo>& policies() {
  static const std::vector<PolicyInfo> infos = all_infos();
  return infos;
}

const PolicyInfo* find_policy(std::string_view name) {
  for (const PolicyInfo& info : policies()) {
    if (info.name == name) return &info;
  }
  return nullptr;
}

Result<Config> configure(std::string_view name, const Params& params) {
  const PolicyInfo* info = find_policy(name);
  if (info == nullptr) {
    std::string known;
    for (const PolicyInfo& each : policies()) {
      known += (known.empty() ? "" : ", ") + std::string(each.name);
    }
    return Error{"pooling mode", "\"" + std::string(name) + "\" is unknown; there are " + known};
  }
  Config config;
  config.mode = static_cast<std::uint32_t>(info - policies().data());
  ParamReader reader(name, params);
  for (const Key& key : kKeys) {
    if (takes(*kLines[config.mode].keys, key.name)) key.read(reader, config);
  }
  if (const Status status = reader.finish(); !status) return status.error();
  return config;
}

}  // namespace fleetcache::pooling
