/// A folder of results: every file whole or not there.
#pragma once

#include <map>
#include <string>

#include "policies/base/result.hpp"

namespace fleetcache::analysis::io {

/// What makes two runs the same study: they would write the same result.
struct StudyKey {
  std::string scenario_digest;
  std::string rung;
  std::string version;
  std::string policy_digest;

  friend bool operator==(const StudyKey&, const StudyKey&) = default;
};

/// Fails when `directory` cannot take results: it is a file, its parent is missing, or it holds
/// files other than of this study and `overwrite` is not set. Writes nothing.
Status check_directory(const std::string& directory, const StudyKey& key, bool overwrite);

/// Writes each file beside its name and renames it when all are on the disk. On an error nothing
/// half-written stays, nor a folder made for it.
Status write_directory(const std::string& directory,
                       const std::map<std::string, std::string>& files);

}  // namespace fleetcache::analysis::io
