/// Plain tables and paragraphs for listings, as wide as the terminal.
#pragma once

#include <cstddef>
#include <string>
#include <vector>

namespace fleetcache::cli {

/// Columns of the terminal behind standard output, at least 40; 80 when there is none.
std::size_t terminal_width();

/// Lines of at most `width` characters: broken at spaces, and a longer word behind one of "/.,=:"
/// or where it must. At least one line. Requires: width > 0.
std::vector<std::string> wrapped(const std::string& text, std::size_t width);

/// `prefix` and the text behind it; what does not fit goes on under the beginning of the text. Ends
/// with a new line.
std::string hanging(const std::string& prefix, const std::string& text, std::size_t width);

/// Columns padded to their widest cell, the last one free.
struct Columns {
  std::vector<std::string> head;
  std::vector<std::vector<std::string>> rows;  ///< each as long as `head`

  std::string text() const;
  /// The same with the last column broken into lines that fit; it keeps 12 characters at least.
  std::string text(std::size_t width) const;
  /// Width of the widest line of `text()`.
  std::size_t width() const;
  std::string markdown() const;
};

}  // namespace fleetcache::cli
