#include "sim/scenario/quantity.hpp"

#include <doctest/doctest.h>

#include <cmath>
#include <cstring>
#include <limits>
#include <vector>

#include "policies/base/rng.hpp"

using namespace fleetcache;
using namespace fleetcache::scenario;

namespace {

std::string why(const auto& result) { return result.ok() ? "no error" : result.error().what; }

bool contains(const std::string& text, const std::string& part) {
  return text.find(part) != std::string::npos;
}

/// A double with random bits that is finite and not negative.
double random_double(Rng& rng) {
  while (true) {
    const std::uint64_t bits = rng.next() >> 1;
    double value = 0;
    std::memcpy(&value, &bits, sizeof value);
    if (std::isfinite(value)) return value;
  }
}

}  // namespace

TEST_CASE("SI and IEC prefixes differ and are exact") {
  CHECK(*parse_bytes("30TB") == 30'000'000'000'000);
  CHECK(*parse_bytes("28TiB") == 30'786'325'577'728);  // 28 x 2^40
  CHECK(*parse_bytes("1.5TB") == 1'500'000'000'000);
  CHECK(*parse_bytes(" 45 MB ") == 45'000'000);
  CHECK(*parse_bytes("70272B") == 70272);
  CHECK(*parse_bytes("1e3kB") == 1'000'000);
  CHECK(*parse_bytes("1EB") == 1'000'000'000'000'000'000);
  CHECK(*parse_bytes("0B") == 0);
  // 2^64 - 1 has no exact double; 2^53 + 1 is the first integer that a double loses.
  CHECK(*parse_bytes("18446744073709551615B") == std::numeric_limits<std::uint64_t>::max());
  CHECK(*parse_bytes("9007199254740993B") == 9'007'199'254'740'993);
  CHECK(*parse_bytes("9.007199254740993PB") == 9'007'199'254'740'993);
}

TEST_CASE("a prefixed amount is rounded to the nearest byte, half up") {
  CHECK(*parse_bytes("1.8TiB") == 1'979'120'929'997);  // 1.8 x 2^40 = 1979120929996.8
  CHECK(*parse_bytes("1.0005kB") == 1001);             // 1000.5
  CHECK(*parse_bytes("1.0004kB") == 1000);
  CHECK(contains(why(parse_bytes("1.5B")), "not a whole number of bytes"));
  CHECK(contains(why(parse_bytes("0.0001kB")), "less than one"));
}

TEST_CASE("bits, bytes, amounts and rates are told apart") {
  CHECK(*parse_bytes_per_second("160Gbps") == 20e9);
  CHECK(*parse_bytes_per_second("160Gbit/s") == 20e9);
  CHECK(*parse_bytes_per_second("160Gb/s") == 20e9);
  CHECK(*parse_bytes_per_second("2.5GB/s") == 2.5e9);
  CHECK(*parse_bytes_per_second("1GiB/s") == 1073741824.0);
  CHECK(contains(why(parse_bytes("160Gb")), "is in bits"));
  CHECK(contains(why(parse_bytes("20GB/s")), "is a rate"));
  CHECK(contains(why(parse_bytes_per_second("20GB")), "is an amount"));
  CHECK(contains(why(parse_bytes_per_second("20Gb")), "Gbps for bits per second"));
  CHECK(contains(why(parse_bytes_per_second("20GBps")), "write GB/s"));
  CHECK(contains(why(parse_bytes("1KB")), "k for 1000 or Ki for 1024"));
}

TEST_CASE("durations go from large units to small ones") {
  CHECK(*parse_duration("83ms") == 83'000'000);
  CHECK(*parse_duration("2d4h") == 187'200'000'000'000);  // (48 + 4) x 3600 s
  CHECK(*parse_duration("1min30s") == 90'000'000'000);
  CHECK(*parse_duration("1min 30.5s") == 90'500'000'000);
  CHECK(*parse_duration("1w") == 604'800'000'000'000);
  CHECK(*parse_duration("10us") == 10'000);
  CHECK(*parse_duration("10µs") == 10'000);
  CHECK(contains(why(parse_duration("4h2d")), "large units to small"));
  CHECK(contains(why(parse_duration("1h1h")), "large units to small"));
  CHECK(contains(why(parse_duration("5m")), "min for minutes"));
  CHECK(contains(why(parse_duration("5")), "has no unit"));
  CHECK(contains(why(parse_duration("1min30")), "has no unit"));
  CHECK(contains(why(parse_duration("300000w")), "too large"));
  CHECK(contains(why(parse_duration("15000w15000w")), "large units to small"));
}

TEST_CASE("rates, ratios, prices, counts and blocks") {
  CHECK(*parse_rate("40k/s") == 40e3);
  CHECK(*parse_rate("30/min") == 0.5);
  CHECK(*parse_ratio("20%") == 0.2);
  CHECK(*parse_ratio("0.2") == 0.2);
  CHECK(*parse_money_per_gb("0.02USD/GB") == 0.02);
  CHECK(*parse_money_per_gb("20USD/TB") == 0.02);
  CHECK(*parse_count("1e3") == 1000);
  CHECK(*parse_blocks("1000blocks") == 1000);
  CHECK(contains(why(parse_rate("40k")), "a rate is wanted"));
  CHECK(contains(why(parse_ratio("20GB")), "a ratio is wanted"));
  CHECK(contains(why(parse_money_per_gb("0.02")), "has no unit"));
  CHECK(contains(why(parse_count("1.5")), "not a whole number"));
  CHECK(contains(why(parse_blocks("1.5blocks")), "not a whole number"));
}

TEST_CASE("what is no quantity is refused in every dimension") {
  for (const char* text : {"",
                           " ",
                           "-1B",
                           "-1",
                           "NaN",
                           "inf",
                           "Infinity",
                           "TB",
                           ".5TB",
                           "1.TB",
                           "1..5TB",
                           "1,5TB",
                           "0x10B",
                           "1TBx",
                           "1 T B",
                           "+1B",
                           "1e999B",
                           "1e-999B",
                           "1e99999999999B",
                           "99999999999999999999999999999999999999999999B"}) {
    CAPTURE(text);
    CHECK_FALSE(parse_bytes(text).ok());
    CHECK_FALSE(parse_bytes_per_second(text).ok());
    CHECK_FALSE(parse_duration(text).ok());
    CHECK_FALSE(parse_rate(text).ok());
    CHECK_FALSE(parse_money_per_gb(text).ok());
  }
  CHECK(contains(why(parse_bytes("-1B")), "is negative"));
  CHECK(contains(why(parse_bytes("NaN")), "not a finite number"));
  CHECK(contains(why(parse_bytes("20EB")), "too large"));
  CHECK(contains(why(parse_bytes_per_second("1e400B/s")), "out of range"));
  CHECK(contains(why(parse_bytes("12")), "has no unit (want e.g. \"12TB\""));
}

TEST_CASE("printing uses the shortest exact spelling") {
  CHECK(print_bytes(30'000'000'000'000) == "30TB");
  CHECK(print_bytes(30'786'325'577'728) == "28TiB");
  CHECK(print_bytes(1'500'000'000'000) == "1.5TB");
  CHECK(print_bytes(16'777'216) == "16MiB");
  CHECK(print_bytes(70272) == "70272B");
  CHECK(print_bytes(0) == "0B");
  CHECK(print_bytes_per_second(20e9) == "20GB/s");
  CHECK(print_bytes_per_second(2.5e9) == "2.5GB/s");
  CHECK(print_duration(187'200'000'000'000) == "2d4h");
  CHECK(print_duration(90'500'000'000) == "1min30.5s");
  CHECK(print_duration(83'000'000) == "83ms");
  CHECK(print_duration(1'500) == "1.5us");
  CHECK(print_rate(40e3) == "40k/s");
  CHECK(print_money_per_gb(0.02) == "0.02USD/GB");
  CHECK(print_number(0.1) == "0.1");
}

TEST_CASE("parse(print(x)) == x for random values of every size") {
  Rng rng(42, "quantity round trip");
  for (int i = 0; i < 20'000; ++i) {
    const std::uint64_t bits = rng.next() >> rng.below(64);
    std::uint64_t round = bits;
    for (std::uint64_t zeros = rng.below(18); zeros > 0; --zeros) round -= round % 10, round /= 10;
    for (const std::uint64_t bytes : {bits, round, bits << 10}) {
      CAPTURE(bytes);
      REQUIRE(parse_bytes(print_bytes(bytes)).ok());
      CHECK(*parse_bytes(print_bytes(bytes)) == bytes);
    }
    const auto ns = static_cast<std::int64_t>(bits >> 1);
    CAPTURE(ns);
    REQUIRE(parse_duration(print_duration(ns)).ok());
    CHECK(*parse_duration(print_duration(ns)) == ns);
    const double value = i % 2 == 0 ? random_double(rng) : static_cast<double>(bits) / 8;
    CAPTURE(value);
    const auto bandwidth = parse_bytes_per_second(print_bytes_per_second(value));
    const auto rate = parse_rate(print_rate(value));
    const auto price = parse_money_per_gb(print_money_per_gb(value));
    const auto number = parse_number(print_number(value));
    REQUIRE((bandwidth.ok() && rate.ok() && price.ok() && number.ok()));
    CHECK(*bandwidth == value);
    CHECK(*rate == value);
    CHECK(*price == value);
    CHECK(*number == value);
  }
}
