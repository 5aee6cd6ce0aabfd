import { expect } from "chai";
import { afterEach, describe, it } from "mocha";
import type { ChainSnapshot, JobChain } from "../../node/chain/chain.ts";
import { keccakWords, type Hex } from "../../node/core/bytes.ts";
import { PASS } from "../../node/core/encoding.ts";
import type { RoundView } from "../../node/core/roundView.ts";
import { machineClock } from "../../node/daemon/time/clock.ts";
import { createSigner } from "../../node/daemon/participant/signing.ts";
import { genesisHash, type JobSpec } from "../../node/daemon/job/jobSpec.ts";
import {
  startParticipant,
  type Participant,
  type ParticipantObserver,
} from "../../node/daemon/participant/participant.ts";
import { MemoryHub } from "../../node/network/memory.ts";
import { createMemoryStorage } from "../../node/storage/memory.ts";
import type { Storage } from "../../node/storage/storage.ts";
import { domain, keys, members, operators, START, terms, viewIn } from "../protocol/situation.ts";
import { until } from "../helpers/until.ts";

const SELF = 0;
const SEED = viewIn("share").seed;
const PARAMS = new Float32Array(terms.vectorLength);
const MODEL = genesisHash(PARAMS);

interface Start {
  readonly storage?: Storage;
  readonly self?: number;
  readonly looking?: ParticipantObserver;
  /** With it, training goes on until it is released. */
  readonly stopSeconds?: number;
}

/** A participant that never gets a transaction through, and the chain's views as the test gives them. */
async function participant({
  storage = createMemoryStorage(),
  self = SELF,
  looking = {},
  stopSeconds,
}: Start = {}): Promise<{
  participant: Participant;
  /** Lets training end that goes on until then. */
  release: () => void;
  problems: string[];
  show: (view: RoundView) => void;
  updates: number[];
}> {
  let tell: (snapshot: ChainSnapshot) => void = () => undefined;
  const updates: number[] = [];
  const problems: string[] = [];
  let release = (): void => undefined;
  const trained = stopSeconds === undefined ? Promise.resolve() : new Promise<void>((resolve) => (release = resolve));
  const chain = {
    ...domain,
    operator: operators[self],
    terms: { ...terms, genesisHash: MODEL },
    watch(onSnapshot: typeof tell) {
      tell = onSnapshot;
      return () => undefined;
    },
    snapshot: () => Promise.resolve(snapshotOf(viewIn("commit", { modelId: MODEL }))),
    isOperator: () => Promise.resolve(true),
    contacts: () => Promise.resolve(new Map()),
    setContact: () => Promise.resolve({ gasUsed: 0, blockNumber: 0 }),
  } as unknown as JobChain;
  const started = await startParticipant({
    chain,
    openNetwork: (options) => new MemoryHub().join({ ...options, privateKey: keys[self]!, chunkTimeoutMs: 1_000 }),
    storage,
    learner: {
      exampleCount: 90,
      localUpdate: (_, round) => {
        updates.push(round);
        return trained.then(() => PARAMS.map(() => 0.5));
      },
      contributions: () => Promise.resolve([]),
    },
    spec: {
      encoding: { initialExponent: 8, minExponent: 4, maxExponent: 12, clipNorm: 100 },
      localTraining: {},
      data: { fit: "sample" },
    } as unknown as JobSpec,
    privateKey: keys[self]!,
    initialParams: () => PARAMS,
    clock: { ...machineClock, now: () => START },
    randomBytes: (count) => new Uint8Array(count).fill(3),
    relaySeconds: 1,
    retrySeconds: 1,
    ...(stopSeconds === undefined ? {} : { stopSeconds }),
    observer: { ...looking, onProblem: (what, error) => problems.push(`${what} ${(error as { code?: string }).code}`) },
  });
  return {
    participant: started,
    show: (view) => tell(snapshotOf(view)),
    updates,
    problems,
    release,
  };
}

function snapshotOf(view: RoundView): ChainSnapshot {
  return { view, members, demands: [], generation: 0, headTime: view.blockTime };
}

describe("a participant", () => {
  let peer: Participant | undefined;
  afterEach(() => peer?.stop());

  it("opens what it has committed where a reorganisation draws the same round again, by another seed", async () => {
    const { participant: started, show, updates } = await participant();
    peer = started;
    show(viewIn("commit", { modelId: MODEL }));
    await until(() => started.state().memory.update !== undefined);
    const { update } = started.state().memory;
    const { cohort, updateRoots } = viewIn("share");
    const committed = updateRoots.with(cohort.indexOf(SELF), `${update!.commitment.slice(0, 64)}00` as Hex);
    show(viewIn("share", { modelId: MODEL, seed: keccakWords(99), updateRoots: committed }));
    expect(started.state().memory.update).to.deep.equal(update);
    expect(started.state().tasks.has("4:publish:opening")).to.equal(true);
    expect(updates).to.deep.equal([4]);
  });

  it("takes no malformed view in, tells of it, and reads the chain again", async () => {
    const { participant: started, show, problems } = await participant();
    peer = started;
    for (const broken of [{ seats: undefined }, { phaseStart: "now" }, { cohort: null }, { round: Number.NaN }])
      show({ ...viewIn("commit"), ...broken } as unknown as RoundView);
    expect(problems).to.deep.equal(Array(4).fill("chain chain-unreachable"));
    expect(started.state().view).to.equal(undefined);
    // Nobody has to bring another block: it reads the chain again.
    await until(() => started.state().memory.update !== undefined);
    expect(started.state().view?.phase).to.equal("commit");
  });

  it("takes no harm from who looks on", async () => {
    const onState = (): never => {
      throw new Error("the dashboard is gone");
    };
    const { participant: started, show, updates } = await participant({ looking: { onState } });
    peer = started;
    show(viewIn("commit", { modelId: MODEL }));
    await until(() => updates.length > 0);
  });

  it("waits when it stops for what is under way, and begins nothing more", async () => {
    const { participant: started, show, updates, release } = await participant({ stopSeconds: 60 });
    show(viewIn("commit", { modelId: MODEL }));
    await until(() => updates.length > 0);
    let stopped = false;
    const stop = started.stop().then(() => (stopped = true));
    await new Promise(setImmediate);
    expect(stopped).to.equal(false);
    release();
    await stop;
    expect(started.state().memory.update).to.equal(undefined);
  });

  it("does not wait for ever", async () => {
    const { participant: started, show, updates, release } = await participant({ stopSeconds: 0.01 });
    show(viewIn("commit", { modelId: MODEL }));
    await until(() => updates.length > 0);
    await started.stop();
    release();
  });

  it("says after a restart what it said before, and takes back nothing", async () => {
    const storage = createMemoryStorage();
    const signer = createSigner(domain, keys[3]!, storage);
    const bits = 0b00101n;
    const said = signer.sign({ type: "Bitmap", round: 4, seed: SEED, seat: 0, bits });
    signer.sign({ type: "Commit", round: 4, seed: SEED, commitment: PASS });
    const { participant: started, show } = await participant({ storage, self: 3 });
    peer = started;
    show(viewIn("share", { modelId: MODEL }));
    const { memory } = started.state();
    expect(memory.bitmaps.get(0)).to.deep.equal({ ...said.body, signature: said.signature });
    expect(memory.commits.get(3)?.commitment).to.equal(PASS);
  });

  it("tells of a round in which it took part with another disk, and forgets nothing for the sake of it", async () => {
    const storage = createMemoryStorage();
    const { participant: started, show, problems } = await participant({ storage });
    peer = started;
    show(viewIn("share", { modelId: MODEL }));
    expect(problems).to.deep.equal(["records contradiction"]);
    createSigner(domain, keys[SELF]!, storage).sign({ type: "Commit", round: 3, seed: SEED, commitment: PASS });
  });
});
