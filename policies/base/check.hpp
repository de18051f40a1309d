/// Checks for our own bugs: on in release builds, O(1) only (O(n) checks live in `audit()`).
/// A failed check aborts the process with the place and the reason; it is never a way to report
/// bad input. Every executable maps the abort to exit code 5.
#pragma once

namespace fleetcache {

/// Prints "file:line: check failed: condition (why)" to stderr and ends the process with
/// exit code 5 (internal invariant broken).
[[noreturn]] void check_failed(const char* file, int line, const char* condition, const char* why);

}  // namespace fleetcache

#define FLEETCACHE_CHECK(condition, why)               \
  (static_cast<bool>(condition) ? static_cast<void>(0) \
                                : ::fleetcache::check_failed(__FILE__, __LINE__, #condition, why))
