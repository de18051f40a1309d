#include "sim/cli/check_warnings.hpp"

#include <algorithm>
#include <cmath>
#include <initializer_list>

#include "sim/cli/nearest.hpp"
#include "sim/probes/taxonomy.hpp"
#include "sim/scenario/events.hpp"
#include "sim/scenario/quantity.hpp"
#include "sim/traces/mooncake.hpp"

namespace fleetcache::cli {
namespace {

using scenario::Loaded;
using scenario::Scenario;

class Names {
 public:
  std::vector<std::string> all;

  void add(const std::string& prefix, std::initializer_list<const char*> parts) {
    for (const char* part : parts) all.push_back(prefix + part);
  }
  void add_latency(const std::string& name) { add(name, {"_mean", "_p50", "_p95", "_p99"}); }
};

void add_jobs(const Scenario& s, Names& names) {
  if (s.training.empty()) return;
  names.add("train.", {"goodput", "stall", "demand_per_gpu", "failure_waste", "checkpoint_share",
                       "restore_share", "down_share", "redone_share", "random_stops"});
  names.add("cache.", {"hit_ratio.dataset", "hit_ratio_steady.dataset"});
  for (const auto& [name, job] : s.training) {
    names.add("train." + name + ".", {"goodput",
                                      "stall",
                                      "accelerator_utilization",
                                      "checkpoint_share",
                                      "restore_share",
                                      "down_share",
                                      "redone_share",
                                      "random_stops",
                                      "weight",
                                      "failure_waste",
                                      "restore_s",
                                      "lost_s",
                                      "bytes_read",
                                      "steps",
                                      "epochs_begun",
                                      "stall_first_epoch",
                                      "stall_steady",
                                      "start_wait",
                                      "first_epoch_share",
                                      "demand",
                                      "rate",
                                      "hit_ratio",
                                      "slow_read_stall",
                                      "restore_time",
                                      "mtti",
                                      "checkpoint_interval_best",
                                      "checkpoint_waste",
                                      "checkpoint_waste_best"});
  }
}

void add_services(const Scenario& s, Names& names) {
  if (s.inference.empty()) return;
  names.add("kv.", {"block_lookups", "block_hits", "block_misses", "block_hit_ratio",
                    "usable_block_ratio", "block_hit_ratio_instant"});
  names.add("cache.", {"hit_ratio.kv"});
  for (const auto& [name, service] : s.inference) {
    const std::string prefix = "infer." + name + ".";
    for (const char* part : {"ttft", "ttft_queue", "ttft_fetch", "ttft_prefill"}) {
      names.add_latency(prefix + part);
    }
    names.add(prefix, {"slot_utilization", "availability", "block_hit_ratio", "block_bytes"});
  }
}

void add_cache(const Scenario& s, Names& names) {
  names.add("cache.", {"evictions", "refused", "not_admitted", "promotions"});
  for (const std::string_view traffic : probes::kClassNames) {
    names.all.push_back("cache.byte_hit_ratio." + std::string(traffic));
    names.add("written." + std::string(traffic), {".dram", ".nvme", ".origin"});
  }
  for (std::size_t i = 0; i < s.cache.tiers.size(); ++i) {
    const bool nvme = s.cache.tiers[i].medium == scenario::Medium::kNvme;
    names.add("cache.tier" + std::to_string(i) + (nvme ? ".nvme" : ".dram"),
              {".used", ".capacity"});
  }
}

void add_origin(const Scenario& s, Names& names) {
  names.add_latency("origin.read");
  for (const std::string_view tier : probes::kTierNames) {
    names.add_latency("read." + std::string(tier));
  }
  names.add("origin.", {"attempts", "throttled_ratio", "plans", "bytes_per_second"});
  for (const auto& [region, unused] : s.regions) {
    for (const char* part :
         {"origin.bytes_per_second.", "origin.bytes_per_second_steady.", "origin.demand.",
          "origin.demand_first_epoch.", "origin.requests_per_second.", "accounts.",
          "accounts_first_epoch.", "accounts_no_cache.", "flip.front_end.",
          "flip.front_end_first_epoch.", "flip.bifrost.", "flip.no_cache."}) {
      names.all.push_back(part + region);
    }
  }
}

void add_hardware(const Scenario& s, Names& names) {
  for (const auto& [region_name, region] : s.regions) {
    for (const auto& [pool_name, pool] : region.pools) {
      for (const char* part : {"nvme.share.", "nvme.drive_writes_per_day.", "nvme.life_years."}) {
        names.all.push_back(part + region_name + "." + pool_name);
      }
    }
  }
  for (const scenario::WanLink& link : s.links) {
    names.all.push_back("wan." + link.from + "-" + link.to + ".bytes_per_second");
    names.all.push_back("wan." + link.to + "-" + link.from + ".bytes_per_second");
  }
  if (!s.links.empty()) names.all.emplace_back("wan.cost_per_month");
}

void add_events(const Scenario& s, Names& names) {
  names.add("", {"events.begun", "events.nodes_lost", "events.node_time_away",
                 "events.nodes_away_max", "events.last_return", "events.random", "cache.timeouts",
                 "prestage.objects", "prestage.failed", "refill.bytes_per_second",
                 "fleet.nodes_down", "fleet.node_losses_per_day"});
  for (const char* drawn : {"planned", "random"}) {
    for (const char* cause : {"node", "drive", "tor", "rack", "pod", "zone", "region", "origin",
                              "account", "link", "drain", "upgrade", "cold_start", "prestage"}) {
      names.add(std::string("events.") + drawn + "." + cause + ".",
                {"count", "away_already", "without_work", "jobs_stopped"});
    }
  }
  for (const auto& [name, unused] : s.datasets) names.all.push_back("prestage." + name + "_time");
  for (const auto& [name, unused] : s.training) names.all.push_back("cold_start.fill_s." + name);
  for (const auto& [region_name, region] : s.regions) {
    names.all.push_back("restart.storm_s." + region_name);
    for (const auto& [pool_name, pool] : region.pools) {
      for (const char* part :
           {"upgrade.refill_bytes_per_second.", "upgrade.nodes_away.", "upgrade.hit_deficit.",
            "upgrade.duration_s.", "rack_loss.refill_s."}) {
        names.all.push_back(part + region_name + "." + pool_name);
      }
    }
  }
}

/// "file:line:column /slo/train.stal": where a key stands; names with dots stay whole.
std::string place_of(const Loaded& loaded, const std::string& path, const std::string& pointer) {
  const auto found = loaded.provenance.find(path);
  return (found == loaded.provenance.end() ? "" : found->second.origin + " ") + pointer;
}

void check_objectives(const Loaded& loaded, std::vector<Error>& out) {
  const std::vector<std::string> known = metric_names(loaded.scenario);
  for (const scenario::Objective& objective : loaded.scenario.objectives) {
    const std::string& metric = objective.metric;
    if (std::find(known.begin(), known.end(), metric) != known.end()) continue;
    const std::string near = nearest(metric, known);
    out.push_back(Error{place_of(loaded, "slo." + metric, "/slo/" + metric),
                        "no run of this scenario reports this metric" +
                            (near.empty() ? "" : "; did you mean \"" + near + "\"?")});
  }
}

void check_object(const Loaded& loaded, const std::string& what, std::uint64_t bytes,
                  const std::string& path, const std::string& pointer, std::vector<Error>& out) {
  for (const scenario::CacheTier& tier : loaded.scenario.cache.tiers) {
    if (bytes <= tier.capacity.count) continue;
    out.push_back(Error{
        place_of(loaded, path, pointer),
        what + " of " + scenario::print_bytes(bytes) + " is larger than cache tier \"" + tier.name +
            "\" (" + scenario::print_bytes(tier.capacity.count) + ") and is never kept there"});
  }
}

void check_objects(const Loaded& loaded, std::vector<Error>& out) {
  const Scenario& s = loaded.scenario;
  if (!s.cache.enabled) return;
  for (const auto& [name, data] : s.datasets) {
    const bool read =
        std::any_of(s.training.begin(), s.training.end(),
                    [&, &set = name](auto& job) { return job.second.dataset == set; });
    if (!read) continue;
    check_object(loaded, "an object of dataset \"" + name + "\"", data.object.count,
                 "datasets." + name + ".object", "/datasets/" + name + "/object", out);
  }
  for (const auto& [name, service] : s.inference) {
    check_object(loaded, "a KV block of \"" + name + "\"",
                 service.block_tokens * service.kv_bytes_per_token.count,
                 "workloads." + name + ".block_tokens", "/workloads/" + name + "/block_tokens",
                 out);
  }
}

/// Children run at the rung of the base, so that figures can stand side by side.
void check_variants(const Loaded& loaded, std::vector<Error>& out) {
  for (const auto& [name, settings] : loaded.scenario.variants) {
    for (const auto& [path, value] : settings) {
      if (path != "rung") continue;
      out.push_back(Error{place_of(loaded, "variants." + name + ".rung", "/variants/" + name),
                          "asks for rung " + value +
                              ", but variants are answered at the rung of "
                              "the base; `run --variant " +
                              name + "` alone obeys it"});
    }
  }
}

/// "fail rack:east/3 at 6h".
std::string at_text(const scenario::FleetEvent& event) {
  return scenario::describe(event) + " at " + scenario::print_duration(event.at.count);
}

/// When the last wave of a rolling upgrade is back. Requires: a pool of the scenario.
double upgrade_end_s(const Scenario& s, const scenario::FleetEvent& event) {
  const double nodes = s.regions.at(event.region).pools.at(event.pool).nodes;
  const double wave = std::max(1.0, std::floor(event.fraction * nodes));
  return to_seconds(event.at) + std::ceil(nodes / wave) * to_seconds(event.each);
}

/// "2 of 3 planned events come after the horizon of 1h: fail ..., upgrade ...".
void say_unplayed(const Loaded& loaded, const std::vector<const scenario::FleetEvent*>& events,
                  const std::string& how, std::vector<Error>& out) {
  if (events.empty()) return;
  const std::size_t all = loaded.scenario.events.size();
  std::string text = std::to_string(events.size()) + " of " + std::to_string(all) +
                     (all == 1 ? " planned event " : " planned events ") + how +
                     (events.size() == 1 ? "s" : "") + " after the horizon of " +
                     scenario::print_duration(loaded.scenario.horizon.count) + ": ";
  constexpr std::size_t kNamed = 3;
  for (std::size_t i = 0; i < std::min(events.size(), kNamed); ++i) {
    text += (i > 0 ? ", " : "") + at_text(*events[i]);
  }
  if (events.size() > kNamed) text += ", ...";
  out.push_back(Error{place_of(loaded, "time.horizon", "/time/horizon"), text});
}

}  // namespace

std::vector<std::string> metric_names(const Scenario& scenario) {
  Names names;
  add_jobs(scenario, names);
  add_services(scenario, names);
  add_cache(scenario, names);
  add_origin(scenario, names);
  add_hardware(scenario, names);
  add_events(scenario, names);
  return std::move(names.all);
}

std::vector<Error> unplayed(const Loaded& loaded) {
  const Scenario& s = loaded.scenario;
  std::vector<const scenario::FleetEvent*> late, cut;
  for (const scenario::FleetEvent& event : s.events) {
    if (event.at.count >= s.horizon.count) {
      late.push_back(&event);
    } else if (event.kind == scenario::EventKind::kUpgrade &&
               upgrade_end_s(s, event) > to_seconds(s.horizon)) {
      cut.push_back(&event);
    }
  }
  std::vector<Error> out;
  say_unplayed(loaded, late, "come", out);
  say_unplayed(loaded, cut, "end", out);
  return out;
}

std::vector<Error> warnings(const Loaded& loaded) {
  std::vector<Error> out = unplayed(loaded);
  check_variants(loaded, out);
  check_objectives(loaded, out);
  check_objects(loaded, out);
  return out;
}

std::vector<Error> trace_errors(const Loaded& loaded) {
  std::vector<Error> out;
  for (const auto& [name, service] : loaded.scenario.inference) {
    const std::string& trace = service.arrivals.trace;
    if (trace.empty()) continue;
    const std::string at = place_of(loaded, "workloads." + name + ".requests.trace",
                                    "/workloads/" + name + "/requests");
    auto reader = traces::MooncakeReader::open(trace);
    if (!reader) {
      out.push_back(Error{at, reader.error().text()});
      continue;
    }
    traces::KvRequest request;
    const auto more = reader->next(request);
    if (!more) out.push_back(Error{at, more.error().text()});
    if (more && !*more) out.push_back(Error{at, trace + ": holds no requests"});
  }
  return out;
}

}  // namespace fleetcache::cli
