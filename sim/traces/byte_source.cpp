#include "sim/traces/byte_source.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>
#include <zstd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <utility>

namespace fleetcache::traces {

namespace {

// A whole number of 24-byte records, so that oracleGeneral records rarely straddle two blocks.
constexpr std::size_t kBlock = std::size_t{24} << 15;
constexpr std::byte kZstdMagic[4] = {std::byte{0x28}, std::byte{0xb5}, std::byte{0x2f},
                                     std::byte{0xfd}};

struct FreeContext {
  void operator()(ZSTD_DCtx* context) const { ZSTD_freeDCtx(context); }
};

}  // namespace

struct ByteSource::State {
  std::string name;
  int fd = -1;
  bool close_fd = false;
  std::span<const std::byte> memory;  ///< the rest of it, when there is no file
  std::uint64_t consumed = 0;
  std::uint64_t size = 0;

  std::vector<std::byte> packed;     ///< last bytes read from the file
  std::span<const std::byte> input;  ///< the rest of them
  std::vector<std::byte> unpacked;
  std::unique_ptr<ZSTD_DCtx, FreeContext> zstd;
  bool frame_open = false;  ///< between the first and the last byte of a frame
  std::span<const std::byte> peeked;

  ~State() {
    if (close_fd) ::close(fd);
  }
  Status fill();
  Status start(bool want_zstd);
  Result<std::span<const std::byte>> unpack();
};

/// Reads the next bytes into `input`, which stays empty at the end of the file.
Status ByteSource::State::fill() {
  if (fd < 0) {
    input = memory.first(std::min(memory.size(), kBlock));
    memory = memory.subspan(input.size());
    consumed += input.size();
    return Nothing{};
  }
  packed.resize(kBlock);
  ssize_t got;
  do {
    got = ::read(fd, packed.data(), packed.size());
  } while (got < 0 && errno == EINTR);
  if (got < 0) return Error{name, std::string("cannot read: ") + std::strerror(errno)};
  input = std::span<const std::byte>(packed).first(static_cast<std::size_t>(got));
  consumed += input.size();
  return Nothing{};
}

/// Looks at the first bytes and sets up the unpacking.
Status ByteSource::State::start(bool want_zstd) {
  if (Status s = fill(); !s) return s.error();
  // A pipe may give fewer than four bytes at first.
  while (fd >= 0 && !input.empty() && input.size() < sizeof kZstdMagic) {
    const std::vector<std::byte> head(input.begin(), input.end());
    if (Status s = fill(); !s) return s.error();
    if (input.empty()) {
      packed = head;
      input = packed;
      break;
    }
    std::vector<std::byte> joined(head);
    joined.insert(joined.end(), input.begin(), input.end());
    packed = std::move(joined);
    input = packed;
  }
  const bool is_zstd = input.size() >= sizeof kZstdMagic &&
                       std::memcmp(input.data(), kZstdMagic, sizeof kZstdMagic) == 0;
  if (want_zstd && !is_zstd) {
    return Error{name, "not a Zstandard file: it does not start with the bytes 28 b5 2f fd"};
  }
  if (!is_zstd) return Nothing{};
  zstd.reset(ZSTD_createDCtx());
  FLEETCACHE_CHECK(zstd != nullptr, "out of memory for a Zstandard context");
  ZSTD_DCtx_setParameter(zstd.get(), ZSTD_d_windowLogMax, 31);
  unpacked.resize(kBlock);
  return Nothing{};
}

Result<std::span<const std::byte>> ByteSource::State::unpack() {
  for (;;) {
    if (input.empty()) {
      if (Status s = fill(); !s) return s.error();
    }
    ZSTD_inBuffer in{input.data(), input.size(), 0};
    ZSTD_outBuffer out{unpacked.data(), unpacked.size(), 0};
    if (input.empty() && !frame_open) return std::span<const std::byte>();
    const std::size_t hint = ZSTD_decompressStream(zstd.get(), &out, &in);
    const bool at_end = input.empty();
    input = input.subspan(in.pos);
    if (ZSTD_isError(hint) != 0) {
      return Error{name, "damaged Zstandard data near byte " +
                             std::to_string(consumed - input.size()) +
                             " of the file: " + ZSTD_getErrorName(hint)};
    }
    frame_open = hint != 0;
    if (out.pos > 0) return std::span<const std::byte>(unpacked).first(out.pos);
    if (at_end && frame_open) {
      return Error{name, "the file ends inside a Zstandard frame, after " +
                             std::to_string(consumed) + " bytes"};
    }
  }
}

ByteSource::ByteSource(std::unique_ptr<State> state) : state_(std::move(state)) {}
ByteSource::ByteSource(ByteSource&&) noexcept = default;
ByteSource& ByteSource::operator=(ByteSource&&) noexcept = default;
ByteSource::~ByteSource() = default;

Result<ByteSource> ByteSource::open(const std::string& path) {
  auto state = std::make_unique<State>();
  state->name = path == "-" ? "standard input" : path;
  if (path == "-") {
    state->fd = STDIN_FILENO;
  } else {
    state->fd = ::open(path.c_str(), O_RDONLY | O_CLOEXEC);
    if (state->fd < 0) return Error{path, std::string("cannot open: ") + std::strerror(errno)};
    state->close_fd = true;
    struct stat info {};
    if (::fstat(state->fd, &info) == 0) {
      if (S_ISDIR(info.st_mode)) return Error{path, "is a folder, not a trace"};
      if (S_ISREG(info.st_mode)) state->size = static_cast<std::uint64_t>(info.st_size);
    }
  }
  if (Status s = state->start(path.ends_with(".zst")); !s) return s.error();
  return ByteSource(std::move(state));
}

Result<ByteSource> ByteSource::from_memory(std::span<const std::byte> bytes, std::string name) {
  auto state = std::make_unique<State>();
  const bool want_zstd = name.ends_with(".zst");
  state->name = std::move(name);
  state->memory = bytes;
  state->size = bytes.size();
  if (Status s = state->start(want_zstd); !s) return s.error();
  return ByteSource(std::move(state));
}

Result<std::span<const std::byte>> ByteSource::next() {
  State& s = *state_;
  if (!s.peeked.empty()) return std::exchange(s.peeked, {});
  if (s.zstd) return s.unpack();
  if (s.input.empty()) {
    if (Status status = s.fill(); !status) return status.error();
  }
  return std::exchange(s.input, {});
}

Result<std::span<const std::byte>> ByteSource::peek() {
  auto bytes = next();
  if (bytes) state_->peeked = *bytes;
  return bytes;
}

const std::string& ByteSource::name() const { return state_->name; }
std::uint64_t ByteSource::consumed() const { return state_->consumed; }
std::uint64_t ByteSource::size() const { return state_->size; }

Result<bool> LineSource::refill() {
  auto next = source_.next();
  if (!next) return next.error();
  block_ = *next;
  return !block_.empty();
}

Result<bool> LineSource::next(std::string_view& line) {
  carry_.clear();
  carrying_ = false;
  for (;;) {
    if (block_.empty()) {
      auto more = refill();
      if (!more) return more.error();
      if (!*more && !carrying_) return false;
    }
    const char* begin = reinterpret_cast<const char*>(block_.data());
    const void* end = block_.empty() ? nullptr : std::memchr(block_.data(), '\n', block_.size());
    const std::size_t length =
        end ? static_cast<std::size_t>(static_cast<const char*>(end) - begin) : block_.size();
    if (carry_.size() + length > kMaxLine) {
      ++number_;
      return Error{place(1), "the line is longer than 64 MiB: this is not a text trace"};
    }
    if (end == nullptr && !block_.empty()) {  // the line goes on in the next block
      carry_.append(begin, length);
      carrying_ = true;
      block_ = {};
      continue;
    }
    const bool last = block_.empty();
    block_ = block_.subspan(last ? 0 : length + 1);
    if (carrying_) {
      if (length > 0) carry_.append(begin, length);
      line = carry_;
    } else {
      line = std::string_view(begin, length);
    }
    ++number_;
    if (number_ == 1 && line.starts_with("\xef\xbb\xbf")) line.remove_prefix(3);
    if (line.ends_with('\r')) line.remove_suffix(1);
    return true;
  }
}

std::string LineSource::place(std::size_t column) const {
  return source_.name() + ":" + std::to_string(number_) + ":" + std::to_string(column);
}

}  // namespace fleetcache::traces
