import { expect } from "chai";
import { describe, it } from "mocha";
import type { PostedCommit } from "../../node/chain/chain.ts";
import { keccakWords, type Address, type Hex } from "../../node/core/bytes.ts";
import { includeHash, nextModelId, type IncludedUpdate } from "../../node/core/encoding.ts";
import { encodeAggregate } from "../../node/core/fixedPoint.ts";
import { addressOfPrivateKey, recoverSigner } from "../../node/core/signature.ts";
import { structDigest, type SignedStruct } from "../../node/core/typedData.ts";
import { keepConnected } from "../../node/daemon/peers/connections.ts";
import type { ParticipantContext } from "../../node/daemon/participant/context.ts";
import { aggregate, exactAggregate } from "../../node/daemon/participant/effects/aggregation.ts";
import { sync } from "../../node/daemon/participant/effects/sync.ts";
import { runEffect } from "../../node/daemon/participant/runEffect.ts";
import { createSigner } from "../../node/daemon/participant/signing.ts";
import { Stopwatch } from "../../node/daemon/time/stopwatch.ts";
import { UpdateCache } from "../../node/daemon/model/updateCache.ts";
import { createMemoryStorage } from "../../node/storage/memory.ts";
import { rejectionOf } from "../helpers/errors.ts";
import { until } from "../helpers/until.ts";

const GENESIS = keccakWords(1);
const ROOTS = [keccakWords(11), keccakWords(12)] as const;
const LENGTH = 3;
const OPERATORS: readonly Address[] = [`0x${"0a".repeat(20)}`, `0x${"0b".repeat(20)}`];

/** A context with what these effects need; `dispatched` are the types of the events that they answered with. */
function contextWith(change: object = {}): { context: ParticipantContext; dispatched: string[] } {
  const storage = createMemoryStorage();
  const dispatched: string[] = [];
  const context = {
    storage,
    chain: {
      terms: { vectorLength: LENGTH, weightCap: 100, rule: 0, trimPermille: 0 },
      history: () =>
        Promise.resolve({ rounds: ROOTS.map((aggregateRoot) => ({ settled: { aggregateRoot } })), slashes: [] }),
    },
    spec: { encoding: { minExponent: 4, maxExponent: 18 } },
    stopwatch: new Stopwatch(() => 0),
    updates: new UpdateCache(storage, LENGTH),
    model: { modelId: GENESIS, updates: 0, params: new Float32Array(LENGTH), exponent: 8 },
    syncing: Promise.resolve(),
    aggregate: undefined,
    misbehaviour: {},
    signal: new AbortController().signal,
    state: () => ({ memory: { round: 1 } }),
    dispatch: ({ type }: { type: string }) => dispatched.push(type),
    ...change,
  } as unknown as ParticipantContext;
  return { context, dispatched };
}

describe("bringing the model up to date", () => {
  it("applies each aggregate once, though a round settles while an earlier sync still fetches", async () => {
    const values = [Int32Array.of(2 ** 16, 0, 0), Int32Array.of(0, 2 ** 16, 0)];
    let release = (): void => undefined;
    const held = new Promise<void>((resolve) => (release = resolve));
    const fetchBlob = async ({ root }: { root: Hex }): Promise<Uint8Array> => {
      await held;
      return encodeAggregate(values[ROOTS.indexOf(root as (typeof ROOTS)[0])] as Int32Array);
    };
    const { context } = contextWith({ network: { fetchBlob, peers: () => [] } });
    const afterOne = nextModelId(GENESIS, ROOTS[0]);
    const afterTwo = nextModelId(afterOne, ROOTS[1]);
    const both = [sync(context, afterOne, ROOTS[0]), sync(context, afterTwo, ROOTS[1])];
    release();
    await Promise.all(both);
    expect(context.model.modelId).to.equal(afterTwo);
    expect(context.model.updates).to.equal(2);
    expect(context.model.params[0]).to.equal(1);
  });

  it("goes on after a sync that failed", async () => {
    let calls = 0;
    const fetchBlob = (): Promise<Uint8Array> =>
      calls++ === 0 ? Promise.reject(new Error("nobody has it")) : Promise.resolve(encodeAggregate(new Int32Array(3)));
    const { context } = contextWith({ network: { fetchBlob, peers: () => [] } });
    const afterOne = nextModelId(GENESIS, ROOTS[0]);
    const first = sync(context, afterOne, ROOTS[0]).catch((error: unknown) => (error as Error).message);
    await sync(context, afterOne, ROOTS[0]);
    expect(await first).to.equal("nobody has it");
    expect(context.model.modelId).to.equal(afterOne);
  });
});

describe("the aggregate of an include set", () => {
  const updates: IncludedUpdate[] = OPERATORS.map((_, index) => ({
    updateRoot: keccakWords(21 + index),
    memberId: index,
    exampleCount: 10,
  }));

  it("is computed once for all who ask at the same time, and anew after a failure", async () => {
    const { context } = contextWith();
    expect(await rejectionOf(exactAggregate(context, updates))).to.equal("not-found");
    for (const { updateRoot } of updates) await context.updates.keep(updateRoot, Int16Array.of(4, -4, 1), 1);
    const [first, second] = await Promise.all([exactAggregate(context, updates), exactAggregate(context, updates)]);
    expect(first).to.deep.equal(Int32Array.of(4 * 256, -4 * 256, 256));
    expect(second).to.equal(first);
  });

  it("is not vouched for where the endpoint's hash stands for another set", async () => {
    const { context, dispatched } = contextWith();
    for (const { updateRoot } of updates) await context.updates.keep(updateRoot, new Int16Array(LENGTH), 1);
    const other = includeHash(updates.slice(1));
    expect(await rejectionOf(aggregate(context, 1, other, updates))).to.equal("bad-input");
    expect(dispatched).to.deep.equal([]);
    await aggregate(context, 1, includeHash(updates), updates);
    expect(dispatched).to.deep.equal(["aggregated"]);
  });
});

describe("a commit by an own transaction", () => {
  it("is signed for its round and seed alone, so that it stands in no other round, however late it comes", async () => {
    const domain = { chainId: 1, job: OPERATORS[0]! };
    const privateKey = new Uint8Array(32).fill(7);
    const sent: PostedCommit[] = [];
    const { context } = contextWith({
      domain,
      signer: createSigner(domain, privateKey, createMemoryStorage()),
      onReceipt: () => undefined,
      wanted: () => ({}),
      chain: { commitBatch: (commits: readonly PostedCommit[]) => Promise.resolve(void sent.push(...commits)) },
    });
    const body = { type: "Commit", round: 3, seed: keccakWords(5), commitment: keccakWords(6) } as const;
    await runEffect(context, { ...body, type: "commit", position: 2 });
    const [{ position, commitment, signature }] = sent as [PostedCommit];
    expect({ position, commitment }).to.deep.equal({ position: 2, commitment: body.commitment });
    const signerOf = (struct: SignedStruct): Address | undefined =>
      recoverSigner(structDigest(domain, struct), signature);
    expect(signerOf(body)).to.equal(addressOfPrivateKey(privateKey));
    expect(signerOf({ ...body, round: 4 })).not.to.equal(addressOfPrivateKey(privateKey));
    expect(signerOf({ ...body, seed: keccakWords(9) })).not.to.equal(addressOfPrivateKey(privateKey));
  });
});

describe("keeping connected", () => {
  it("dials the others though it cannot pay for announcing itself", async () => {
    const [other, self] = OPERATORS as [Address, Address];
    const dialled: string[] = [];
    const problems: unknown[] = [];
    const options = {
      chain: {
        contacts: (asked: readonly Address[]) =>
          Promise.resolve(new Map(asked.filter((one) => one === other).map((one) => [one, "/there"]))),
        setContact: () => Promise.reject(new Error("no gas money")),
      },
      network: {
        self,
        contacts: () => ["/here"],
        peers: () => [],
        locate: (_: unknown, announced: unknown) => Promise.resolve(announced),
        connect: ([contact]: string[]) => Promise.resolve(void dialled.push(contact as string)),
      },
      members: () => [{ operator: other, active: true }],
      onProblem: (error: unknown) => problems.push(error),
    };
    const disconnect = keepConnected(options as unknown as Parameters<typeof keepConnected>[0]);
    await until(() => dialled.length > 0);
    disconnect();
    expect(dialled).to.deep.equal(["/there"]);
    expect(problems.map(String)).to.deep.equal(["Error: no gas money"]);
  });
});
