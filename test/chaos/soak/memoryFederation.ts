import { randomBytes } from "node:crypto";
import { mkdirSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { MemoryChain } from "../../../node/chain/memory.ts";
import type { ChainSnapshot } from "../../../node/chain/chain.ts";
import { fromHex, type Address } from "../../../node/core/bytes.ts";
import { seededRandom, type Random } from "../../../node/core/random.ts";
import { signDigest } from "../../../node/core/signature.ts";
import { registrationDigest } from "../../../node/core/typedData.ts";
import { openParticipantStorage } from "../../../node/daemon/adapters.ts";
import type { Clock } from "../../../node/daemon/time/clock.ts";
import { genesisHash, parseJobSpec, termsOf, vectorLengthOf, type JobSpec } from "../../../node/daemon/job/jobSpec.ts";
import type { Learner } from "../../../node/daemon/learning/learner.ts";
import { startParticipant, type Participant } from "../../../node/daemon/participant/participant.ts";
import { MemoryHub } from "../../../node/network/memory.ts";
import { simulatedAccounts, type SimulatedAccount } from "../../../node/simulation/accounts.ts";
import type { Storage } from "../../../node/storage/storage.ts";
import { smallJob } from "../../e2e/testChain.ts";
import { bytesBelow } from "./sample.ts";

const TOKEN: Address = `0x${"c0".repeat(20)}`;
const SPONSOR: Address = `0x${"5b".repeat(20)}`;
const POOL = 10n ** 24n;
/** Everybody trains, and as many judge as are drawn in a large job. */
const COMMITTEE = 7;

interface Running {
  readonly participant: Participant;
  readonly storage: Storage;
}

/** A participant of the soak, running or not. */
interface Member {
  readonly account: SimulatedAccount;
  readonly folder: string;
  running: Running | undefined;
}

/**
 * Participants of one process over the chain's and the network's twins, each with a disk of its own. They learn noise: what is
 * watched is everything else.
 */
export class MemoryFederation {
  readonly problems = new Map<string, number>();
  readonly #clock: Clock;
  readonly #chain: MemoryChain;
  readonly #job: Address;
  readonly #spec: JobSpec;
  readonly #hub = new MemoryHub();
  readonly #random: Random;
  readonly #folder = mkdtempSync(join(tmpdir(), "paceline-soak-"));
  readonly #newcomers: SimulatedAccount[];
  #members: Member[] = [];

  constructor({ members, rounds, seed, clock }: { members: number; rounds: number; seed: number; clock: Clock }) {
    const phases = {
      join: 600,
      commit: 60,
      share: 60,
      slot: 20,
      demand: 15,
      challenge: 60,
      score: 40,
      unbond: 3600,
      blocks: 0,
    };
    const spec = smallJob(members, rounds, phases);
    this.#spec = parseJobSpec({ ...spec, members: { ...spec.members, cohort: members, committee: COMMITTEE } });
    this.#clock = clock;
    this.#random = seededRandom(seed);
    this.#newcomers = simulatedAccounts(members + rounds, seed);
    this.#chain = new MemoryChain(() => clock.now());
    this.#chain.mint(TOKEN, SPONSOR, POOL);
    const terms = termsOf(this.#spec, { address: TOKEN, decimals: 18 }, genesisHash(this.#initialParams()));
    this.#job = this.#chain.createJob(SPONSOR, terms, POOL);
    for (let i = 0; i < members; i++) this.enrol();
  }

  get size(): number {
    return this.#members.length;
  }

  snapshot(): ChainSnapshot {
    return this.#chain.snapshot(this.#job);
  }

  /** Calls back at every block. @returns stops */
  watch(onSnapshot: (snapshot: ChainSnapshot) => void): () => void {
    return this.#chain.jobChain(this.#job, SPONSOR).watch(onSnapshot, () => undefined);
  }

  /** Of the largest home. */
  homeBytes(): number {
    return Math.max(...this.#members.map(({ folder }) => bytesBelow(folder)));
  }

  async startAll(): Promise<void> {
    await Promise.all(this.#members.map((member) => this.#start(member)));
  }

  /** A wallet more joins the job. */
  enrol(): Member {
    const account = this.#newcomers.shift()!;
    const { wallet, operator, operatorKey } = account;
    const chain = this.#chain;
    const domain = { chainId: chain.chainId, registry: chain.registry.address };
    const consent = signDigest(registrationDigest(domain, { wallet, operator, nonce: 0n }), fromHex(operatorKey));
    const { stake } = chain.jobChain(this.#job, operator).terms;
    chain.register(wallet, operator, consent);
    chain.mint(TOKEN, wallet, stake);
    chain.join(this.#job, wallet);
    const folder = join(this.#folder, account.name);
    mkdirSync(folder);
    const member: Member = { account, folder, running: undefined };
    this.#members.push(member);
    return member;
  }

  async join(): Promise<void> {
    await this.#start(this.enrol());
  }

  /** Somebody asks to leave and goes at once, with its disk. */
  async leave(): Promise<void> {
    const member = this.#members.splice(this.#random.below(this.#members.length), 1)[0]!;
    this.#chain.leave(this.#job, member.account.wallet);
    await this.#stop(member);
    rmSync(member.folder, { recursive: true, force: true });
  }

  /** Somebody stops and comes back, with its disk. */
  async restart(): Promise<void> {
    const member = this.#members[this.#random.below(this.#members.length)]!;
    await this.#stop(member);
    await this.#start(member);
  }

  /** Of the rounds that are over. */
  async outcomes(): Promise<{ readonly settled: number; readonly skipped: number }> {
    const { rounds } = await this.#chain.jobChain(this.#job, SPONSOR).history(1);
    const settled = rounds.filter((round) => round.settled !== undefined).length;
    return { settled, skipped: rounds.length - settled };
  }

  async close(): Promise<void> {
    await Promise.all(this.#members.map((member) => this.#stop(member)));
    this.#members = [];
    rmSync(this.#folder, { recursive: true, force: true });
  }

  async #start(member: Member): Promise<void> {
    const privateKey = fromHex(member.account.operatorKey);
    const storage = await openParticipantStorage(member.folder);
    const participant = await startParticipant({
      chain: this.#chain.jobChain(this.#job, member.account.operator),
      openNetwork: (options) => this.#hub.join({ ...options, privateKey, chunkTimeoutMs: 10_000 }),
      storage,
      learner: noise(seededRandom(member.account.operator.charCodeAt(5), this.snapshot().view.round)),
      spec: this.#spec,
      privateKey,
      initialParams: () => this.#initialParams(),
      clock: this.#clock,
      randomBytes: (count) => new Uint8Array(randomBytes(count)),
      relaySeconds: 1,
      retrySeconds: 1,
      observer: {
        onProblem: (what, error) => {
          const text = `${what}: ${String(error)}`.slice(0, 100);
          this.problems.set(text, (this.problems.get(text) ?? 0) + 1);
        },
      },
    });
    member.running = { participant, storage };
  }

  async #stop(member: Member): Promise<void> {
    const { running } = member;
    member.running = undefined;
    await running?.participant.stop();
    running?.storage.close();
  }

  #initialParams(): Float32Array {
    return new Float32Array(vectorLengthOf(this.#spec));
  }
}

/** Learns nothing, at no cost, and gives everybody some score. */
function noise(random: Random): Learner {
  return {
    exampleCount: 100,
    localUpdate: async (params) => Float32Array.from(params, () => 0.01 * random.normal()),
    contributions: async (_, updates) => updates.map(() => random.uniform()),
  };
}
