import type { JobHistory } from "../../../node/chain/chain.ts";
import { MemoryChain } from "../../../node/chain/memory.ts";
import { fromHex, type Address, type Hex } from "../../../node/core/bytes.ts";
import type { RoundView } from "../../../node/core/roundView.ts";
import type { JobTerms } from "../../../node/core/jobTerms.ts";
import { seededRandom, type Random } from "../../../node/core/random.ts";
import { addressOfPrivateKey, signDigest } from "../../../node/core/signature.ts";
import { registrationDigest } from "../../../node/core/typedData.ts";
import { simulatedAccounts, type SimulatedAccount } from "../../../node/cli/simulation/accounts.ts";
import type { PeerEffect, PeerEvent } from "../../../node/protocol/events.ts";
import { encodeMessage, judgeMessage, type Judgement, type PeerMessage } from "../../../node/protocol/messages.ts";
import { initialState, step } from "../../../node/protocol/round.ts";
import type { PeerState } from "../../../node/protocol/state.ts";
import { testTerms } from "../roundPlayer.ts";
import { CALM, type Conditions } from "./conditions.ts";
import { blobOf } from "./context.ts";
import { runVirtualEffect } from "./effects.ts";
import { honest, type Misbehaviour } from "./misbehaviour.ts";
import type { VirtualPeer } from "./peer.ts";
import { EventQueue } from "./queue.ts";

export interface FederationOptions {
  readonly members: number;
  readonly seed: number;
  readonly conditions?: Partial<Conditions>;
  readonly terms?: Partial<JobTerms>;
  /** By member; the others are honest. */
  readonly behaviours?: readonly (Misbehaviour | undefined)[];
}

const START = 1_700_000_000;
const TOKEN: Address = `0x${"c0".repeat(20)}`;
const SPONSOR: Address = addressOfPrivateKey(new Uint8Array(32).fill(9));
export const POOL = 1_000_003n;
export const RELAY_SECONDS = 2;
export const RETRY_SECONDS = 3;
const MAX_EVENTS = 300_000;

const TERMS: Partial<JobTerms> = {
  rounds: 2,
  vectorLength: 130,
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

/** Peers that run the protocol's step function over the chain's twin, a lossy network and a virtual clock. */
export class VirtualFederation {
  readonly queue = new EventQueue(START);
  readonly chain: MemoryChain;
  readonly job: Address;
  readonly terms: JobTerms;
  readonly peers: readonly VirtualPeer[];
  readonly random: Random;
  readonly conditions: Conditions;
  /** Tokens there are. */
  readonly supply: bigint;
  /** Transactions in blocks, by call. */
  readonly calls = new Map<string, number>();
  history: JobHistory = { rounds: [], slashes: [] };
  /** When each phase was entered, in seconds. */
  readonly phases: { readonly phase: string; readonly round: number; readonly at: number }[] = [];
  /** Messages of peers that another peer called wrong. */
  readonly rejected: string[] = [];
  /** Effects that failed, by type. */
  readonly failures = new Map<string, number>();

  /** Signatures are checked at a message's first delivery only: nearly all of the time went there. */
  readonly #accepted = new WeakMap<PeerMessage, Judgement>();

  constructor({ members, seed, conditions, terms, behaviours = [] }: FederationOptions) {
    this.random = seededRandom(seed);
    this.conditions = { ...CALM, ...conditions };
    this.chain = new MemoryChain(() => this.queue.now);
    this.terms = testTerms(TOKEN, { ...TERMS, startMembers: members, ...terms });
    this.chain.mint(TOKEN, SPONSOR, POOL);
    this.job = this.chain.createJob(SPONSOR, this.terms, POOL);
    this.peers = accountsOf(members).map((account, index) => this.#enrol(account, index, behaviours[index] ?? honest));
    this.supply = POOL + BigInt(members) * this.terms.stake;
    this.#notePhase();
  }

  #enrol(account: SimulatedAccount, index: number, behaviour: Misbehaviour): VirtualPeer {
    const { wallet, operator, operatorKey } = account;
    const domain = { chainId: this.chain.chainId, registry: this.chain.registry.address };
    const consent = signDigest(registrationDigest(domain, { wallet, operator, nonce: 0n }), fromHex(operatorKey));
    this.chain.register(wallet, operator, consent);
    this.chain.mint(TOKEN, wallet, this.terms.stake);
    this.chain.join(this.job, wallet);
    const disk = {
      updates: new Map(),
      scores: new Map(),
      judged: new Map(),
      updateBlobs: new Map(),
      aggregateBlobs: new Map(),
      modelId: this.terms.genesisHash,
      modelUpdates: 0,
    };
    const chain = this.chain.jobChain(this.job, operator);
    return {
      index,
      account,
      chain,
      behaviour,
      disk,
      signed: new Map(),
      state: undefined,
      life: 0,
      plan: 0,
      viewIsDue: false,
    };
  }

  get now(): number {
    return this.queue.now;
  }

  /** Runs until the job has ended, and then as long as peers may need to learn of it. */
  async run(): Promise<void> {
    for (const peer of this.peers) if (peer.behaviour.absent !== true) this.start(peer);
    const linger = 60 + this.conditions.downSeconds;
    let endedAt = Infinity;
    for (let events = 0; this.now < endedAt + linger; events++) {
      if (events > MAX_EVENTS) throw new Error(`the job has not ended after ${events} events`);
      if (!(await this.queue.step())) {
        if (endedAt === Infinity) throw new Error("nobody wants anything, and the job has not ended");
        return;
      }
      if (endedAt === Infinity && this.snapshot().view.phase === "finished") endedAt = this.now;
    }
  }

  snapshot(): ReturnType<MemoryChain["snapshot"]> {
    return this.chain.snapshot(this.job);
  }

  /** Between a tenth of `longest` and it. */
  between(longest: number): number {
    return longest * (0.1 + 0.9 * this.random.uniform());
  }

  happens(rate: number): boolean {
    return rate > 0 && this.random.uniform() < rate;
  }

  start(peer: VirtualPeer): void {
    peer.life++;
    const { operator } = peer.account;
    const domain = { chainId: this.chain.chainId, job: this.job };
    const settings = { operator, domain, terms: this.terms, relaySeconds: RELAY_SECONDS, retrySeconds: RETRY_SECONDS };
    peer.state = initialState(settings, peer.disk.modelId);
    this.#sendView(peer);
  }

  crash(peer: VirtualPeer): void {
    peer.state = undefined;
    peer.viewIsDue = false;
    peer.life++;
    this.queue.after(this.between(this.conditions.downSeconds), () => this.start(peer));
  }

  dispatch(peer: VirtualPeer, event: PeerEvent): void {
    if (peer.state === undefined) return;
    const next = step(peer.state, event, this.now);
    peer.state = next.state;
    const plan = ++peer.plan;
    if (next.wakeAt !== Infinity) {
      this.queue.after(next.wakeAt - this.now, () => {
        if (peer.plan === plan) this.dispatch(peer, { type: "tick" });
      });
    }
    for (const { key, effect } of next.effects) this.#perform(peer, key, effect);
    const { crashAt, crashRate } = this.conditions;
    const planned = crashAt?.member === peer.index && crashAt.phase === peer.state.view?.phase && peer.life === 1;
    if (planned || this.happens(crashRate)) this.crash(peer);
  }

  #perform(peer: VirtualPeer, key: string, effect: PeerEffect): void {
    const { life } = peer;
    const finish = (ok: boolean): void => {
      if (!ok) this.failures.set(effect.type, (this.failures.get(effect.type) ?? 0) + 1);
      if (peer.life === life) this.dispatch(peer, { type: "done", key, ok });
    };
    // Not in the call that asked for it, as with a real effect.
    this.queue.after(0, async () => {
      if (peer.life !== life) return;
      if (peer.behaviour.omits?.(effect) === true) return finish(false);
      await runVirtualEffect(this, peer, effect, finish);
    });
  }

  /** Sends a transaction; `finish` tells what its sender is told. */
  transact(call: string, send: () => Promise<unknown>, finish: (ok: boolean) => void): void {
    const { lostRate, transactionSeconds, unheardRate } = this.conditions;
    this.queue.after(this.between(transactionSeconds), async () => {
      if (this.happens(lostRate)) return finish(false);
      let ok = true;
      try {
        await send();
        this.calls.set(call, (this.calls.get(call) ?? 0) + 1);
        this.#notePhase();
        this.history = await this.peers[0]!.chain.history(1);
        for (const peer of this.peers) this.#sendView(peer);
      } catch {
        ok = false;
      }
      const told = ok && !this.happens(unheardRate);
      this.queue.after(this.between(transactionSeconds), () => finish(told));
    });
  }

  settledRoots(): Hex[] {
    return this.history.rounds.flatMap(({ settled }) => (settled === undefined ? [] : [settled.aggregateRoot]));
  }

  broadcast(author: VirtualPeer, message: PeerMessage): void {
    const { dropRate, duplicateRate, messageSeconds } = this.conditions;
    for (const peer of this.peers) {
      if (peer === author || this.happens(dropRate)) continue;
      const copies = this.happens(duplicateRate) ? 2 : 1;
      for (let i = 0; i < copies; i++)
        this.queue.after(this.between(messageSeconds), () => this.#receive(peer, message));
    }
  }

  /** What `asker` gets of a blob from the first of those asked that has it, is up and shows it to that one. */
  ask(asker: VirtualPeer, root: Hex, kind: "update" | "aggregate", asked: readonly Address[]): Uint8Array | undefined {
    const holder = this.peers.find(({ account, behaviour, disk, state }) => {
      const holds = kind === "update" ? disk.updateBlobs.has(root) : disk.aggregateBlobs.has(root);
      if (state === undefined || !holds || !asked.includes(account.operator)) return false;
      return behaviour.hides?.(root, kind, asker.account.operator) !== true;
    });
    return holder === undefined || this.happens(this.conditions.dropRate) ? undefined : blobOf(holder, root);
  }

  #receive(peer: VirtualPeer, sent: PeerMessage): void {
    const { state } = peer;
    if (state === undefined) return;
    const judged = this.#accepted.get(sent) ?? this.#judge(sent, state);
    if (judged.verdict === "rejected") this.rejected.push(judged.reason);
    if (judged.verdict !== "accepted") return;
    this.#accepted.set(sent, judged);
    this.dispatch(peer, { type: "message", message: judged.message, author: judged.author });
  }

  #judge(sent: PeerMessage, { settings, view, members }: PeerState): Judgement {
    return judgeMessage(encodeMessage(sent, 0), settings.domain, view, members);
  }

  /** One read of the chain at a time; it gives what stands when it is done. */
  #sendView(peer: VirtualPeer): void {
    if (peer.viewIsDue || peer.state === undefined) return;
    peer.viewIsDue = true;
    const { life } = peer;
    this.queue.after(this.between(this.conditions.viewSeconds), () => {
      if (peer.life !== life) return;
      peer.viewIsDue = false;
      const { view, members, demands } = this.snapshot();
      if (peer.state?.view === undefined) this.#recallVerdicts(peer, view);
      const isNew = peer.state?.view?.round !== view.round;
      this.dispatch(peer, { type: "view", view, members, demands });
      if (!isNew) return;
      const update = peer.disk.updates.get(view.round);
      if (update !== undefined) this.dispatch(peer, { type: "trained", round: view.round, update });
      const scores = peer.disk.scores.get(view.round);
      if (scores !== undefined) this.dispatch(peer, { type: "scored", round: view.round, scores });
    });
  }

  #recallVerdicts(peer: VirtualPeer, { phase, round }: RoundView): void {
    for (const judged of peer.disk.judged.values()) {
      if (judged.round < round || phase === "finished") this.dispatch(peer, { type: "judged", judged });
    }
  }

  #notePhase(): void {
    const { phase, phaseStart, round } = this.snapshot().view;
    const last = this.phases.at(-1);
    if (last?.phase !== phase || last.round !== round) this.phases.push({ phase, round, at: phaseStart });
  }
}
