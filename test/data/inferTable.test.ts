import { describe, it } from "mocha";
import { expect } from "chai";
import type { TableContract } from "../../node/data/contract/table.ts";
import { parseDataSource } from "../../node/data/dataSource.ts";
import type { Dataset } from "../../node/data/dataset.ts";
import { inferTable, parseColumn, type TableOptions } from "../../node/data/table/infer.ts";
import { loadTable } from "../../node/data/table/load.ts";
import { faultOf } from "./faultOf.ts";
import { publicData } from "./publicData.ts";
import { temporaryFolder } from "./temporaryFolder.ts";

describe("tables that nobody has described", () => {
  const folder = temporaryFolder();
  const read = async (
    text: string,
    options: TableOptions = {},
    format = "csv",
  ): Promise<{ contract: TableContract; data: Dataset; features: number[] }> => {
    const source = parseDataSource(`${format}:${folder.write(`table.${format}`, text)}`);
    const contract = await inferTable(source, options);
    const data = await loadTable(source, contract);
    return { contract, data, features: [...(data.inputs[0]?.values ?? [])] };
  };
  const classesOf = ({ label }: TableContract): unknown => (label.type === "class" ? label.classes : undefined);

  it("give features in the file's order and classes in sorted order", async () => {
    const text = "id,colour,height,weight\n7,red,1.5,-2\n8,blue,2.5e1,.25\n9,red,3,4\n";
    const { contract, data, features } = await read(text, { label: "colour", ignore: ["id"] });
    expect(contract.columns.map(({ name, type }) => `${name} ${type}`)).to.deep.equal([
      "height number",
      "weight number",
    ]);
    expect(classesOf(contract)).to.deep.equal(["blue", "red"]);
    expect([...data.targets.values]).to.deep.equal([1, 0, 1]);
    expect(features).to.deep.equal([1.5, -2, 25, 0.25, 3, 4]);
    expect(data).to.include({ count: 3, classes: 2 });
  });

  it("take columns of words for categories", async () => {
    const { contract, features } = await read("size,town,y\n1,Ulm,0\n2,Bonn,1\n3,Ulm,1\n");
    expect(contract.columns[1]).to.deep.include({ type: "category", categories: ["Bonn", "Ulm"] });
    expect(features).to.deep.equal([1, 0, 1, 2, 1, 0, 3, 0, 1]);
  });

  it("take truth values of JSON lines for such", async () => {
    const { contract, features } = await read('{"a":true,"y":"n"}\n{"a":false,"y":"m"}\n', { label: "y" }, "jsonl");
    expect(contract.columns[0]).to.include({ name: "a", type: "boolean" });
    expect(features).to.deep.equal([1, 0]);
  });

  it("are read by the columns' numbers where there is no header, as in the breast cancer set's layout", async () => {
    const { contract, data, features } = await read("842302,M,17.9,10\n842517,B,20.5,11\n", { label: 2, ignore: [1] });
    expect(contract.columns.map(({ name }) => name)).to.deep.equal(["3", "4"]);
    expect(features).to.deep.equal([17.9, 10, 20.5, 11].map(Math.fround));
    expect([...data.targets.values]).to.deep.equal([1, 0]);
  });

  it("have a header where no feature of their first row is a number, or where they are said to", async () => {
    expect((await read("39,State,x\n50,Private,y\n")).data.count).to.equal(2);
    expect((await read("age,work,y\n50,Private,1\n41,State,0\n")).data.count).to.equal(2);
    expect((await read("2019,2020,0\n1,2,a\n3,4,b\n", { header: true })).data.count).to.equal(2);
    expect((await read("red,s,a\nblue,m,b\n", { header: false })).data.count).to.equal(2);
  });

  it("take a column by its number also where it has a name", async () => {
    const { contract } = await read("a,b,y\n1,x,0\n2,z,1\n", { label: parseColumn("2"), ignore: [parseColumn("y")] });
    expect(contract.label).to.include({ column: "b" });
    expect(contract.columns.map(({ name }) => name)).to.deep.equal(["a"]);
  });

  it("take the last column as the label by default, and sort numeric labels as numbers", async () => {
    const { contract, data } = await read("1,10\n2,9\n3,10\n4,-1\n");
    expect(classesOf(contract)).to.deep.equal(["-1", "9", "10"]);
    expect([...data.targets.values]).to.deep.equal([2, 1, 2, 0]);
  });

  it("take the classes they are told, so that a participant who lacks one still counts it", async () => {
    const { data } = await read("1,b\n2,c\n", { classNames: ["a", "b", "c"] });
    expect(data.classes).to.equal(3);
    expect([...data.targets.values]).to.deep.equal([1, 2]);
  });

  it("tell numbers where they are said to, and are scaled where that is asked for", async () => {
    const { data, features } = await read("rooms,price\n3,250.5\n5,700\n", {
      labelType: "number",
      scale: "standardise",
    });
    expect(data.classes).to.equal(0);
    expect([...data.targets.values]).to.deep.equal([250.5, 700]);
    expect(features).to.deep.equal([-1, 1]);
  });

  const malformed: readonly [string, string, TableOptions, RegExp][] = [
    ["a word among numbers", "a,b,y\n1,2,0\n3,oops,1\n4,5,1\n", {}, /row 3, column b: "oops" is not a number, as most/],
    ["an empty cell", "a,b,y\n1,,0\n3,4,1\n", {}, /row 2, column b: an empty cell/],
    ["a column that is empty", "a,b,y\n1,,0\n3,,1\n", {}, /column b: all its cells are empty; ignore it/],
    ["a row that is too short", "a,b,y\n1,2,0\n3,1\n", {}, /row 3: 2 values where the first row has 3/],
    ["no rows", "a,b,y\n", {}, /no rows below the header/],
    ["nothing", "", {}, /empty/],
    ["one column", "a\n1\n", {}, /no comma, semicolon, tab or bar separates its columns/],
    ["one label only", "1,x\n2,x\n", {}, /column 2: the label has the same value in every row/],
    ["an unknown label", "1,x\n2,z\n", { classNames: ["x", "y"] }, /row 2, column 2: "z" is none of x, y/],
    ["one class told twice", "1,x\n2,z\n", { classNames: ["x", "x"] }, /label\.classes: values must differ/],
    ["a label column that is not there", "a,b\n1,x\n2,y\n", { label: "c" }, /no column "c"; its first row has a, b/],
    ["a label number that is not there", "1,x\n2,y\n", { label: 3 }, /no column 3; it has 2 columns/],
    ["a label that is ignored", "1,2,x\n2,3,y\n", { label: 3, ignore: [3] }, /cannot be both/],
    ["only the label", "1,x\n2,y\n", { ignore: [1] }, /no feature columns/],
    ["names and no header", "1,x\n2,y\n", { label: "x", header: false }, /said to have no header; give their numbers/],
    [
      "a continuous label",
      `a,y\n${Array.from({ length: 1100 }, (_, i) => `1,${i}.5`).join("\n")}`,
      {},
      /row 1002, column y: more than 1000 different values/,
    ],
    [
      "free text among the features",
      `a,t,y\n${Array.from({ length: 1100 }, (_, i) => `1,word ${i},${i % 2}`).join("\n")}`,
      {},
      /row 2, column t: "word 0" is not a number, and .* too many different values/,
    ],
  ];
  for (const [what, text, options, message] of malformed) {
    it(`are refused with ${what}`, async () => {
      const fault = await faultOf(read(text, options));
      expect(fault)
        .to.match(message)
        .and.to.match(/^bad-input: table\.csv: /);
    });
  }

  it("hold the breast cancer set's 357 benign and 212 malignant cases", async function () {
    const source = parseDataSource(`csv:${publicData(this, "breast-cancer/wdbc.data")}`);
    const contract = await inferTable(source, { label: 2, ignore: [1] });
    const data = await loadTable(source, contract);
    expect(data).to.include({ count: 569, classes: 2 });
    expect(data.inputs[0]?.shape).to.deep.equal([30]);
    expect(classesOf(contract)).to.deep.equal(["B", "M"]);
    expect([...data.targets.values].filter((label) => label === 1)).to.have.length(212);
  });
});
