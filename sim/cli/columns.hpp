/// A plain table for listings: columns padded to their widest cell, the last one free.
#pragma once

#include <string>
#include <vector>

namespace fleetcache::cli {

struct Columns {
  std::vector<std::string> head;
  std::vector<std::vector<std::string>> rows;  ///< each as long as `head`

  std::string text() const;
  std::string markdown() const;
};

}  // namespace fleetcache::cli
