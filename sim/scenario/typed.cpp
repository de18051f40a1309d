#include "sim/scenario/typed.hpp"

#include <algorithm>
#include <cstdio>
#include <tuple>

#include "sim/scenario/events.hpp"
#include "sim/scenario/quantity.hpp"

namespace fleetcache::scenario {

using nlohmann::json;

namespace {

Bytes bytes(const json& j, const char* key) { return Bytes(j.at(key).get<std::uint64_t>()); }
BytesPerSecond bandwidth(const json& j, const char* key) {
  return BytesPerSecond(j.at(key).get<double>());
}
Duration duration(const json& j, const char* key) {
  return Duration(j.at(key).get<std::int64_t>());
}
PerSecond rate(const json& j, const char* key) { return PerSecond(j.at(key).get<double>()); }
double number(const json& j, const char* key) { return j.at(key).get<double>(); }
std::uint32_t count(const json& j, const char* key) { return j.at(key).get<std::uint32_t>(); }
bool flag(const json& j, const char* key) { return j.at(key).get<bool>(); }
std::string text(const json& j, const char* key) { return j.at(key).get<std::string>(); }

/// Position of a schema enumeration's value among `names`, as the C++ enumeration.
template <class Enum>
Enum one_of(const json& j, const char* key, std::initializer_list<std::string_view> names) {
  const std::string value = text(j, key);
  const auto at = std::find(names.begin(), names.end(), value);
  FLEETCACHE_CHECK(at != names.end(), "an enumeration in the schema that has no counterpart");
  return static_cast<Enum>(at - names.begin());
}

LatencyLaw latency(const json& j) { return {duration(j, "p50"), duration(j, "p99")}; }

NodePool pool(const std::string& name, const json& j) {
  const json& s = j.at("sku");
  NodeSku sku;
  sku.name = text(s, "name");
  sku.gpus = count(s, "gpus");
  sku.dram = bytes(s, "dram");
  sku.nic = bandwidth(s, "nic");
  sku.nvme = bytes(s, "nvme");
  sku.nvme_read = bandwidth(s, "nvme_read");
  sku.nvme_write = bandwidth(s, "nvme_write");
  sku.nvme_latency = duration(s, "nvme_latency");
  sku.nvme_queue_depth = count(s, "nvme_queue_depth");
  sku.nvme_dwpd = number(s, "nvme_dwpd");
  return {name, one_of<Role>(j, "role", {"train", "infer", "cpu"}), count(j, "nodes"), sku};
}

Fabric fabric(const json& j) {
  Fabric out;
  out.nodes_per_rack = count(j, "nodes_per_rack");
  out.racks_per_pod = count(j, "racks_per_pod");
  out.rack_oversubscription = number(j, "rack_oversubscription");
  out.pod_oversubscription = number(j, "pod_oversubscription");
  out.rtt_rack = duration(j, "rtt_rack");
  out.rtt_pod = duration(j, "rtt_pod");
  out.rtt_region = duration(j, "rtt_region");
  out.lookup = duration(j, "lookup");
  out.zones = count(j, "zones");
  out.zone_layout = one_of<ZoneLayout>(j, "zone_layout", {"blocks", "round_robin"});
  out.cluster_nodes = count(j, "cluster_nodes");
  return out;
}

BlobFrontEnd blob(const json& j) {
  BlobFrontEnd out;
  out.accounts = count(j, "accounts");
  out.requests = rate(j, "requests");
  out.burst_s = to_seconds(duration(j, "burst"));
  out.egress = bandwidth(j, "egress");
  out.ingress = bandwidth(j, "ingress");
  out.capacity = bytes(j, "capacity");
  out.blob_requests = rate(j, "blob_requests");
  out.stream = bandwidth(j, "stream");
  out.first_byte = latency(j.at("first_byte"));
  out.fleet_egress = bandwidth(j, "fleet_egress");
  const json& retry = j.at("retry");
  out.retry = {count(retry, "retries"), duration(retry, "base"), duration(retry, "cap"),
               flag(retry, "jitter")};
  return out;
}

Bifrost bifrost(const json& j) {
  Bifrost out;
  out.stamp = bandwidth(j, "stamp");
  out.stream = bandwidth(j, "stream");
  out.first_byte = latency(j.at("first_byte"));
  out.plan_time = duration(j, "plan_time");
  out.plan_lease = duration(j, "plan_lease");
  out.plan_requests = rate(j, "plan_requests");
  out.eligible = number(j, "eligible");
  out.fallback = number(j, "fallback");
  return out;
}

Region region(const std::string& name, const json& j) {
  Region out;
  out.name = name;
  for (const auto& [key, value] : j.at("pools").items()) out.pools[key] = pool(key, value);
  out.fabric = fabric(j.at("fabric"));
  out.blob = blob(j.at("blob"));
  out.bifrost = bifrost(j.at("bifrost"));
  out.deltazero = {number(j.at("deltazero"), "capacity_factor"),
                   number(j.at("deltazero"), "latency_factor")};
  return out;
}

std::vector<WanLink> links(const json& list, const PlacedErrors& errors) {
  std::vector<WanLink> out;
  for (std::size_t i = 0; i < list.size(); ++i) {
    const json& j = list[i];
    auto ends = j.at("between").get<std::vector<std::string>>();
    std::sort(ends.begin(), ends.end());
    const std::string path = "links." + std::to_string(i);
    if (ends[0] == ends[1]) errors.add(path + ".between", "a link from a region to itself");
    for (const WanLink& other : out) {
      if (other.from == ends[0] && other.to == ends[1]) {
        errors.add(path + ".between",
                   "a second link between \"" + ends[0] + "\" and \"" + ends[1] + "\"");
      }
    }
    out.push_back({ends[0], ends[1], bandwidth(j, "bandwidth"), duration(j, "rtt"),
                   bandwidth(j, "stream"), Money(number(j, "cost"))});
  }
  std::sort(out.begin(), out.end(), [](const WanLink& a, const WanLink& b) {
    return std::tie(a.from, a.to) < std::tie(b.from, b.to);
  });
  return out;
}

Membership membership(const json& j) {
  return {duration(j, "detect"), duration(j, "timeout"), duration(j, "rejoin")};
}

Cache cache(const json& j) {
  Cache out;
  out.enabled = flag(j, "enabled");
  out.scope =
      one_of<Scope>(j, "scope", {"node", "rack", "pod", "cluster", "cell", "region", "global"});
  out.cell_clusters = count(j, "cell_clusters");
  out.membership = membership(j.at("membership"));
  out.index = one_of<Index>(j, "index", {"per_node", "pooled"});
  out.fill = one_of<Fill>(j, "fill", {"timed", "instant"});
  out.touch = one_of<Touch>(j, "touch", {"delivery", "arrival"});
  out.single_flight = flag(j, "single_flight");
  out.placement = text(j, "placement");
  out.virtual_nodes = count(j, "virtual_nodes");
  std::vector<std::pair<std::uint32_t, CacheTier>> tiers;
  for (const auto& [name, t] : j.at("tiers").items()) {
    CacheTier tier;
    tier.name = name;
    tier.medium = one_of<Medium>(t, "medium", {"dram", "nvme"});
    tier.capacity = bytes(t, "capacity");
    tier.eviction = text(t, "eviction");
    tier.admission = text(t, "admission");
    for (const auto& [key, value] : t.at("parameters").items()) {
      tier.parameters[key] = value.get<std::string>();
    }
    tiers.emplace_back(count(t, "order"), std::move(tier));
  }
  std::sort(tiers.begin(), tiers.end(), [](const auto& a, const auto& b) {
    return std::tie(a.first, a.second.medium, a.second.name) <
           std::tie(b.first, b.second.medium, b.second.name);
  });
  for (auto& [order, tier] : tiers) out.tiers.push_back(std::move(tier));
  return out;
}

TrainingJob training(const std::string& name, const json& j) {
  TrainingJob out;
  out.name = name;
  out.region = text(j, "region");
  out.pool = text(j, "pool");
  out.nodes = count(j, "nodes");
  out.dataset = text(j, "dataset");
  out.bytes_per_step = bytes(j, "bytes_per_step");
  out.compute = duration(j, "compute");
  out.compute_cv = number(j, "compute_cv");
  out.prefetch = count(j, "prefetch");
  out.steps = count(j, "steps");
  out.shuffle = flag(j, "shuffle");
  const json& c = j.at("checkpoint");
  out.checkpoint = {bytes(c, "size"), duration(c, "every"), duration(c, "stall"),
                    flag(c, "asynchronous"), flag(c, "restore_at_start")};
  return out;
}

InferenceService inference(const std::string& name, const json& j) {
  InferenceService out;
  out.name = name;
  out.region = text(j, "region");
  out.pool = text(j, "pool");
  out.nodes = count(j, "nodes");
  const json& r = j.at("requests");
  out.arrivals.trace = text(r, "trace");
  out.arrivals.rate = rate(r, "rate");
  out.arrivals.cv = number(r, "cv");
  out.arrivals.prompt_tokens = count(r, "prompt_tokens");
  out.arrivals.output_tokens = count(r, "output_tokens");
  out.arrivals.prefixes = count(r, "prefixes");
  out.arrivals.prefix_zipf = number(r, "prefix_zipf");
  out.arrivals.shared_fraction = number(r, "shared_fraction");
  out.arrivals.turns = number(r, "turns");
  out.arrivals.think = duration(r, "think");
  out.block_tokens = count(j, "block_tokens");
  out.kv_bytes_per_token = bytes(j, "kv_bytes_per_token");
  out.prefill_tokens = rate(j, "prefill_tokens");
  out.prefill_quadratic = number(j, "prefill_quadratic");
  out.prefill_slots = count(j, "prefill_slots");
  return out;
}

FailureLaw law(const json& j) { return {duration(j, "mtbf"), duration(j, "repair")}; }

Failures failures(const json& j) {
  return {flag(j, "enabled"), law(j.at("node")), law(j.at("drive")), law(j.at("tor")),
          law(j.at("rack"))};
}

Assumptions assumptions(const json& j) {
  return {rate(j, "gpu_failure_rate"), number(j, "write_amplification"),
          count(j, "checkpoints_kept"), Money(number(j, "gpu_hour"))};
}

FleetRung fleet_rung(const json& j) {
  return {count(j, "samples_per_step"), count(j, "representatives"), count(j, "owner_strata"),
          flag(j, "step_over"), j.at("salt").get<std::uint64_t>()};
}

/// A limit in the metric's own unit: seconds, bytes, bytes/s, 1/s or a ratio.
Result<double> parse_limit(std::string_view limit) {
  if (auto ratio = parse_ratio(limit)) return ratio;
  if (auto span = parse_duration(limit)) return to_seconds(Duration(*span));
  if (auto throughput = parse_bytes_per_second(limit)) return throughput;
  if (auto per_second = parse_rate(limit)) return per_second;
  if (auto amount = parse_bytes(limit)) return static_cast<double>(*amount);
  return Error{"", "is no limit"};
}

/// True where the metric is a share, by its name: those limits have no unit, so a forgotten %
/// passes unseen.
bool is_share(std::string_view metric) {
  const std::string_view last = metric.substr(metric.rfind('.') + 1);
  const auto starts = [&](std::string_view part) { return last.rfind(part, 0) == 0; };
  return starts("stall") || last == "goodput" || last == "hit_ratio" || last.ends_with("_ratio") ||
         last.ends_with("_share") || last.ends_with("utilization") ||
         metric.rfind("cache.byte_hit_ratio", 0) == 0 || metric.rfind("cache.hit_ratio", 0) == 0;
}

/// "2" as a limit of a share: refused, with the spellings that may have been meant; else empty.
std::string share_above_one(std::string_view metric, std::string_view limit, double value) {
  if (!is_share(metric) || !(value > 1) || limit.find('%') != std::string_view::npos) return "";
  while (!limit.empty() && limit.front() == ' ') limit.remove_prefix(1);
  const std::string number(limit);
  char share[32];
  std::snprintf(share, sizeof share, "%g", value / 100);
  return "a share is at most 1; write " + number + "% or " + share;
}

std::vector<Objective> objectives(const json& map, const PlacedErrors& errors) {
  std::vector<Objective> out;
  for (const auto& [metric, value] : map.items()) {
    std::string_view rest = value.get_ref<const std::string&>();
    const std::string whole(rest);
    while (!rest.empty() && rest.front() == ' ') rest.remove_prefix(1);
    const bool less = rest.substr(0, 1) == "<";
    const bool more = rest.substr(0, 1) == ">";
    if (less || more) rest.remove_prefix(rest.substr(1, 1) == "=" ? 2 : 1);
    const auto limit = parse_limit(rest);
    if (!(less || more) || !limit) {
      errors.add("slo." + metric, "value \"" + whole +
                                      "\": want < or > and a limit, e.g. \"< 2%\", \"> 0.9\", "
                                      "\"< 2s\"");
      continue;
    }
    const std::string too_large = share_above_one(metric, rest, *limit);
    if (!too_large.empty()) {
      errors.add("slo." + metric, "value \"" + whole + "\": " + too_large);
      continue;
    }
    out.push_back({metric, less, *limit});
  }
  return out;
}

}  // namespace

void PlacedErrors::add(const std::string& path, const std::string& what) const {
  std::string at = path;
  while (!at.empty() && places_->count(at) == 0) {
    const std::size_t dot = at.rfind('.');
    at = dot == std::string::npos ? "" : at.substr(0, dot);
  }
  std::string pointer = "/" + path;
  std::replace(pointer.begin(), pointer.end(), '.', '/');
  const auto place = places_->find(at);
  const std::string where = place == places_->end() ? "" : place->second.text() + " ";
  errors_->push_back(Error{where + pointer, what});
}

bool PlacedErrors::written(const std::string& path) const {
  const auto place = places_->find(path);
  if (place == places_->end() || !place->second.source) return false;
  return place->second.source->kind != Source::Kind::kDefault;
}

Scenario to_scenario(const json& resolved, const PlacedErrors& errors) {
  Scenario out;
  out.name = text(resolved, "name");
  out.description = text(resolved, "description");
  out.seed = resolved.at("seed").get<std::uint64_t>();
  out.horizon = duration(resolved.at("time"), "horizon");
  out.warmup = duration(resolved.at("time"), "warmup");
  out.rung = text(resolved, "rung");
  for (const auto& [name, j] : resolved.at("regions").items()) out.regions[name] = region(name, j);
  out.links = links(resolved.at("links"), errors);
  out.cache = cache(resolved.at("cache"));
  out.origin.path =
      one_of<OriginPath>(resolved.at("origin"), "path", {"fe", "bifrost", "deltazero"});
  for (const auto& [name, j] : resolved.at("datasets").items()) {
    out.datasets[name] = {name, bytes(j, "size"), bytes(j, "object"), text(j, "region")};
  }
  for (const auto& [name, j] : resolved.at("workloads").items()) {
    if (text(j, "kind") == "train") out.training[name] = training(name, j);
    if (text(j, "kind") == "infer") out.inference[name] = inference(name, j);
  }
  out.events = parse_events(resolved.at("events"), errors);
  out.failures = failures(resolved.at("failures"));
  out.assumptions = assumptions(resolved.at("assumptions"));
  out.fleet = fleet_rung(resolved.at("fleet"));
  out.objectives = objectives(resolved.at("slo"), errors);
  for (const auto& [name, settings] : resolved.at("variants").items()) {
    for (const auto& [path, value] : settings.items()) {
      out.variants[name].emplace_back(path, value.get<std::string>());
    }
  }
  out.not_scaled = resolved.at("not_scaled").get<std::vector<std::string>>();
  return out;
}

}  // namespace fleetcache::scenario
