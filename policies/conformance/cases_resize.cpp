// Capacity and parameters that change while the cache runs.
#include "policies/conformance/cases.hpp"

namespace fleetcache::conformance {
namespace {

void fill_up(Host& host, const std::string& policy = "", std::uint64_t max_capacity = 2000) {
  Setup setup;
  setup.policy = policy;
  setup.max_capacity = max_capacity;
  host.reset(setup);
  for (Id id = 1; id <= 10; ++id) host.must_put(id, 100);
}

void resize(Host& host, std::uint64_t capacity) {
  host.want(host.set_capacity(capacity), {FCP_CONFORM_OK},
            "set_capacity " + std::to_string(capacity));
}

/// False for a policy that refuses newcomers instead: then a smaller capacity waits for erasures.
bool evicts(Host& host, const std::string& policy) {
  fill_up(host, policy);
  const std::map<Key, std::uint64_t> before = host.resident();
  for (Id id = 20; id < 60; ++id) host.put(id, 100);
  return host.resident() != before;
}

std::string shrink_keeps_newest(Host& host) {
  fill_up(host, "lru");
  host.want(host.get(1), {FCP_CONFORM_OK}, "get 1");
  resize(host, 350);
  host.want_resident({1, 9, 10}, "at 350 of 1000");
  host.check();
  host.check_bodies();
  return "the three last used in 350 bytes";
}

std::string shrink_to_one(Host& host) {
  each_policy(host, [&](const std::string& policy) {
    const bool full = !evicts(host, policy);
    fill_up(host, policy);
    resize(host, 1);
    host.check(full);
    host.want(host.put(50, 100), {FCP_CONFORM_REFUSED, FCP_CONFORM_AGAIN}, "put of 100 into 1");
    host.check(full);
    resize(host, 1000);
    host.check();
    for (Id id = 20; id < 60; ++id) host.put(id, 100);
    host.check();
    host.check_bodies();
    expect(!host.resident().empty(), "nothing is stored after the capacity came back");
  });
  return "empty, and full again";
}

std::string shrink_to_zero(Host& host) {
  fill_up(host);
  const std::int32_t status = host.set_capacity(0);
  host.want(status, {FCP_CONFORM_INVALID, FCP_CONFORM_OK}, "set_capacity 0");
  host.check();
  if (status == FCP_CONFORM_INVALID) {
    host.want_resident({1, 2, 3, 4, 5, 6, 7, 8, 9, 10}, "after the refusal");
  } else {
    host.want(host.put(50, 1), {FCP_CONFORM_REFUSED, FCP_CONFORM_AGAIN}, "put into 0");
  }
  resize(host, 1000);
  host.must_put(60, 100);
  host.check();
  host.check_bodies();
  return status_text(status) + ", and the cache works on";
}

std::string grow(Host& host) {
  fill_up(host);
  resize(host, 2000);
  for (Id id = 11; id <= 20; ++id) host.must_put(id, 100);
  expect(host.resident().size() == 20,
         std::to_string(host.resident().size()) + " objects are resident, not 20");
  host.check();
  return "20 objects in twice the space";
}

std::string beyond_maximum(Host& host) {
  fill_up(host);
  host.want(host.set_capacity(2001), {FCP_CONFORM_INVALID}, "set_capacity above max_capacity");
  host.want_resident({1, 2, 3, 4, 5, 6, 7, 8, 9, 10}, "after the refusal");
  host.put(11, 100);
  host.check();
  return "INVALID, the capacity stays";
}

std::string shrink_while_pinned(Host& host) {
  fill_up(host);
  for (const Id id : {Id{2}, Id{5}, Id{7}}) host.want(host.pin(id), {FCP_CONFORM_OK}, "pin");
  resize(host, 100);
  host.check(true);
  host.want_resident({2, 5, 7}, "at 100, with 300 pinned");
  host.want(host.put(50, 100), {FCP_CONFORM_AGAIN}, "put");
  for (const Id id : {Id{2}, Id{5}, Id{7}}) host.want(host.unpin(id), {FCP_CONFORM_OK}, "unpin");
  host.must_put(50, 100);
  host.want_resident({50}, "after the readers left");
  host.check();
  return "what is held stays until its readers leave";
}

std::string resize_mid_trace(Host& host) {
  std::uint64_t steps = 0;
  each_policy(host, [&](const std::string& policy) {
    Setup setup;
    setup.policy = policy;
    setup.max_capacity = 2000;
    const bool full = !evicts(host, policy);
    host.reset(setup);
    Draw draw(19);
    for (int k = 0; k < 400; ++k, ++steps) {
      if (draw.below(10) == 0) resize(host, 1 + draw.below(2000));
      host.request({draw.skewed(80), 1 + draw.below(100)});
      host.check(full);
    }
    host.check_bodies();
  });
  return count_of(steps, "step") + ", each within the capacity of the moment";
}

Setup with_params(Host& host) {
  Setup setup;
  setup.policy = host.calls().param_policy;
  setup.capacity = 2000;
  return setup;
}

/// Hits of a trace, one bit a request; `at` is called before request `when`.
template <class Call>
std::vector<bool> trace(Host& host, int when, const Call& at) {
  Draw draw(29);
  std::vector<bool> hits;
  for (int k = 0; k < 1200; ++k) {
    if (k == when) at();
    hits.push_back(host.request({draw.skewed(160), 40}));
    if (k % 100 == 0) host.check();
  }
  return hits;
}

std::string change_mid_trace(Host& host) {
  const fcp_conform_host& calls = host.calls();
  std::vector<std::vector<bool>> runs;
  for (const int from : {0, 1}) {
    host.reset(with_params(host));
    const auto set = [&](int which) {
      host.want(host.set_param(calls.param_key, calls.param_values[which]), {FCP_CONFORM_OK},
                std::string("set_param ") + calls.param_key);
    };
    set(from);
    runs.push_back(trace(host, 600, [&] {
      set(1 - from);
      host.check();
    }));
    host.check();
    host.check_bodies();
  }
  expect(runs[0] != runs[1], "the parameter changes nothing: the host does not pass it on");
  return "sound before and after, and it has an effect";
}

std::string bad_parameter(Host& host) {
  host.reset(with_params(host));
  const std::vector<bool> plain = trace(host, 600, [] {});
  host.reset(with_params(host));
  const std::vector<bool> refused = trace(host, 600, [&] {
    host.want(host.set_param("no_such_parameter", "1"), {FCP_CONFORM_INVALID}, "an unknown key");
    host.want(host.set_param(host.calls().param_key, "no number"), {FCP_CONFORM_INVALID},
              "a value that is none");
  });
  expect(plain == refused, "a refused parameter changed later decisions");
  return "INVALID, and the same decisions as without";
}

}  // namespace

Cases resize_cases() {
  const Needs any = Needs::kAnyPolicy;
  const std::uint32_t resizes = FCP_CONFORM_RESIZE;
  return {
      {"shrink_keeps_newest", "what the policy values most stays", resizes, Needs::kLru,
       shrink_keeps_newest},
      {"shrink_to_one", "empty at 1, and works at the old capacity again", resizes, any,
       shrink_to_one},
      {"shrink_to_zero", "INVALID, or empty; works at the old capacity again", resizes, any,
       shrink_to_zero},
      {"grow", "nothing evicted for want of space that is there", resizes, any, grow},
      {"beyond_maximum", "INVALID above max_capacity, nothing changes", resizes, any,
       beyond_maximum},
      {"shrink_while_pinned", "held objects stay, and go with their readers",
       resizes | FCP_CONFORM_PIN, any, shrink_while_pinned},
      {"resize_mid_trace", "never above the capacity of the moment, whatever the policy", resizes,
       any, resize_mid_trace},
  };
}

Cases parameter_cases() {
  const Needs any = Needs::kAnyPolicy;
  return {
      {"change_mid_trace", "a parameter changes in the middle: sound, and with an effect",
       FCP_CONFORM_PARAMS, any, change_mid_trace},
      {"bad_parameter", "INVALID, and no later decision changes", FCP_CONFORM_PARAMS, any,
       bad_parameter},
  };
}

}  // namespace fleetcache::conformance
