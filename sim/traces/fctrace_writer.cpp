#include <unistd.h>
#include <zstd.h>

#include <algorithm>
#include <bit>
#include <cerrno>
#include <cstring>
#include <optional>
#include <utility>

#include "policies/base/crc32c.hpp"
#include "sim/traces/fctrace.hpp"
#include "sim/traces/fctrace_layout.hpp"
#include "sim/traces/new_file.hpp"

namespace fleetcache::traces {

namespace {

constexpr int kZstdLevel = 6;

struct FreeContext {
  void operator()(ZSTD_CCtx* context) const { ZSTD_freeCCtx(context); }
};

template <class T>
void put(std::string& out, T value) {
  static_assert(std::endian::native == std::endian::little);
  out.append(reinterpret_cast<const char*>(&value), sizeof value);
}

void put_varint(std::string& out, std::uint64_t value) {
  for (; value >= 0x80; value >>= 7) out += static_cast<char>(value | 0x80);
  out += static_cast<char>(value);
}

void put_zigzag(std::string& out, std::uint64_t difference) {
  const auto sign = static_cast<std::uint64_t>(static_cast<std::int64_t>(difference) >> 63);
  put_varint(out, (difference << 1) ^ sign);
}

void put_names(std::string& out, const std::vector<std::string>& names, std::size_t& known) {
  if (known == 0 && !names.empty()) known = 1;  // entry 0 is always ""
  put_varint(out, names.size() > known ? names.size() - known : 0);
  for (; known < names.size(); ++known) {
    put_varint(out, names[known].size());
    out += names[known];
  }
}

void put_ids(std::string& out, std::span<const Request> requests) {
  std::string packed;
  std::uint64_t before = 0;
  for (const Request& r : requests) {
    put_zigzag(packed, r.id - std::exchange(before, r.id));
  }
  const bool raw = packed.size() >= requests.size() * sizeof(std::uint64_t);
  out += static_cast<char>(raw);
  if (!raw) {
    out += packed;
    return;
  }
  for (const Request& r : requests) put(out, r.id);
}

/// A column that is most often all 0.
template <class Get>
void put_rare(std::string& out, std::span<const Request> requests, Get get) {
  bool any = false;
  for (const Request& r : requests) any = any || get(r) != 0;
  out += static_cast<char>(any);
  for (const Request& r : requests) {
    if (any) put_varint(out, get(r));
  }
}

}  // namespace

struct FctraceWriter::State {
  std::string path;
  std::optional<NewFile> file;  ///< none: standard output
  bool overwrite = false;
  std::unique_ptr<ZSTD_CCtx, FreeContext> zstd;
  std::string packed;   ///< output of the compression
  std::string payload;  ///< of the block under way
  std::vector<Request> pending;
  std::uint16_t flags = 0;
  std::size_t known_tenants = 0, known_classes = 0;
  std::uint64_t requests = 0;
  std::uint64_t bytes = 0;

  Status emit(std::string_view bytes_in, ZSTD_EndDirective end);
  Status part(std::uint32_t count);
  Status block(std::span<const Request> batch, const std::vector<std::string>& tenants,
               const std::vector<std::string>& classes);
};

Status FctraceWriter::State::emit(std::string_view bytes_in, ZSTD_EndDirective end) {
  ZSTD_inBuffer in{bytes_in.data(), bytes_in.size(), 0};
  for (;;) {
    ZSTD_outBuffer out{packed.data(), packed.size(), 0};
    const std::size_t left = ZSTD_compressStream2(zstd.get(), &out, &in, end);
    if (ZSTD_isError(left) != 0) return Error{path, ZSTD_getErrorName(left)};
    bytes += out.pos;
    if (file) {
      if (Status s = file->write(packed.data(), out.pos); !s) return s;
    } else if (!write_all(STDOUT_FILENO, packed.data(), out.pos)) {
      return Error{path, std::string("cannot write: ") + std::strerror(errno)};
    }
    const bool done = end == ZSTD_e_end ? left == 0 : in.pos == in.size;
    if (done) return Nothing{};
  }
}

/// A count, the length of the payload, the payload, a checksum.
Status FctraceWriter::State::part(std::uint32_t count) {
  std::string out;
  out.reserve(payload.size() + 12);
  put(out, count);
  put(out, static_cast<std::uint32_t>(payload.size()));
  out += payload;
  put(out, crc32c(out.data(), out.size()));
  return emit(out, ZSTD_e_continue);
}

Status FctraceWriter::State::block(std::span<const Request> batch,
                                   const std::vector<std::string>& tenants,
                                   const std::vector<std::string>& classes) {
  payload.clear();
  put_names(payload, tenants, known_tenants);
  put_names(payload, classes, known_classes);
  std::uint64_t before = 0;
  if (flags & layout::kTimes) {
    for (const Request& r : batch) {
      const auto time = static_cast<std::uint64_t>(r.time_ns);
      put_zigzag(payload, time - std::exchange(before, time));
    }
  }
  put_ids(payload, batch);
  for (const Request& r : batch) {
    if (flags & layout::kSizes) put_varint(payload, r.size);
  }
  for (const Request& r : batch) {
    if (flags & layout::kNext) put_varint(payload, static_cast<std::uint64_t>(r.next_access + 1));
  }
  const bool marks = (flags & (layout::kOps | layout::kLinks)) != 0;
  for (const Request& r : batch) {
    if (!marks) break;
    payload += static_cast<char>(static_cast<unsigned>(r.op) | (r.follows ? layout::kFollows : 0U) |
                                 (r.parent != kNoParent ? layout::kHasParent : 0U));
  }
  for (const Request& r : batch) {
    if (marks && r.parent != kNoParent) put(payload, r.parent);
  }
  put_rare(payload, batch, [](const Request& r) { return r.tenant; });
  put_rare(payload, batch, [](const Request& r) { return r.klass; });
  if (payload.size() > layout::kMaxPayload) {
    return Error{path, "names of tenants and classes are too long for one block"};
  }
  requests += batch.size();
  return part(static_cast<std::uint32_t>(batch.size()));
}

FctraceWriter::FctraceWriter(std::unique_ptr<State> state) : state_(std::move(state)) {}
FctraceWriter::FctraceWriter(FctraceWriter&&) noexcept = default;
FctraceWriter& FctraceWriter::operator=(FctraceWriter&&) noexcept = default;
FctraceWriter::~FctraceWriter() = default;

Result<FctraceWriter> FctraceWriter::create(const std::string& path, const TraceInfo& info,
                                            bool anonymised, bool overwrite) {
  auto state = std::make_unique<State>();
  state->path = path == "-" ? "standard output" : path;
  state->overwrite = overwrite;
  if (path != "-") {
    if (!overwrite && ::access(path.c_str(), F_OK) == 0) {
      return Error{path, "exists already; --overwrite replaces it"};
    }
    state->file.emplace(path);
    if (Status s = state->file->create(); !s) return s.error();
  }
  state->zstd.reset(ZSTD_createCCtx());
  FLEETCACHE_CHECK(state->zstd != nullptr, "out of memory for a Zstandard context");
  ZSTD_CCtx_setParameter(state->zstd.get(), ZSTD_c_compressionLevel, kZstdLevel);
  ZSTD_CCtx_setParameter(state->zstd.get(), ZSTD_c_checksumFlag, 1);
  state->packed.resize(ZSTD_CStreamOutSize());
  state->pending.reserve(kFctraceBlock);
  state->flags = static_cast<std::uint16_t>(
      (info.has_times ? layout::kTimes : 0U) | (info.has_sizes ? layout::kSizes : 0U) |
      (info.has_next ? layout::kNext : 0U) | (info.has_ops ? layout::kOps : 0U) |
      (info.has_links ? layout::kLinks : 0U) | (anonymised ? layout::kAnonymised : 0U));
  std::string head(layout::kMagic);
  put(head, layout::kVersion);
  put(head, state->flags);
  std::string source;
  put_varint(source, format_name(info.format).size());
  source += format_name(info.format);
  put(head, static_cast<std::uint32_t>(source.size()));
  head += source;
  put(head, crc32c(head.data(), head.size()));
  if (Status s = state->emit(head, ZSTD_e_continue); !s) return s.error();
  return FctraceWriter(std::move(state));
}

Status FctraceWriter::write(std::span<const Request> requests,
                            const std::vector<std::string>& tenants,
                            const std::vector<std::string>& classes) {
  State& s = *state_;
  while (!requests.empty()) {
    const std::size_t n = std::min(requests.size(), kFctraceBlock - s.pending.size());
    s.pending.insert(s.pending.end(), requests.begin(),
                     requests.begin() + static_cast<std::ptrdiff_t>(n));
    requests = requests.subspan(n);
    // Names go with the first block that could use them, so a full block is written at once.
    if (s.pending.size() < kFctraceBlock) break;
    if (Status written = s.block(s.pending, tenants, classes); !written) return written;
    s.pending.clear();
  }
  return Nothing{};
}

Status FctraceWriter::finish(const std::vector<std::string>& tenants,
                             const std::vector<std::string>& classes) {
  State& s = *state_;
  if (!s.pending.empty()) {
    if (Status written = s.block(s.pending, tenants, classes); !written) return written;
    s.pending.clear();
  }
  s.payload.clear();
  put(s.payload, s.requests);
  if (Status written = s.part(0); !written) return written;
  if (Status written = s.emit({}, ZSTD_e_end); !written) return written;
  return s.file ? s.file->publish(s.overwrite) : Status(Nothing{});
}

std::uint64_t FctraceWriter::bytes() const { return state_->bytes; }

}  // namespace fleetcache::traces
