/* Loads plugins one after the other into one registry and says what became of each.
 *    load [--allow SHA256]... PLUGIN.so... */
#include <fcp_plugin_loader.h>
#include <stdio.h>
#include <string.h>

int main(int argc, char **argv) {
  const char *allowed[16];
  fcp_load_options options = FCP_INIT(fcp_load_options);
  fcp_registry *plugins = NULL;
  int at = 1;
  for (; at + 1 < argc && options.allowed_count < 16 && strcmp(argv[at], "--allow") == 0; at += 2) {
    allowed[options.allowed_count++] = argv[at + 1];
    options.allowed = allowed;
  }
  if (fcp_registry_create(&plugins) != FCP_OK) return 1;
  for (; at < argc; ++at) {
    char message[512];
    const fcp_status status = fcp_plugin_load(plugins, argv[at], &options, message, sizeof message);
    printf("%s %s\n", fcp_status_name(status), message);
  }
  fcp_registry_destroy(plugins);
  return 0;
}
