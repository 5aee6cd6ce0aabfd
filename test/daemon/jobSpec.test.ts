import { expect } from "chai";
import { describe, it } from "mocha";
import { PacelineError } from "../../node/core/errors.ts";
import { genesisHash, parseJobSpec, planOf, specHash, termsOf, toUnits } from "../../node/daemon/job/jobSpec.ts";
import { dataContractSchema } from "../../node/data/contract.ts";
import { DEFAULT_SETTINGS, simulationJob } from "../../node/cli/simulation/settings.ts";

const model = { kind: "softmax-regression", inputs: 3, classes: 2 } as const;
const contract = dataContractSchema.parse({
  kind: "table",
  columns: ["a", "b", "c"].map((name) => ({ name, type: "number" })),
  label: { column: "d", type: "class", classes: ["no", "yes"] },
  scale: "none",
});

const valid = (): Record<string, unknown> =>
  JSON.parse(JSON.stringify(simulationJob(DEFAULT_SETTINGS, model, contract))) as Record<string, unknown>;
/** With fields of one part changed. */
const changed = (part: string, change: object): Record<string, unknown> => {
  const job = valid();
  return { ...job, [part]: { ...(job[part] as object), ...change } };
};
const refusal = (value: unknown): string => {
  try {
    parseJobSpec(value);
  } catch (error) {
    expect(error).to.be.instanceOf(PacelineError);
    return (error as PacelineError).message;
  }
  return "accepted";
};

describe("a job file", () => {
  it("names every field that is wrong, and refuses fields it does not know", () => {
    const job = { ...valid(), rounds: 0, surprise: 1 };
    expect(refusal(job))
      .to.match(/rounds/)
      .and.to.match(/surprise/);
  });

  it("is refused where a text is no Unicode, which nobody could hash", () => {
    expect(refusal({ ...valid(), name: "digits \ud800" })).to.include("no Unicode");
    expect(refusal({ ...valid(), name: "digits 𝟙" })).to.equal("accepted");
  });

  it("is refused where the shares of the pay do not sum to 10,000", () => {
    const job = valid();
    (job["money"] as Record<string, unknown>)["keepersBps"] = 501;
    expect(refusal(job)).to.include("10001");
  });

  it("is refused where weights could overflow exact arithmetic", () => {
    const job = valid();
    (job["aggregation"] as Record<string, unknown>)["weightCap"] = 2 ** 24 - 1;
    (job["members"] as Record<string, unknown>)["cohort"] = 64;
    expect(refusal(job)).to.include("weightCap");
  });

  it("is refused where it contradicts itself", () => {
    expect(refusal(changed("aggregation", { trimPermille: 100 }))).to.include("weighted-mean");
    expect(refusal(changed("aggregation", { rule: "trimmed-mean", trimPermille: 100 }))).to.equal("accepted");
    expect(refusal(changed("aggregation", { rule: "trimmed-mean", trimPermille: 500 }))).to.include("trimPermille");
    expect(refusal(changed("phases", { demand: 61 }))).to.include("phases.challenge");
    expect(refusal(changed("phases", { demand: 60 }))).to.equal("accepted");
  });

  it("hashes to the same bytes whatever the order of its keys, and to others when a value changes", () => {
    const job = valid();
    const turned = Object.fromEntries(Object.entries(job).reverse());
    expect(specHash(parseJobSpec(turned))).to.equal(specHash(parseJobSpec(job)));
    expect(specHash(parseJobSpec({ ...job, rounds: 11 }))).to.not.equal(specHash(parseJobSpec(job)));
  });

  it("becomes terms in the token's smallest unit", () => {
    const token = { address: `0x${"11".repeat(20)}` as const, decimals: 6 };
    const terms = termsOf(parseJobSpec(valid()), token, genesisHash(new Float32Array(8)));
    expect(terms.stake).to.equal(100_000_000n);
    expect(terms.vectorLength).to.equal(8);
    expect(terms).to.include({ rule: 0, trimPermille: 0, stakeWeighted: false, suspendDraws: 1 });
    expect(terms.contributorsBps + terms.aggregatorBps + terms.committeeBps + terms.keepersBps).to.equal(10_000);
  });

  it("names its rule and its draws on the chain", () => {
    const token = { address: `0x${"11".repeat(20)}` as const, decimals: 6 };
    const job = valid();
    const robust = {
      ...job,
      aggregation: { ...(job["aggregation"] as object), rule: "trimmed-mean", trimPermille: 125 },
      members: { ...(job["members"] as object), draws: "stake", suspendDraws: 3 },
    };
    const terms = termsOf(parseJobSpec(robust), token, genesisHash(new Float32Array(8)));
    expect(terms).to.include({ rule: 1, trimPermille: 125, stakeWeighted: true, suspendDraws: 3 });
    const median = { ...job, aggregation: { ...(job["aggregation"] as object), rule: "median" } };
    expect(termsOf(parseJobSpec(median), token, genesisHash(new Float32Array(8))).rule).to.equal(2);
  });

  it("trains by epochs or by steps, and not by both or neither", () => {
    expect(refusal(changed("localTraining", { localSteps: 40 }))).to.match(/either localEpochs or localSteps/);
    expect(refusal(changed("localTraining", { localEpochs: undefined }))).to.match(/either localEpochs or localSteps/);
    const steps = parseJobSpec(changed("localTraining", { localEpochs: undefined, localSteps: 40 }));
    expect(planOf(steps, 1).length).to.deep.equal({ localSteps: 40 });
  });

  it("trains by plain SGD where it names no optimiser, and by that with its schedule where it does", () => {
    const { localTraining } = valid() as { localTraining: { optimiser?: unknown } };
    delete localTraining.optimiser;
    expect(planOf(parseJobSpec({ ...valid(), localTraining }), 1)).to.deep.equal({
      length: { localEpochs: 5 },
      batchSize: 8,
      learningRate: 0.25,
      optimiser: { kind: "sgd" },
    });
    const schedule = { kind: "cosine", floor: 0.1 };
    const optimiser = { kind: "adamw", weightDecay: 0.02 };
    expect(planOf(parseJobSpec(changed("localTraining", { optimiser, schedule })), 1)).to.deep.include({
      optimiser,
      schedule,
    });
    expect(refusal(changed("localTraining", { optimiser: { kind: "lion" } }))).to.include("localTraining.optimiser");
    expect(refusal(changed("task", { metrics: ["accurracy"] }))).to.include("task.metrics");
  });

  it("takes no more decimals than the token has", () => {
    expect(toUnits("12.5", 2)).to.equal(1250n);
    expect(toUnits("0.000000000000000001", 18)).to.equal(1n);
    expect(() => toUnits("0.001", 2)).to.throw(PacelineError, /decimals/);
    // 2^96 − 1 units
    expect(toUnits("79228162514.264337593543950335", 18)).to.equal(2n ** 96n - 1n);
    expect(() => toUnits("79228162514.264337593543950336", 18)).to.throw(PacelineError, /more than/);
  });
});
