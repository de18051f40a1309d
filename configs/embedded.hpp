/// The files of configs/ as text inside the binary.
#pragma once

#include <string>
#include <vector>

namespace fleetcache::configs {

struct EmbeddedFile {
  std::string path;  ///< relative to configs/, e.g. "scenarios/mai-small.jsonc"
  std::string text;
};

/// Every embedded file, sorted by path.
const std::vector<EmbeddedFile>& files();

}  // namespace fleetcache::configs
