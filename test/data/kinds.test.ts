import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { describe, it } from "mocha";
import { expect } from "chai";
import {
  dataContractSchema,
  type DataContract,
  type DataContractInput,
  exampleShape,
  missingIn,
} from "../../node/data/contract.ts";
import { type ExampleTensor, partLength } from "../../node/data/dataset.ts";
import { fitContract } from "../../node/data/fit.ts";
import { FORMATS } from "../../node/data/formats.ts";
import { loadData } from "../../node/data/load.ts";
import { faultOf } from "./faultOf.ts";
import { npyFile } from "./npyFile.ts";
import { pngFile } from "./pngFile.ts";
import { temporaryFolder } from "./temporaryFolder.ts";

/** For each kind of data a contract that leaves open what it can, and a format with a small sample. */
const SAMPLES: readonly { contract: DataContractInput; format: string; files: Record<string, string | Uint8Array> }[] =
  [
    {
      contract: { kind: "table", columns: [{ name: "x", type: "number" }], label: { column: "y", type: "class" } },
      format: "csv",
      files: { "a.csv": "x,y\n1,no\n3,yes\n" },
    },
    {
      contract: { kind: "images" },
      format: "images",
      files: Object.fromEntries(
        ["cat", "dog"].map((name, i) => [
          `${name}/1.png`,
          pngFile({ width: 2, height: 1, rows: Uint8Array.of(0, i, 9) }),
        ]),
      ),
    },
    {
      contract: { kind: "text", textColumn: "text", label: { column: "mood" }, length: 5 },
      format: "jsonl",
      files: { "a.jsonl": '{"text": "so so", "mood": "bad"}\n{"text": "fine", "mood": "good"}\n' },
    },
    {
      contract: { kind: "tags", form: "sequence", length: 2 },
      format: "conll",
      files: { "a.conll": "A\tB-X\nb\tO\nc\tO\n" },
    },
    { contract: { kind: "characters", length: 3 }, format: "text", files: { "a.txt": "abcabc\n" } },
    {
      contract: {
        kind: "ratings",
        userColumn: "who",
        itemColumn: "what",
        ratingColumn: "stars",
        scale: { minimum: 1, maximum: 5 },
      },
      format: "tsv",
      files: { "a.tsv": "who\twhat\tstars\nann\tx\t3\nbob\ty\t5\n" },
    },
    {
      contract: { kind: "array", type: "int32" },
      format: "npy",
      files: { "x.npy": npyFile([2, 3], Int32Array.of(1, 2, 3, 4, 5, 6)), "y.npy": npyFile([2], Int32Array.of(1, 0)) },
    },
  ];

const typeOf = ({ values }: ExampleTensor): string => (values instanceof Int32Array ? "int32" : "float32");

describe("every kind of data", () => {
  const root = temporaryFolder();

  /** Writes a sample's files and says where they are, as a user would. */
  function sourceOf({ contract: { kind }, format, files }: (typeof SAMPLES)[number]): string {
    const folder = join(root.path, kind);
    for (const [name, content] of Object.entries(files)) {
      mkdirSync(join(folder, name, ".."), { recursive: true });
      root.write(join(kind, name), content);
    }
    const [first = ""] = Object.keys(files);
    return `${format}:${["images", "npy"].includes(format) ? folder : join(folder, first)}`;
  }

  it("is tried here", () => {
    expect(SAMPLES.map(({ contract }) => contract.kind).sort()).to.deep.equal(Object.keys(FORMATS).sort());
  });

  for (const sample of SAMPLES) {
    it(`${sample.contract.kind}: is fitted to a sample, and then read as its contract says`, async () => {
      const source = sourceOf(sample);
      const open = dataContractSchema.parse(sample.contract);
      expect(missingIn(open)).to.not.be.empty;
      expect(await faultOf(loadData(source, open))).to.match(/^bad-input: the data contract lacks /);

      const fitted = await fitContract(source, open);
      expect(missingIn(fitted)).to.be.empty;
      expect(dataContractSchema.parse(JSON.parse(JSON.stringify(fitted)))).to.deep.equal(fitted);
      expect(await fitContract(source, fitted)).to.deep.equal(fitted);

      const data = await loadData(source, fitted);
      const shape = exampleShape(fitted);
      expect(data.classes).to.equal(shape.classes);
      const parts = [...data.inputs, data.targets];
      expect(parts.map((part) => ({ type: typeOf(part), shape: part.shape }))).to.deep.equal([
        ...shape.inputs,
        shape.targets,
      ]);
      for (const part of parts) expect(part.values.length).to.equal(data.count * partLength(part.shape));
      expect(data.groups?.length ?? data.count).to.equal(data.count);
    });
  }

  it("is not read from a format that holds something else", async () => {
    const tags: DataContract = dataContractSchema.parse({ kind: "tags", tags: ["O", "B-X"] });
    expect(await faultOf(loadData("csv:a.csv", tags))).to.match(
      /of the kind tags, which is read from conll: and not from csv:/,
    );
  });
});
