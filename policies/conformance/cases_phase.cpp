// Between the choice of a victim and its end.
#include "policies/conformance/cases.hpp"

namespace fleetcache::conformance {
namespace {

void fill_up(Host& host, const std::string& policy = "", std::uint64_t max_capacity = 0) {
  Setup setup;
  setup.policy = policy;
  setup.max_capacity = max_capacity;
  host.reset(setup);
  Draw draw(3);
  for (int k = 0; k < 200; ++k) host.request({1 + draw.skewed(30), 100});
  for (Id id = 101; host.resident().size() < 10 && id < 200; ++id) host.put(id, 100);
}

std::vector<Key> begin(Host& host, std::uint64_t count) {
  const std::vector<Key> victims = host.evict_begin(count);
  const std::map<Key, std::uint64_t> held = host.resident();
  std::set<Key> seen;
  for (const Key& key : victims) {
    expect(held.count(key) != 0, "victim " + key_text(key) + " is not resident");
    expect(seen.insert(key).second, "victim " + key_text(key) + " was chosen twice");
  }
  return victims;
}

void end(Host& host, bool succeeded) {
  host.want(host.evict_end(succeeded), {FCP_CONFORM_OK}, "evict_end");
}

std::string abort_restores(Host& host) {
  each_policy(host, [&](const std::string& policy) {
    fill_up(host, policy);
    const std::vector<Key> first = begin(host, 1);
    if (first.empty()) {
      expect(policy != "lru", "no victim in a full cache");
      return;  // a policy that never evicts
    }
    const std::map<Key, std::uint64_t> before = host.resident();
    for (int round = 0; round < 4; ++round) {
      end(host, false);
      expect(host.resident() == before, "another resident set after a failed eviction");
      const std::vector<Key> again = begin(host, 1);
      expect(again == first, "the next victim is " +
                                 (again.empty() ? std::string("none") : key_text(again[0])) +
                                 " instead of " + key_text(first[0]));
    }
    end(host, true);
    for (const Key& key : first) {
      expect(!host.is_resident(key.second), key_text(key) + " was evicted and is resident");
    }
    host.check();
  });
  return "the same victim five times";
}

std::string abort_many(Host& host) {
  fill_up(host, "lru");
  const std::vector<Key> first = begin(host, 6);
  expect(first.size() == 6, std::to_string(first.size()) + " victims of 6");
  end(host, false);
  host.check();
  host.check_bodies();
  fill_up(host, "lru");
  begin(host, 6);
  end(host, false);
  expect(begin(host, 6) == first, "six others, or in another order");
  end(host, true);
  host.check();
  expect(host.resident().size() == 4, std::to_string(host.resident().size()) + " left of 4");
  return "six victims in the same order";
}

std::string commit_frees(Host& host) {
  fill_up(host);
  const std::int64_t before = host.used();
  const std::vector<Key> victims = begin(host, 3);
  expect(!victims.empty(), "no victim in a full cache");
  std::int64_t charge = 0;
  for (const Key& key : victims) charge += static_cast<std::int64_t>(host.resident().at(key));
  expect(host.used() == before, "bytes that are still there are no longer counted");
  end(host, true);
  expect(host.used() == before - charge,
         "used is " + std::to_string(host.used()) + ", not " + std::to_string(before - charge));
  for (const Key& key : victims) {
    host.want(host.get(key.second), {FCP_CONFORM_MISS}, "get of an evicted object");
  }
  host.check();
  host.check_bodies();
  return count_of(victims.size(), "victim") + ", their bytes and no others";
}

std::string end_twice(Host& host) {
  fill_up(host);
  begin(host, 2);
  end(host, true);
  const std::map<Key, std::uint64_t> after = host.resident();
  host.want(host.evict_end(true), {FCP_CONFORM_INVALID}, "second evict_end");
  host.want(host.evict_end(false), {FCP_CONFORM_INVALID}, "third evict_end");
  expect(host.resident() == after, "a second end changed the resident set");
  host.check();
  return "INVALID, nothing changed";
}

std::string pin_reserved(Host& host) {
  fill_up(host);
  const Id id = begin(host, 1).at(0).second;
  host.want(host.pin(id), {FCP_CONFORM_AGAIN, FCP_CONFORM_MISS}, "pin of a reserved object");
  end(host, true);
  host.want(host.get(id), {FCP_CONFORM_MISS}, "get after the eviction");
  host.check();
  fill_up(host);
  const Id other = begin(host, 1).at(0).second;
  end(host, false);
  host.want(host.pin(other), {FCP_CONFORM_OK}, "pin after a failed eviction");
  return "not while it is on its way out";
}

std::string get_reserved(Host& host) {
  fill_up(host);
  const Id id = begin(host, 1).at(0).second;
  const std::int32_t during = host.get(id);
  end(host, false);
  host.want(host.get(id), {FCP_CONFORM_OK}, "get after a failed eviction");
  const Id gone = begin(host, 1).at(0).second;
  host.get(gone);
  end(host, true);
  host.want(host.get(gone), {FCP_CONFORM_MISS}, "get after the eviction");
  host.check();
  return status_text(during) + " while on its way, OK when back, MISS when gone";
}

std::string put_reserved(Host& host) {
  fill_up(host);
  const Id id = begin(host, 1).at(0).second;
  host.want(host.put(id, 100), {FCP_CONFORM_AGAIN, FCP_CONFORM_EXISTS}, "put of a reserved object");
  host.check();
  end(host, true);
  host.check();
  host.must_put(id, 100);
  host.check();
  host.check_bodies();
  return "not twice";
}

std::string put_while_reserved(Host& host) {
  fill_up(host);
  const std::vector<Key> victims = begin(host, 3);
  host.put(500, 200);
  host.check();
  for (const Key& key : victims) {
    expect(host.resident().count(key) != 0, "a put took " + key_text(key) + ", which was reserved");
  }
  end(host, true);
  host.check();
  host.check_bodies();
  return "other victims, the capacity kept";
}

std::string erase_reserved(Host& host) {
  fill_up(host);
  const Id id = begin(host, 1).at(0).second;
  const std::int32_t status = host.erase(id);
  host.want(status, {FCP_CONFORM_AGAIN, FCP_CONFORM_OK}, "erase of a reserved object");
  host.want(host.evict_end(false), {FCP_CONFORM_OK, FCP_CONFORM_INVALID}, "evict_end");
  host.want(host.get(id), {status == FCP_CONFORM_OK ? FCP_CONFORM_MISS : FCP_CONFORM_OK},
            "get after " + status_text(status) + " and a failed eviction");
  host.check();
  return status_text(status) + ", and meant";
}

std::string resize_while_reserved(Host& host) {
  fill_up(host);
  begin(host, 3);
  host.want(host.set_capacity(400), {FCP_CONFORM_OK}, "set_capacity 400");
  host.check(true);
  end(host, true);
  host.put(500, 100);
  host.check();
  return "within the new capacity";
}

std::string reserved_never_twice(Host& host) {
  each_policy(host, [&](const std::string& policy) {
    fill_up(host, policy);
    const std::size_t most = host.resident().size();
    const std::size_t victims = begin(host, most + 5).size();
    expect(victims <= most, std::to_string(victims) + " victims of " + std::to_string(most));
    if (victims > 0) end(host, false);
    host.check();
    host.check_bodies();
  });
  return "each victim once";
}

}  // namespace

Cases phase_cases() {
  const Needs any = Needs::kAnyPolicy;
  const std::uint32_t phases = FCP_CONFORM_PHASES;
  return {
      {"abort_restores", "after a failed eviction the next victim is the same", phases, any,
       abort_restores},
      {"abort_many", "after six failed evictions the next six are the same", phases, Needs::kLru,
       abort_many},
      {"commit_frees", "exactly the victims and their bytes go", phases, any, commit_frees},
      {"end_twice", "INVALID, nothing changes", phases, any, end_twice},
      {"pin_reserved", "AGAIN or MISS while reserved", phases | FCP_CONFORM_PIN, any, pin_reserved},
      {"get_reserved", "a hit after an abort, a miss after a commit", phases, any, get_reserved},
      {"put_reserved", "AGAIN or EXISTS, never two copies", phases, any, put_reserved},
      {"put_while_reserved", "other victims, the capacity kept", phases, any, put_while_reserved},
      {"erase_reserved", "AGAIN and it stays, or OK and it goes", phases | FCP_CONFORM_ERASE, any,
       erase_reserved},
      {"resize_while_reserved", "the new capacity is kept in the end", phases | FCP_CONFORM_RESIZE,
       any, resize_while_reserved},
      {"reserved_never_twice", "a search for more than there are names each once", phases, any,
       reserved_never_twice},
  };
}

}  // namespace fleetcache::conformance
