#include "policies/base/units.hpp"

#include <doctest/doctest.h>

#include <limits>
#include <string>
#include <type_traits>

#include "policies/base/hash.hpp"
#include "policies/base/result.hpp"

using namespace fleetcache;

TEST_CASE("seconds become the nearest nanosecond and saturate instead of overflowing") {
  CHECK(from_seconds(1.5e-9).count == 2);
  CHECK(from_seconds(-1.5e-9).count == -2);
  CHECK(from_seconds(0.0000000014).count == 1);
  CHECK(from_seconds(1e300).count == std::numeric_limits<std::int64_t>::max());
  CHECK(from_seconds(-1e300).count == std::numeric_limits<std::int64_t>::min());
  CHECK(to_seconds(from_seconds(12.25)) == 12.25);
}

TEST_CASE("instants and spans combine, dimensions do not mix") {
  const TimePoint start{1000};
  CHECK((start + Duration(500)).ns == 1500);
  CHECK((TimePoint{1500} - start) == Duration(500));
  CHECK(Bytes(3) + Bytes(4) == Bytes(7));
  static_assert(!std::is_convertible_v<Bytes, Duration>);
  static_assert(!std::is_convertible_v<int, Bytes>);
}

TEST_CASE("a result is a value or an error with its place") {
  const Result<int> good = 5;
  const Result<int> bad = Error{"eu.json:4:9 /tiers", "\"12\" has no unit"};
  CHECK(good.ok());
  CHECK(*good == 5);
  CHECK_FALSE(bad.ok());
  CHECK(bad.error().text() == "eu.json:4:9 /tiers: \"12\" has no unit");
  CHECK(Error{"", "only this"}.text() == "only this");
}

TEST_CASE("hashes are fixed for ever: golden files hold them") {
  // SplitMix64 with seed 0: its first output is mix64(0x9e3779b97f4a7c15) = e220a8397b1dcdaf.
  CHECK(mix64(0x9e3779b97f4a7c15ULL) == 0xe220a8397b1dcdafULL);
  CHECK(hash_name("a") != hash_name("b"));
  Digest forward;
  Digest backward;
  forward.add(1);
  forward.add(2);
  backward.add(2);
  backward.add(1);
  CHECK(forward.value() != backward.value());
}
