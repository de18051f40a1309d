/// What identifies a build: the same source gives the same answers on any machine.
#pragma once

namespace fleetcache::cli {

/// "0.1.0", from the top CMakeLists.txt.
const char* version();
/// 16 hex digits over names and contents of the files of `policies/`.
const char* policy_digest();

}  // namespace fleetcache::cli
