import { seededRandom, type Random } from "../core/random.ts";
import type { VirtualFederation } from "./federation.ts";
import type { VirtualMember, VirtualPeer } from "./peer.ts";

export interface ChurnOptions {
  /** How many leave in each round, and how many come. */
  readonly perRound: number;
  readonly seed: number;
  /** Who joins as the peer at `index`. */
  readonly newcomer: (index: number) => VirtualMember;
}

/** Rounds that a member goes on for after it has asked to leave: it may be drawn already, and what it commits it has to open. */
const NOTICE_ROUNDS = 2;

/** Members that leave while a job runs, and newcomers in their places. */
export class Churn {
  readonly #federation: VirtualFederation;
  readonly #options: ChurnOptions;
  readonly #random: Random;
  readonly #leaving: { readonly peer: VirtualPeer; readonly since: number }[] = [];
  readonly #gone = new Set<VirtualPeer>();

  constructor(federation: VirtualFederation, options: ChurnOptions) {
    this.#federation = federation;
    this.#options = options;
    this.#random = seededRandom(options.seed, 5);
    federation.onPhase(({ phase, round }) => {
      if (phase === "commit") federation.world.clock.after(0, () => this.#turn(round)); // after the block that began it
    });
  }

  /** Members that have asked to leave. */
  get left(): number {
    return this.#gone.size;
  }

  #turn(round: number): void {
    while ((this.#leaving[0]?.since ?? round) + NOTICE_ROUNDS <= round) this.#leaving.shift()?.peer.stop();
    for (let i = 0; i < this.#options.perRound; i++) {
      this.#leaveOne(round);
      this.#federation.join(this.#options.newcomer(this.#federation.peers.length));
    }
  }

  #leaveOne(round: number): void {
    const staying = this.#federation.peers.filter((peer) => peer.isUp && !this.#gone.has(peer));
    const peer = staying[this.#random.below(Math.max(1, staying.length))];
    if (peer === undefined) return;
    this.#gone.add(peer);
    this.#leaving.push({ peer, since: round });
    this.#federation.leave(peer);
  }
}
