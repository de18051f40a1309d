#include "analysis/io/grid.hpp"

#include <doctest/doctest.h>

#include <sstream>

#include "analysis/io/format.hpp"

namespace fleetcache::analysis::io {
namespace {

std::vector<std::string> drawn(const Grid& grid) {
  std::string out;
  put_grid(grid, 80, out);
  std::vector<std::string> lines;
  std::istringstream stream(out);
  for (std::string line; std::getline(stream, line);) {
    CAPTURE(line);
    CHECK(width(line) <= 80);
    lines.push_back(line);
  }
  return lines;
}

const std::string kLong =
    "blob_egress.eastus2 (625 GB/s), blob_egress.southcentralus (375 GB/s), "
    "blob_egress.swedencentral (250 GB/s)";

TEST_CASE("a table that fits is one block, numbers to the right") {
  CHECK(drawn({{"job", "goodput"}, {{"a", "97.0 %"}, {"video", "5.00 %"}}}) ==
        std::vector<std::string>{"  job    goodput", "  a       97.0 %", "  video   5.00 %"});
}

TEST_CASE("a column of words wraps beside its row, to the left") {
  const auto lines = drawn({{"phase", "the cut"}, {{"first", kLong}, {"steady", "nothing"}}});
  REQUIRE(lines.size() == 4);
  CHECK(lines[1] ==
        "  first   blob_egress.eastus2 (625 GB/s), blob_egress.southcentralus (375 GB/s),");
  CHECK(lines[2] == "          blob_egress.swedencentral (250 GB/s)");
  CHECK(lines[3] == "  steady  nothing");
}

TEST_CASE("a table too wide even so is cut into blocks, and a cell wraps within its block") {
  const std::string number(24, '7');
  const auto lines = drawn({{"phase", "a", "b", "the cut"}, {{"first", number, number, kLong}}});
  REQUIRE(lines.size() == 6);
  CHECK(lines[1] == "  first  " + number + "  " + number);
  CHECK(lines[2].empty());
  CHECK(lines[3].rfind("  phase  the cut", 0) == 0);
  CHECK(lines[5].rfind("         ", 0) == 0);
}

TEST_CASE("long names that come again head their rows, so that no block hides which row is which") {
  const std::string lost = "rack lost, its nodes come back empty";
  const std::string upgrade = "rolling upgrade, 1.0 % for 90.0 s (assumed), NVMe lost";
  const auto lines = drawn({{"event", "where", "time"},
                            {{lost, "eastus2.infer", "16.4 min"},
                             {upgrade, "eastus2.infer", "2.50 h and a word more to be wide"},
                             {lost, "southcentralus.infer", "4.10 min"}}});
  CHECK(lines == std::vector<std::string>{"  event: where | time", "  " + lost,
                                          "    eastus2.infer         16.4 min",
                                          "    southcentralus.infer  4.10 min", "  " + upgrade,
                                          "    eastus2.infer  2.50 h and a word more to be wide"});
}

TEST_CASE("short rows are filled up and a table without heads has none") {
  CHECK(drawn({{}, {{"a", "1"}, {"b"}}}) == std::vector<std::string>{"  a  1", "  b"});
  CHECK(drawn({{}, {}}).empty());
}

}  // namespace
}  // namespace fleetcache::analysis::io
