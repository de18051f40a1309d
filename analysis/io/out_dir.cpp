#include "analysis/io/out_dir.hpp"

#include <filesystem>
#include <fstream>
#include <iterator>

#include "analysis/io/json.hpp"

namespace fleetcache::analysis::io {
namespace {

namespace fs = std::filesystem;

constexpr const char* kSuffix = ".partial";

bool holds_study(const fs::path& directory, const StudyKey& key) {
  std::ifstream file(directory / "result.json", std::ios::binary);
  if (!file) return false;
  const std::string text{std::istreambuf_iterator<char>(file), {}};
  const auto result = read_result(text);
  if (!result) return false;
  const StudyKey other{result->scenario_digest, result->rung, result->manifest.version,
                       result->manifest.policy_digest};
  return other == key;
}

Status write_file(const fs::path& path, const std::string& text) {
  std::ofstream file(path, std::ios::binary | std::ios::trunc);
  file.write(text.data(), static_cast<std::streamsize>(text.size()));
  file.close();
  if (!file) return Error{path.string(), "cannot be written"};
  return Nothing{};
}

Status write_all(const fs::path& directory, const std::map<std::string, std::string>& files) {
  for (const auto& [name, text] : files) {
    Status status = write_file(directory / (name + kSuffix), text);
    if (!status) return status;
  }
  for (const auto& [name, text] : files) {
    std::error_code error;
    fs::rename(directory / (name + kSuffix), directory / name, error);
    if (error) return Error{(directory / name).string(), error.message()};
  }
  return Nothing{};
}

}  // namespace

Status check_directory(const std::string& directory, const StudyKey& key, bool overwrite) {
  const fs::path path(directory);
  std::error_code error;
  if (!fs::exists(path, error)) {
    const fs::path parent = path.has_parent_path() ? path.parent_path() : fs::path(".");
    if (!fs::is_directory(parent, error)) return Error{directory, "its parent is not a directory"};
    return Nothing{};
  }
  if (!fs::is_directory(path, error)) return Error{directory, "is not a directory"};
  const bool empty = fs::is_empty(path, error);
  if (error) return Error{directory, error.message()};
  if (empty || overwrite || holds_study(path, key)) return Nothing{};
  return Error{directory,
               "is not empty and holds no result of this study (same scenario, rung and "
               "build); use another folder or --overwrite"};
}

Status write_directory(const std::string& directory,
                       const std::map<std::string, std::string>& files) {
  const fs::path path(directory);
  std::error_code error;
  const bool made = fs::create_directory(path, error);
  if (error) return Error{directory, error.message()};
  Status status = write_all(path, files);
  if (!status) {
    std::error_code ignored;
    for (const auto& [name, text] : files) fs::remove(path / (name + kSuffix), ignored);
    if (made) fs::remove(path, ignored);
  }
  return status;
}

}  // namespace fleetcache::analysis::io
