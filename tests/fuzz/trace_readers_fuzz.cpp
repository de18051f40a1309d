// Trace readers: whatever bytes come in, each ends with requests or with one error that has a place
// and a reason; times and next accesses are never negative.

#include <unistd.h>
#include <zstd.h>

#include <array>
#include <cstring>

#include "policies/base/crc32c.hpp"
#include "sim/traces/import.hpp"
#include "sim/traces/reader.hpp"
#include "tests/fuzz/fuzz.hpp"

namespace fleetcache::fuzz {
namespace {

using traces::Format;
using traces::ReadOptions;
using traces::Request;

/// A .lis line may stand for 2^64 requests, so only this many are taken.
constexpr std::size_t kEnough = 2'000;

std::string packed(const std::string& text) {
  std::string out(ZSTD_compressBound(text.size()), '\0');
  out.resize(ZSTD_compress(out.data(), out.size(), text.data(), text.size(), 1));
  return out;
}

std::string judge(const Error& error) {
  return error.where.empty() || error.what.empty() ? "an error without a place or a reason" : "";
}

std::string judge(const Request& request) {
  if (request.time_ns < 0) return "a negative time";
  if (request.op > traces::Op::kDelete) return "an operation that there is not";
  return request.next_access < traces::kNever ? "a next access below never" : "";
}

std::string read(std::string_view input, const ReadOptions& options) {
  auto source = traces::ByteSource::from_memory(std::as_bytes(std::span(input)), "fuzz");
  if (!source) return judge(source.error());
  auto reader = traces::make_reader(std::move(source).value(), options);
  if (!reader) return judge(reader.error());
  std::array<Request, 101> block;
  for (std::size_t total = 0; total < kEnough;) {
    const auto count = (*reader)->read(block);
    if (!count) return judge(count.error());
    if (*count == 0) break;
    if (*count > block.size()) return "more requests than there was room for";
    for (std::size_t i = 0; i < *count; ++i) {
      const std::string why = judge(block[i]);
      if (!why.empty()) return why;
    }
    total += *count;
  }
  return "";
}

/// A small file of ours, without compression, so that mutations reach its parts.
std::string fctrace() {
  std::string out("FCTRACE\n\1\0\33\0\4\0\0\0\3csv", 20);
  const auto put_crc = [&out](std::size_t from) {
    const std::uint32_t crc = crc32c(out.data() + from, out.size() - from);
    out.append(reinterpret_cast<const char*>(&crc), sizeof crc);
  };
  put_crc(0);
  const std::size_t block = out.size();
  // Two requests: no names, times, ids, sizes, marks (the second follows), tenants, no classes.
  const std::string payload("\0\0\2\4\0\6\2\12\5\0\4\1\1\1\0", 15);
  out += std::string("\2\0\0\0\17\0\0\0", 8) + payload;
  put_crc(block);
  const std::size_t end = out.size();
  out += std::string("\0\0\0\0\10\0\0\0\2\0\0\0\0\0\0\0", 16);
  put_crc(end);
  return out;
}

/// What a reader gives is what an import of it gives back.
std::string round_trip(std::string_view input) {
  const auto open = [&] {
    auto source = traces::ByteSource::from_memory(std::as_bytes(std::span(input)), "fuzz");
    return traces::make_reader(std::move(source).value(), {});
  };
  auto reader = open();
  if (!reader || (*reader)->info().format == Format::kLis) return "";  // may never end
  std::vector<Request> requests(kEnough);
  const auto count = (*reader)->read(requests);
  if (!count || *count == 0 || *count == kEnough) return "";
  auto again = open();
  const std::string path = "/tmp/fleetcache-fuzz-" + std::to_string(::getpid()) + ".fctrace";
  traces::ImportSpec spec;
  spec.output = path;
  spec.overwrite = true;
  const auto report = traces::import_trace(**again, spec);
  if (!report) return judge(report.error());
  auto back = traces::open_trace(path, {});
  std::vector<Request> read_back(kEnough);
  const auto same_count = back ? (*back)->read(read_back) : back.error();
  ::unlink(path.c_str());
  if (!same_count || *same_count != *count) return "an import that cannot be read back";
  for (std::size_t i = 0; i < *count; ++i) {
    if (std::memcmp(&requests[i], &read_back[i], sizeof(Request)) != 0) {
      return "a request that came back otherwise";
    }
  }
  return "";
}

}  // namespace

std::string run(std::string_view input) {
  std::string why = read(input, {});
  if (!why.empty()) return "auto: " + why;
  for (const traces::FormatInfo& info : traces::formats()) {
    ReadOptions options;
    options.format = info.format;
    options.sessions = 3;
    options.removals = true;
    why = read(input, options);
    if (!why.empty()) return std::string(info.name) + ": " + why;
  }
  ReadOptions columns;
  columns.format = Format::kCsv;
  columns.columns =
      traces::parse_columns("time=1:ms,id=2:text,size=3,tenant=4:text,op=5,parent=6").value();
  why = read(input, columns);
  if (!why.empty()) return "columns: " + why;
  return round_trip(input);
}

std::vector<std::string> seeds() {
  std::string records;
  for (int i = 0; i < 20; ++i) records += std::string(24, static_cast<char>(i));
  const std::string csv = "time,id,size,next\n1.5,7,512,1\n2,7,4096,-1\n3,8,1,-1\n";
  const std::string json =
      "{\"timestamp\":1,\"input_length\":1024,\"output_length\":5,\"hash_ids\":[1,2,3]}\n"
      "{\"timestamp\":2,\"input_length\":512,\"output_length\":6,\"hash_ids\":[1],\"x\":{\"y\":[]}}"
      "\n";
  const std::string ids = "1\n2\n# note\n18446744073709551615\n";
  const std::string azure =
      "{\"time\":\"2026-11-23T09:55:01.1Z\",\"operationName\":\"GetBlob\",\"statusCode\":206,"
      "\"callerIpAddress\":\"10.0.0.4:1\",\"properties\":{\"accountName\":\"a\","
      "\"responseBodySize\":"
      "100},\"uri\":\"https://a.blob.core.windows.net:443/c/x.bin?position=7\"}\n";
  const std::string table =
      "TimeGenerated [UTC],OperationName,StatusCode,Uri,AccountName,ResponseBodySize\n"
      "\"11/23/2026, 9:55:01.000 AM\",GetBlob,200,https://a/c/x,acct,150\n";
  const std::string blobfuse =
      "Mon Nov 23 09:55:01 UTC 2026 : blobfuse2[1] : [/mnt] LOG_DEBUG [b.go (1)]: "
      "BlockCache::ReadInBuffer : name: d/x, buf size: 150, offset: 100, handle: 3\n"
      "Mon Nov 23 09:55:01 UTC 2026 : blobfuse2[1] : [/mnt] LOG_TRACE [b.go (1)]: "
      "BlockCache::refreshBlock : Request to download 3=>d/x (index 2, prefetch true)\n";
  const std::string alluxio =
      "2026-11-23 09:55:01,500 INFO  AUDIT_LOG - succeeded=true\tallowed=true\tugi=ann,staff\t"
      "cmd=getFileInfo\tsrc=/a\tdst=null\n";
  const std::string events =
      "{\"ts\":1.5,\"events\":[{\"type\":\"BlockStored\",\"block_hashes\":[11,12],"
      "\"parent_block_hash\":null,\"token_ids\":[1],\"block_size\":16,\"medium\":\"GPU\"}]}\n"
      "[2,[[\"BlockStored\",[14],12,[],16,null,\"GPU\"],[\"BlockRemoved\",[11],\"GPU\"]],0]\n";
  const std::string cachelib =
      "key,op,size,op_count,key_size,ttl\na,GET,100,2,5,0\nb,SET,7,1,5,3\n";
  const std::string chunks =
      "op_time,block_id,io_size,io_offset,op_name\n5,x,150,100,getChunkData.P\n";
  const std::string sessions =
      "{\"id\":\"A\",\"block_size\":64,\"hash_id_scope\":\"local\",\"requests\":[{\"t\":0.0,"
      "\"hash_ids\":[1,2]},{\"t\":4.0,\"requests\":[{\"t\":1.0,\"hash_ids\":[9]}]}]}\n";
  const std::string models =
      "gmt_create,groupId,checkpoint_model_version_id,lora_args\n2024-11-15 "
      "16:57:50,G,M,\"[{'modelVersionId': 'a'}]\"\n";
  return {records,         csv,         json,         ids,      "230027 8 0 0\n1842745 64 0 1\n",
          packed(records), packed(csv), packed(json), azure,    table,
          blobfuse,        alluxio,     events,       cachelib, chunks,
          sessions,        models,      fctrace()};
}

std::vector<std::string> words() {
  return {"18446744073709551616",
          "-1",
          "9223372036854775807",
          ".",
          ",",
          "\n",
          "\r\n",
          "\"",
          "\\",
          "[",
          "]",
          "{",
          "}",
          ":",
          "null",
          "\"timestamp\"",
          "\"hash_ids\":[",
          "1e3",
          " ",
          "\t",
          std::string("\0", 1),
          "\x28\xb5\x2f\xfd",
          "\xef\xbb\xbf",
          "\"block_hashes\":[",
          "\"properties\":{",
          "1125899906842625",
          "GetBlob",
          "\"\"",
          "\\u00e9"};
}

}  // namespace fleetcache::fuzz
