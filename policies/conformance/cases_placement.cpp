// Who owns a key, and what changes with the membership.
#include <algorithm>

#include "policies/conformance/cases.hpp"

namespace fleetcache::conformance {
namespace {

constexpr Id kKeys = 4000;

void members(Host& host, std::uint64_t epoch, const std::vector<fcp_conform_member>& list) {
  const std::int32_t status = host.calls().set_members(host.calls().context, epoch, list.data(),
                                                       static_cast<std::uint32_t>(list.size()));
  host.want(status, {FCP_CONFORM_OK}, "set_members of epoch " + std::to_string(epoch));
}

std::vector<fcp_conform_member> ten() {
  std::vector<fcp_conform_member> list;
  for (std::uint64_t k = 0; k < 10; ++k) list.push_back({1000 + 17 * k, 1, 1});
  return list;
}

std::vector<Id> owners(Host& host, std::uint64_t epoch, Id key, std::uint32_t count) {
  std::vector<Id> out(count);
  const std::int64_t found =
      host.calls().lookup(host.calls().context, epoch, key, out.data(), count);
  expect(found >= 0 && found <= static_cast<std::int64_t>(count),
         "lookup of epoch " + std::to_string(epoch) + " answered " + std::to_string(found));
  out.resize(static_cast<std::size_t>(found));
  return out;
}

std::vector<Id> first_owners(Host& host, std::uint64_t epoch) {
  std::vector<Id> out;
  for (Id key = 0; key < kKeys; ++key) out.push_back(owners(host, epoch, key, 1).at(0));
  return out;
}

std::string same_members_same_owners(Host& host) {
  host.reset({});
  members(host, 1, ten());
  const std::vector<Id> first = first_owners(host, 1);
  std::vector<fcp_conform_member> turned = ten();
  std::swap(turned.front(), turned.back());
  members(host, 2, turned);
  expect(first_owners(host, 2) == first, "the order of the list changes owners");
  expect(first_owners(host, 1) == first, "the epoch before is answered otherwise");
  return count_of(kKeys, "key") + ", three times the same owner";
}

std::string replicas_differ(Host& host) {
  host.reset({});
  members(host, 1, ten());
  for (Id key = 0; key < kKeys; ++key) {
    const std::vector<Id> all = owners(host, 1, key, 3);
    expect(all.size() == 3, "key " + std::to_string(key) + " has " + count_of(all.size(), "owner"));
    expect(std::set<Id>(all.begin(), all.end()).size() == 3,
           "key " + std::to_string(key) + " has an owner twice");
    for (const Id owner : all) {
      expect(owner >= 1000 && owner <= 1153 && (owner - 1000) % 17 == 0,
             std::to_string(owner) + " owns a key and is no member");
    }
  }
  return "three owners for each of " + count_of(kKeys, "key");
}

std::string down_owns_nothing(Host& host) {
  host.reset({});
  std::vector<fcp_conform_member> list = ten();
  list[3].up = 0;
  members(host, 1, list);
  for (Id key = 0; key < kKeys; ++key) {
    for (const Id owner : owners(host, 1, key, 2)) {
      expect(owner != list[3].id, "a member that is down owns key " + std::to_string(key));
    }
  }
  return "0 of " + count_of(kKeys, "key");
}

std::string only_the_left_moves(Host& host) {
  host.reset({});
  members(host, 1, ten());
  std::vector<fcp_conform_member> list = ten();
  const Id leaver = list[4].id;
  list.erase(list.begin() + 4);
  members(host, 2, list);
  const std::vector<Id> before = first_owners(host, 1);
  const std::vector<Id> after = first_owners(host, 2);
  std::uint64_t moved = 0;
  for (Id key = 0; key < kKeys; ++key) {
    if (before[key] == after[key]) continue;
    ++moved;
    expect(before[key] == leaver, "key " + std::to_string(key) + " moved from a member that stays");
  }
  expect(moved > 0, "the leaver owned nothing");
  return count_of(moved, "key") + " of " + std::to_string(kKeys) + " moved, all of the leaver";
}

std::string shares_are_fair(Host& host) {
  host.reset({});
  members(host, 1, ten());
  std::map<Id, std::uint64_t> counts;
  for (const Id owner : first_owners(host, 1)) ++counts[owner];
  expect(counts.size() == 10, count_of(counts.size(), "member") + " of 10 own keys");
  std::uint64_t most = 0;
  for (const auto& count : counts) most = std::max(most, count.second);
  expect(most < 2 * kKeys / 10,
         "one member of 10 owns " + std::to_string(most) + " of " + std::to_string(kKeys));
  return "at most " + std::to_string(most) + " of " + std::to_string(kKeys) + " for one of 10";
}

std::string unknown_epoch(Host& host) {
  host.reset({});
  members(host, 1, ten());
  std::uint64_t owner = 0;
  const std::int64_t ahead = host.calls().lookup(host.calls().context, 9, 5, &owner, 1);
  expect(ahead < 0, "an epoch that is not there yet has an owner");
  members(host, 2, ten());
  expect(owners(host, 1, 5, 1) == owners(host, 2, 5, 1), "the same members, other owners");
  return "no owner in an unknown epoch; two epochs answer";
}

}  // namespace

Cases placement_cases() {
  const Needs any = Needs::kAnyPolicy;
  const std::uint32_t placement = FCP_CONFORM_PLACEMENT;
  return {
      {"same_members_same_owners", "owners depend on the members, not on their order", placement,
       any, same_members_same_owners},
      {"replicas_differ", "replicas are different members", placement, any, replicas_differ},
      {"down_owns_nothing", "a member that is down owns nothing", placement, any,
       down_owns_nothing},
      {"only_the_left_moves", "when a member leaves only its keys move", placement, any,
       only_the_left_moves},
      {"shares_are_fair", "no member has twice its share", placement, any, shares_are_fair},
      {"unknown_epoch", "no answer for an unknown epoch, and the one before stays askable",
       placement, any, unknown_epoch},
  };
}

}  // namespace fleetcache::conformance
