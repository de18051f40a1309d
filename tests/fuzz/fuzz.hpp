/// What a fuzz target gives to its driver: one input in, a complaint out.
///
/// Under ctest `driver.cpp` mutates the seeds a fixed number of times. With clang and
/// -DFLEETCACHE_LIBFUZZER=ON the same target is a libFuzzer program.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace fleetcache::fuzz {

/// Runs one input. Empty when all properties hold, else which one broke.
std::string run(std::string_view input);
/// Inputs to start from.
std::vector<std::string> seeds();
/// Words that mutations insert.
std::vector<std::string> words();

}  // namespace fleetcache::fuzz
