// Several tenants in one cache.
#include "policies/conformance/cases.hpp"

namespace fleetcache::conformance {
namespace {

constexpr std::uint64_t kNoBound = ~std::uint64_t{0};

void reset(Host& host, const std::vector<fcp_conform_quota>& quotas,
           const std::string& policy = "") {
  Setup setup;
  setup.policy = policy;
  setup.quotas = quotas;
  host.reset(setup);
}

Object of(std::uint32_t tenant, Id id, std::uint64_t charge = 50) {
  Object object{id, charge};
  object.tenant = tenant;
  return object;
}

std::uint64_t held_by(Host& host, std::uint32_t tenant) {
  std::uint64_t sum = 0;
  for (const auto& [key, charge] : host.resident()) sum += key.first == tenant ? charge : 0;
  return sum;
}

std::string same_id_apart(Host& host) {
  reset(host, {{0, kNoBound, 1, 0}, {0, kNoBound, 1, 0}});
  host.must_put(of(0, 7, 100));
  host.want(host.get(7, 1), {FCP_CONFORM_MISS}, "get by tenant 1 of what tenant 0 put");
  host.must_put(of(1, 7, 60));
  host.want(host.get(7, 0), {FCP_CONFORM_OK}, "get by tenant 0");
  host.want(host.get(7, 1), {FCP_CONFORM_OK}, "get by tenant 1");
  expect(held_by(host, 0) == 100 && held_by(host, 1) == 60, "they are counted for another");
  host.check();
  return "two objects, one id";
}

std::string minimum_kept(Host& host) {
  each_policy(host, [&](const std::string& policy) {
    reset(host, {{400, kNoBound, 1, 0}, {0, kNoBound, 1, 0}}, policy);
    for (Id id = 0; id < 8; ++id) host.put(of(0, id));
    const std::uint64_t had = held_by(host, 0);
    for (Id id = 0; id < 200; ++id) host.request(of(1, id));
    const std::uint64_t left = held_by(host, 0);
    expect(left == had && had > 0, "tenant 0 has a minimum of 400, held " + std::to_string(had) +
                                       ", and has " + std::to_string(left));
    host.check();
  });
  return "400 bytes survive a scan of 10000 by another";
}

std::string idle_space_lent(Host& host) {
  reset(host, {{0, kNoBound, 1, 0}, {0, kNoBound, 1, 0}});
  for (Id id = 0; id < 40; ++id) host.must_put(of(1, id));
  const std::uint64_t lent = held_by(host, 1);
  expect(lent == 1000, "tenant 1 holds " + std::to_string(lent) + " of 1000 that nobody else uses");
  for (Id id = 0; id < 40; ++id) host.must_put(of(0, id));
  const std::uint64_t back = held_by(host, 0);
  expect(back == 500, "tenant 0 is entitled to 500 and got " + std::to_string(back));
  host.check();
  return "1000 lent, 500 taken back";
}

std::string maximum_kept(Host& host) {
  reset(host, {{0, 300, 1, 0}, {0, kNoBound, 1, 0}});
  for (Id id = 0; id < 40; ++id) {
    host.put(of(0, id));
    expect(held_by(host, 0) <= 300,
           "tenant 0 holds " + std::to_string(held_by(host, 0)) + " and may hold 300");
    host.check();
  }
  expect(held_by(host, 0) == 300,
         "tenant 0 holds " + std::to_string(held_by(host, 0)) + " of its 300");
  return "300 of 1000, although the rest is idle";
}

std::string weights_kept(Host& host) {
  reset(host, {{0, kNoBound, 3, 0}, {0, kNoBound, 1, 0}});
  Draw draw(2);
  for (int k = 0; k < 400; ++k) host.request(of(static_cast<std::uint32_t>(k % 2), draw.next()));
  const std::uint64_t first = held_by(host, 0);
  expect(first == 750,
         "tenant 0 has three quarters of the weight and " + std::to_string(first) + " of 1000");
  host.check();
  return "750 and 250 of 1000 at weights 3 and 1";
}

std::string tenants_add_up(Host& host) {
  std::uint64_t steps = 0;
  each_policy(host, [&](const std::string& policy) {
    reset(host, {{100, kNoBound, 1, 0}, {0, 600, 2, 0}, {200, 800, 1, 0}}, policy);
    Draw draw(41);
    for (int k = 0; k < 300; ++k, ++steps) {
      const auto tenant = static_cast<std::uint32_t>(draw.below(3));
      const Id id = draw.skewed(40);
      if (draw.below(12) == 0 && host.can(FCP_CONFORM_ERASE)) {
        host.erase(id, tenant);
      } else {
        host.request(of(tenant, id, 10 + draw.below(80)));
      }
      host.check();
    }
    host.check_bodies();
  });
  return count_of(steps, "step") + ", each sound";
}

}  // namespace

Cases tenant_cases() {
  const Needs any = Needs::kAnyPolicy;
  const std::uint32_t tenants = FCP_CONFORM_TENANTS;
  return {
      {"same_id_apart", "an id of one tenant is not another's", tenants, any, same_id_apart},
      {"minimum_kept", "a guaranteed minimum survives another tenant's scan", tenants, any,
       minimum_kept},
      {"idle_space_lent", "idle space is lent, and given back when asked for", tenants, Needs::kLru,
       idle_space_lent},
      {"maximum_kept", "no tenant above its maximum", tenants, Needs::kLru, maximum_kept},
      {"weights_kept", "contended space goes by weight", tenants, Needs::kLru, weights_kept},
      {"tenants_add_up", "bytes add up over all tenants, whatever the policy", tenants, any,
       tenants_add_up},
  };
}

}  // namespace fleetcache::conformance
