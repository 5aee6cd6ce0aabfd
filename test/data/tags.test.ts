import { join } from "node:path";
import { describe, it } from "mocha";
import { expect } from "chai";
import { PacelineError } from "../../node/core/errors.ts";
import { missingInTags, type TagsContract, tagsContractSchema, tagsShape } from "../../node/data/contract/tags.ts";
import { bucketOf } from "../../node/data/hash.ts";
import { shapeOf, wordHasher } from "../../node/data/tags/features.ts";
import { fitTags, loadTags } from "../../node/data/tags/load.ts";
import { faultOf } from "./faultOf.ts";
import { publicData } from "./publicData.ts";
import { temporaryFolder } from "./temporaryFolder.ts";

const contract = (change: object = {}): TagsContract =>
  tagsContractSchema.parse({
    kind: "tags",
    tags: ["O", "B-X", "I-X"],
    features: ["lower", "suffix2"],
    window: 1,
    length: 3,
    ...change,
  });

describe("features of words", () => {
  it("are the word, its beginnings and endings, and its shape", () => {
    const words = ["BRCA1-like", "Éa", "x", "2024-05", "AAAbbbccc", "Ünïcode"];
    expect(words.map(shapeOf)).to.deep.equal(["XXd-xx", "Xx", "x", "dd-dd", "XXxx", "Xxx"]);
    const features = ["word", "lower", "prefix2", "prefix3", "suffix2", "suffix4", "shape"] as const;
    const bucket = (feature: string): number => bucketOf(feature, 1024);
    expect(wordHasher(features, 1024)("Ünïcode")).to.deep.equal(
      ["word Ünïcode", "lower ünïcode", "prefix2 ün", "prefix3 ünï", "suffix2 de", "suffix4 code", "shape Xxx"].map(
        bucket,
      ),
    );
    expect(wordHasher(["prefix3", "suffix4"], 1024)("𝒜b")).to.deep.equal(["prefix3 𝒜b", "suffix4 𝒜b"].map(bucket));
    expect(wordHasher(["lower"], 1024)("U\u0308")).to.deep.equal([bucket("lower ü")]);
  });
});

describe("tagged sentences", () => {
  const folder = temporaryFolder();
  const conll = (text: string) => ({ format: "conll", path: folder.write("t.conll", text) });
  const id = (word: string): number[] => {
    const lower = word.toLowerCase();
    return [`lower ${lower}`, `suffix2 ${lower.slice(-2)}`].map((feature) => bucketOf(feature, 2 ** 15));
  };
  const pad = [0, 0];
  const TEXT = "-DOCSTART-\tO\n\nAn\tO\nabc\tB-X\ndef\tI-X\r\nghi\tI-X\n\n\nEnd\tO";

  it("become a window a word, with 0 beyond the sentence, and a group a sentence", async () => {
    const data = await loadTags(conll(TEXT), contract());
    const windows = [
      [...pad, ...id("An"), ...id("abc")],
      [...id("An"), ...id("abc"), ...id("def")],
      [...id("abc"), ...id("def"), ...id("ghi")],
      [...id("def"), ...id("ghi"), ...pad],
      [...pad, ...id("End"), ...pad],
    ];
    expect(data).to.deep.equal({
      count: 5,
      inputs: [{ shape: [6], values: Int32Array.from(windows.flat()) }],
      targets: { shape: [], values: Int32Array.of(0, 1, 2, 2, 0) },
      classes: 3,
      groups: Int32Array.of(0, 0, 0, 0, 1),
    });
  });

  it("become sequences that are padded, a long sentence several", async () => {
    const data = await loadTags(conll(TEXT), contract({ form: "sequence" }));
    const pieces = [
      [...id("An"), ...id("abc"), ...id("def")],
      [...id("ghi"), ...pad, ...pad],
      [...id("End"), ...pad, ...pad],
    ];
    expect(data).to.deep.equal({
      count: 3,
      inputs: [{ shape: [3, 2], values: Int32Array.from(pieces.flat()) }],
      targets: { shape: [3], values: Int32Array.of(0, 1, 2, 2, -1, -1, 0, -1, -1) },
      classes: 3,
      groups: Int32Array.of(0, 0, 1),
    });
    expect(tagsShape(contract({ form: "sequence" }))).to.deep.equal({
      inputs: [{ type: "int32", shape: [3, 2] }],
      targets: { type: "int32", shape: [3] },
      classes: 3,
    });
    expect(tagsShape(contract()).inputs[0]?.shape).to.deep.equal([6]);
  });

  it("may have several columns, with blanks between, of which some are taken", async () => {
    const source = conll("EU NNP I-NP B-X\nrejects VBZ I-VP O\n");
    const chunks = contract({ wordColumn: 2, tagColumn: 3, tags: ["I-NP", "I-VP"], window: 0 });
    const data = await loadTags(source, chunks);
    expect([...data.inputs[0]!.values]).to.deep.equal([...id("NNP"), ...id("VBZ")]);
    expect([...data.targets.values]).to.deep.equal([0, 1]);
    expect([...(await loadTags(source, contract({ window: 0 }))).targets.values]).to.deep.equal([1, 0]);
  });

  it("give their tags to a contract that leaves them open", async () => {
    const open = contract({ tags: undefined });
    expect(missingInTags(open)).to.deep.equal(["tags"]);
    expect(() => tagsShape(open)).to.throw(PacelineError, /fit the contract/);
    expect((await fitTags(conll(TEXT), open)).tags).to.deep.equal(["B-X", "I-X", "O"]);
    expect(await faultOf(fitTags(conll("a\tO\nb\tO\n"), open))).to.match(
      /^bad-input: t\.conll: every word has the tag "O"/,
    );
  });

  const faults: readonly [string, string, RegExp][] = [
    ["an unknown tag", "a\tO\nb\tB-Y\n", /t\.conll: row 2, column tag: "B-Y" is none of O, B-X, I-X/],
    ["no tag", "a\tO\n\nb\n", /t\.conll: row 3, column 2: it is missing/],
    ["no word", "a\tO\n\n \tO\tO\n", /t\.conll: row 3, column 1: it is missing/],
    ["no sentences", "\n\n", /t\.conll: there are no sentences/],
    ["one tag only", "a\tO\nb\tO\n", /t\.conll: every example is of the class "O"/],
  ];
  for (const [what, text, message] of faults) {
    it(`are refused with ${what}, by file, row and column`, async () => {
      expect(await faultOf(loadTags(conll(text), contract())))
        .to.match(/^bad-input: /)
        .and.match(message);
    });
  }

  it("are 5,432 of NCBI disease with 136,086 words and 5,145 mentions", async function () {
    const path = join(publicData(this, "ncbi-disease"), "train.tsv");
    const fitted = await fitTags({ format: "conll", path }, contract({ tags: undefined }));
    expect(fitted.tags).to.deep.equal(["B-Disease", "I-Disease", "O"]);
    const data = await loadTags({ format: "conll", path }, fitted);
    expect(data.count).to.equal(136_086);
    expect(data.groups?.at(-1)).to.equal(5431);
    expect(data.targets.values.filter((tag) => tag === 0)).to.have.length(5145);
    const sentences = await loadTags({ format: "conll", path }, { ...fitted, form: "sequence", length: 32 });
    expect(sentences.targets.values.filter((tag) => tag >= 0)).to.have.length(136_086);
  }).timeout(20_000);
});
