#!/usr/bin/env python3
"""What the policy core costs from Python: one ctypes call a request, and batches of them.

    ctypes_bench.py libfleetcache_policies.so [--requests N] [--policy NAME]

Standard library only. Prints ns a request; exits 1 when the ways of calling leave different states.
"""

import argparse
import ctypes
import random
import sys
import time

U8, U32, U64, I64, P = (ctypes.c_uint8, ctypes.c_uint32, ctypes.c_uint64, ctypes.c_int64,
                        ctypes.c_void_p)


class CacheConfig(ctypes.Structure):
    """fcp_cache_config of fcp_eviction.h."""
    _fields_ = [("struct_size", U32), ("features", U32), ("policy", ctypes.c_char_p), ("params", P),
                ("param_count", U32), ("max_entries", U32), ("capacity", U64),
                ("max_capacity", U64), ("seed", U64), ("unit_charge", U32), ("tenants", U32),
                ("registry", P), ("allocator", P), ("memory", P), ("memory_bytes", U64)]


class Meta(ctypes.Structure):
    """fcp_meta."""
    _fields_ = [("struct_size", U32), ("tenant", U32), ("id", U64), ("id_high", U64),
                ("charge", U64), ("next_access", I64), ("expires_ns", I64),
                ("leased_until_ns", I64), ("soft_until_ns", I64), ("parent", U64), ("mate", U64),
                ("cost", U32), ("klass", ctypes.c_uint16), ("depth", ctypes.c_uint16)]


class Lookup(ctypes.Structure):
    """fcp_lookup."""
    _fields_ = [("now_ns", I64), ("id", U64), ("charge", U64), ("next_access", I64)]


def load(path):
    """The library with the types of the calls used here."""
    lib = ctypes.CDLL(path)
    lib.fcp_cache_create.argtypes = [P, ctypes.POINTER(P), ctypes.c_char_p, ctypes.c_size_t]
    lib.fcp_cache_destroy.argtypes = [P]
    lib.fcp_cache_destroy.restype = None
    lib.fcp_request.argtypes = [P, I64, P]
    lib.fcp_request_n.argtypes = [P, P, ctypes.c_size_t, P, P]
    lib.fcp_state_hash.argtypes = [P]
    lib.fcp_state_hash.restype = U64
    lib.fcp_version.restype = U32
    return lib


def make(lib, policy, capacity):
    """A cache of `capacity` objects."""
    config = CacheConfig(struct_size=ctypes.sizeof(CacheConfig), policy=policy.encode(),
                         max_entries=capacity, capacity=capacity, unit_charge=1)
    cache = P()
    message = ctypes.create_string_buffer(256)
    status = lib.fcp_cache_create(ctypes.byref(config), ctypes.byref(cache), message, 256)
    if status != 0:
        raise RuntimeError(message.value.decode())
    return cache


def one_by_one(lib, cache, ids):
    """One call a request."""
    meta = Meta(struct_size=ctypes.sizeof(Meta), charge=1, next_access=-1)
    reference = ctypes.byref(meta)
    request = lib.fcp_request
    hits = 0
    for now, key in enumerate(ids):
        meta.id = key
        hits += request(cache, now, reference)
    return hits


def in_batches(lib, cache, lookups, batch):
    """One call for `batch` requests that stand in an array already, as in a queue of touches."""
    hits = 0
    size = ctypes.sizeof(Lookup)
    found = U64()
    which = (U8 * batch)()
    for k in range(0, len(lookups), batch):
        count = min(batch, len(lookups) - k)
        lib.fcp_request_n(cache, ctypes.addressof(lookups) + k * size, count, which,
                          ctypes.byref(found))
        hits += found.value
    return hits


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("library")
    parser.add_argument("--requests", type=int, default=500000)
    parser.add_argument("--capacity", type=int, default=10000)
    parser.add_argument("--policy", default="s3fifo")
    options = parser.parse_args()
    lib = load(options.library)
    version = lib.fcp_version()
    print(f"{options.policy}, version {version >> 16}.{version & 0xffff} of the binding")
    draws = random.Random(1)
    ids = [int(draws.paretovariate(0.25)) % 100000 for _ in range(options.requests)]
    lookups = (Lookup * len(ids))(*[(now, key, 1, -1) for now, key in enumerate(ids)])
    results = set()
    ways = [("one call a request", lambda cache: one_by_one(lib, cache, ids))]
    for batch in (16, 256, 4096):
        ways.append((f"batches of {batch}",
                     lambda cache, batch=batch: in_batches(lib, cache, lookups, batch)))
    for name, way in ways:
        cache = make(lib, options.policy, options.capacity)
        start = time.process_time()
        hits = way(cache)
        seconds = time.process_time() - start
        state = lib.fcp_state_hash(cache)
        results.add((hits, state))
        print(f"{name:20} {seconds / len(ids) * 1e9:8.1f} ns a request   {hits} hits   "
              f"state {state:016x}")
        lib.fcp_cache_destroy(cache)
    if len(results) != 1:
        print("the ways of calling leave different states")
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
