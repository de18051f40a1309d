// policy_soak [--operations N] [--policy NAME] [--seed S] [--audit-every N] [--episode E]
// Random calls for every policy, N of them each, in episodes of 20,000 on caches of ever other
// configurations. The first broken promise is printed with the command that repeats it.
// --lose-erase N: keeps each N-th erase from the cache, and succeeds if that is seen.
#include <cstdio>
#include <cstdlib>
#include <string>

#include "tests/soak/walker.hpp"

using namespace fleetcache;
using namespace fleetcache::soak;

namespace {

constexpr std::uint64_t kEpisode = 20'000;

struct Options {
  std::uint64_t operations = 20'000;
  std::uint64_t seed = 1;
  std::uint64_t audit_every = 256;
  std::uint64_t lose_erase = 0;
  std::string policy;
  long episode = -1;  ///< this one alone; -1 all
};

struct Setting {
  eviction::Config config;
  std::uint32_t tenants = 1;
  bool plain = true;
};

std::uint32_t draw_features(Draws& random) {
  if (random.one_in(4)) return 0;
  std::uint32_t features = random.below(eviction::kAllFeatures + 1) & eviction::kAllFeatures;
  const std::uint32_t either = eviction::kPrefix | eviction::kGroups;
  if ((features & either) == either) {
    features &= ~std::uint32_t{random.one_in(2) ? eviction::kPrefix : eviction::kGroups};
  }
  return features;
}

Setting draw_setting(Draws& random, const std::vector<Params>& params) {
  Setting s;
  eviction::Config& c = s.config;
  c.unit_charge = random.one_in(3);
  c.capacity =
      random.one_in(6) ? 1 + random.below(12) : 20 + random.below(c.unit_charge ? 50 : 280);
  if (random.one_in(2)) c.max_capacity = c.capacity * 2;
  c.max_entries = static_cast<std::uint32_t>(8 + random.below(80));
  c.seed = random.next();
  c.params = params[random.below(params.size())];
  c.features = draw_features(random);
  s.plain = random.one_in(2);
  if (!s.plain) s.tenants = static_cast<std::uint32_t>(1 + random.below(3));
  return s;
}

template <class Binding>
std::uint64_t run(std::string_view policy, const Setting& s, std::uint64_t seed,
                  const std::vector<Params>& params, const Options& options,
                  std::uint64_t operations, Counts& counts) {
  Walker<Binding> walker(policy, s.config, s.tenants, seed, params, counts);
  walker.lose_erase = options.lose_erase;
  walker.walk(operations, options.audit_every);
  return walker.digest();
}

/// False when a promise was broken.
bool soak_policy(const eviction::PolicyInfo& policy, const Options& options) {
  const std::vector<Params> params = golden::parameter_sets(policy);
  Digest name;
  for (const char c : policy.name) name.add(static_cast<unsigned char>(c));
  Counts counts;
  Digest digest;
  std::uint64_t done = 0;
  for (std::uint64_t episode = 0; done < options.operations; ++episode) {
    const std::uint64_t length = std::min(kEpisode, options.operations - done);
    done += length;
    if (options.episode >= 0 && static_cast<std::uint64_t>(options.episode) != episode) continue;
    const std::uint64_t seed = mix64(mix64(options.seed ^ name.value()) + episode);
    Draws random(seed);
    const Setting s = draw_setting(random, params);
    try {
      digest.add(s.plain ? run<OneCache>(policy.name, s, seed, params, options, length, counts)
                         : run<ManyTenants>(policy.name, s, seed, params, options, length, counts));
    } catch (const Broken& broken) {
      std::printf(
          "%-16s broken: %s\n  policy_soak --policy %s --seed %llu --operations %llu "
          "--episode %llu\n",
          std::string(policy.name).c_str(), broken.what(), std::string(policy.name).c_str(),
          static_cast<unsigned long long>(options.seed),
          static_cast<unsigned long long>(options.operations),
          static_cast<unsigned long long>(episode));
      return false;
    }
  }
  const auto n = [](std::uint64_t x) { return static_cast<unsigned long long>(x); };
  std::printf(
      "%-16s %llu calls: %llu hits, %llu victims, %llu reserved, %llu put back, %llu "
      "expired, %llu erased, %llu restored, %llu restarts, %llu resizes, %llu parameter "
      "changes, %llu audits; digest %016llx\n",
      std::string(policy.name).c_str(), n(done), n(counts.hits), n(counts.victims),
      n(counts.reserved), n(counts.aborted), n(counts.expired), n(counts.erased),
      n(counts.restored), n(counts.restarts), n(counts.resizes), n(counts.hot_params),
      n(counts.audits), n(digest.value()));
  std::fflush(stdout);
  return true;
}

bool parse(int argc, char** argv, Options& options) {
  for (int k = 1; k < argc; k += 2) {
    const std::string key = argv[k];
    if (k + 1 == argc) return false;
    const char* value = argv[k + 1];
    if (key == "--policy") {
      options.policy = value;
    } else if (key == "--operations") {
      options.operations = std::strtoull(value, nullptr, 10);
    } else if (key == "--seed") {
      options.seed = std::strtoull(value, nullptr, 10);
    } else if (key == "--audit-every") {
      options.audit_every = std::max<std::uint64_t>(1, std::strtoull(value, nullptr, 10));
    } else if (key == "--lose-erase") {
      options.lose_erase = std::strtoull(value, nullptr, 10);
    } else if (key == "--episode") {
      options.episode = std::strtol(value, nullptr, 10);
    } else {
      return false;
    }
  }
  return true;
}

}  // namespace

int main(int argc, char** argv) {
  Options options;
  if (!parse(argc, argv, options)) {
    std::puts("usage: see the head of policy_soak.cpp");
    return 2;
  }
  int walked = 0;
  int broken = 0;
  for (const eviction::PolicyInfo& policy : eviction::policies()) {
    if (!options.policy.empty() && policy.name != options.policy) continue;
    ++walked;
    if (!soak_policy(policy, options)) ++broken;
  }
  if (walked == 0) {
    std::printf("there is no policy \"%s\"\n", options.policy.c_str());
    return 2;
  }
  const int expected = options.lose_erase != 0 ? walked : 0;
  std::printf("%d of %d policies broken%s\n", broken, walked, expected != 0 ? ", as planted" : "");
  return broken == expected ? 0 : 1;
}
