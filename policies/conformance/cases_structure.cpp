// Objects that depend on each other.
#include "policies/conformance/cases.hpp"

namespace fleetcache::conformance {
namespace {

void reset(Host& host, std::uint32_t features, const std::string& policy = "") {
  Setup setup;
  setup.policy = policy;
  setup.features = features;
  host.reset(setup);
}

/// Nodes of a tree of degree 3: the parent of n is (n - 1) / 3.
Object node(Id id) {
  Object object{id, 40};
  object.has_parent = id != 0;
  object.parent = id == 0 ? 0 : (id - 1) / 3;
  return object;
}

void no_orphans(Host& host) {
  const std::map<Key, std::uint64_t> held = host.resident();
  for (const auto& entry : held) {
    const Object object = node(entry.first.second);
    expect(
        !object.has_parent || held.count({0, object.parent}) != 0,
        key_text(entry.first) + " is resident without its parent " + std::to_string(object.parent));
  }
}

std::string parents_outlive(Host& host) {
  std::uint64_t steps = 0;
  each_policy(host, [&](const std::string& policy) {
    reset(host, FCP_CONFORM_PREFIX, policy);
    Draw draw(13);
    for (int k = 0; k < 200; ++k, ++steps) {
      // A path from the root: what a request for a prefix reads, or stores as far as it goes.
      Id leaf = draw.skewed(120);
      std::vector<Id> path{leaf};
      while (leaf != 0) path.push_back(leaf = (leaf - 1) / 3);
      for (auto id = path.rbegin(); id != path.rend(); ++id) {
        if (host.get(*id) == FCP_CONFORM_OK) continue;
        if (host.put(node(*id)) != FCP_CONFORM_OK) break;
        no_orphans(host);
      }
      no_orphans(host);
      host.check();
    }
    expect(host.resident().size() > 5, "hardly anything was stored");
  });
  return count_of(steps, "path") + ", no orphan";
}

std::string orphan_refused(Host& host) {
  reset(host, FCP_CONFORM_PREFIX);
  host.want(host.put(node(5)), {FCP_CONFORM_REFUSED}, "put of a child whose parent is not there");
  expect(host.resident().empty(), "it is resident");
  host.must_put(node(0));
  host.must_put(node(1));
  host.must_put(node(5));
  host.want_resident({0, 1, 5}, "after the parents were put");
  host.check();
  return "REFUSED, then stored under its parent";
}

std::string erase_of_parent(Host& host) {
  reset(host, FCP_CONFORM_PREFIX);
  for (Id id = 0; id <= 5; ++id) host.must_put(node(id));
  const std::int32_t status = host.erase(1);
  host.want(status, {FCP_CONFORM_AGAIN, FCP_CONFORM_OK}, "erase of a parent");
  no_orphans(host);
  host.check();
  host.want(host.get(5), {status == FCP_CONFORM_OK ? FCP_CONFORM_MISS : FCP_CONFORM_OK}, "get 5");
  return status_text(status) + ", no orphan";
}

std::string pinned_leaf_holds(Host& host) {
  reset(host, FCP_CONFORM_PREFIX);
  for (const Id id : {Id{0}, Id{1}, Id{4}, Id{13}}) host.must_put(node(id));
  host.want(host.pin(13), {FCP_CONFORM_OK}, "pin 13");
  for (Id id = 200; id < 260; ++id) host.put({id, 40});
  for (const Id id : {Id{0}, Id{1}, Id{4}, Id{13}}) {
    expect(host.is_resident(id), std::to_string(id) + " is above a pinned leaf and was evicted");
  }
  host.check();
  return "a pinned leaf keeps its path";
}

/// Members of a group have ids that agree but for the last digit.
Id group_of(Id id) { return id / 10; }

Object member(Host& host, Id id) {
  Object object{id, 30};
  for (const auto& entry : host.resident()) {
    if (group_of(entry.first.second) != group_of(id)) continue;
    object.has_mate = true;
    object.mate = entry.first.second;
  }
  return object;
}

std::map<Id, std::set<Id>> groups(Host& host) {
  std::map<Id, std::set<Id>> out;
  for (const auto& entry : host.resident()) {
    out[group_of(entry.first.second)].insert(entry.first.second);
  }
  return out;
}

std::string whole_groups(Host& host) {
  std::uint64_t gone = 0;
  each_policy(host, [&](const std::string& policy) {
    reset(host, FCP_CONFORM_GROUPS, policy);
    Draw draw(17);
    for (int k = 0; k < 400; ++k) {
      const Id id = draw.skewed(15) * 10 + draw.below(4);
      const std::map<Id, std::set<Id>> before = groups(host);
      if (host.get(id) == FCP_CONFORM_OK) continue;
      host.put(member(host, id));
      std::map<Id, std::set<Id>> after = groups(host);
      after[group_of(id)].erase(id);
      for (const auto& [group, members] : before) {
        const std::set<Id>& left = after[group];
        expect(left.empty() || left == members,
               "of group " + std::to_string(group) + " " + std::to_string(left.size()) + " of " +
                   std::to_string(members.size()) + " members are left");
        gone += left.empty() ? 1 : 0;
      }
      host.check();
    }
  });
  expect(gone > 0, "no group ever left");
  return count_of(gone, "group") + " left, each whole";
}

std::string pinned_member_holds(Host& host) {
  reset(host, FCP_CONFORM_GROUPS);
  for (const Id id : {Id{10}, Id{11}, Id{12}}) host.must_put(member(host, id));
  host.want(host.pin(11), {FCP_CONFORM_OK}, "pin 11");
  for (Id id = 20; id < 900; id += 10) host.put({id, 30});
  for (const Id id : {Id{10}, Id{11}, Id{12}}) {
    expect(host.is_resident(id), std::to_string(id) + " has a pinned mate and was evicted");
  }
  host.check();
  return "a pinned member keeps its group";
}

}  // namespace

Cases structure_cases() {
  const Needs any = Needs::kAnyPolicy;
  const std::uint32_t prefix = FCP_CONFORM_PREFIX;
  const std::uint32_t groups_ = FCP_CONFORM_GROUPS;
  return {
      {"parents_outlive", "no child is resident without its parent, whatever the policy", prefix,
       any, parents_outlive},
      {"orphan_refused", "REFUSED for a child whose parent is not there", prefix, any,
       orphan_refused},
      {"erase_of_parent", "AGAIN, or the children go too", prefix | FCP_CONFORM_ERASE, any,
       erase_of_parent},
      {"pinned_leaf_holds", "what a pinned object depends on stays", prefix | FCP_CONFORM_PIN, any,
       pinned_leaf_holds},
      {"whole_groups", "a group leaves whole or not at all, whatever the policy", groups_, any,
       whole_groups},
      {"pinned_member_holds", "a group with a pinned member stays", groups_ | FCP_CONFORM_PIN, any,
       pinned_member_holds},
  };
}

}  // namespace fleetcache::conformance
