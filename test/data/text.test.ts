import { join } from "node:path";
import { describe, it } from "mocha";
import { expect } from "chai";
import fc from "fast-check";
import { PacelineError } from "../../node/core/errors.ts";
import { missingInText, textContractSchema, textShape, type TextContract } from "../../node/data/contract/text.ts";
import { bucketOf, fnv1a } from "../../node/data/hash.ts";
import { fitText, loadText } from "../../node/data/text/load.ts";
import { hashText, ngramsOf, wordsOf } from "../../node/data/text/ngrams.ts";
import { faultOf } from "./faultOf.ts";
import { publicData } from "./publicData.ts";
import { temporaryFolder } from "./temporaryFolder.ts";

const contract = (change: object = {}): TextContract =>
  textContractSchema.parse({
    kind: "text",
    textColumn: "text",
    label: { column: "mood", classes: ["bad", "good"] },
    length: 6,
    ...change,
  });

describe("hashes of features", () => {
  it("are those of FNV-1a's authors", () => {
    // draft-eastlake-fnv, test vectors of the 32-bit FNV-1a
    for (const [text, hash] of [
      ["", 0x811c9dc5],
      ["a", 0xe40c292c],
      ["foobar", 0xbf9cf968],
    ] as const)
      expect(fnv1a(text)).to.equal(hash);
  });

  it("are over a text's UTF-8 bytes, and leave 0 to padding", () => {
    const bytes = (text: string): number => fnv1a(Buffer.from(text).toString("latin1"));
    const hashOfBytes = (text: string): number => {
      let hash = 0x811c9dc5n;
      for (const byte of Buffer.from(text)) hash = ((hash ^ BigInt(byte)) * 0x01000193n) & 0xffffffffn;
      return Number(hash);
    };
    expect(bytes("plain")).to.equal(fnv1a("plain"));
    const text = fc.string({ unit: "grapheme" });
    fc.assert(
      fc.property(text, fc.integer({ min: 4, max: 24 }), (any, bits) => {
        expect(fnv1a(any)).to.equal(hashOfBytes(any));
        expect(bucketOf(any, 2 ** bits)).to.be.within(1, 2 ** bits - 1);
      }),
      { seed: 7, numRuns: 200 },
    );
  }).timeout(20_000);
});

describe("n-grams", () => {
  it("are made of words of any script, in small letters and composed", () => {
    expect(wordsOf("Don’t  say 'naı\u0308ve' — 3.5 times, Ünïcode! नमस्ते 漢字", true)).to.deep.equal([
      "don't",
      "say",
      "naı̈ve",
      "3",
      "5",
      "times",
      "ünïcode",
      "नमस्ते",
      "漢字",
    ]);
    expect(wordsOf("A\u030A is Å", false)).to.deep.equal(["Å", "is", "Å"]);
    expect(wordsOf("?!", true)).to.deep.equal([]);
  });

  it("are words, then pairs, then stretches of characters with the words' ends", () => {
    expect([...ngramsOf(["not", "a", "not"], { words: 2, characters: [3, 4] })]).to.deep.equal([
      "word not",
      "word a",
      "word not",
      "pair not a",
      "pair a not",
      ...["<no", "not", "ot>", "<not", "not>"].map((gram) => `characters ${gram}`),
      "characters <a>",
      ...["<no", "not", "ot>", "<not", "not>"].map((gram) => `characters ${gram}`),
    ]);
    expect([...ngramsOf(["a", "b"], { words: 1 })]).to.deep.equal(["word a", "word b"]);
  });

  it("of a long text are cut where there is no more room, the words being kept first", () => {
    const { buckets } = contract();
    const kept = ["word one", "word two", "word three", "word four", "pair one two", "pair two three"];
    expect(hashText("One two three four", contract())).to.deep.equal(kept.map((ngram) => bucketOf(ngram, buckets)));
  });
});

describe("texts", () => {
  const folder = temporaryFolder();
  const csv = (name: string, text: string) => ({ format: "csv", path: folder.write(name, text) });

  it("become bags of n-grams with 0 behind them, labels in the contract's order, and groups", async () => {
    const source = csv("a.csv", 'text,mood,site,id\n"Good, good",good,x,1\nnever again,bad,y,2\n!,bad,x,3\n');
    const options = { group: "site", ignore: ["id"] };
    const data = await loadText(source, contract(options));
    const id = (ngram: string): number => bucketOf(ngram, 2 ** 15);
    expect(data).to.include({ count: 3, classes: 2 });
    expect(data.inputs).to.deep.equal([
      {
        shape: [6],
        values: Int32Array.from([
          ...[id("word good"), id("word good"), id("pair good good"), 0, 0, 0],
          ...[id("word never"), id("word again"), id("pair never again"), 0, 0, 0],
          ...[0, 0, 0, 0, 0, 0],
        ]),
      },
    ]);
    expect(data.targets).to.deep.equal({ shape: [], values: Int32Array.of(1, 0, 0) });
    expect(data.groups).to.deep.equal(Int32Array.of(0, 1, 0));
    expect(textShape(contract())).to.deep.equal({
      inputs: [{ type: "int32", shape: [6] }],
      targets: { type: "int32", shape: [] },
      classes: 2,
    });
  });

  it("give their classes to a contract that leaves them open", async () => {
    const source = csv("b.csv", "text,mood\na,10\nb,9\nc,10\n");
    const open = contract({ label: { column: "mood" } });
    expect(missingInText(open)).to.deep.equal(["label.classes"]);
    expect(() => textShape(open)).to.throw(PacelineError, /no classes yet/);
    const fitted = await fitText(source, open);
    expect(fitted.label.classes).to.deep.equal(["9", "10"]);
    expect((await loadText(source, fitted)).targets.values).to.deep.equal(Int32Array.of(1, 0, 1));
    expect(await faultOf(fitText(csv("one.csv", "text,mood\na,x\nb,x\n"), open))).to.match(
      /^bad-input: one\.csv: column mood: every row has the label "x"/,
    );
  });

  const faults: readonly [string, string, RegExp][] = [
    ["an unknown label", "text,mood\na,good\nb,so-so\n", /row 3, column mood: .*"so-so"/],
    ["no label", "text,mood\na,good\nb,\n", /row 3, column mood: the label is missing/],
    ["no text", "text,mood\na,good\n,bad\n", /row 3, column text: there is no text/],
    ["a column that nobody asked for", "text,mood,age\na,good,4\n", /column "age"/],
    ["one class only", "text,mood\na,good\nb,good\n", /every example is of the class "good"/],
  ];
  for (const [what, text, message] of faults) {
    it(`are refused with ${what}, by file, row and column`, async () => {
      const fault = await faultOf(loadText(csv("fault.csv", text), contract()));
      expect(fault)
        .to.match(/^bad-input: fault\.csv: /)
        .and.match(message);
    });
  }

  it("are described by contracts without contradictions", () => {
    for (const change of [
      { buckets: 1000 },
      { textColumn: "mood" },
      { ngrams: { characters: [4, 3] } },
      { label: { column: "mood", classes: ["one"] } },
      { lenght: 5 },
    ])
      expect(() => contract(change), JSON.stringify(change)).to.throw();
  });

  it("are read from the review sentences, whose quotes are literal, 500 of each class", async function () {
    const path = join(publicData(this, "sentiment-sentences"), "amazon_cells_labelled.txt");
    const reviews = contract({ textColumn: 1, label: { column: 2, classes: ["0", "1"] }, header: false, length: 64 });
    const data = await loadText({ format: "tsv", path }, reviews);
    expect(data.count).to.equal(1000);
    expect(data.targets.values.filter((label) => label === 1)).to.have.length(500);
    // "So there is no way for me to plug it in here in the US unless I go by a converter."
    const first = data.inputs[0]!.values.subarray(0, 64);
    expect(first.filter((id) => id > 0)).to.have.length(21 + 20);
    expect(first[1]).to.equal(bucketOf("word there", 2 ** 15));
  }).timeout(20_000);
});
