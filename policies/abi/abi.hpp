/// What the C binding's sources share (private to policies/abi): structs of other sizes, texts,
/// parameters, and nothing that throws across the border.
#pragma once

#include <cstring>
#include <new>
#include <string>
#include <string_view>

#include "policies/abi/fcp_base.h"
#include "policies/base/params.hpp"
#include "policies/base/result.hpp"

namespace fleetcache::abi {

/// No later version of a struct will be longer: a larger size is rubbish, not to be read up to.
constexpr std::size_t kMostStructBytes = 1024;

/// Fills `out` from a caller's struct of perhaps another size. False when it is shorter than
/// `least`, or longer and asks for something that this library does not know.
template <class Struct>
bool read_struct(const Struct* in, std::size_t least, Struct& out) {
  const std::size_t size = in->struct_size;
  if (size == sizeof(Struct)) {
    out = *in;
    return true;
  }
  if (size < least || size > kMostStructBytes) return false;
  const auto* bytes = reinterpret_cast<const unsigned char*>(in);
  for (std::size_t k = sizeof(Struct); k < size; ++k) {
    if (bytes[k] != 0) return false;
  }
  std::memcpy(&out, in, size < sizeof(Struct) ? size : sizeof(Struct));
  return true;
}

/// Gives a caller as much of a struct as it has room for. False when that is less than `least`.
template <class Struct>
bool write_struct(const Struct& value, std::size_t least, Struct* out) {
  const std::uint32_t size = out->struct_size;
  if (size < least) return false;
  std::memcpy(out, &value, size < sizeof(Struct) ? size : sizeof(Struct));
  out->struct_size = size;
  return true;
}

/// A caller's buffer for a text; empty from the start, so that a success leaves no old message.
class Message {
 public:
  Message(char* text, std::size_t bytes) : text_(text), bytes_(text == nullptr ? 0 : bytes) {
    if (bytes_ > 0) text_[0] = '\0';
  }
  fcp_status fail(fcp_status status, std::string_view what) const {
    if (bytes_ > 0) {
      const std::size_t count = what.size() < bytes_ - 1 ? what.size() : bytes_ - 1;
      std::memcpy(text_, what.data(), count);
      text_[count] = '\0';
    }
    return status;
  }
  fcp_status fail(const Error& error, fcp_status status = FCP_E_INVALID) const {
    return fail(status, error.text());
  }

 private:
  char* text_;
  std::size_t bytes_;
};

/// Runs what may run out of memory.
template <class Call>
fcp_status guarded(const Message& message, const Call& call) noexcept {
  try {
    return call();
  } catch (const std::bad_alloc&) {
    return message.fail(FCP_E_NO_MEMORY, "out of memory");
  } catch (...) {
    return message.fail(FCP_E_INTERNAL, "an exception where none can be: did a callback throw?");
  }
}

/// False for a NULL among them.
inline bool read_params(const fcp_param* params, std::uint32_t count, Params& out) {
  if (params == nullptr && count != 0) return false;
  for (std::uint32_t k = 0; k < count; ++k) {
    if (params[k].key == nullptr || params[k].value == nullptr) return false;
    out.emplace_back(params[k].key, params[k].value);
  }
  return true;
}

/// Takes memory from a caller's allocator, or from the heap.
class Memory {
 public:
  Memory() = default;
  /// False for an allocator that lacks a function.
  bool use(const fcp_allocator* allocator) {
    if (allocator == nullptr) return true;
    if (!read_struct(allocator, sizeof(fcp_allocator), hook_)) return false;
    return hook_.get != nullptr && hook_.put != nullptr;
  }
  bool is_heap() const { return hook_.get == nullptr; }
  void* get(std::size_t bytes, std::size_t alignment) const {
    if (!is_heap()) return hook_.get(hook_.context, bytes, alignment);
    return ::operator new(bytes, std::nothrow);
  }
  void put(void* memory, std::size_t bytes) const {
    if (memory == nullptr) return;
    if (!is_heap()) return hook_.put(hook_.context, memory, bytes);
    ::operator delete(memory);
  }

 private:
  fcp_allocator hook_{};
};

}  // namespace fleetcache::abi
