#include "sim/scenario/events.hpp"

#include <algorithm>
#include <initializer_list>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <tuple>
#include <utility>

#include "sim/scenario/quantity.hpp"

namespace fleetcache::scenario {

using nlohmann::json;

namespace {

/// What stands behind the colon of a target.
enum class Form : std::uint8_t { kIndexed, kRegion, kPool, kPair };

struct TargetRule {
  std::string_view verb, thing;
  Form form;
  EventKind kind;
  bool lost = false;  ///< a throttle to nothing
};

constexpr TargetRule kRules[] = {
    {"fail", "node", Form::kIndexed, EventKind::kFailNode},
    {"fail", "rack", Form::kIndexed, EventKind::kFailRack},
    {"fail", "drive", Form::kIndexed, EventKind::kFailDrive},
    {"fail", "tor", Form::kIndexed, EventKind::kFailTor},
    {"fail", "pod", Form::kIndexed, EventKind::kFailPod},
    {"fail", "zone", Form::kIndexed, EventKind::kFailZone},
    {"fail", "region", Form::kRegion, EventKind::kFailRegion},
    {"fail", "account", Form::kIndexed, EventKind::kThrottleAccount, true},
    {"fail", "link", Form::kPair, EventKind::kThrottleLink, true},
    {"throttle", "origin", Form::kRegion, EventKind::kThrottleOrigin},
    {"throttle", "account", Form::kIndexed, EventKind::kThrottleAccount},
    {"throttle", "link", Form::kPair, EventKind::kThrottleLink},
    {"drain", "node", Form::kIndexed, EventKind::kDrainNode},
    {"drain", "rack", Form::kIndexed, EventKind::kDrainRack},
    {"drain", "pod", Form::kIndexed, EventKind::kDrainPod},
    {"drain", "zone", Form::kIndexed, EventKind::kDrainZone},
    {"upgrade", "pool", Form::kPool, EventKind::kUpgrade},
    {"cold_start", "pool", Form::kPool, EventKind::kColdStart},
    {"cold_start", "region", Form::kRegion, EventKind::kColdStart},
};

std::string spelling(const TargetRule& rule) {
  const std::string thing(rule.thing);
  switch (rule.form) {
    case Form::kIndexed:
      return thing + ":REGION/INDEX";
    case Form::kRegion:
      return thing + ":REGION";
    case Form::kPool:
      return thing + ":REGION/POOL";
    case Form::kPair:
      return thing + ":REGION/REGION";
  }
  return thing;
}

/// `"node:REGION/INDEX", "rack:REGION/INDEX" or ...`: what a verb can be said of.
std::string wanted(std::string_view verb) {
  std::vector<std::string> forms;
  for (const TargetRule& rule : kRules) {
    if (rule.verb == verb) forms.push_back("\"" + spelling(rule) + "\"");
  }
  std::string out = "want ";
  for (std::size_t i = 0; i < forms.size(); ++i) {
    out += (i == 0 ? "" : i + 1 == forms.size() ? " or " : ", ") + forms[i];
  }
  return out;
}

std::vector<std::string> cut(const std::string& text) {
  std::vector<std::string> parts;
  std::size_t start = 0;
  while (true) {
    const std::size_t slash = text.find('/', start);
    parts.push_back(text.substr(start, slash - start));
    if (slash == std::string::npos) return parts;
    start = slash + 1;
  }
}

/// What people call a thing that has another name here.
constexpr std::pair<std::string_view, std::string_view> kSynonyms[] = {
    {"disk", "drive"},  {"ssd", "drive"},       {"nvme", "drive"},   {"switch", "tor"},
    {"server", "node"}, {"host", "node"},       {"machine", "node"}, {"vm", "node"},
    {"az", "zone"},     {"storage", "account"}, {"blob", "account"}, {"wan", "link"},
};

/// "did you mean ...?" of a thing that a verb can be said of; empty when nothing is near.
std::string near_thing(const std::string& thing, const std::vector<std::string>& things) {
  for (const auto& [word, meant] : kSynonyms) {
    if (word != thing || std::find(things.begin(), things.end(), meant) == things.end()) continue;
    return "did you mean \"" + std::string(meant) + "\"?";
  }
  return did_you_mean(thing, things);
}

/// Fills region, pool, index or other; false when the text is not of the form.
bool read_target(Form form, const std::string& text, FleetEvent& event) {
  std::vector<std::string> parts = cut(text);
  if (std::any_of(parts.begin(), parts.end(), [](const auto& p) { return p.empty(); })) {
    return false;
  }
  event.region = parts[0];
  if (form == Form::kRegion) return parts.size() == 1;
  if (form == Form::kPool) {
    if (parts.size() == 2) event.pool = parts[1];
    return parts.size() == 2;
  }
  if (form == Form::kPair) {
    if (parts.size() != 2) return false;
    event.region = std::min(parts[0], parts[1]);
    event.other = std::max(parts[0], parts[1]);
    return true;
  }
  if (parts.size() < 2 || parts.size() > 3) return false;
  const auto index = parse_count(parts.back());
  if (!index || *index < 0 || *index > 0x7fffffff) return false;
  event.index = static_cast<std::uint32_t>(*index);
  if (parts.size() == 3) event.pool = parts[1];
  return true;
}

/// Region and pool of a "pool:REGION/POOL" that is not what happens (prestage into it).
bool read_pool(const std::string& text, FleetEvent& event) {
  constexpr std::string_view kPrefix = "pool:";
  return text.rfind(kPrefix, 0) == 0 &&
         read_target(Form::kPool, text.substr(kPrefix.size()), event);
}

void parse_prestage(const json& j, const std::string& path, const PlacedErrors& errors,
                    FleetEvent& event) {
  event.kind = EventKind::kPrestage;
  event.dataset = j.at("prestage").get<std::string>();
  event.rate = BytesPerSecond(j.at("rate").get<double>());
  event.in_flight = j.at("in_flight").get<std::uint32_t>();
  if (j.at("into").is_null()) {
    errors.add(path, "the key \"into\" is missing (the pool whose caches are filled)");
    return;
  }
  const std::string into = j.at("into").get<std::string>();
  if (read_pool(into, event)) return;
  errors.add(path + ".into", "value \"" + into + "\": want \"pool:REGION/POOL\"");
}

void parse_target(const json& j, const std::string& verb, const std::string& path,
                  const PlacedErrors& errors, FleetEvent& event) {
  const std::string target = j.at(verb).get<std::string>();
  const std::string thing = target.substr(0, target.find(':'));
  std::vector<std::string> things;
  for (const TargetRule& rule : kRules) {
    if (rule.verb != verb) continue;
    things.emplace_back(rule.thing);
    const bool named = thing.size() < target.size() && thing == rule.thing;
    if (!named || !read_target(rule.form, target.substr(thing.size() + 1), event)) continue;
    event.kind = rule.kind;
    if (rule.lost) event.factor = 0;
    return;
  }
  const bool known = std::find(things.begin(), things.end(), thing) != things.end();
  const std::string hint = known ? "" : near_thing(thing, things);
  errors.add(path + "." + verb,
             "value \"" + target + "\": " + wanted(verb) + (hint.empty() ? "" : "; " + hint));
}

/// Keys that mean something for some events only.
void refuse_idle_keys(const std::string& verb, const FleetEvent& event, const std::string& path,
                      const PlacedErrors& errors) {
  for (const auto& [key, verbs] : event_keys()) {
    const std::string at = path + "." + key;
    if (!errors.written(at)) continue;
    if (std::find(verbs.begin(), verbs.end(), verb) != verbs.end()) continue;
    std::string list;
    for (const std::string_view v : verbs) list += (list.empty() ? "" : ", ") + std::string(v);
    errors.add(at, "the key belongs to " + list + ", not to " + verb);
  }
  if (event.kind == EventKind::kThrottleOrigin && event.factor <= 0) {
    errors.add(path + ".factor", "value 0: an origin that is lost is fail \"region:REGION\"");
  }
}

FleetEvent parse_event(const json& j, const std::string& path, const PlacedErrors& errors) {
  FleetEvent event;
  event.at = Duration(j.at("at").get<std::int64_t>());
  event.lasts = Duration(j.at("for").get<std::int64_t>());
  std::vector<std::string> verbs;
  std::string all, these;
  for (const std::string key : kEventTexts) {
    if (key == "into") continue;
    all += (all.empty() ? "" : ", ") + key;
    if (j.at(key).is_null()) continue;
    verbs.push_back(key);
    these += (these.empty() ? "" : " and ") + key;
  }
  if (verbs.size() != 1) {
    errors.add(path, "an event is one of " + all + "; this has " + std::to_string(verbs.size()) +
                         (these.empty() ? "" : ": " + these));
    return event;
  }
  const std::string& verb = verbs.front();
  if (verb == "throttle") event.factor = j.at("factor").get<double>();
  if (verb == "upgrade") {
    event.fraction = j.at("fraction").get<double>();
    event.each = Duration(j.at("each").get<std::int64_t>());
  }
  if (verb == "upgrade" || verb == "drain") event.keeps_nvme = j.at("keeps_nvme").get<bool>();
  if (verb == "prestage") {
    parse_prestage(j, path, errors, event);
  } else {
    parse_target(j, verb, path, errors, event);
  }
  refuse_idle_keys(verb, event, path, errors);
  return event;
}

auto sort_key(const FleetEvent& e) {
  return std::tie(e.at.count, e.kind, e.region, e.pool, e.index, e.lasts.count, e.factor, e.other,
                  e.fraction, e.each.count, e.keeps_nvme, e.dataset, e.rate.count, e.in_flight);
}

template <class Map>
std::string unknown(const std::string& name, const std::string& what, const Map& known) {
  std::vector<std::string> names;
  std::string list;
  for (const auto& entry : known) {
    names.push_back(entry.first);
    list += (list.empty() ? "" : ", ") + entry.first;
  }
  const std::string hint = did_you_mean(name, names);
  return "\"" + name + "\" is no " + what + "; allowed " + (list.empty() ? "none" : list) +
         (hint.empty() ? "" : "; " + hint);
}

std::uint64_t parts_of(std::uint64_t whole, std::uint64_t unit) {
  return (whole + unit - 1) / unit;
}

/// How many of what an event counts a pool has. Racks and pods hold nodes of one pool only.
std::uint64_t countable(EventKind kind, const Fabric& fabric, const NodePool& pool) {
  switch (kind) {
    case EventKind::kFailRack:
    case EventKind::kFailTor:
    case EventKind::kDrainRack:
      return parts_of(pool.nodes, fabric.nodes_per_rack);
    case EventKind::kFailPod:
    case EventKind::kDrainPod:
      return parts_of(parts_of(pool.nodes, fabric.nodes_per_rack), fabric.racks_per_pod);
    default:
      return pool.nodes;
  }
}

/// What the index of an event counts: "rack", "account".
std::string_view thing_of(EventKind kind) {
  for (const TargetRule& rule : kRules) {
    if (rule.kind == kind) return rule.thing;
  }
  return "node";
}

/// "4 racks", "1 account".
std::string so_many(std::uint64_t n, EventKind kind) {
  std::string thing(thing_of(kind));
  if (kind == EventKind::kFailDrive) thing = "node";  // drives are counted by their nodes
  if (kind == EventKind::kFailTor) thing = "rack";
  return std::to_string(n) + " " + thing + (n == 1 ? "" : "s");
}

/// What an event's index is below; nothing when it has none.
std::optional<std::uint64_t> index_limit(const FleetEvent& event, const Region& region) {
  switch (event.kind) {
    case EventKind::kThrottleAccount:
      return region.blob.accounts;
    case EventKind::kFailZone:
    case EventKind::kDrainZone:
      return region.fabric.zones;
    case EventKind::kThrottleOrigin:
    case EventKind::kThrottleLink:
    case EventKind::kFailRegion:
    case EventKind::kUpgrade:
    case EventKind::kColdStart:
    case EventKind::kPrestage:
      return std::nullopt;
    default:
      break;
  }
  std::uint64_t most = 0;
  for (const auto& [name, pool] : region.pools) {
    if (event.pool.empty() || event.pool == name)
      most += countable(event.kind, region.fabric, pool);
  }
  return most;
}

bool has_link(const Scenario& s, const FleetEvent& event) {
  return std::any_of(s.links.begin(), s.links.end(), [&](const WanLink& link) {
    return link.from == event.region && link.to == event.other;
  });
}

void check_event(const Scenario& s, const FleetEvent& event, const PlacedErrors& errors) {
  const std::string path = "events." + std::to_string(event.position);
  const auto region = s.regions.find(event.region);
  if (region == s.regions.end()) {
    errors.add(path, unknown(event.region, "region", s.regions));
    return;
  }
  if (event.kind == EventKind::kThrottleLink && !has_link(s, event)) {
    errors.add(path,
               "there is no link between \"" + event.region + "\" and \"" + event.other + "\"");
  }
  const auto& pools = region->second.pools;
  if (!event.pool.empty() && pools.count(event.pool) == 0) {
    errors.add(path, unknown(event.pool, "pool of region " + event.region, pools));
    return;
  }
  if (event.kind == EventKind::kPrestage && s.datasets.count(event.dataset) == 0) {
    errors.add(path + ".prestage", unknown(event.dataset, "dataset", s.datasets));
  }
  const auto limit = index_limit(event, region->second);
  if (limit && event.index >= *limit) {
    errors.add(path, "index " + std::to_string(event.index) + ": " +
                         (event.pool.empty() ? "region \"" + event.region
                                             : "pool \"" + event.region + "/" + event.pool) +
                         "\" has only " + so_many(*limit, event.kind) + ", counted from 0");
  }
}

}  // namespace

const std::vector<EventKey>& event_keys() {
  static const std::vector<EventKey> keys = {
      {"for", {"fail", "throttle", "drain"}},
      {"factor", {"throttle"}},
      {"fraction", {"upgrade"}},
      {"each", {"upgrade"}},
      {"keeps_nvme", {"upgrade", "drain"}},
      {"into", {"prestage"}},
      {"rate", {"prestage"}},
      {"in_flight", {"prestage"}},
  };
  return keys;
}

std::vector<FleetEvent> parse_events(const json& list, const PlacedErrors& errors) {
  std::vector<FleetEvent> out;
  for (std::size_t i = 0; i < list.size(); ++i) {
    out.push_back(parse_event(list[i], "events." + std::to_string(i), errors));
    out.back().position = static_cast<std::uint32_t>(i);
  }
  std::stable_sort(out.begin(), out.end(), [](const FleetEvent& a, const FleetEvent& b) {
    return sort_key(a) < sort_key(b);
  });
  return out;
}

std::string describe(const FleetEvent& event) {
  if (event.kind == EventKind::kPrestage) return "prestage " + event.dataset;
  for (const TargetRule& rule : kRules) {
    if (rule.kind != event.kind || rule.lost != (rule.lost && event.factor <= 0)) continue;
    const bool pool = rule.form == Form::kPool;
    if (event.kind == EventKind::kColdStart && pool == event.pool.empty()) continue;
    std::string out = std::string(rule.verb) + " " + std::string(rule.thing) + ":" + event.region;
    if (!event.pool.empty()) out += "/" + event.pool;
    if (rule.form == Form::kIndexed) out += "/" + std::to_string(event.index);
    if (rule.form == Form::kPair) out += "/" + event.other;
    return out;
  }
  return "event";
}

void check_events(const Scenario& scenario, const PlacedErrors& errors) {
  for (const FleetEvent& event : scenario.events) check_event(scenario, event, errors);
}

}  // namespace fleetcache::scenario
