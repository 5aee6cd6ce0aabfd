import { createLibp2pNetwork } from "../network/libp2p.ts";
import type { Network, NetworkOptions } from "../network/network.ts";
import { openStorage } from "../storage/sqlite.ts";
import type { Storage } from "../storage/storage.ts";
import type { ModelSpec } from "../training/modelSpec.ts";
import { createThreadedTrainer } from "../training/threadedTrainer.ts";
import type { Trainer } from "../training/trainer.ts";

/** The real adapters, named in this one place. */

/**
 * libp2p over TCP.
 * @param listen multiaddrs, such as /ip4/0.0.0.0/tcp/4001; port 0 is any free one
 * @param announce what to tell others in place of those; none: those
 */
export function openLibp2pNetwork(
  listen: readonly string[],
  announce: readonly string[] = [],
): (options: NetworkOptions) => Promise<Network> {
  return (options) => createLibp2pNetwork({ ...options, listen, ...(announce.length === 0 ? {} : { announce }) });
}

/** SQLite and a blob folder below `folder`. */
export function openParticipantStorage(folder: string): Promise<Storage> {
  return openStorage(folder);
}

/** ONNX Runtime on the CPU, in a thread of its own. */
export function openTrainer(model: ModelSpec): Trainer {
  return createThreadedTrainer(model);
}
