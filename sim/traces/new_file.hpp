/// A file that appears whole or not at all.
#pragma once

#include <cstddef>
#include <string>

#include "policies/base/result.hpp"

namespace fleetcache::traces {

/// Written beside its place under another name, then put there in one step. What is not published
/// is gone with the object. Errors stand at the path.
class NewFile {
 public:
  explicit NewFile(std::string path) : path_(std::move(path)), temporary_(path_ + ".XXXXXX") {}
  ~NewFile();
  NewFile(const NewFile&) = delete;
  NewFile& operator=(const NewFile&) = delete;

  Status create();
  Status write(const void* bytes, std::size_t count);
  /// Without `overwrite` a link is made instead of a rename: it fails if the name was taken since.
  Status publish(bool overwrite);

 private:
  Error failed(const std::string& what) const;

  std::string path_;
  std::string temporary_;
  int fd_ = -1;
};

/// Writes all of it to an open file, going on after interrupted and short writes. False with errno.
bool write_all(int fd, const void* bytes, std::size_t count);

}  // namespace fleetcache::traces
