import { expect } from "chai";
import { describe, it } from "mocha";
import { createMetric } from "../../../node/training/metrics/createMetric.ts";
import type { Metric } from "../../../node/training/metrics/metric.ts";
import type { OutputRows } from "../../../node/training/metrics/outputRows.ts";
import { codeOf } from "../../helpers/errors.ts";
import { chunksOf, logitsOf, TAG_NAMES, taggedSentences } from "./rows.ts";

const entityF1 = (tagNames: readonly string[]): Metric =>
  createMetric("entity-f1", { loss: { kind: "softmax-cross-entropy" }, classes: tagNames.length, tagNames });

/** Of one sentence, whose tags are parted by spaces. */
function f1(targets: string, predictions: string): number | undefined {
  const [a, b] = [targets.split(" "), predictions.split(" ")];
  const names = [...new Set(["O", "B-OTHER", ...a, ...b])];
  const metric = entityF1(names);
  const outputs = logitsOf(
    b.map((name) => names.indexOf(name)),
    names.length,
  );
  metric.add({ targets: Int32Array.from(a, (name) => names.indexOf(name)), outputs });
  return metric.value();
}

function tagged(seed: number): OutputRows {
  const { targets, predictions, sentences } = taggedSentences(seed);
  return {
    targets: Int32Array.from(targets),
    outputs: logitsOf(predictions, TAG_NAMES.length),
    sentences: Int32Array.from(sentences),
  };
}

const valueOf = (chunks: readonly OutputRows[]): number | undefined => {
  const metric = entityF1(TAG_NAMES);
  for (const chunk of chunks) metric.add(chunk);
  return metric.value();
};

describe("entity-f1", () => {
  // Each value is what conlleval.pl (2004-01-26) prints as FB1 for the same tags.
  const cases: readonly [string, string, string, number][] = [
    ["reads IOB1 and IOB2 alike", "I-A I-A O", "B-A I-A O", 1],
    ["begins an entity at every B", "B-A I-A", "B-A B-A", 0],
    ["begins an entity where the type changes", "I-A I-B", "B-A B-B", 1],
    ["wants the end of an entity to be right", "B-A I-A I-A O", "B-A I-A O O", 0],
    ["wants the type to be right", "B-A O B-B", "B-A O B-A", 0.5],
    ["reads mixtures of the schemes", "O I-A I-B I-B", "O B-A B-B I-B", 1],
    ["ends an entity where another type goes on", "B-A O", "B-A I-B", 2 / 3],
    ["takes no entity as right that ends later", "B-A I-A I-B I-B O B-A", "I-A I-A B-B I-B I-B I-A", 2 / 3],
    ["does not join neighbours of a type", "B-A I-A B-A I-A O", "B-A I-A I-A I-A O", 0],
    ["knows entities without a type", "B I O B", "B I O I", 1],
    ["knows types with hyphens", "B-X-Y I-X-Y I-X", "B-X-Y I-X-Y B-X", 1],
    ["is 0 where there are no entities", "O O", "O O", 0],
  ];
  for (const [rule, targets, predictions, expected] of cases)
    it(rule, () => {
      expect(f1(targets, predictions)).to.be.closeTo(expected, 1e-12);
    });

  it("is 0.50 in the documentation of seqeval", () => {
    const names = ["O", "B-MISC", "I-MISC", "B-PER", "I-PER"];
    const metric = entityF1(names);
    metric.add({
      targets: Int32Array.of(0, 0, 0, 1, 2, 2, 0, 3, 4, 0),
      outputs: logitsOf([0, 0, 1, 2, 2, 2, 0, 3, 4, 0], 5),
      sentences: Int32Array.of(0, 0, 0, 0, 0, 0, 0, 1, 1, 1),
    });
    expect(metric.value()).to.equal(0.5);
  });

  it("agrees with conlleval on 400 tokens whose tags follow each other in any order", () => {
    // conlleval.pl: 215 phrases, found 201, correct 143; 220, 214, 149; 217, 222, 163.
    const expected = [(2 * 143) / (215 + 201), (2 * 149) / (220 + 214), (2 * 163) / (217 + 222)];
    expected.forEach((value, i) => expect(valueOf([tagged(3 + i)])).to.be.closeTo(value, 1e-12));
  });
});

describe("the ends of sentences", () => {
  it("are where the sentence number changes, and nowhere without numbers", () => {
    const { sentences: _, ...rows } = tagged(3);
    // conlleval.pl on the same tokens as one sentence: 211 phrases, found 197, correct 137.
    expect(valueOf([rows])).to.be.closeTo((2 * 137) / (211 + 197), 1e-12);
  });

  it("are the same in chunks that cut through sentences", () => {
    const whole = valueOf([tagged(4)]);
    for (const size of [1, 7, 64]) expect(valueOf(chunksOf(tagged(4), size))).to.equal(whole);
  });

  it("may be padding rows instead", () => {
    const { targets, predictions, sentences } = taggedSentences(5);
    const padded = targets.flatMap((tag, i) => (i > 0 && sentences[i] !== sentences[i - 1] ? [-1, tag] : [tag]));
    const guesses = predictions.flatMap((tag, i) => (i > 0 && sentences[i] !== sentences[i - 1] ? [2, tag] : [tag]));
    const rows = { targets: Int32Array.from(padded), outputs: logitsOf(guesses, 5) };
    expect(valueOf([rows])).to.equal(valueOf([tagged(5)]));
  });

  it("may be every so many rows, with padding or without", () => {
    // sentences of 3, 4 and 1 tokens in rows of 4; each ends in an entity, and the next begins with I- of its type
    const targets = Int32Array.of(0, 1, 2, -1, 2, 0, 0, 2, 2, -1, -1, -1);
    const predictions = [0, 1, 2, 3, 2, 0, 1, 2, 2, 0, 0, 0];
    const rows = { targets, outputs: logitsOf(predictions, 5), rowsPerSentence: 4 };
    // by hand: entities 1–2, 0, 3 and 0; predicted 1–2, 0, 2–3 and 0
    expect(valueOf([rows])).to.equal(6 / 8);
    // as one stream the last two run together: 1–2, 0, 3–4 and 1–2, 0, 2–4
    const { rowsPerSentence: _, ...stream } = rows;
    expect(valueOf([stream])).to.be.closeTo(4 / 6, 1e-12);
  });

  it("are not needed after the last row", () => {
    const metric = entityF1(TAG_NAMES);
    metric.add({ targets: Int32Array.of(0, 1), outputs: logitsOf([0, 1], 5) });
    expect(metric.value()).to.equal(1);
    metric.add({ targets: Int32Array.of(2), outputs: logitsOf([0], 5) });
    expect(metric.value()).to.equal(0);
  });
});

describe("tag names for entity-f1", () => {
  it("are those of IOB schemes", () => {
    for (const name of ["E-A", "S-A", "U-A", "o", "OUT", "O-A", "", "b-A"])
      expect(
        codeOf(() => entityF1(["O", name])),
        name,
      ).to.equal("bad-input");
    for (const name of ["B-", "I-x y", "B-Störung", "I"]) expect(entityF1(["O", name]).value()).to.equal(undefined);
  });
});
