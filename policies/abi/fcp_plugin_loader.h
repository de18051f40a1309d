/* Loads plugins from shared libraries: the one part that opens files, so a library of its own. */
#ifndef FCP_PLUGIN_LOADER_H
#define FCP_PLUGIN_LOADER_H

#include "fcp_plugin.h"

#ifdef __cplusplus
extern "C" {
#endif

typedef struct fcp_load_options {
  uint32_t struct_size;
  uint32_t allowed_count;
  /* SHA-256 of the files that may be loaded, 64 hexadecimal digits each; NULL: any file. */
  const char *const *allowed;
} fcp_load_options;

/* Opens a shared library (RTLD_NOW | RTLD_LOCAL), asks it for its plugin and adds that to the
 * registry, with all checks of fcp_registry_add. FCP_E_IO for a file that cannot be read or loaded,
 * FCP_E_REFUSED for one whose SHA-256 is not on the list (it is not loaded, none of its code runs),
 * FCP_E_VERSION when it has no FCP_PLUGIN_QUERY or no plugin for this host. The bytes that were
 * summed up are the file that is loaded, even if the path changes hands in between; a list of sums
 * does not protect from someone who may write to the file itself. An accepted library stays loaded
 * until the process ends; a refused one is closed. `options` may be NULL. Thread-safe for different
 * registries. */
FCP_API fcp_status fcp_plugin_load(fcp_registry *registry, const char *path,
                                   const fcp_load_options *options, char *message,
                                   size_t message_bytes) FCP_NOEXCEPT;
/* SHA-256 of a file as 64 hexadecimal digits and a zero byte. */
FCP_API fcp_status fcp_file_sha256(const char *path, char out[65]) FCP_NOEXCEPT;

#ifdef __cplusplus
}
#endif
#endif
