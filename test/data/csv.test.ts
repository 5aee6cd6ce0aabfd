import { describe, it } from "mocha";
import { expect } from "chai";
import { PacelineError } from "../../node/core/errors.ts";
import { type CsvOptions, loadCsv } from "../../node/data/csv.ts";
import { publicData } from "./publicData.ts";
import { temporaryFolder } from "./temporaryFolder.ts";

describe("CSV files", () => {
  const folder = temporaryFolder();
  const load = (text: string, options: Omit<CsvOptions, "file"> = {}): ReturnType<typeof loadCsv> =>
    loadCsv({ ...options, file: folder.write("table.csv", text) });

  it("with a header give features in the file's order and classes in sorted order", () => {
    const { data, featureNames, classNames } = load(
      "id,colour,height,weight\n7,red,1.5,-2\n8,blue,2.5e1,.25\n9,red,3,4\n",
      {
        label: "colour",
        ignore: ["id"],
      },
    );
    expect(featureNames).to.deep.equal(["height", "weight"]);
    expect(classNames).to.deep.equal(["blue", "red"]);
    expect([...data.labels]).to.deep.equal([1, 0, 1]);
    expect([...data.features]).to.deep.equal([1.5, -2, 25, 0.25, 3, 4]);
    expect(data).to.include({ count: 3, width: 2, classes: 2 });
  });

  it("without a header take columns by number, as in the breast cancer set's layout", () => {
    const { data, featureNames } = load("842302,M,17.9,10\n842517,B,20.5,11\n", { label: 2, ignore: [1] });
    expect(featureNames).to.deep.equal(["3", "4"]);
    expect([...data.features]).to.deep.equal([17.9, 10, 20.5, 11].map(Math.fround));
    expect([...data.labels]).to.deep.equal([1, 0]);
  });

  it("may be separated by semicolons or tabs, end lines in CRLF, quote fields, start with a byte-order mark and hold empty lines", () => {
    const expected = [...load("a,b,y\n1,2,0\n3,4,1\n").data.features];
    for (const text of [
      "a;b;y\r\n1;2;0\r\n\r\n3;4;1\r\n",
      "a\tb\ty\n1\t2\t0\n3\t4\t1",
      '\ufeff"a","b","y"\n"1","2","0"\n3,4,1\n',
    ]) {
      expect([...load(text).data.features]).to.deep.equal(expected);
    }
  });

  it("take the last column as the label by default, and sort numeric labels as numbers", () => {
    const { classNames, data } = load("1,10\n2,9\n3,10\n4,-1\n");
    expect(classNames).to.deep.equal(["-1", "9", "10"]);
    expect([...data.labels]).to.deep.equal([2, 1, 2, 0]);
  });

  it("take the classes they are told, so that a participant who lacks one still counts it", () => {
    const { data } = load("1,b\n2,c\n", { classNames: ["a", "b", "c"] });
    expect(data.classes).to.equal(3);
    expect([...data.labels]).to.deep.equal([1, 2]);
  });

  const malformed: readonly [string, string, Omit<CsvOptions, "file">, RegExp][] = [
    ["a word among the features", "a,b,y\n1,2,0\n3,oops,1\n", {}, /row 3, column b: "oops" is not a number/],
    ["an empty cell", "a,b,y\n1,,0\n3,4,1\n", {}, /row 2, column b: an empty cell is not a number/],
    ["a hexadecimal number", "1,2,x\n3,0x10,y\n", {}, /row 2, column 2: "0x10"/],
    ["a number beyond float32", "1,2,x\n3,1e39,y\n", {}, /row 2, column 2: "1e39"/],
    ["a row that is too short", "a,b,y\n1,2,0\n3,1\n", {}, /Invalid Record Length/],
    ["an unclosed quote", 'a,b,y\n"1,2,0\n', {}, /Quote Not Closed/],
    ["no rows", "a,b,y\n", {}, /no rows below the header/],
    ["nothing", "", {}, /empty/],
    ["one column", "a\n1\n", {}, /separates its columns/],
    ["one label only", "1,x\n2,x\n", {}, /same value in every row/],
    ["an unknown label", "1,x\n2,z\n", { classNames: ["x", "y"] }, /row 2: label "z" is none of x, y/],
    ["a label column that is not there", "a,b\n1,x\n2,y\n", { label: "c" }, /no column "c"; its first row has a, b/],
    ["a label number that is not there", "1,x\n2,y\n", { label: 3 }, /no column 3; it has 2 columns/],
    ["a label that is ignored", "1,2,x\n2,3,y\n", { label: 3, ignore: [3] }, /cannot be both/],
    ["only the label", "1,x\n2,y\n", { ignore: [1] }, /no feature columns/],
    [
      "a continuous label",
      `a,y\n${Array.from({ length: 1100 }, (_, i) => `1,${i}.5`).join("\n")}`,
      {},
      /1100 different values/,
    ],
  ];
  for (const [what, text, options, message] of malformed) {
    it(`are refused with ${what}`, () => {
      expect(() => load(text, options))
        .to.throw(PacelineError, message)
        .with.property("code", "bad-input");
    });
  }

  it("are missed by name", () => {
    expect(() => loadCsv({ file: "no-such.csv" }))
      .to.throw(PacelineError, /no-such\.csv/)
      .with.property("code", "not-found");
  });

  it("hold the breast cancer set's 357 benign and 212 malignant cases", function () {
    const file = publicData(this, "breast-cancer/wdbc.data");
    const { data, classNames } = loadCsv({ file, label: 2, ignore: [1] });
    expect(data).to.include({ count: 569, width: 30, classes: 2 });
    expect(classNames).to.deep.equal(["B", "M"]);
    expect(data.labels.filter((label) => label === 1)).to.have.length(212);
  });
});
