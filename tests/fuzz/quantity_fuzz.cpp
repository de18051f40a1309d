/// Quantities: what parses prints to something that parses back to the same value, and nothing
/// negative or without a number parses.
#include <cmath>

#include "sim/scenario/quantity.hpp"
#include "tests/fuzz/fuzz.hpp"

namespace fleetcache::fuzz {
namespace {

using namespace scenario;

template <class Parse, class Print>
std::string round_trip(const char* what, std::string_view input, Parse parse, Print print) {
  const auto value = parse(input);
  if (!value)
    return value.error().what.empty() ? std::string(what) + ": an error without text" : "";
  const std::size_t start = input.find_first_not_of(' ');
  if (start == std::string_view::npos || input[start] < '0' || input[start] > '9') {
    return std::string(what) + ": parsed something that does not start with a digit";
  }
  if (!std::isfinite(static_cast<double>(*value)) || *value < 0) {
    return std::string(what) + ": parsed to a value that is not finite or is negative";
  }
  const auto again = parse(print(*value));
  if (!again) return std::string(what) + ": what it prints does not parse: " + print(*value);
  if (*again != *value) return std::string(what) + ": round trip changed the value";
  return "";
}

}  // namespace

std::string run(std::string_view input) {
  std::string why = round_trip("bytes", input, parse_bytes, print_bytes);
  if (why.empty()) {
    why = round_trip("bandwidth", input, parse_bytes_per_second, print_bytes_per_second);
  }
  if (why.empty()) why = round_trip("duration", input, parse_duration, print_duration);
  if (why.empty()) why = round_trip("rate", input, parse_rate, print_rate);
  if (why.empty()) why = round_trip("ratio", input, parse_ratio, print_number);
  if (why.empty()) why = round_trip("price", input, parse_money_per_gb, print_money_per_gb);
  if (why.empty()) why = round_trip("number", input, parse_number, print_number);
  const bool one_dimension = parse_bytes(input).ok() + parse_bytes_per_second(input).ok() +
                                 parse_duration(input).ok() + parse_money_per_gb(input).ok() <=
                             1;
  if (why.empty() && !one_dimension) why = "one text is quantities of two dimensions";
  return why;
}

std::vector<std::string> seeds() {
  return {"30TB",       "28TiB",      "1.5TB",
          "160Gbps",    "2.5GB/s",    "45 MB/s",
          "40k/s",      "83ms",       "2d4h",
          "0.02USD/GB", "20%",        "0.2",
          "1min30.5s",  "1000blocks", "1e3kB",
          "1.8TiB",     "70272B",     "10µs",
          "3/min",      "0B",         "18446744073709551615B",
          "160Gbit/s",  "1e-7/s",     "9.3e300GB/s",
          "0.000001ns"};
}

std::vector<std::string> words() {
  return {"k",     "M",        "G",
          "T",     "P",        "E",
          "Ki",    "Gi",       "B",
          "b",     "bit",      "ps",
          "/s",    "/min",     "s",
          "ms",    "us",       "ns",
          "min",   "h",        "d",
          "w",     "USD/GB",   "%",
          ".",     "e",        "E",
          "-",     "+",        "0",
          "9",     "00000000", "99999999999999999999",
          "1e308", "nan",      "inf",
          " ",     "blocks"};
}

}  // namespace fleetcache::fuzz
