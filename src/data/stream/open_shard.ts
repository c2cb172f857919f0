import { openShardOnServer } from "../fetch/http_shard.ts";
import { isAddress } from "../shards/list_shards.ts";
import { type OpenShard, openShardOnDisk } from "../shards/shard_file.ts";

/** Opens a shard by its path, or by its address. */
export const openShard: OpenShard = (name, signal) =>
  isAddress(name) ? openShardOnServer(name, signal) : openShardOnDisk(name);
