// kill -9, and what is there afterwards; and the same decisions from the same inputs.
#include "policies/conformance/cases.hpp"

namespace fleetcache::conformance {
namespace {

/// What a run showed: hits, resident objects and the log after each request.
struct Seen {
  std::vector<bool> hits;
  std::vector<std::map<Key, std::uint64_t>> resident;
  std::vector<std::vector<std::pair<Id, std::int32_t>>> events;
};

void step(Host& host, Draw& draw, Seen& seen) {
  const Id id = draw.skewed(60);
  const std::uint64_t charge = 20 + id % 7 * 10;
  if (draw.below(12) == 0 && host.can(FCP_CONFORM_ERASE)) {
    host.erase(id);
    seen.hits.push_back(false);
  } else {
    seen.hits.push_back(host.request({id, charge}));
  }
  seen.resident.push_back(host.resident());
  seen.events.emplace_back();
  if (!host.can(FCP_CONFORM_LOG)) return;
  for (const fcp_conform_event& event : host.drain()) {
    seen.events.back().emplace_back(event.id, event.kind);
  }
}

/// `steps` requests; with 0 <= stop < steps the host is saved and restarted before that one.
Seen run(Host& host, const std::string& policy, int steps, int stop = -1) {
  Setup setup;
  setup.policy = policy;
  setup.seed = 99;
  host.reset(setup);
  Draw draw(53);
  Seen seen;
  for (int k = 0; k < steps; ++k) {
    if (k == stop) {
      host.save();
      host.want(host.restart(), {FCP_CONFORM_OK}, "restart");
      if (host.can(FCP_CONFORM_LOG)) host.drain();
      host.check();
    }
    step(host, draw, seen);
  }
  return seen;
}

void compare(const Seen& a, const Seen& b, const std::string& what) {
  for (std::size_t k = 0; k < a.hits.size(); ++k) {
    const std::string at = what + ": step " + std::to_string(k) + " ";
    expect(a.hits[k] == b.hits[k], at + "is a hit in one run alone");
    expect(a.resident[k] == b.resident[k], at + "leaves other objects resident");
    expect(a.events[k] == b.events[k], at + "logs other decisions");
  }
}

std::string two_runs(Host& host) {
  std::uint64_t steps = 0;
  each_policy(host, [&](const std::string& policy) {
    const Seen first = run(host, policy, 500);
    compare(first, run(host, policy, 500), "second run");
    steps += first.hits.size();
  });
  return count_of(steps, "step") + " twice, the same";
}

std::string reset_forgets(Host& host) {
  const std::string policy = host.usual_policy();
  const Seen first = run(host, policy, 200);
  // Whatever was under way when the cache was reset belongs to the past.
  for (const auto& entry : host.resident()) {
    if (host.can(FCP_CONFORM_PIN)) host.pin(entry.first.second);
    if (host.can(FCP_CONFORM_TOUCH)) {
      host.calls().touch_later(host.calls().context, 0, entry.first.second);
    }
  }
  std::uint64_t ticket = 0;
  if (host.can(FCP_CONFORM_FILL)) host.fill_begin({1000, 100}, ticket);
  if (host.can(FCP_CONFORM_PHASES)) host.evict_begin(2);
  const Seen second = run(host, policy, 200);
  compare(first, second, "after a reset");
  if (host.can(FCP_CONFORM_TOUCH)) host.calls().touch_flush(host.calls().context);
  if (host.can(FCP_CONFORM_FILL)) {
    host.want(host.fill_end(ticket, true), {FCP_CONFORM_INVALID}, "fill_end of the past");
  }
  if (host.can(FCP_CONFORM_PHASES)) {
    host.want(host.evict_end(true), {FCP_CONFORM_INVALID}, "evict_end of the past");
  }
  host.check();
  return "as new";
}

std::string restart_keeps(Host& host) {
  each_policy(host, [&](const std::string& policy) {
    run(host, policy, 150);
    const std::map<Key, std::uint64_t> before = host.resident();
    host.save();
    host.want(host.restart(), {FCP_CONFORM_OK}, "restart");
    expect(host.resident() == before, "other objects are resident after the restart");
    host.check();
    host.check_bodies();
  });
  return "the same objects and bodies";
}

std::string snapshot_at_each_step(Host& host) {
  constexpr int kSteps = 40;
  std::uint64_t restarts = 0;
  each_policy(host, [&](const std::string& policy) {
    const Seen whole = run(host, policy, kSteps);
    for (int stop = 0; stop < kSteps; ++stop, ++restarts) {
      compare(whole, run(host, policy, kSteps, stop), "restarted at " + std::to_string(stop));
    }
  });
  return count_of(restarts, "restart") + ", each like the run without";
}

std::string lost_bodies(Host& host) {
  each_policy(host, [&](const std::string& policy) {
    run(host, policy, 150);
    std::map<Key, std::uint64_t> left = host.resident();
    expect(left.size() > 4, "hardly anything was stored");
    std::vector<Key> lost;
    for (auto at = left.begin(); at != left.end() && lost.size() < 3;) {
      lost.push_back(at->first);
      at = std::next(left.erase(at));
    }
    host.save();
    host.want(host.restart(FCP_CONFORM_NO_DAMAGE, 0, 0, lost), {FCP_CONFORM_OK}, "restart");
    expect(host.resident() == left, "not exactly the lost objects are gone");
    host.check();
    host.check_bodies();
    for (Id id = 500; id < 540; ++id) host.put(id, 50);
    host.check();
  });
  return "the lost are gone, the others there";
}

std::string puts_after_the_snapshot(Host& host) {
  run(host, host.usual_policy(), 150);
  host.save();
  for (Id id = 700; id < 712; ++id) host.request({id, 60});
  if (host.can(FCP_CONFORM_ERASE)) {
    for (Id id = 700; id < 703; ++id) host.erase(id);
  }
  host.want(host.restart(), {FCP_CONFORM_OK}, "restart from an older snapshot");
  host.check();
  host.check_bodies();
  for (Id id = 800; id < 840; ++id) host.must_put(id, 60);
  host.check();
  host.check_bodies();
  return "no phantom, no stray bytes";
}

std::string erased_after_the_snapshot(Host& host) {
  host.reset({});
  for (Id id = 1; id <= 8; ++id) host.must_put(id, 100);
  host.save();
  for (Id id = 1; id <= 3; ++id) host.want(host.erase(id), {FCP_CONFORM_OK}, "erase");
  host.want(host.restart(), {FCP_CONFORM_OK}, "restart");
  for (Id id = 1; id <= 3; ++id) {
    host.want(host.get(id), {FCP_CONFORM_MISS}, "get of what was erased before the kill");
  }
  host.want_resident({4, 5, 6, 7, 8}, "after the restart");
  host.check();
  return "what was erased stays erased";
}

std::string replaced_after_the_snapshot(Host& host) {
  host.reset({});
  for (Id id = 1; id <= 5; ++id) host.must_put(id, 100);
  host.save();
  for (Id id = 1; id <= 3; ++id) {
    host.want(host.erase(id), {FCP_CONFORM_OK}, "erase");
    host.must_put(id, 150 - 10 * id);
  }
  host.want(host.restart(), {FCP_CONFORM_OK}, "restart");
  host.check();
  host.check_bodies();
  return "never an old body, never an old size";
}

std::string restart_ends_pins(Host& host) {
  host.reset({});
  for (Id id = 1; id <= 10; ++id) host.must_put(id, 100);
  for (Id id = 1; id <= 10; ++id) host.want(host.pin(id), {FCP_CONFORM_OK}, "pin");
  host.save();
  host.want(host.restart(), {FCP_CONFORM_OK}, "restart");
  for (Id id = 20; id < 40; ++id) host.must_put(id, 100);
  host.check();
  return "readers of a dead process hold nothing";
}

std::string killed_while_evicting(Host& host) {
  host.reset({});
  for (Id id = 1; id <= 10; ++id) host.must_put(id, 100);
  expect(host.evict_begin(3).size() == 3, "not 3 victims");
  host.save();
  host.want(host.restart(), {FCP_CONFORM_OK}, "restart");
  host.check();
  host.check_bodies();
  host.want(host.evict_end(true), {FCP_CONFORM_INVALID}, "evict_end of a dead process");
  for (Id id = 20; id < 40; ++id) host.must_put(id, 100);
  host.check();
  host.check_bodies();
  return "nothing stays reserved";
}

std::string killed_while_filling(Host& host) {
  host.reset({});
  host.must_put(1, 100);
  std::uint64_t ticket = 0;
  host.want(host.fill_begin({2, 100}, ticket), {FCP_CONFORM_OK}, "fill_begin");
  host.save();
  host.want(host.restart(), {FCP_CONFORM_OK}, "restart");
  host.want_resident({1}, "after the restart");
  host.want(host.fill_end(ticket, true), {FCP_CONFORM_INVALID}, "fill_end of a dead process");
  host.must_put(2, 80);
  host.check();
  host.check_bodies();
  return "half an object is none";
}

std::string resized_after_the_snapshot(Host& host) {
  Setup setup;
  setup.max_capacity = 1000;
  host.reset(setup);
  for (Id id = 1; id <= 10; ++id) host.must_put(id, 100);
  host.save();
  host.want(host.set_capacity(400), {FCP_CONFORM_OK}, "set_capacity 400");
  host.want(host.restart(), {FCP_CONFORM_OK}, "restart from an older snapshot");
  host.check();
  for (Id id = 20; id < 30; ++id) host.must_put(id, 100);
  host.check();
  return "the capacity of today, not of the snapshot";
}

std::string expired_while_down(Host& host) {
  Setup setup;
  setup.features = FCP_CONFORM_TTL;
  host.reset(setup);
  Object object{1, 100};
  object.expires_ns = host.now() + 1000;
  host.must_put(object);
  host.must_put(2, 100);
  host.save();
  host.want(host.restart(), {FCP_CONFORM_OK}, "restart");
  host.want(host.advance(999), {FCP_CONFORM_OK}, "advance");
  host.want(host.get(1), {FCP_CONFORM_OK}, "get 1 ns before the end of its life");
  host.want(host.advance(1), {FCP_CONFORM_OK}, "advance");
  host.want(host.get(1), {FCP_CONFORM_MISS}, "get at the end of its life");
  host.want_resident({2}, "after the restart and its time");
  host.check();
  return "times survive a restart";
}

}  // namespace

Cases repeat_cases() {
  const Needs any = Needs::kAnyPolicy;
  return {
      {"two_runs", "two runs make the same decisions, whatever the policy", 0, any, two_runs},
      {"reset_forgets", "after a reset nothing of the past has an effect", 0, any, reset_forgets},
  };
}

Cases restart_cases() {
  const Needs any = Needs::kAnyPolicy;
  const std::uint32_t restart = FCP_CONFORM_RESTART;
  const std::uint32_t erase = FCP_CONFORM_ERASE;
  return {
      {"restart_keeps", "a snapshot and a kill keep every object", restart, any, restart_keeps},
      {"snapshot_at_each_step", "restarted at any step, on as if never", restart, any,
       snapshot_at_each_step},
      {"lost_bodies", "objects whose bodies are gone are gone, and no others", restart, any,
       lost_bodies},
      {"puts_after_the_snapshot", "from an older snapshot: no phantom, no stray bytes", restart,
       any, puts_after_the_snapshot},
      {"erased_after_the_snapshot", "what was erased does not come back", restart | erase, any,
       erased_after_the_snapshot},
      {"replaced_after_the_snapshot", "never an old body or size", restart | erase, any,
       replaced_after_the_snapshot},
      {"restart_ends_pins", "nothing is pinned after a restart", restart | FCP_CONFORM_PIN, any,
       restart_ends_pins},
      {"killed_while_evicting", "nothing is reserved after a restart", restart | FCP_CONFORM_PHASES,
       any, killed_while_evicting},
      {"killed_while_filling", "half an object is none", restart | FCP_CONFORM_FILL, any,
       killed_while_filling},
      {"resized_after_the_snapshot", "the capacity of today is kept", restart | FCP_CONFORM_RESIZE,
       any, resized_after_the_snapshot},
      {"expired_while_down", "times survive a restart", restart | FCP_CONFORM_TTL, any,
       expired_while_down},
  };
}

}  // namespace fleetcache::conformance
