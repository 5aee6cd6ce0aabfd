import type { JobChain, Receipt, SendOptions } from "../../chain/chain.ts";
import type { Hex } from "../../core/bytes.ts";
import type { JobDomain } from "../../core/encoding.ts";
import { LEAF_VALUES, leafCountOf } from "../../core/merkle.ts";
import type { BlobShape, Network } from "../../network/network.ts";
import type { PeerEvent } from "../../protocol/events.ts";
import type { PeerState } from "../../protocol/state.ts";
import type { Storage } from "../../storage/storage.ts";
import type { Misbehaviour } from "../learning/behaviours.ts";
import type { Trust } from "../home/homeSchemas.ts";
import type { CheckpointExchange } from "../model/checkpointExchange.ts";
import type { advanceModel, GlobalModel } from "../model/globalModel.ts";
import type { JobSpec } from "../job/jobSpec.ts";
import type { Learner } from "../learning/learner.ts";
import type { Signer } from "./signing.ts";
import type { Stopwatch } from "../time/stopwatch.ts";
import type { UpdateCache } from "../model/updateCache.ts";

/** What the effects of one participant work with. Only `model`, `syncing`, `updates` and `aggregate` change. */
export interface ParticipantContext {
  readonly chain: JobChain;
  readonly network: Network;
  readonly storage: Storage;
  /** Undefined for who only watches. */
  readonly learner: Learner | undefined;
  readonly spec: JobSpec;
  readonly domain: JobDomain;
  /** The operator's key, 32 bytes; what it signs by the rules goes through `signer`. */
  readonly privateKey: Uint8Array;
  readonly signer: Signer;
  /** 32 bytes from a secure source. */
  readonly randomWord: () => Hex;
  readonly stopwatch: Stopwatch;
  /** Ends every transfer when the participant stops. */
  readonly signal: AbortSignal;
  readonly state: () => PeerState;
  /** Until when what the phase asks for is of use on the chain. */
  readonly wanted: () => SendOptions;
  readonly dispatch: (event: PeerEvent) => void;
  /** What failed without more harm than time. */
  readonly onProblem: (what: string, error: unknown) => void;
  readonly trust: Trust;
  /** The model that the job was opened with. */
  readonly genesis: () => GlobalModel;
  readonly checkpoints: CheckpointExchange;
  readonly onReceipt: (call: string, receipt: Receipt) => void;
  /** Worked out here where it is not given. */
  readonly advance?: typeof advanceModel;
  /** For tests and simulations. */
  readonly misbehaviour: Misbehaviour;
  model: GlobalModel;
  /** Settles when the last sync that was asked for has ended; never rejects. */
  syncing: Promise<void>;
  /** The exact aggregate of the current include set, from the moment somebody needs it. */
  aggregate: { readonly includeHash: Hex; readonly values: Promise<Int32Array> } | undefined;
  readonly updates: UpdateCache;
}

/** The shape of a blob that carries one value of `valueBytes` for each param. */
export function blobShape(root: Hex, vectorLength: number, valueBytes: 2 | 4): BlobShape {
  return { root, leafBytes: LEAF_VALUES * valueBytes, leafCount: leafCountOf(vectorLength) };
}
