/// Runs the built binary as a user would and looks at what comes out.
#pragma once

#include <filesystem>
#include <string>

namespace fleetcache::test {

struct Outcome {
  int exit_code = -1;
  std::string out;
  std::string err;
  bool hung = false;  ///< had to be killed
};

/// `arguments` as one shell line, quoted where needed.
Outcome invoke(const std::string& arguments);

/// The same, interrupted by `signal` once it has said `word` on stderr; `times` signals, `gap_ms`
/// apart, none after its end.
Outcome invoke_interrupted(const std::string& arguments, int signal, const std::string& word,
                           int times = 1, int gap_ms = 0);

/// The same, interrupted `after_ms` from its start; killed when it has not ended `limit_ms` later.
Outcome invoke_interrupted_after(const std::string& arguments, int signal, int after_ms,
                                 int limit_ms);

/// An empty folder, removed with the object.
class Scratch {
 public:
  Scratch();
  ~Scratch();
  Scratch(const Scratch&) = delete;
  Scratch& operator=(const Scratch&) = delete;

  std::string path(const std::string& name) const { return (folder_ / name).string(); }
  /// Writes a file and returns its path.
  std::string file(const std::string& name, const std::string& text) const;
  /// Number of files and folders inside.
  std::size_t entries() const;

 private:
  std::filesystem::path folder_;
};

std::string read_file(const std::string& path);

/// `text` with the first `from` replaced. Requires: `from` occurs.
std::string replaced(std::string text, const std::string& from, const std::string& to);

}  // namespace fleetcache::test
