import { expect } from "chai";
import { describe, it } from "mocha";
import { EXAMPLE_JOB } from "../../node/cli/commands/job/example.ts";
import { parseJobSpec, type JobSpecInput } from "../../node/daemon/jobSpec.ts";
import { loadOwnData, type DataSettings } from "../../node/daemon/ownData.ts";
import type { Dataset } from "../../node/data/dataset.ts";
import { temporaryFolder } from "../data/temporaryFolder.ts";
import { codeOf } from "../helpers/errors.ts";

/** 40 rows of (row number, its square, class), so that a row is known by its first feature. */
const CSV = ["row,square,class", ...Array.from({ length: 40 }, (_, i) => `${i},${i * i},${"abc"[i % 3]}`)].join("\n");

const jobFor = (
  inputs: number,
  classes: number,
  changes: Partial<JobSpecInput> = {},
): ReturnType<typeof parseJobSpec> =>
  parseJobSpec({ ...EXAMPLE_JOB, model: { kind: "softmax-regression", inputs, classes }, ...changes });

const firstFeatures = ({ count, width, features }: Dataset): number[] =>
  Array.from({ length: count }, (_, row) => features[row * width] as number);

describe("a participant's own data", () => {
  const folder = temporaryFolder();
  const source = `csv:${folder.write("table.csv", CSV)}`;
  const base: DataSettings = { source, label: "class", ignore: [], classes: undefined, part: undefined, seed: 3 };
  const partOf = (index: number, of: number): DataSettings => ({
    ...base,
    part: { index, of, scheme: { kind: "iid" } },
  });

  it("keeps a part back for scoring, and never trains on it", () => {
    const { train, heldOut } = loadOwnData(base, jobFor(2, 3));
    const held = new Set(firstFeatures(heldOut));
    expect(held.size).to.equal(6); // 15 % of the 40 rows
    expect(firstFeatures(train).filter((row) => held.has(row))).to.deep.equal([]);
  });

  it("deals one set to several participants, each row to one", () => {
    const parts = [0, 1, 2].map((index) => loadOwnData(partOf(index, 3), jobFor(2, 3)));
    const rows = parts.flatMap(({ train, heldOut }) => [...firstFeatures(train), ...firstFeatures(heldOut)]);
    expect(rows).to.have.lengthOf(40);
    expect(new Set(rows).size).to.equal(40);
  });

  it("is refused where it is not what the job's model takes", () => {
    expect(codeOf(() => loadOwnData(base, jobFor(3, 3)))).to.equal("bad-input");
    expect(codeOf(() => loadOwnData(base, jobFor(2, 2)))).to.equal("bad-input");
    expect(codeOf(() => loadOwnData(base, jobFor(2, 5)))).to.equal("none"); // a participant need not have every class
  });

  it("is refused, as the user's mistake, where it cannot be dealt or read", () => {
    expect(codeOf(() => loadOwnData(partOf(0, 30), jobFor(2, 3)))).to.equal("bad-input");
    expect(codeOf(() => loadOwnData({ ...base, source: "csv:none.csv" }, jobFor(2, 3)))).to.equal("not-found");
    expect(codeOf(() => loadOwnData({ ...base, source: "postgres:" }, jobFor(2, 3)))).to.equal("bad-input");
  });

  it("names columns as a person does: by name, or by number from 1", () => {
    const byNumber = loadOwnData({ ...base, label: "3", ignore: ["2"] }, jobFor(1, 3));
    const byName = loadOwnData({ ...base, ignore: ["square"] }, jobFor(1, 3));
    expect(byNumber.train.features).to.deep.equal(byName.train.features);
    expect(byNumber.train.labels).to.deep.equal(byName.train.labels);
  });
});
