import type { ChainSnapshot, JobChain, Receipt } from "../../chain/chain.ts";
import { Allowances, type Rate } from "../../core/allowance.ts";
import { toHex, type Address, type Hex } from "../../core/bytes.ts";
import { PacelineError } from "../../core/errors.ts";
import { hasBit, type Member, type RoundView } from "../../core/roundView.ts";
import type { Network, NetworkCounters, NetworkOptions, Verdict } from "../../network/network.ts";
import type { PeerEffect, PeerEvent } from "../../protocol/events.ts";
import { judgeMessage, type PeerMessage } from "../../protocol/messages.ts";
import type { MessageFault } from "../../protocol/validators.ts";
import { hear, initialState, step } from "../../protocol/round.ts";
import { postingDeadline } from "../../protocol/completion.ts";
import { flawOf } from "../../protocol/soundView.ts";
import type { PeerState } from "../../protocol/state.ts";
import type { Storage } from "../../storage/storage.ts";
import type { Misbehaviour } from "../learning/behaviours.ts";
import { ChainClock, TOLERANCE_SECONDS } from "../time/chainClock.ts";
import { checkpointBytes } from "../model/checkpoint.ts";
import { ServedStore } from "./blobStore.ts";
import { CheckpointExchange } from "../model/checkpointExchange.ts";
import { Alarm, type Clock } from "../time/clock.ts";
import { keepConnected } from "../peers/connections.ts";
import type { Trust } from "../home/homeSchemas.ts";
import { judgedRounds, promisedScores, promisedUpdate } from "../home/roundRecords.ts";
import type { ParticipantContext } from "./context.ts";
import { atMost } from "../time/deadline.ts";
import { watchFormerMembers } from "../peers/formerMembers.ts";
import { genesisHash, type JobSpec } from "../job/jobSpec.ts";
import { requireGenesis, type advanceModel, type GlobalModel } from "../model/globalModel.ts";
import { loadModel, newestCertificate } from "../model/keptModels.ts";
import type { Learner } from "../learning/learner.ts";
import { collect, USUAL_KEPT_ROUNDS } from "../model/retention.ts";
import { runEffect } from "./runEffect.ts";
import { createSigner } from "./signing.ts";
import { UpdateCache } from "../model/updateCache.ts";
import { Stopwatch, type ActivitySeconds } from "../time/stopwatch.ts";

/** What a participant is made of. Everything outside the process comes in here. */
export interface ParticipantOptions {
  readonly chain: JobChain;
  readonly openNetwork: (options: NetworkOptions) => Promise<Network>;
  readonly storage: Storage;
  /** Undefined for who only watches: as a member it would pass every round, and abstain from scoring. */
  readonly learner: Learner | undefined;
  readonly spec: JobSpec;
  readonly privateKey: Uint8Array;
  /** Of a fresh job; a later model comes from the storage. */
  readonly initialParams: () => Float32Array;
  readonly clock: Clock;
  /** Cryptographically secure. */
  readonly randomBytes: (count: number) => Uint8Array;
  readonly relaySeconds: number;
  readonly retrySeconds: number;
  /** Longest wait for what is under way when it stops; `STOP_SECONDS` unless told. */
  readonly stopSeconds?: number;
  readonly observer: ParticipantObserver;
  /** How connections are kept; a network that needs none has a way of its own. */
  readonly connect?: typeof keepConnected;
  /** How messages are judged; who runs many participants need not read the same one anew for each. */
  readonly judge?: typeof judgeMessage;
  /** Rounds whose blobs and records stay on the disk, Infinity for all; `USUAL_KEPT_ROUNDS` unless told. */
  readonly keptRounds?: number;
  /** What a newcomer believes; `checkpoint` by default. */
  readonly trust?: Trust;
  /** How the next model is worked out; likewise. */
  readonly advance?: typeof advanceModel;
  /** For tests and simulations. */
  readonly misbehaviour?: Misbehaviour;
}

/** What a participant tells about itself. */
export interface ParticipantObserver {
  readonly onState?: (state: PeerState) => void;
  /** Something is about to be done. */
  readonly onEffect?: (effect: PeerEffect) => void;
  readonly onModel?: (model: GlobalModel) => void;
  readonly onReceipt?: (call: string, receipt: Receipt) => void;
  /** The machine's clock is off by more than what delays make; seconds from it to the chain's time. */
  readonly onClockOffset?: (seconds: number) => void;
  /** Something failed and will be tried again. */
  readonly onProblem?: (what: string, error: unknown) => void;
}

export interface Participant {
  readonly network: Network;
  state(): PeerState;
  model(): GlobalModel;
  /** Seconds by activity since the last call. */
  takeSeconds(): ActivitySeconds;
  counters(): NetworkCounters;
  /** Messages that were not taken in, by why. */
  refused(): ReadonlyMap<MessageFault, number>;
  /** Seconds from the machine's clock to the chain's time. */
  clockOffset(): number;
  /** Begins nothing more, waits a little for what is under way, and leaves. What was promised on the chain is on the disk. */
  stop(): Promise<void>;
}

/** How long what is under way may take when the participant stops; what an effect leaves undone is done after the next start. */
const STOP_SECONDS = 5;
/** What one author may say: seven kinds of message, each said again every second while nobody acts on it. */
const AUTHORS_RATE: Rate = { burst: 128, perSecond: 8 };
const MAX_AUTHORS = 4_096;
/** Seconds after which a peer looks again whatever it waits for. */
const LONGEST_WAIT = 60;

/** Joins the network and takes part in every round from now on. The wallet has joined the job, or will. */
export async function startParticipant(options: ParticipantOptions): Promise<Participant> {
  const { chain, clock, observer, storage, connect = keepConnected, judge = judgeMessage, misbehaviour = {} } = options;
  const domain = { chainId: chain.chainId, job: chain.job };
  const stopping = new AbortController();
  const model = (await loadModel(storage)) ?? firstModel(options);
  const peer = {
    operator: chain.operator,
    domain,
    terms: chain.terms,
    relaySeconds: options.relaySeconds,
    retrySeconds: options.retrySeconds,
    watchSecret: toHex(options.randomBytes(32)),
  };
  let state = initialState(peer, model.modelId);
  const signer = createSigner(domain, options.privateKey, storage);
  const keptRounds = options.keptRounds ?? USUAL_KEPT_ROUNDS;
  const updates = new UpdateCache(storage, chain.terms.vectorLength, { keepsAll: keptRounds === Infinity });
  const isHidden = (root: Hex): boolean => misbehaviour.hides?.(state, root) === true;
  const store = new ServedStore({ storage, now: () => clock.now(), round: () => state.memory.round, isHidden });
  const chainClock = new ChainClock();
  let toldOffset = 0;
  let entered: { readonly round: number; readonly seed: Hex } | undefined;
  /** Effects under way; none of these rejects. */
  const running = new Set<Promise<void>>();
  const authors = new Allowances<Address>(AUTHORS_RATE, MAX_AUTHORS);
  const refused = new Map<MessageFault, number>();
  const alarm = new Alarm(clock, () => dispatch({ type: "tick" }));

  const network = await options.openNetwork({
    topic: `/paceline/${chain.chainId}/${chain.job}`,
    isRegistered: (operator) => chain.isOperator(operator),
    onMessage: (message, from) => Promise.resolve(receive(message, from)),
    blobs: {
      readBlob: async (root) => (isHidden(root) ? undefined : updates.readBlob(root)),
      bytesOf: (root) => (isHidden(root) ? undefined : updates.bytesOf(root)),
      store,
    },
    maxBlobBytes: checkpointBytes(chain.terms.vectorLength),
  });
  const randomWord = (): Hex => toHex(options.randomBytes(32));
  const checkpoints = new CheckpointExchange({
    network: () => network,
    clock,
    randomAttempt: () => Number.parseInt(randomWord().slice(2, 10), 16),
    held: () => newestCertificate(storage),
  });
  const context: ParticipantContext = {
    ...options,
    network,
    domain,
    signer,
    randomWord,
    stopwatch: new Stopwatch(() => clock.now()),
    signal: stopping.signal,
    state: () => state,
    wanted: () => ({ deadline: postingDeadline(state, clock.now() + chainClock.offset) - chainClock.offset }),
    dispatch,
    onReceipt: (call, receipt) => observer.onReceipt?.(call, receipt),
    onProblem: (what, error) => observer.onProblem?.(what, error),
    trust: options.trust ?? "checkpoint",
    genesis: () => firstModel(options),
    checkpoints,
    misbehaviour,
    model,
    syncing: Promise.resolve(),
    aggregate: undefined,
    updates,
  };

  /** Whoever looks on, and a view that nobody foresaw, can do no harm: what fails is told, and looked at again. */
  function guard(what: string, work: () => void): void {
    try {
      work();
    } catch (error) {
      observer.onProblem?.(what, error);
      alarm.set(options.retrySeconds);
    }
  }

  function dispatch(event: PeerEvent): void {
    if (!stopping.signal.aborted) guard("round", () => take(event));
  }

  function take(event: PeerEvent): void {
    const chainNow = clock.now() + chainClock.offset;
    const next = step(state, event, chainNow);
    state = next.state;
    guard("observer", () => {
      if (event.type === "model") observer.onModel?.(context.model);
      observer.onState?.(state);
    });
    // Before the effects: one that answers at once dispatches in turn, and knows better when to look again.
    const wait = next.wakeAt - chainNow;
    if (wait !== Infinity) alarm.set(wait <= LONGEST_WAIT ? Math.max(0, wait) : LONGEST_WAIT); // also where it is no number
    for (const { key, effect } of next.effects) start(key, effect);
  }

  function start(key: string, effect: PeerEffect): void {
    guard("observer", () => observer.onEffect?.(effect));
    const omitted = misbehaviour.omits?.(state, effect) === true;
    const ended: Promise<void> = (omitted ? Promise.resolve() : runEffect(context, effect)).then(
      () => {
        running.delete(ended);
        dispatch({ type: "done", key, ok: true });
      },
      (error: unknown) => {
        running.delete(ended);
        if (!stopping.signal.aborted) observer.onProblem?.(effect.type, error);
        dispatch({ type: "done", key, ok: false });
      },
    );
    running.add(ended);
  }

  function receive(data: Uint8Array, from: Address): Verdict {
    // What neighbours say of checkpoints is for neighbours, and goes no further.
    if (checkpoints.receive(data, from)) return "ignored";
    const { view, members } = state;
    const judged = judge(data, { domain, view, members, from });
    if (judged.verdict !== "accepted") return refuse(judged.verdict, judged.code);
    if (!authors.take(judged.author, clock.now())) return refuse("ignored", "rate");
    guard("message", () => listen(judged.message, judged.author));
    return "accepted";
  }

  function refuse(verdict: Verdict, code: MessageFault): Verdict {
    refused.set(code, (refused.get(code) ?? 0) + 1);
    return verdict;
  }

  /** A cohort's messages come in a burst: they are decided upon together. */
  function listen(message: PeerMessage, author: Address): void {
    const heard = hear(state, message, author);
    if (heard === state || stopping.signal.aborted) return;
    state = heard;
    alarm.set(0);
  }

  /** A new round: forget the old one's updates, and take up what a run before a restart had promised in this one. */
  function enterRound(view: RoundView): void {
    context.aggregate = undefined;
    // What a dispute is about is kept until it is settled.
    const disputed = state.disputes.map(({ round }) => round);
    const oldest = Math.min(view.round, ...disputed);
    context.updates.forgetBefore(oldest);
    const isServed = (root: Hex): boolean => store.isServed(root);
    collect(storage, { round: view.round, keptRounds, disputed, isServed }).catch((error: unknown) =>
      observer.onProblem?.("forget rounds", error),
    );
    signer.forgetBefore(oldest);
    const update = promisedUpdate(storage, view.round);
    if (update !== undefined) dispatch({ type: "trained", round: view.round, update });
    for (const scores of promisedScores(storage, view.round, view.seed))
      dispatch({ type: "scored", round: view.round, scores });
    for (const message of signer.signedIn(view.round, view.seed)) {
      dispatch({ type: "message", message, author: chain.operator });
    }
  }

  /** What a run before a restart made of rounds that may have settled since. */
  function recallVerdicts({ phase, round }: RoundView): void {
    const ended = phase === "finished" || phase === "failed";
    for (const judged of judgedRounds(storage)) {
      if (judged.round < round || ended) dispatch({ type: "judged", judged });
    }
  }

  /** The chain shows a commit that the disk knows nothing of: the disk is lost or old, and may have signed more than that. */
  function requireOwnRecords({ round, cohort, committedMask }: RoundView, members: readonly Member[]): void {
    const position = cohort.findIndex((memberId) => members[memberId]?.operator === chain.operator);
    if (position < 0 || !hasBit(committedMask, position)) return;
    if (signer.hasSignedIn(round) || promisedUpdate(storage, round) !== undefined) return;
    signer.bar(round);
    observer.onProblem?.(
      "records",
      new PacelineError(
        "contradiction",
        `this operator has taken part in round ${round} with a disk that is not this one: it signs nothing before the next round`,
        { round },
      ),
    );
  }

  function tellOffset(): void {
    const { offset } = chainClock;
    if (Math.abs(offset - toldOffset) <= TOLERANCE_SECONDS) return;
    toldOffset = offset;
    observer.onClockOffset?.(offset);
  }

  const dropFormer = watchFormerMembers(network);
  function see({ view, members, demands, headTime }: ChainSnapshot): void {
    chainClock.observe(headTime, clock.now());
    tellOffset();
    if (state.view === undefined) {
      requireOwnRecords(view, members);
      recallVerdicts(view);
    }
    dispatch({ type: "view", view, members, demands });
    dropFormer(view, members);
    // A reorganisation may take the draw back: then the same round begins again, with another seed.
    if (view.round === entered?.round && view.seed === entered.seed) return;
    enterRound(view);
    entered = view;
  }

  let forgetReading = (): void => undefined;
  function look(snapshot: ChainSnapshot): void {
    const flaw = flawOf(snapshot, chain.terms);
    if (flaw === undefined) return guard("chain", () => see(snapshot));
    const text = `the endpoint's view of the job is malformed (${flaw}): it is read again`;
    observer.onProblem?.("chain", new PacelineError("chain-unreachable", text));
    // A chain that waits for a transaction brings no block to look again at.
    forgetReading();
    forgetReading = clock.after(options.retrySeconds, () => {
      chain.snapshot().then(
        (next) => (stopping.signal.aborted ? undefined : look(next)),
        (error: unknown) => observer.onProblem?.("chain", error),
      );
    });
  }

  const unwatch = chain.watch(look, (error) => observer.onProblem?.("chain", error));
  const disconnect = connect({
    chain,
    network,
    members: () => state.members,
    drawn: () => [...(state.view?.cohort ?? []), ...(state.view?.seats ?? [])],
    clock,
    onProblem: (error) => observer.onProblem?.("connect", error),
  });

  return {
    network,
    state: () => state,
    model: () => context.model,
    takeSeconds: () => context.stopwatch.take(),
    counters: () => network.counters(),
    refused: () => refused,
    clockOffset: () => chainClock.offset,
    async stop() {
      stopping.abort();
      alarm.stop();
      forgetReading();
      unwatch();
      disconnect();
      await atMost(options.stopSeconds ?? STOP_SECONDS, Promise.all([...running, context.syncing]));
      await network.stop();
    },
  };
}

function firstModel({ chain, initialParams, spec }: ParticipantOptions): GlobalModel {
  const params = initialParams();
  if (params.length !== chain.terms.vectorLength) {
    throw new PacelineError(
      "bad-input",
      `the job file's model has ${params.length} params, the job on the chain ${chain.terms.vectorLength}`,
    );
  }
  requireGenesis(genesisHash(params), chain.terms.genesisHash);
  return { modelId: chain.terms.genesisHash, updates: 0, params, exponent: spec.encoding.initialExponent };
}
