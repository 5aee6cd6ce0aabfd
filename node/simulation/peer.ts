import { fromHex } from "../core/bytes.ts";
import { PacelineError } from "../core/errors.ts";
import { seededRandom } from "../core/random.ts";
import type { Misbehaviour } from "../daemon/learning/behaviours.ts";
import type { GlobalModel } from "../daemon/model/globalModel.ts";
import type { JobSpec } from "../daemon/job/jobSpec.ts";
import type { Learner } from "../daemon/learning/learner.ts";
import { startParticipant, type Participant } from "../daemon/participant/participant.ts";
import type { Network, NetworkCounters } from "../network/network.ts";
import type { PeerState } from "../protocol/state.ts";
import { createMemoryStorage } from "../storage/memory.ts";
import type { Storage } from "../storage/storage.ts";
import type { SimulatedAccount } from "./accounts.ts";
import type { Hiding } from "./hub.ts";
import { virtualChain } from "./virtualChain.ts";
import { count, type IsUp, type World } from "./world.ts";

/** Where a peer leaves the protocol; an honest one nowhere. */
export interface PeerBehaviour {
  readonly misbehaviour?: Misbehaviour;
  readonly hides?: Hiding;
  /** Never runs at all. */
  readonly absent?: boolean;
}

/** One member of a virtual federation, before it has joined. */
export interface VirtualMember {
  readonly account: SimulatedAccount;
  readonly learner: Learner;
  readonly behaviour: PeerBehaviour;
}

/** What all peers of a federation are told. */
export interface PeerSurroundings {
  readonly world: World;
  readonly spec: JobSpec;
  readonly seed: number;
  readonly initialParams: Float32Array;
  readonly relaySeconds: number;
  readonly retrySeconds: number;
  /** Effects that failed, by type. */
  readonly failures: Map<string, number>;
  readonly onModel: (model: GlobalModel) => void;
}

const NOTHING: NetworkCounters = { bytesSent: 0, bytesReceived: 0, messagesReceived: 0 };

/** A participant as the daemon runs it, over the twins and on a virtual clock. Its disk outlives its crashes. */
export class VirtualPeer {
  readonly index: number;
  readonly account: SimulatedAccount;
  readonly behaviour: PeerBehaviour;
  readonly disk: Storage;
  readonly #learner: Learner;
  readonly #surroundings: PeerSurroundings;
  #participant: Participant | undefined;
  #network: Network | undefined;
  /** Odd while it is up: what an earlier life began reports to nobody. */
  #life = 0;
  /** What it sent and received in earlier lives. */
  #earlier = NOTHING;

  constructor(index: number, { account, learner, behaviour }: VirtualMember, surroundings: PeerSurroundings) {
    this.index = index;
    this.account = account;
    this.behaviour = behaviour;
    this.#learner = learner;
    this.#surroundings = surroundings;
    const { blobs } = surroundings.world;
    this.disk = createMemoryStorage(Infinity, (root, bytes) => blobs.share(root, bytes));
  }

  get isUp(): boolean {
    return this.#life % 2 === 1;
  }

  /** Undefined while it is down. */
  get state(): PeerState | undefined {
    return this.#participant?.state();
  }

  /** Undefined while it is down. */
  get model(): GlobalModel | undefined {
    return this.#participant?.model();
  }

  counters(): NetworkCounters {
    return added(this.#earlier, this.#participant?.counters() ?? NOTHING);
  }

  start(): void {
    if (this.isUp) return;
    const life = ++this.#life;
    const isUp: IsUp = () => this.#life === life;
    const { failures } = this.#surroundings;
    startParticipant(this.#options(isUp)).then(
      (participant) => {
        if (isUp()) this.#participant = participant;
        else void participant.stop();
      },
      () => count(failures, "start"),
    );
    this.#surroundings.world.clock.stir();
  }

  /** Ends it at once, as a machine does that loses its power. */
  stop(): void {
    if (!this.isUp) return;
    this.#life++;
    this.#earlier = this.counters();
    void this.#network?.stop();
    void this.#participant?.stop();
    this.#network = undefined;
    this.#participant = undefined;
  }

  #options(isUp: IsUp): Parameters<typeof startParticipant>[0] {
    const { initialParams, relaySeconds, retrySeconds, spec, world } = this.#surroundings;
    const { operator, operatorKey } = this.account;
    return {
      chain: virtualChain(world.chain.jobChain(world.job, operator), {
        transact: (call, send) => world.transact(call, send, isUp),
        watch: (onSnapshot) => world.watch(onSnapshot, isUp),
      }),
      openNetwork: (options) => {
        this.#network = world.hub.join(operator, options, this.behaviour.hides);
        return Promise.resolve(this.#network);
      },
      storage: closedUnless(isUp, this.disk),
      learner: this.#timed(isUp),
      spec,
      privateKey: fromHex(operatorKey),
      initialParams: () => initialParams,
      clock: world.clock,
      randomBytes: this.#randomBytes(),
      relaySeconds,
      retrySeconds,
      observer: this.#observer(isUp),
      stopSeconds: 0,
      connect: () => () => undefined,
      judge: world.judge,
      advance: world.advance,
      ...(this.behaviour.misbehaviour === undefined ? {} : { misbehaviour: this.behaviour.misbehaviour }),
    };
  }

  /** Training and scoring take their time, whatever they really take. */
  #timed(isUp: IsUp): Learner {
    const { world } = this.#surroundings;
    const { workSeconds } = world.weather.conditions;
    const learner = this.#learner;
    return {
      exampleCount: learner.exampleCount,
      localUpdate: (params, round) => world.spend(workSeconds, learner.localUpdate(params, round), isUp),
      contributions: async (...round) => world.spend(workSeconds, asPromise(learner.contributions(...round)), isUp),
    };
  }

  #randomBytes(): (count: number) => Uint8Array {
    const random = seededRandom(this.#surroundings.seed, 1, this.index, this.#life);
    return (length) => Uint8Array.from({ length }, () => random.below(256));
  }

  #observer(isUp: IsUp): Parameters<typeof startParticipant>[0]["observer"] {
    const { failures, onModel, world } = this.#surroundings;
    return {
      onEffect: () => world.clock.stir(),
      onModel,
      onProblem: (what) => {
        if (isUp()) count(failures, what);
      },
      onState: (state) => this.#mayCrash(state, isUp),
    };
  }

  #mayCrash({ view }: PeerState, isUp: IsUp): void {
    const { clock, weather } = this.#surroundings.world;
    const { crashAt, crashRate, downSeconds } = weather.conditions;
    const isPlanned = crashAt?.member === this.index && crashAt.phase === view?.phase && this.#life === 1;
    if (!isPlanned && !weather.happens(crashRate)) return;
    clock.after(0, () => {
      if (!isUp()) return;
      this.stop();
      clock.after(weather.between(downSeconds), () => this.start());
    });
  }
}

async function asPromise<T>(value: Promise<T>): Promise<T> {
  return value;
}

function added(one: NetworkCounters, other: NetworkCounters): NetworkCounters {
  return {
    bytesSent: one.bytesSent + other.bytesSent,
    bytesReceived: one.bytesReceived + other.bytesReceived,
    messagesReceived: one.messagesReceived + other.messagesReceived,
  };
}

/** A disk that whoever is gone can neither read nor write. */
function closedUnless(isUp: IsUp, disk: Storage): Storage {
  return new Proxy(disk, {
    get(target, name, receiver) {
      if (!isUp()) throw new PacelineError("closed", "the peer is down");
      return Reflect.get(target, name, receiver) as unknown;
    },
  });
}
