import { createLibp2pNetwork } from "../network/libp2p.ts";
import type { Network, NetworkOptions } from "../network/network.ts";
import { openStorage } from "../storage/sqlite.ts";
import type { Storage } from "../storage/storage.ts";
import { USUAL_ENGINE, type EngineSettings } from "../training/engine.ts";
import { parameterCount, type Model } from "../training/models/model.ts";
import { OnnxTrainer } from "../training/onnxTrainer.ts";
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

/** Params times examples from which one engine call holds up the event loop for longer than the network should wait. */
const BLOCKING_WORK = 1e9;

export interface TrainerUse {
  readonly examples: number;
  /** Whether several participants share the process. */
  readonly shared: boolean;
  readonly engine?: EngineSettings;
}

/**
 * In a thread of its own where a call would hold up the network, or where several participants share the process; otherwise here,
 * which saves the 30 MB that a thread takes.
 */
export function openTrainer(model: Model, { examples, shared, engine = USUAL_ENGINE }: TrainerUse): Trainer {
  const isLong = engine.engine === "tfjs" || parameterCount(model) * examples > BLOCKING_WORK;
  return shared || isLong ? createThreadedTrainer(model, engine) : new OnnxTrainer(model, engine);
}
