import { expect } from "chai";
import { describe, it } from "mocha";
import { JOB_EXAMPLES } from "../../node/cli/jobExamples.ts";
import { openJobModel, type ModelSpec } from "../../node/daemon/job/jobModel.ts";
import { parseJobSpec } from "../../node/daemon/job/jobSpec.ts";
import type { DataSettings } from "../../node/daemon/home/homeSchemas.ts";
import { loadOwnData } from "../../node/daemon/learning/ownData.ts";
import type { DataContractInput } from "../../node/data/contract.ts";
import type { Dataset } from "../../node/data/dataset.ts";
import type { Split } from "../../node/data/split.ts";
import { temporaryFolder } from "../data/temporaryFolder.ts";
import { rejectionOf } from "../helpers/errors.ts";

/** 40 rows of (row number, its square, class), so that a row is known by its first feature. */
const CSV = ["row,square,class", ...Array.from({ length: 40 }, (_, i) => `${i},${i * i},${"abc"[i % 3]}`)].join("\n");

const columns = ["row", "square"].map((name) => ({ name, type: "number" as const }));
const label = { column: "class", type: "class" as const, classes: ["a", "b", "c"] };
const CONTRACT: DataContractInput = { kind: "table", columns, label, scale: "none" };

const softmax = (inputs: number, classes: number): ModelSpec => ({ kind: "softmax-regression", inputs, classes });

function load(settings: DataSettings, spec = softmax(2, 3), contract = CONTRACT): Promise<Split> {
  const job = parseJobSpec({ ...JOB_EXAMPLES.digits, model: spec, data: { contract } });
  return loadOwnData(settings, job, openJobModel(job.model, "."));
}

const firstFeatures = ({ count, inputs }: Dataset): number[] => {
  const { values } = inputs[0]!;
  return Array.from({ length: count }, (_, row) => values[(row * values.length) / count] as number);
};

describe("a participant's own data", () => {
  const folder = temporaryFolder();
  const source = `csv:${folder.write("table.csv", CSV)}`;
  const base: DataSettings = { source, part: undefined, seed: 3 };
  const partOf = (index: number, of: number): DataSettings => ({
    ...base,
    part: { index, of, scheme: { kind: "iid" } },
  });

  it("keeps a part back for scoring, and never trains on it", async () => {
    const { train, heldOut } = await load(base);
    const held = new Set(firstFeatures(heldOut));
    expect(held.size).to.equal(6); // 15 % of the 40 rows
    expect(firstFeatures(train)).to.have.lengthOf(34);
    expect(firstFeatures(train).filter((row) => held.has(row))).to.deep.equal([]);
  });

  it("deals one set to several participants, each row to one", async () => {
    const parts = await Promise.all([0, 1, 2].map((index) => load(partOf(index, 3))));
    const rows = parts.flatMap(({ train, heldOut }) => [...firstFeatures(train), ...firstFeatures(heldOut)]);
    expect(rows).to.have.lengthOf(40);
    expect(new Set(rows).size).to.equal(40);
  });

  it("is refused where it is not what the job's model takes", async () => {
    expect(await rejectionOf(load(base, softmax(3, 3)))).to.equal("bad-input");
    expect(await rejectionOf(load(base, softmax(2, 2)))).to.equal("bad-input");
    expect(await rejectionOf(load(base, softmax(2, 5)))).to.equal("none"); // a model may tell more classes than there are
    expect(await rejectionOf(load(base, { kind: "linear-regression", inputs: 2 }))).to.equal("bad-input");
  });

  it("is refused where it breaks the job's contract", async () => {
    const twoClasses = { ...label, classes: ["a", "b"] };
    const error = await load(base, softmax(2, 2), { ...CONTRACT, label: twoClasses }).catch(
      (thrown: unknown) => thrown,
    );
    expect((error as Error).message).to.match(/^--data csv:.*table\.csv: row 4, column class: "c" is none of a, b/);
    const without = { ...CONTRACT, columns: columns.slice(0, 1) };
    expect(await rejectionOf(load(base, softmax(1, 3), without))).to.equal("bad-input");
  });

  it("is refused, as the user's mistake, where it cannot be dealt or read", async () => {
    expect(await rejectionOf(load(partOf(0, 30)))).to.equal("bad-input");
    expect(await rejectionOf(load({ ...base, source: "csv:none.csv" }))).to.equal("not-found");
    expect(await rejectionOf(load({ ...base, source: "postgres:" }))).to.equal("bad-input");
  });

  it("finds columns by the contract's names, wherever they stand in the file", async () => {
    const turned = CSV.split("\n").map((line) => line.split(",").reverse().join(","));
    const other = `csv:${folder.write("turned.csv", turned.join("\n"))}`;
    const [here, there] = await Promise.all([load(base), load({ ...base, source: other })]);
    expect(there.train.inputs).to.deep.equal(here.train.inputs);
    expect(there.train.targets).to.deep.equal(here.train.targets);
  });
});
