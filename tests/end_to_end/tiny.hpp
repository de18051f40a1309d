/// A scenario that runs in a fraction of a second and uses training and inference.
#pragma once

namespace fleetcache::test {

inline constexpr const char* kTiny = R"({
  "schema_version": 1,
  "name": "tiny",
  "description": "Two training and two inference nodes for a few seconds",
  "seed": 1,
  "rung": "exact",
  "time": {"horizon": "20s", "warmup": "2s"},
  "regions": {
    "east": {
      "pools": {
        "train": {"role": "train", "nodes": 4,
                  "sku": {"extends": "preset:gb300-4gpu", "nvme": "2GB"}},
        "infer": {"role": "infer", "nodes": 2,
                  "sku": {"extends": "preset:gb300-4gpu", "nvme": "2GB"}}
      },
      "fabric": {"nodes_per_rack": 2, "racks_per_pod": 2},
      "blob": {"extends": "preset:standard-large-region", "accounts": 2, "egress": "4Gbps"},
      "bifrost": {"extends": "preset:bifrost-assumed", "stamp": "40Gbps"}
    }
  },
  "cache": {
    "scope": "region",
    "placement": "rendezvous",
    "tiers": {
      "dram": {"medium": "dram", "capacity": "200MB", "eviction": "lru"},
      "nvme": {"medium": "nvme", "capacity": "1GB", "eviction": "s3fifo"}
    }
  },
  "origin": {"path": "fe"},
  "datasets": {"images": {"size": "4GB", "object": "8MB"}},
  "workloads": {
    "pretrain": {
      "kind": "train", "region": "east", "pool": "train", "nodes": 4, "dataset": "images",
      "bytes_per_step": "64MB", "compute": "200ms", "compute_cv": 0.02, "prefetch": 2
    },
    "chat": {
      "kind": "infer", "region": "east", "pool": "infer", "nodes": 2,
      "requests": {"rate": "5/s", "cv": 1.1, "prompt_tokens": 3000, "output_tokens": 100,
                   "prefixes": 5, "shared_fraction": 0.3, "turns": 2, "think": "2s"},
      "block_tokens": 512, "kv_bytes_per_token": "70272B", "prefill_tokens": "16k/s"
    }
  },
  "slo": {"infer.chat.ttft_p99": "< 30s", "train.pretrain.goodput": "> 99.99%"},
  "variants": {"bifrost": {"origin.path": "bifrost"}, "no-cache": {"cache.enabled": false}}
}
)";

}  // namespace fleetcache::test
