/// Recorded prefix-cache traces as requests of block ids, and the request-level driver of the
/// reference numbers. The files are Zstandard JSON lines, read through the `zstd` command; absent
/// files or command give an empty trace, and tests say that they skip.
#pragma once

#include <cstdio>
#include <string>
#include <vector>

#include "tests/contract/traces.hpp"

namespace fleetcache::testing {

/// One prompt: the ids of its blocks from the root on. Equal ids are equal blocks after equal
/// prefixes.
using Prompt = std::vector<eviction::ObjectId>;

/// The text of a file, or its first lines.
inline std::string unpacked(const std::string& path, std::size_t lines = ~std::size_t{0}) {
  std::string text;
  FILE* file = std::fopen(path.c_str(), "rb");
  if (file == nullptr) return text;
  std::fclose(file);
  FILE* pipe = popen(("zstd -dcq --long=27 '" + path + "' 2>/dev/null").c_str(), "r");
  if (pipe == nullptr) return text;
  std::vector<char> buffer(1 << 16);
  std::size_t n = 0;
  while (lines > 0 && (n = std::fread(buffer.data(), 1, buffer.size(), pipe)) > 0) {
    for (std::size_t k = 0; k < n && lines > 0; ++k) {
      text += buffer[k];
      if (buffer[k] == '\n') --lines;
    }
  }
  pclose(pipe);
  return text;
}

/// Every "hash_ids" list of the text in order, ids mixed with `salt` when it is not 0.
inline void append_prompts(const std::string& text, std::size_t from, std::size_t to,
                           std::uint64_t salt, std::vector<Prompt>& out) {
  const std::string key = "\"hash_ids\"";
  for (std::size_t at = text.find(key, from); at < to; at = text.find(key, at + key.size())) {
    Prompt prompt;
    std::size_t k = text.find('[', at) + 1;
    while (k < to && text[k] != ']') {
      std::uint64_t id = 0;
      bool digits = false;
      for (; text[k] >= '0' && text[k] <= '9'; ++k) {
        id = id * 10 + static_cast<std::uint64_t>(text[k] - '0');
        digits = true;
      }
      if (digits) prompt.push_back(salt == 0 ? id + 1 : mix64(id ^ salt));
      if (!digits) ++k;
    }
    if (!prompt.empty()) out.push_back(std::move(prompt));
  }
}

/// Mooncake FAST'25, conversation: 12,031 prompts, 288,500 blocks. Empty when absent.
inline std::vector<Prompt> mooncake_prompts() {
  std::vector<Prompt> prompts;
  const std::string text =
      unpacked(FLEETCACHE_SOURCE_DIR
               "/../shared/data/kv-mooncake-conversation/conversation_trace.jsonl.zst");
  append_prompts(text, 0, text.size(), 0, prompts);
  return prompts;
}

/// Agentic coding sessions, the first `sessions` of them, `streams` at a time: the prompts of the
/// sessions that run take turns, and a session that ends makes way for the next. Ids hold within a
/// session only. Empty when absent.
inline std::vector<Prompt> agentic_prompts(std::size_t sessions, std::size_t streams) {
  const std::string text = unpacked(
      FLEETCACHE_SOURCE_DIR "/../shared/data/kv-agentic-coding/sessions.jsonl.zst", sessions);
  std::vector<std::vector<Prompt>> all;
  for (std::size_t from = 0; from < text.size() && all.size() < sessions;) {
    const std::size_t to = std::min(text.find('\n', from), text.size());
    all.emplace_back();
    append_prompts(text, from, to, mix64(all.size()), all.back());
    from = to + 1;
  }
  std::vector<Prompt> prompts;
  std::vector<std::pair<std::size_t, std::size_t>> running;  // session, its next prompt
  std::size_t next = 0;
  while (next < all.size() || !running.empty()) {
    while (next < all.size() && running.size() < streams) running.push_back({next++, 0});
    for (std::size_t k = 0; k < running.size();) {
      auto& [session, turn] = running[k];
      if (turn == all[session].size()) {
        running.erase(running.begin() + static_cast<long>(k));
        continue;
      }
      prompts.push_back(std::move(all[session][turn++]));
      ++k;
    }
  }
  return prompts;
}

struct PrefixCounts {
  std::uint64_t blocks = 0;
  std::uint64_t hits = 0;         ///< blocks found where their lookup came
  std::uint64_t prefix_hits = 0;  ///< blocks of the longest prefix that was resident at the start
  double miss_ratio() const {
    return 1 - static_cast<double>(prefix_hits) / static_cast<double>(blocks);
  }
};

/// One prompt: measures the resident prefix, then touches all blocks, from the root or from the
/// tail. With kPrefix declared, touches must come from the root, and name the parent.
inline void look_up(eviction::Cache& cache, const Prompt& prompt, bool from_root, bool parents,
                    PrefixCounts& counts) {
  std::size_t resident = 0;
  while (resident < prompt.size() && cache.find(prompt[resident])) ++resident;
  counts.prefix_hits += resident;
  counts.blocks += prompt.size();
  eviction::Handle parent{};
  for (std::size_t k = 0; k < prompt.size(); ++k) {
    const std::size_t depth = from_root ? k : prompt.size() - 1 - k;
    eviction::Meta meta = one(prompt[depth]);
    meta.depth = static_cast<std::uint16_t>(depth < 65535 ? depth : 65535);
    if (parents) meta.parent = parent;
    counts.hits += cache.request({}, meta) ? 1 : 0;
    if (parents) parent = cache.find(prompt[depth]);
    if (parents && !parent) return;  // no room under it: the rest cannot be kept
  }
}

inline PrefixCounts replay(eviction::Cache& cache, const std::vector<Prompt>& prompts,
                           bool from_root, bool parents) {
  PrefixCounts counts;
  for (const Prompt& prompt : prompts) look_up(cache, prompt, from_root, parents, counts);
  return counts;
}

}  // namespace fleetcache::testing
