/// The readers behind open_trace, one per format. Internal to sim/traces.
#pragma once

#include <memory>

#include "sim/traces/reader.hpp"

namespace fleetcache::traces {

using ReaderResult = Result<std::unique_ptr<TraceReader>>;

std::unique_ptr<TraceReader> make_oracle_general_reader(ByteSource source);
/// Reads the header line, so it may fail.
ReaderResult make_csv_reader(ByteSource source, const Columns& columns);
std::unique_ptr<TraceReader> make_mooncake_reader(ByteSource source);
std::unique_ptr<TraceReader> make_ids_reader(ByteSource source);
std::unique_ptr<TraceReader> make_lis_reader(ByteSource source);
/// Reads and checks the head, so it may fail.
ReaderResult make_fctrace_reader(ByteSource source);
std::unique_ptr<TraceReader> make_azure_blob_log_reader(ByteSource source,
                                                        const ReadOptions& options);
std::unique_ptr<TraceReader> make_blobfuse_reader(ByteSource source, const ReadOptions& options);
std::unique_ptr<TraceReader> make_alluxio_audit_reader(ByteSource source);
std::unique_ptr<TraceReader> make_kv_events_reader(ByteSource source, const ReadOptions& options);
ReaderResult make_cachelib_reader(ByteSource source, const ReadOptions& options);
std::unique_ptr<TraceReader> make_kv_sessions_reader(ByteSource source, const ReadOptions& options);
ReaderResult make_gentd26_reader(ByteSource source);

}  // namespace fleetcache::traces
