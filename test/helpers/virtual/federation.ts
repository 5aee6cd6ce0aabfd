import type { Address } from "../../../node/core/bytes.ts";
import type { JobTerms } from "../../../node/core/jobTerms.ts";
import type { Misbehaviour as DaemonMisbehaviour } from "../../../node/daemon/learning/behaviours.ts";
import { genesisHash } from "../../../node/daemon/job/jobSpec.ts";
import { simulatedAccounts, type SimulatedAccount } from "../../../node/simulation/accounts.ts";
import type { Conditions } from "../../../node/simulation/conditions.ts";
import { VirtualFederation } from "../../../node/simulation/federation.ts";
import type { PeerBehaviour } from "../../../node/simulation/peer.ts";
import { testTerms } from "../roundPlayer.ts";
import { honest, type Misbehaviour } from "./misbehaviour.ts";
import { learnerOf, SPEC } from "./work.ts";

export interface FederationOptions {
  readonly members: number;
  readonly seed: number;
  readonly conditions?: Partial<Conditions>;
  readonly terms?: Partial<JobTerms>;
  /** By member; the others are honest. */
  readonly behaviours?: readonly (Misbehaviour | undefined)[];
}

const TOKEN: Address = `0x${"c0".repeat(20)}`;
export const POOL = 1_000_003n;
const MAX_EVENTS = 300_000;
const VECTOR_LENGTH = 130;
const PARAMS = new Float32Array(VECTOR_LENGTH);

const TERMS: Partial<JobTerms> = {
  rounds: 2,
  vectorLength: VECTOR_LENGTH,
  genesisHash: genesisHash(PARAMS),
  commitSeconds: 60,
  shareSeconds: 60,
  slotSeconds: 30,
  demandSeconds: 40,
  challengeSeconds: 120,
  scoreSeconds: 60,
  unbondSeconds: 900,
  suspendDraws: 1,
};

const known = new Map<number, SimulatedAccount[]>();
/** Keys take long to make, and may be the same in every federation. */
export function accountsOf(count: number): SimulatedAccount[] {
  const accounts = known.get(count) ?? simulatedAccounts(count, 4242);
  known.set(count, accounts);
  return accounts;
}

/** A virtual federation of members whose updates a test can work out. */
export class TestFederation extends VirtualFederation {
  /** By member. */
  readonly behaviours: readonly Misbehaviour[];

  constructor({ members, seed, conditions = {}, terms, behaviours = [] }: FederationOptions) {
    const all = testTerms(TOKEN, { ...TERMS, startMembers: members, ...terms });
    const own = accountsOf(members).map((_, index) => behaviours[index] ?? honest);
    super({
      terms: all,
      spec: SPEC,
      pool: POOL,
      seed,
      conditions,
      maxEvents: MAX_EVENTS,
      initialParams: PARAMS,
      members: accountsOf(members).map((account, index) => ({
        account,
        learner: learnerOf(all, index, own[index]!.passes ?? (() => false)),
        behaviour: peerBehaviour(own[index]!),
      })),
    });
    this.behaviours = own;
  }
}

function peerBehaviour({ absent = false, adds, hides, omits, tamper }: Misbehaviour): PeerBehaviour {
  const misbehaviour: DaemonMisbehaviour = {
    ...(omits === undefined ? {} : { omits: (_, effect) => omits(effect) }),
    ...(tamper === undefined ? {} : { tamper: (_, aggregate) => tamper(aggregate) }),
    ...(adds === undefined ? {} : { adds: (_, body) => adds(body) }),
  };
  return {
    absent,
    misbehaviour,
    hides: ({ root, leafBytes }, asker) => hides?.(root, leafBytes > 256 ? "aggregate" : "update", asker) === true,
  };
}
