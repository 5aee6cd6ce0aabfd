import { expect } from "chai";
import { describe, it } from "mocha";
import { createConfusion } from "../../../node/training/metrics/confusion.ts";
import { confusionTable } from "../../../node/training/metrics/confusionTable.ts";
import { codeOf } from "../../helpers/errors.ts";
import { BINARY, binary, FIVE_CLASSES, fiveClasses, REAL } from "./rows.ts";

describe("the confusion matrix", () => {
  it("agrees with numpy on five classes: targets down, predictions across", () => {
    const confusion = createConfusion(FIVE_CLASSES);
    confusion.add(fiveClasses());
    const expected = [4, 2, 1, 0, 1, 7, 17, 3, 0, 4, 1, 3, 9, 0, 3, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0];
    const first = confusion.matrix();
    confusion.add(fiveClasses());
    expect([...first.counts]).to.deep.equal(expected);
    expect([...confusion.matrix().counts]).to.deep.equal(expected.map((count) => 2 * count));
  });

  it("has two classes for single logits", () => {
    const confusion = createConfusion(BINARY);
    confusion.add(binary());
    expect(confusion.matrix()).to.deep.equal({ classes: 2, counts: Float64Array.of(24, 5, 2, 24) });
  });

  it("is refused for numbers, and for more classes than anybody would read", () => {
    expect(codeOf(() => createConfusion(REAL))).to.equal("unsupported");
    expect(codeOf(() => createConfusion({ ...FIVE_CLASSES, classes: 1001 }))).to.equal("unsupported");
  });
});

describe("the confusion matrix as a table", () => {
  const matrix = { classes: 3, counts: Float64Array.of(9, 0, 1234, 2, 30, 0, 0, 1, 7) };

  it("is aligned, with numbers for names", () => {
    expect(confusionTable(matrix)).to.equal(
      [
        "target \\ predicted  0   1     2", //
        "0                   9   0  1234",
        "1                   2  30     0",
        "2                   0   1     7",
      ].join("\n"),
    );
  });

  it("cuts long names and refuses too few", () => {
    const table = confusionTable(matrix, ["B-Disease", "tags that nobody would write", "O"]);
    expect(table).to.equal(
      [
        "target \\ predicted  B-Disease  tags that nobod…     O",
        "B-Disease                   9                 0  1234",
        "tags that nobod…            2                30     0",
        "O                           0                 1     7",
      ].join("\n"),
    );
    expect(codeOf(() => confusionTable(matrix, ["a", "b"]))).to.equal("bad-argument");
  });
});
