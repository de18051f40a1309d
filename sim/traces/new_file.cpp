#include "sim/traces/new_file.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <cstring>

namespace fleetcache::traces {

bool write_all(int fd, const void* bytes, std::size_t count) {
  const char* at = static_cast<const char*>(bytes);
  while (count > 0) {
    const ssize_t written = ::write(fd, at, count);
    if (written < 0 && errno == EINTR) continue;
    if (written < 0) return false;
    at += written;
    count -= static_cast<std::size_t>(written);
  }
  return true;
}

NewFile::~NewFile() {
  if (fd_ < 0) return;
  ::close(fd_);
  ::unlink(temporary_.c_str());
}

Status NewFile::create() {
  fd_ = ::mkstemp(temporary_.data());
  return fd_ < 0 ? failed("cannot create a file beside it") : Status(Nothing{});
}

Status NewFile::write(const void* bytes, std::size_t count) {
  return write_all(fd_, bytes, count) ? Status(Nothing{}) : failed("cannot write");
}

Status NewFile::publish(bool overwrite) {
  if (::fchmod(fd_, 0644) != 0) return failed("cannot set its mode");
  if (!overwrite && ::link(temporary_.c_str(), path_.c_str()) == 0) return Nothing{};
  // Some mounted stores have no links; there the name was checked before the work began.
  const bool no_links = errno == EPERM || errno == EOPNOTSUPP || errno == ENOSYS;
  const bool done = (overwrite || no_links) && ::rename(temporary_.c_str(), path_.c_str()) == 0;
  return done ? Status(Nothing{}) : failed("cannot put the finished file in place");
}

Error NewFile::failed(const std::string& what) const {
  return Error{path_, what + ": " + std::strerror(errno)};
}

}  // namespace fleetcache::traces
