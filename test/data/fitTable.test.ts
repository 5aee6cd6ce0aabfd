import { describe, it } from "mocha";
import { expect } from "chai";
import { seededRandom } from "../../node/core/random.ts";
import { type DataContract, type DataContractInput, dataContractSchema, missingIn } from "../../node/data/contract.ts";
import type { TableContract } from "../../node/data/contract/table.ts";
import { fitContract } from "../../node/data/fit.ts";
import { loadData } from "../../node/data/load.ts";
import { Moments } from "../../node/data/moments.ts";
import { faultOf } from "./faultOf.ts";
import { publicData } from "./publicData.ts";
import { temporaryFolder } from "./temporaryFolder.ts";

type TableInput = Extract<DataContractInput, { kind: "table" }>;

const OPEN: TableInput = {
  kind: "table",
  columns: [
    { name: "age", type: "number" },
    { name: "town", type: "category" },
    { name: "well", type: "boolean" },
  ],
  label: { column: "ill", type: "class" },
};

describe("fitting a table's contract", () => {
  const folder = temporaryFolder();
  const fit = async (text: string, input: TableInput = OPEN): Promise<TableContract> => {
    const contract = await fitContract(`csv:${folder.write("sample.csv", text)}`, dataContractSchema.parse(input));
    return contract as Extract<DataContract, { kind: "table" }>;
  };

  it("fills in means, deviations, categories and classes, and leaves nothing open", async () => {
    const contract = await fit("age,town,well,ill\n2,Ulm,1,b\n4,Bonn,0,a\n9,Ulm,0,10\n");
    // mean 5, squared distances 9 + 1 + 16
    expect(contract.columns).to.deep.equal([
      {
        name: "age",
        type: "number",
        missing: "reject",
        missingValues: [],
        log: false,
        mean: 5,
        stddev: Math.sqrt(26 / 3),
      },
      { name: "town", type: "category", missing: "reject", missingValues: [], categories: ["Bonn", "Ulm"] },
      { name: "well", type: "boolean", missing: "reject", missingValues: [] },
    ]);
    expect(contract.label).to.deep.equal({ column: "ill", type: "class", classes: ["10", "a", "b"] });
    expect(missingIn(contract)).to.deep.equal([]);
    expect(dataContractSchema.parse(JSON.parse(JSON.stringify(contract)))).to.deep.equal(contract);
  });

  it("brings the sample itself to mean 0 and deviation 1", async () => {
    const random = seededRandom(5);
    const rows = Array.from({ length: 400 }, (_, i) => `${1e6 + 3 * random.normal()},Ulm,1,${i % 2}`);
    const text = ["age,town,well,ill", ...rows].join("\n");
    const data = await loadData(`csv:${folder.write("normal.csv", text)}`, await fit(text));
    const ages = (data.inputs[0]!.values as Float32Array).filter((_, i) => i % 3 === 0);
    const mean = ages.reduce((sum, age) => sum + age, 0) / 400;
    expect(mean).to.be.closeTo(0, 1e-5);
    expect(ages.reduce((sum, age) => sum + age * age, 0) / 400).to.be.closeTo(1, 1e-5);
  });

  it("keeps what the contract says already, and fits the rest", async () => {
    const contract = await fit("age,town,well,ill\n2,Ulm,1,b\n4,Bonn,0,a\n9,Ulm,0,a\n", {
      ...OPEN,
      columns: [
        { name: "age", type: "number", mean: 3.5 },
        { name: "town", type: "category", categories: ["Ulm", "Bonn", "Jena"] },
        { name: "well", type: "boolean" },
      ],
      label: { column: "ill", type: "class", classes: ["b", "a"] },
    });
    expect(contract.columns[0]).to.include({ mean: 3.5, stddev: Math.sqrt(26 / 3) });
    expect(contract.columns[1]).to.deep.include({ categories: ["Ulm", "Bonn", "Jena"] });
    expect(contract.label).to.deep.include({ classes: ["b", "a"] });
  });

  it("leaves empty cells out, and counts what they are taken for among the categories", async () => {
    const contract = await fit("age,town,well,ill\n2,,1,0\n,Ulm,0,1\n4,Bonn,0,1\n?,?,0,1\n", {
      ...OPEN,
      columns: [
        { name: "age", type: "number", missing: 50 },
        { name: "town", type: "category", missing: { as: "unknown" } },
        { name: "well", type: "boolean" },
      ],
      missingValues: ["?"],
    });
    expect(contract.columns[0]).to.include({ mean: 3, stddev: 1 });
    expect(contract.columns[1]).to.deep.include({ categories: ["Bonn", "Ulm", "unknown"] });
  });

  it("measures logarithms where they are taken, and numbers that are to be told where they are scaled", async () => {
    const contract = await fit("bill,price\n9,10\n-99,30\n", {
      kind: "table",
      columns: [{ name: "bill", type: "number", log: true }],
      label: { column: "price", type: "number", scale: "standardise" },
    });
    const bill = contract.columns[0] as { mean: number; stddev: number };
    expect(bill.mean).to.be.closeTo(-Math.log(10) / 2, 1e-12); // ln 10 and −ln 100
    expect(bill.stddev).to.be.closeTo(1.5 * Math.log(10), 1e-12);
    expect(contract.label).to.deep.include({ mean: 20, stddev: 10 });
  });

  it("divides a column that never changes by 1, also where the mean is rounded", async () => {
    const text = `age,town,well,ill\n${Array.from({ length: 10 }, (_, i) => `0.1,Ulm,1,${i % 2}`).join("\n")}\n`;
    expect((await fit(text)).columns[0]).to.include({ stddev: 1 });
  });

  it("sorts numbers as numbers and words by code units, whatever the order of the rows", async () => {
    const text = (rows: readonly string[]): string => ["age,town,well,ill", ...rows].join("\n");
    const rows = ["1,Ulm,1,10", "2,Äh,1,9", "3,bonn,1,-1", "4,Bonn,1,9"];
    const contract = await fit(text(rows));
    expect(contract.columns[1]).to.deep.include({ categories: ["Bonn", "Ulm", "bonn", "Äh"] });
    expect(contract.label).to.deep.include({ classes: ["-1", "9", "10"] });
    expect(await fit(text(rows.toReversed()))).to.deep.equal(contract);
  });

  const faults: readonly [string, string, RegExp][] = [
    [
      "no number in a column of numbers",
      "age,town,well,ill\n1,U,1,a\nx,U,1,b\n",
      /row 3, column age: "x" is not a finite/,
    ],
    ["an empty cell that is not foreseen", "age,town,well,ill\n,U,1,a\n3,U,1,b\n", /row 2, column age: an empty cell/],
    [
      "one class only",
      "age,town,well,ill\n1,U,1,a\n3,U,1,a\n",
      /column ill: the label has the same value in every row \("a"\)/,
    ],
    ["labels that are all empty", "age,town,well,ill\n1,U,1,\n", /column ill: no row of the sample has a value/],
    [
      "more categories than there may be",
      `age,town,well,ill\n${Array.from({ length: 1001 }, (_, i) => `1,t${i},1,a`).join("\n")}`,
      /row 1002, column town: more than 1000 different values/,
    ],
  ];
  for (const [what, text, fault] of faults) {
    it(`is refused with ${what}`, async () => {
      expect(await faultOf(fit(text))).to.match(fault);
    });
  }

  it("gives the breast cancer set's published means", async function () {
    const file = publicData(this, "breast-cancer/wdbc.data");
    const columns = Array.from({ length: 30 }, (_, i) => ({ name: i + 3, type: "number" }) as const);
    const label = { column: 2, type: "class" } as const;
    const input: TableInput = { kind: "table", columns, label, ignore: [1], header: false };
    const { columns: fitted } = (await fitContract(`csv:${file}`, dataContractSchema.parse(input))) as TableContract;
    // mean radius and mean area, as scikit-learn's description of the set gives them
    expect((fitted[0] as { mean: number }).mean).to.be.closeTo(14.127, 0.001);
    expect((fitted[3] as { mean: number }).mean).to.be.closeTo(654.889, 0.001);
  });
});

describe("moments", () => {
  it("do not lose the spread of numbers that are far from zero", () => {
    const moments = new Moments();
    for (const value of [1e9 + 4, 1e9 + 7, 1e9 + 13, 1e9 + 16]) moments.add(value);
    expect(moments.mean).to.equal(1e9 + 10);
    expect(moments.variance).to.equal(22.5); // (36 + 9 + 9 + 36) / 4
  });
});
