// Parameters that change under a running cache.
#include <doctest/doctest.h>

#include <cstdlib>
#include <string>
#include <vector>

#include "tests/contract/traces.hpp"

using namespace fleetcache;
using namespace fleetcache::eviction;
using namespace fleetcache::testing;

namespace {

struct Parameter {
  std::string name;
  std::string fallback;
  double low = 0;
  double high = 0;
  bool whole = false;
};

/// "name=default [low..high]: meaning", or "[a|b]" for a choice
Parameter parse(std::string_view text) {
  const std::string s(text);
  Parameter p;
  const std::size_t equals = s.find('=');
  const std::size_t open = s.find('[');
  const std::size_t bar = s.find('|', open);
  const std::size_t dots = bar < s.find(']', open) ? bar : s.find("..");
  REQUIRE(equals != std::string::npos);
  REQUIRE(open != std::string::npos);
  REQUIRE(dots != std::string::npos);
  p.name = s.substr(0, equals);
  p.fallback = s.substr(equals + 1, open - equals - 2);
  p.low = std::strtod(s.c_str() + open + 1, nullptr);
  p.high = std::strtod(s.c_str() + dots + (dots == bar ? 1 : 2), nullptr);
  p.whole = p.fallback.find('.') == std::string::npos;
  return p;
}

std::vector<std::string> values(const Parameter& p) {
  const double fallback = std::strtod(p.fallback.c_str(), nullptr);
  std::vector<std::string> texts;
  for (const double x : {p.low, p.low + (fallback - p.low) / 2, fallback}) {
    // Low bounds of numbers may be printed where a whole number is wanted.
    const auto n = static_cast<long long>(x);
    texts.push_back(p.whole ? std::to_string(n) : std::to_string(x));
  }
  return texts;
}

std::uint64_t replay(Cache& cache, const Trace& trace) {
  std::uint64_t digest = 0;
  for (const Meta& meta : trace) digest = digest * 31 + (cache.request({}, meta) ? 1 : 0);
  return digest;
}

template <class Use>
void each_parameter(Use use) {
  int seen = 0;
  for (const PolicyInfo& policy : policies()) {
    CAPTURE(policy.name);
    for (const std::string_view text : policy.parameters) {
      CAPTURE(text);
      ++seen;
      use(policy, parse(text));
    }
  }
  CHECK(seen > 5);
}

}  // namespace

TEST_CASE("a change of parameters is refused whole for one bad key, value or repetition") {
  const Trace trace = mixed_trace(200, 3000, 9, 3);
  each_parameter([&](const PolicyInfo& policy, const Parameter& p) {
    Cache cache = make_cache(policy.name, byte_config(300, 80));
    Cache other = make_cache(policy.name, byte_config(300, 80));
    CHECK(replay(cache, trace) == replay(other, trace));
    const std::uint64_t before = cache.state_hash();
    const std::string good = values(p)[0];
    const auto refused = [&](const Params& params) {
      CHECK_FALSE(static_cast<bool>(cache.set_params(params)));
      CHECK(cache.state_hash() == before);
    };
    refused({{p.name, good}, {"no_such_key", "1"}});
    refused({{p.name, good}, {p.name, good}});
    refused({{p.name, "nonsense"}});
    refused({{p.name, std::to_string(p.high * 2 + 1)}});
    CHECK(replay(cache, trace) == replay(other, trace));
    CHECK(cache.state_hash() == other.state_hash());
    CHECK(static_cast<bool>(cache.set_params({{p.name, p.fallback}})));
    CHECK(replay(cache, trace) == replay(other, trace));
    CHECK(cache.state_hash() == other.state_hash());
  });
}

TEST_CASE("an empty cache with changed parameters is one made with them") {
  const Trace trace = mixed_trace(200, 5000, 9, 4);
  each_parameter([&](const PolicyInfo& policy, const Parameter& p) {
    int taken = 0;
    for (const std::string& value : values(p)) {
      CAPTURE(value);
      Config config = byte_config(300, 80);
      Cache cache = make_cache(policy.name, config);
      const std::uint64_t before = cache.state_hash();
      config.params = {{p.name, value}};
      Cache made = make_cache(policy.name, config);
      if (!cache.set_params(config.params)) {  // would need more memory
        CHECK(cache.state_hash() == before);
        continue;
      }
      ++taken;
      CHECK(replay(cache, trace) == replay(made, trace));
      CHECK(cache.state_hash() == made.state_hash());
      CHECK(cache.audit() == "");
    }
    CHECK(taken >= 2);
  });
}

TEST_CASE("parameters may change in the middle of a trace, at any value") {
  const Trace trace = mixed_trace(200, 1500, 9, 6);
  each_parameter([&](const PolicyInfo& policy, const Parameter& p) {
    Cache cache = make_cache(policy.name, byte_config(300, 80));
    std::size_t k = 0;
    for (const Meta& meta : trace) {
      cache.request({}, meta);
      if (++k % 50 != 0) continue;
      const std::vector<std::string> texts = values(p);
      (void)cache.set_params({{p.name, texts[k / 50 % texts.size()]}});
      REQUIRE(cache.audit() == "");
    }
  });
}
