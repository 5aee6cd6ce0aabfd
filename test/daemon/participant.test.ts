import { expect } from "chai";
import { afterEach, describe, it } from "mocha";
import type { ChainSnapshot, JobChain } from "../../node/chain/chain.ts";
import { keccakWords } from "../../node/core/bytes.ts";
import type { RoundView } from "../../node/core/roundView.ts";
import { machineClock } from "../../node/daemon/clock.ts";
import { genesisHash, type JobSpec } from "../../node/daemon/jobSpec.ts";
import { startParticipant, type Participant } from "../../node/daemon/participant.ts";
import { MemoryHub } from "../../node/network/memory.ts";
import { createMemoryStorage } from "../../node/storage/memory.ts";
import { domain, keys, members, operators, START, terms, viewIn } from "../protocol/situation.ts";
import { until } from "../helpers/until.ts";

const SELF = 0;
const PARAMS = new Float32Array(terms.vectorLength);
const MODEL = genesisHash(PARAMS);

/** A participant that never gets a transaction through, and the chain's views as the test gives them. */
async function participant(): Promise<{
  participant: Participant;
  show: (view: RoundView) => void;
  updates: number[];
}> {
  let tell: (snapshot: ChainSnapshot) => void = () => undefined;
  const updates: number[] = [];
  const chain = {
    ...domain,
    operator: operators[SELF],
    terms: { ...terms, genesisHash: MODEL },
    watch(onSnapshot: typeof tell) {
      tell = onSnapshot;
      return () => undefined;
    },
    isOperator: () => Promise.resolve(true),
    contacts: () => Promise.resolve(new Map()),
    setContact: () => Promise.resolve({ gasUsed: 0, blockNumber: 0 }),
  } as unknown as JobChain;
  const started = await startParticipant({
    chain,
    openNetwork: (options) => Promise.resolve(new MemoryHub().join(options)),
    storage: createMemoryStorage(),
    learner: {
      exampleCount: 90,
      localUpdate: (_, round) => {
        updates.push(round);
        return Promise.resolve(PARAMS.map(() => 0.5));
      },
      contributions: () => Promise.resolve([]),
    },
    spec: {
      encoding: { initialExponent: 8, minExponent: 4, maxExponent: 12, clipNorm: 100 },
      localTraining: {},
      data: { fit: "sample" },
    } as unknown as JobSpec,
    privateKey: keys[SELF]!,
    initialParams: () => PARAMS,
    clock: { ...machineClock, now: () => START },
    randomBytes: (count) => new Uint8Array(count).fill(3),
    relaySeconds: 1,
    retrySeconds: 1,
    observer: {},
  });
  return { participant: started, show: (view) => tell({ view, members, demands: [] }), updates };
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
    show(viewIn("share", { modelId: MODEL, seed: keccakWords(99) }));
    expect(started.state().memory.update).to.deep.equal(update);
    expect(started.state().tasks.has("4:publish:opening")).to.equal(true);
    expect(updates).to.deep.equal([4]);
  });
});
