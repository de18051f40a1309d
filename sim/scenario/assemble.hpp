/// From names to one merged document: files and presets read, `extends` followed, `--set` written,
/// `like` filled in. What comes out is checked by nobody yet; see resolver.hpp.
#pragma once

#include <string>
#include <vector>

#include "sim/scenario/document.hpp"

namespace fleetcache::scenario {

/// One "path=value" of the command line or of a variant.
struct Setting {
  std::string path;
  Node value;
};

/// "path=value": a value that is JSON is taken as such, everything else is a string.
Result<Setting> parse_setting(const std::string& text);
/// Writes the value at the path, making the objects on the way. Fails where the path leads through
/// a scalar or beyond a list.
Status apply_setting(Node& root, const Setting& setting);

/// A file or preset with its `extends` merged under it.
Result<Node> read_extended(const std::string& what);
/// The same for a text that stands in for a file of that name.
Result<Node> read_extended_text(const std::string& text, const std::string& label);
/// Replaces every region's `like` by the keys of the region it names, under its own.
Status fill_like(Node& root);

}  // namespace fleetcache::scenario
