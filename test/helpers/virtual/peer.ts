import type { JobChain } from "../../../node/chain/chain.ts";
import type { Hex } from "../../../node/core/bytes.ts";
import type { PeerMessage } from "../../../node/protocol/messages.ts";
import type { Judged, OwnScores, OwnUpdate, PeerState } from "../../../node/protocol/state.ts";
import type { SimulatedAccount } from "../../../node/cli/simulation/accounts.ts";
import type { Misbehaviour } from "./misbehaviour.ts";

/** What survives a crash. */
export interface Disk {
  readonly updates: Map<number, OwnUpdate>;
  readonly scores: Map<number, OwnScores>;
  readonly judged: Map<number, Judged>;
  readonly updateBlobs: Map<Hex, Int16Array>;
  readonly aggregateBlobs: Map<Hex, Int32Array>;
  modelId: Hex;
  /** Settled rounds in the model. */
  modelUpdates: number;
}

/** One member of a virtual federation. */
export interface VirtualPeer {
  readonly index: number;
  readonly account: SimulatedAccount;
  readonly chain: JobChain;
  readonly behaviour: Misbehaviour;
  readonly disk: Disk;
  /** What it has signed, by digest. */
  readonly signed: Map<Hex, PeerMessage>;
  /** Undefined while it is down. */
  state: PeerState | undefined;
  /** Counts the starts: what an earlier life began reports to nobody. */
  life: number;
  /** Counts the plans: only the newest wake-up call counts. */
  plan: number;
  viewIsDue: boolean;
}
