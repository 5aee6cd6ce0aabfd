import { followAlone } from "../network/followAlone.ts";
import { createLibp2pHost } from "../network/libp2p.ts";
import type { Host, Network, NetworkOptions } from "../network/network.ts";
import type { Libp2pOptions } from "../network/node.ts";
import { openStorage, type StorageAccess } from "../storage/sqlite.ts";
import type { Storage } from "../storage/storage.ts";
import { openEngine, USUAL_ENGINE, type EngineSettings } from "../training/engine.ts";
import { createProcessTrainer } from "../training/far/processTrainer.ts";
import { createThreadedTrainer } from "../training/far/threadedTrainer.ts";
import { parameterCount, type Model } from "../training/models/model.ts";
import type { Trainer } from "../training/trainer.ts";

/** The real adapters, named in this one place. */

/** Chunk deadline of a transfer, in milliseconds. */
const CHUNK_TIMEOUT_MS = 10_000;

/** Where a daemon listens and what it tells others. */
export type HostSettings = Omit<Libp2pOptions, "chunkTimeoutMs" | "privateKey">;

/** A libp2p host, on which jobs are followed. */
export function openHost(privateKey: Uint8Array, settings: HostSettings): Promise<Host> {
  return createLibp2pHost({ privateKey, chunkTimeoutMs: CHUNK_TIMEOUT_MS, ...settings });
}

/** A libp2p host for a single job, which stops with it. */
export function openLibp2pNetwork(
  privateKey: Uint8Array,
  settings: HostSettings,
): (options: NetworkOptions) => Promise<Network> {
  return async (options) => followAlone(await openHost(privateKey, settings), options);
}

/** SQLite and a blob folder below `folder`. */
export function openParticipantStorage(folder: string, access: StorageAccess = "own"): Promise<Storage> {
  return openStorage(folder, { access });
}

/** Params times examples from which one engine call holds up the event loop for longer than the network should wait. */
const BLOCKING_WORK = 1e9;

export interface TrainerUse {
  readonly examples: number;
  /** Whether several participants share the process, and whether it trains for a small part of its life only, as a daemon does. */
  readonly place: "shared" | "alone" | "daemon";
  readonly engine?: EngineSettings;
}

/**
 * In a thread of its own where a call would hold up the network, or where several participants share the process: examples are not
 * copied far. A daemon's is in a process that ends between rounds, unless its examples are many; otherwise it is here.
 * @throws PacelineError `unsupported` where the engine cannot be loaded
 */
export async function openTrainer(
  model: Model,
  { examples, place, engine = USUAL_ENGINE }: TrainerUse,
): Promise<Trainer> {
  const isLong = engine.engine === "tfjs" || parameterCount(model) * examples > BLOCKING_WORK;
  if (place === "shared" || isLong) return createThreadedTrainer(model, engine);
  return place === "daemon" ? createProcessTrainer(model, { settings: engine }) : openEngine(model, engine);
}
