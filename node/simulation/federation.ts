import type { ChainSnapshot, JobHistory } from "../chain/chain.ts";
import type { MemoryChain } from "../chain/memory.ts";
import { fromHex, type Address } from "../core/bytes.ts";
import { PacelineError } from "../core/errors.ts";
import type { JobTerms } from "../core/jobTerms.ts";
import { addressOfPrivateKey, signDigest } from "../core/signature.ts";
import { registrationDigest } from "../core/typedData.ts";
import type { GlobalModel } from "../daemon/model/globalModel.ts";
import type { JobSpec } from "../daemon/job/jobSpec.ts";
import type { SimulatedAccount } from "./accounts.ts";
import { CALM, type Conditions } from "./conditions.ts";
import { VirtualPeer, type PeerSurroundings, type VirtualMember } from "./peer.ts";
import { World, type PhaseEntry } from "./world.ts";

export interface VirtualFederationOptions {
  readonly terms: JobTerms;
  readonly spec: JobSpec;
  /** Pay for all rounds, in wei. */
  readonly pool: bigint;
  /** Decides the weather, salts and all other chance. */
  readonly seed: number;
  /** Who has joined before the start. */
  readonly members: readonly VirtualMember[];
  readonly initialParams: Float32Array;
  readonly conditions?: Partial<Conditions>;
  /** Events after which a job that has not ended is given up. */
  readonly maxEvents?: number;
  readonly observer?: FederationObserver;
}

export interface FederationObserver {
  /** A global model that no peer has had before. */
  readonly onModel?: (model: GlobalModel) => void;
}

const SPONSOR: Address = addressOfPrivateKey(new Uint8Array(32).fill(9));
export const RELAY_SECONDS = 2;
export const RETRY_SECONDS = 3;
/** So long peers may need to learn of the job's end. */
const LINGER_SECONDS = 60;

/**
 * Participants as daemons run them, over the twins of chain, network and disk, on a virtual clock: the same seed gives the same
 * messages, models and credits, on any machine and however busy it is.
 */
export class VirtualFederation {
  readonly world: World;
  readonly peers: VirtualPeer[] = [];
  readonly phases: PhaseEntry[] = [];
  /** Effects that failed, by type. */
  readonly failures = new Map<string, number>();
  /** Of the job, when it was last looked at. */
  history: JobHistory = { rounds: [], slashes: [] };
  /** Stakes that were locked, in wei. */
  #staked = 0n;
  #newest = 0;
  #endedAt = Infinity;
  readonly #pool: bigint;
  readonly #maxEvents: number;
  readonly #surroundings: PeerSurroundings;
  readonly #listeners: ((entry: PhaseEntry) => void)[] = [];

  constructor({ maxEvents = Infinity, observer = {}, ...options }: VirtualFederationOptions) {
    const { initialParams, members, pool, seed, spec, terms } = options;
    this.#pool = pool;
    this.#maxEvents = maxEvents;
    const onPhase = (entry: PhaseEntry): void => {
      this.phases.push(entry);
      const hasEnded = entry.phase === "finished" || entry.phase === "failed";
      this.#endedAt = hasEnded ? this.world.clock.now() : Infinity; // a reorganisation may take the end back
      for (const listener of this.#listeners) listener(entry);
    };
    const conditions = { ...CALM, ...options.conditions };
    this.world = new World({ terms, sponsor: SPONSOR, pool, conditions, seed, onPhase });
    this.#surroundings = {
      world: this.world,
      spec,
      seed,
      initialParams,
      relaySeconds: RELAY_SECONDS,
      retrySeconds: RETRY_SECONDS,
      failures: this.failures,
      onModel: (model) => {
        if (model.updates <= this.#newest) return;
        this.#newest = model.updates;
        observer.onModel?.(model);
      },
    };
    for (const member of members) this.enrol(member);
    this.world.tellAll();
  }

  get now(): number {
    return this.world.clock.now();
  }

  get chain(): MemoryChain {
    return this.world.chain;
  }

  get job(): Address {
    return this.world.job;
  }

  get terms(): JobTerms {
    return this.world.terms;
  }

  get calls(): ReadonlyMap<string, number> {
    return this.world.calls;
  }

  /** Tokens there are, in wei. */
  get supply(): bigint {
    return this.#pool + this.#staked;
  }

  snapshot(): ChainSnapshot {
    return this.world.snapshot();
  }

  /** Calls back when a phase is entered, within the block that enters it. */
  onPhase(listener: (entry: PhaseEntry) => void): void {
    this.#listeners.push(listener);
  }

  /** Registers a wallet with its operator and joins the job. The peer's index is its member id; it is not up yet. */
  enrol(member: VirtualMember): VirtualPeer {
    this.#join(member.account);
    const peer = new VirtualPeer(this.peers.length, member, this.#surroundings);
    this.peers.push(peer);
    return peer;
  }

  /** One who joins while the job runs. */
  join(member: VirtualMember): VirtualPeer {
    const peer = this.enrol(member);
    this.world.tellAll();
    peer.start();
    return peer;
  }

  /** Has a member ask to leave: it goes on until it has no part in a round any more. */
  leave({ account }: VirtualPeer): void {
    this.chain.leave(this.job, account.wallet);
    this.world.tellAll();
  }

  /**
   * Starts everybody, and runs until the job has ended, and then as long as peers may need to learn of it.
   * @throws PacelineError `timeout` where it does not end
   */
  async run(): Promise<void> {
    const { clock, weather } = this.world;
    clock.after(0, () => {
      for (const peer of this.peers) if (peer.behaviour.absent !== true) peer.start();
    });
    const linger = LINGER_SECONDS + weather.conditions.downSeconds;
    const goesOn = await clock.run(() => clock.now() >= this.#endedAt + linger || clock.events > this.#maxEvents);
    const [peer] = this.peers;
    if (peer !== undefined) this.history = await this.chain.jobChain(this.job, peer.account.operator).history(1);
    if (this.#endedAt < Infinity) return;
    const why = goesOn ? `after ${clock.events} events` : "and nobody wants anything";
    throw new PacelineError("timeout", `the job has not ended, ${why}`);
  }

  stop(): void {
    for (const peer of this.peers) peer.stop();
  }

  #join({ wallet, operator, operatorKey }: SimulatedAccount): void {
    const { chain, job, terms } = this;
    const domain = { chainId: chain.chainId, registry: chain.registry.address };
    const consent = signDigest(registrationDigest(domain, { wallet, operator, nonce: 0n }), fromHex(operatorKey));
    chain.register(wallet, operator, consent);
    chain.mint(terms.stakeToken, wallet, terms.stake);
    chain.join(job, wallet);
    this.#staked += terms.stake;
  }
}
