import { readFileSync } from "node:fs";
import { join } from "node:path";
import { expect } from "chai";
import { describe, it } from "mocha";
import { JOB_EXAMPLES } from "../../node/cli/jobExamples.ts";
import { type DataContract, dataContractSchema, missingIn } from "../../node/data/contract.ts";
import { fitContract } from "../../node/data/fit.ts";
import { FORMATS } from "../../node/data/formats.ts";
import { loadData } from "../../node/data/load.ts";
import { parseJobSpec } from "../../node/daemon/job/jobSpec.ts";
import { GRADIENT_RULES } from "../../node/training/onnx/gradientRules.ts";
import { LOWERINGS } from "../../node/training/onnx/lowerings.ts";
import { METRIC_NAMES } from "../../node/training/metrics/metric.ts";
import { zooSchema } from "../../node/training/models/zooSpec.ts";
import { faultOf } from "../data/faultOf.ts";
import { temporaryFolder } from "../data/temporaryFolder.ts";

/**
 * A block of a page. What stands behind its language says what is done with it: `json contract` is a data contract,
 * `json job.localTraining` that part of a job file, and any other name a sample to be written to a file of that name.
 */
interface Block {
  readonly section: string;
  readonly language: string;
  readonly what: string;
  readonly text: string;
}

const page = (name: string): string => readFileSync(join(import.meta.dirname, "..", "..", "docs", name), "utf8");

function blocksOf(text: string): readonly Block[] {
  return text.split(/^## /m).flatMap((part) => {
    const [section = ""] = part.split("\n", 1);
    const found = part.matchAll(/^```(\S+) (\S.*)\n([\s\S]*?)^```$/gm);
    return Array.from(found, ([, language = "", what = "", body = ""]) => ({ section, language, what, text: body }));
  });
}

/** Cells of the rows below the header of the table that begins with a column called `first`. */
function tableOf(text: string, first: string): readonly (readonly string[])[] {
  const lines = text.split("\n");
  const at = lines.findIndex((line) => line.startsWith(`| ${first} `));
  const rows = lines.slice(at + 2);
  const end = rows.findIndex((line) => !line.startsWith("|"));
  expect(at, first).to.be.at.least(0);
  return rows.slice(0, end).map((line) => line.split(" | ").map((cell) => cell.replace(/^\| +| *\|$/g, "").trim()));
}

const codesIn = (cell: string): string[] => Array.from(cell.matchAll(/`([^`]+)`/g), ([, code = ""]) => code);

/** A valid job in which one part is another. */
function jobWith(path: string, value: unknown): unknown {
  const job = JSON.parse(JSON.stringify(JOB_EXAMPLES.digits)) as Record<string, unknown>;
  const [field = "", ...rest] = path.split(".").slice(1);
  if (rest.length > 0) throw new Error(`give a whole part of the job, not ${path}`);
  return { ...job, [field]: value };
}

const DATA = page("data.md");
const TRAINING = page("training.md");
const MODELS = page("models.md");

describe("the examples of docs/data.md, models.md and training.md", () => {
  const folder = temporaryFolder();
  const blocks = [DATA, MODELS, TRAINING].flatMap(blocksOf);
  const contracts = blocks.filter(({ what }) => what === "contract");
  const contractOf = ({ text }: Block): DataContract => dataContractSchema.parse(JSON.parse(text));

  it("have a contract of every kind", () => {
    expect(contracts.map((block) => contractOf(block).kind)).to.have.members(Object.keys(FORMATS));
  });

  for (const block of contracts) {
    const sample = blocks.find(({ section, language }) => section === block.section && language !== "json");
    if (sample === undefined) continue;
    it(`${sample.what} is read by the contract below it, once that is fitted`, async () => {
      const contract = contractOf(block);
      const [, extension = ""] = sample.what.split(".");
      const source = `${extension === "txt" ? "text" : extension}:${folder.write(sample.what, sample.text)}`;
      const fitted = await fitContract(source, contract);
      expect(missingIn(fitted)).to.deep.equal([]);
      expect((await loadData(source, fitted)).count).to.be.greaterThan(0);
    });
  }

  for (const { section, what, text } of blocks.filter((block) => block.what.startsWith("job"))) {
    it(`${what} in “${section}” is taken as it stands`, () => {
      const value = JSON.parse(text) as unknown;
      parseJobSpec(what === "job" ? value : jobWith(what, value));
    });
  }

  it("say of faulty rows what the reader says", async () => {
    const [table] = contracts;
    const sample = blocks.find(({ what }) => what === "patients.csv");
    if (table === undefined || sample === undefined) throw new Error("the page has no table of patients");
    const good = `csv:${folder.write("good.csv", sample.text)}`;
    const contract = await fitContract(good, contractOf(table));
    const [header = "", first = ""] = sample.text.split("\n");
    const faults = tableOf(DATA, "a row");
    expect(faults).to.have.length.above(5);
    for (const [row = "", told = ""] of faults) {
      const file = folder.write("patients.csv", [header, first, row.replaceAll("`", ""), ""].join("\n"));
      const place = told.includes("column ") ? "row 3, " : "row 3: ";
      const message = told.replace(/^`+|`+$/g, "");
      expect(await faultOf(loadData(`csv:${file}`, contract))).to.equal(`bad-input: patients.csv: ${place}${message}`);
    }
  });

  it("name the formats that each kind is read from", () => {
    const told = tableOf(DATA, "kind").map(([kind = "", , sources = ""]) => [
      codesIn(kind)[0],
      codesIn(sources).map((source) => source.replace(":", "")),
    ]);
    expect(Object.fromEntries(told)).to.deep.equal(FORMATS);
  });

  it("name every model of the zoo with all its fields", () => {
    const told = tableOf(TRAINING, "model").map(([model = "", fields = ""]) => [
      codesIn(model)[0],
      codesIn(fields).sort(),
    ]);
    const known = zooSchema.options.map(({ shape }) => {
      const { kind, ...fields } = shape;
      return [kind.value, Object.keys(fields).sort()];
    });
    expect(Object.fromEntries(told)).to.deep.equal(Object.fromEntries(known));
  });

  it("name every metric", () => {
    expect(tableOf(TRAINING, "metric").map(([metric = ""]) => codesIn(metric)[0])).to.have.members([...METRIC_NAMES]);
  });

  it("name every operator that is trained, and no other", () => {
    const [, listed = ""] = /^### Operators[^]*?\n((?:[A-Z]\w+(?:, |,\n|\.\n))+)/m.exec(TRAINING) ?? [];
    expect(listed.match(/\w+/g)).to.have.members([
      ...new Set([...Object.keys(GRADIENT_RULES), ...Object.keys(LOWERINGS)]),
    ]);
  });
});
