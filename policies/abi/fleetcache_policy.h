/* The policy core for hosts in C, and in any language that binds C: what a cache decides, and
 * nothing else. The parts are contracts of their own:
 *
 *     fcp_base.h      status codes, parameters, memory, versions: the rules of all functions
 *     fcp_eviction.h  whom to drop: entries, two-phase eviction, tenants, snapshots
 *     fcp_shadow.h    what another policy, or another size, would have hit
 *     fcp_decide.h    when and how much to evict, what to store, who owns a key, which region
 *                     serves
 *     fcp_plugin.h    eviction policies from shared libraries
 *
 * fcp_plugin_loader.h, which opens files, is a library of its own. A guide with a whole host:
 * docs/embedding.md. */
#ifndef FLEETCACHE_POLICY_H
#define FLEETCACHE_POLICY_H

#include "fcp_base.h"
#include "fcp_decide.h"
#include "fcp_eviction.h"
#include "fcp_plugin.h"
#include "fcp_shadow.h"

#endif
