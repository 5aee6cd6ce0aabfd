import { expect } from "chai";
import { describe, it } from "mocha";
import { keccakWords } from "../../node/core/bytes.ts";
import { encodeUpdate, quantise } from "../../node/core/fixedPoint.ts";
import type { ParticipantContext } from "../../node/daemon/participant/context.ts";
import { fetchUpdate } from "../../node/daemon/participant/effects/blobs.ts";
import type { JobSpec } from "../../node/daemon/job/jobSpec.ts";
import { Stopwatch } from "../../node/daemon/time/stopwatch.ts";
import { UpdateCache } from "../../node/daemon/model/updateCache.ts";
import { dataContractSchema } from "../../node/data/contract.ts";
import { createMemoryStorage } from "../../node/storage/memory.ts";

const ROOT = keccakWords(7);
const EXPONENT = 10;

/** Two columns whose means the first round finds: three values each, behind four params. */
const CONTRACT = dataContractSchema.parse({
  kind: "table",
  columns: [
    { name: "age", type: "number", min: 0, max: 120 },
    { name: "dose", type: "number", min: -50, max: 50 },
  ],
  label: { column: "ill", type: "class", classes: ["no", "yes"] },
});

/** Whether a seat takes an update of a job, by real values. */
async function takes(
  fit: "sample" | "federated",
  vector: readonly number[],
  update: readonly number[],
): Promise<boolean> {
  const storage = createMemoryStorage();
  const answers: boolean[] = [];
  const context = {
    storage,
    chain: { terms: { vectorLength: vector.length } },
    spec: { encoding: { clipNorm: 3 }, data: { fit, contract: CONTRACT } } as unknown as JobSpec,
    stopwatch: new Stopwatch(() => 0),
    updates: new UpdateCache(storage, vector.length),
    model: { params: Float32Array.from(vector), exponent: EXPONENT },
    network: { fetchBlob: () => Promise.resolve(encodeUpdate(quantise(Float32Array.from(update), EXPONENT))) },
    state: () => ({ memory: { round: 3 } }),
    dispatch: (event: { ok: boolean }) => answers.push(event.ok),
  } as unknown as ParticipantContext;
  await fetchUpdate(context, 3, ROOT, []);
  return answers[0]!;
}

const STILL = [0, 0, 0, 0];
const OPEN = [0, 0, 0, 0, 0, 0];
const MEANS = [1, 0.4, 0.25, 0.75, 0.5, 0.375];
const TRAINED = [0.5, -0.25, 1, -1.5];

describe("a seat's check of an update", () => {
  it("is by its length: no longer than the job's clip norm", async () => {
    const vector = [0.3, 0.1, 0.2, 0.4];
    expect(await takes("sample", vector, TRAINED)).to.equal(true);
    expect(await takes("sample", vector, [2, -2, 1, 0.5])).to.equal(false);
  });

  it("wants means and nothing else in the first round of a federated fit", async () => {
    const vector = [...TRAINED, ...OPEN];
    expect(await takes("federated", vector, [...STILL, ...MEANS])).to.equal(true);
    expect(await takes("federated", vector, [0, 0.125, 0, 0, ...MEANS])).to.equal(false);
    for (const [place, value] of [
      [0, 1.25], // more rows have a value than there are
      [1, -0.125], // below the bounds
      [4, 0.875], // more than all of those that have a value could make
      [5, 0.625], // squares of numbers up to 1 are not larger than these
    ] as const)
      expect(await takes("federated", vector, [...STILL, ...MEANS.with(place, value)]), `${place}`).to.equal(false);
    // entries that are equal may differ by their rounding
    expect(await takes("federated", vector, [...STILL, 0.5, 0.5 + 2 ** -EXPONENT, 0.5, 1, 1, 1])).to.equal(true);
  });

  it("leaves the means alone in all later rounds", async () => {
    const vector = [...TRAINED, ...MEANS];
    expect(await takes("federated", vector, [...TRAINED, ...OPEN])).to.equal(true);
    expect(await takes("federated", vector, [...TRAINED, ...OPEN.with(4, 0.125)])).to.equal(false);
    expect(await takes("federated", vector, [...TRAINED, ...OPEN.with(0, -1)])).to.equal(false);
  });
});
