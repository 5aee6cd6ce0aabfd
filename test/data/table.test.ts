import { describe, it } from "mocha";
import { expect } from "chai";
import { type DataContractInput, dataContractSchema, exampleShape, missingIn } from "../../node/data/contract.ts";
import type { Dataset } from "../../node/data/dataset.ts";
import { loadData } from "../../node/data/load.ts";
import { faultOf } from "./faultOf.ts";
import { parquetFile } from "./parquetFile.ts";
import { publicData } from "./publicData.ts";
import { temporaryFolder } from "./temporaryFolder.ts";

type TableInput = Extract<DataContractInput, { kind: "table" }>;

/** Age in years, colour and whether married, to tell whether somebody is ill. */
const PATIENTS: TableInput = {
  kind: "table",
  columns: [
    { name: "age", type: "number", mean: 40, stddev: 8, min: 0, max: 120 },
    { name: "colour", type: "category", categories: ["red", "blue"] },
    { name: "married", type: "boolean" },
  ],
  label: { column: "ill", type: "class", classes: ["no", "yes"] },
};

const GOOD = "ill,age,colour,married\nno,44,blue,true\nyes,20,red,0\n";

describe("tables by their contract", () => {
  const folder = temporaryFolder();
  const load = (content: string, contract: TableInput = PATIENTS): Promise<Dataset> =>
    loadData(`csv:${folder.write("table.csv", content)}`, dataContractSchema.parse(contract));
  const featuresOf = ({ inputs }: Dataset): number[] => [...(inputs[0]?.values ?? [])];

  it("give standardised numbers, one place a category, and 0 or 1, whatever the file's order of columns", async () => {
    const data = await load(GOOD);
    expect(data).to.include({ count: 2, classes: 2 });
    expect(data.inputs.map(({ shape }) => shape)).to.deep.equal([[4]]);
    expect(featuresOf(data)).to.deep.equal([0.5, 0, 1, 1, -2.5, 1, 0, 0]);
    expect(data.targets).to.deep.equal({ shape: [], values: Int32Array.of(0, 1) });
    expect(data.groups).to.equal(undefined);
  });

  it("give the same from CSV, TSV, JSON lines and Parquet", async () => {
    const contract = dataContractSchema.parse(PATIENTS);
    const expected = await load(GOOD);
    const tsv = folder.write("table.tsv", GOOD.replaceAll(",", "\t"));
    const jsonl = folder.write(
      "table.jsonl",
      '{"age":44,"colour":"blue","married":true,"ill":"no"}\n{"age":"20","colour":"red","married":0,"ill":"yes"}\n',
    );
    const parquet = folder.write(
      "table.parquet",
      parquetFile([
        { name: "ill", type: "string", values: ["no", "yes"] },
        { name: "age", type: "int64", values: [44n, 20n] },
        { name: "colour", type: "string", values: ["blue", "red"] },
        { name: "married", type: "boolean", values: [true, false] },
      ]),
    );
    for (const source of [`tsv:${tsv}`, `jsonl:${jsonl}`, `parquet:${parquet}`])
      expect(await loadData(source, contract), source).to.deep.equal(expected);
  });

  it("have the shape that the contract tells before any file is read", async () => {
    const contract = dataContractSchema.parse(PATIENTS);
    const { inputs, targets, classes } = await load(GOOD);
    expect(exampleShape(contract)).to.deep.equal({
      inputs: [{ type: "float32", shape: inputs[0]?.shape }],
      targets: { type: "int32", shape: targets.shape },
      classes,
    });
  });

  it("put in what the contract says for empty cells", async () => {
    const contract: TableInput = {
      ...PATIENTS,
      columns: [
        { name: "age", type: "number", mean: 40, stddev: 8, missing: "mean" },
        { name: "height", type: "number", mean: 1.5, stddev: 0.25, missing: 2 },
        { name: "colour", type: "category", categories: ["red", "blue"], missing: "own" },
        {
          name: "town",
          type: "category",
          categories: ["Ulm", "Köln"],
          missing: { as: "Köln" },
          missingValues: ["Ulm-"],
        },
        { name: "married", type: "boolean", missing: true },
      ],
      missingValues: ["NA", "?"],
    };
    const rows = [",?,,NA,,no", "48,1,red,Ulm,no,yes", "40,1.5,blue,Ulm-,no,no"];
    const data = await load(["age,height,colour,town,married,ill", ...rows].join("\n"), contract);
    expect(data.inputs[0]?.shape).to.deep.equal([8]);
    expect(featuresOf(data)).to.deep.equal([
      ...[0, 2, 0, 0, 1, 0, 1, 1],
      ...[1, -2, 1, 0, 0, 1, 0, 0],
      ...[0, 0, 0, 1, 0, 0, 1, 0],
    ]);
    expect(await faultOf(load("age,height,colour,town,married,ill\nUlm-,1,red,Ulm,no,yes\n", contract))).to.match(
      /row 2, column age: "Ulm-" is not a finite number/,
    );
  });

  it("take logarithms of either sign before they scale", async () => {
    const columns: TableInput["columns"] = [
      { name: "bill", type: "number", log: true, mean: Math.log(10), stddev: 2, missing: 99 },
    ];
    const data = await load("bill,ill\n9,no\n-999,yes\n0,no\n,no\n", { ...PATIENTS, columns });
    const expected = [0, -(Math.log(1000) + Math.log(10)) / 2, -Math.log(10) / 2, Math.log(10) / 2];
    featuresOf(data).forEach((value, i) => expect(value).to.be.closeTo(expected[i] as number, 1e-6));
  });

  it("leave numbers as they stand where nothing is to be scaled", async () => {
    const columns: TableInput["columns"] = [{ name: "age", type: "number" }];
    const data = await load("age,ill\n44.25,no\n-7,yes\n", { ...PATIENTS, columns, scale: "none" });
    expect(featuresOf(data)).to.deep.equal([44.25, -7]);
  });

  it("tell numbers instead of classes, scaled where the contract says so", async () => {
    const columns: TableInput["columns"] = [{ name: "rooms", type: "number" }];
    const text = "rooms,price\n3,250\n5,700\n5,700\n";
    const plain = await load(text, { ...PATIENTS, columns, scale: "none", label: { column: "price", type: "number" } });
    expect(plain.targets).to.deep.equal({ shape: [], values: Float32Array.of(250, 700, 700) });
    expect(plain.classes).to.equal(0);
    const label = { column: "price", type: "number", scale: "standardise", mean: 300, stddev: 200, max: 1000 } as const;
    const scaled = await load(text, { ...PATIENTS, columns, scale: "none", label });
    expect([...scaled.targets.values]).to.deep.equal([-0.25, 2, 2]);
  });

  it("say who each row comes from, also where that is a feature", async () => {
    const groups = async (group: string, text: string): Promise<number[]> => [
      ...((await load(text, { ...PATIENTS, group })).groups ?? []),
    ];
    expect(await groups("colour", GOOD)).to.deep.equal([0, 1]);
    const sites = "age,colour,married,site,ill\n1,red,no,B,no\n2,red,no,A,yes\n3,red,no,B,no\n4,red,no,C,no\n";
    expect(await groups("site", sites)).to.deep.equal([0, 1, 0, 2]);
    expect(await faultOf(groups("site", sites.replace("A", "")))).to.match(/row 3, column site: an empty cell/);
  });

  it("are read without a header by the columns' numbers", async () => {
    const contract: TableInput = {
      kind: "table",
      columns: [{ name: 3, type: "number", mean: 10, stddev: 4 }],
      label: { column: 2, type: "class", classes: ["B", "M"] },
      ignore: [1],
      header: false,
    };
    const data = await load("842302,M,18\n842517,B,8\n", contract);
    expect(featuresOf(data)).to.deep.equal([2, -0.5]);
    expect([...data.targets.values]).to.deep.equal([1, 0]);
    expect(await faultOf(load("842302,M,18,5\n", contract))).to.match(/column "4" is not one of 3, 2, 1/);
  });

  it("let columns pass that the contract ignores, or all others", async () => {
    const text = GOOD.replace("ill,", "id,ill,").replace("no,44", "7,no,44").replace("yes,20", "8,yes,20");
    const expected = featuresOf(await load(GOOD));
    expect(featuresOf(await load(text, { ...PATIENTS, ignore: ["id"] }))).to.deep.equal(expected);
    expect(featuresOf(await load(text, { ...PATIENTS, others: "ignore" }))).to.deep.equal(expected);
    expect(await faultOf(load(text))).to.match(/column "id" is not one of age, colour, married, ill/);
  });

  const faults: readonly [string, string, RegExp][] = [
    [
      "a word for a number",
      GOOD.replace("44", "old"),
      /^bad-input: table\.csv: row 2, column age: "old" is not a finite/,
    ],
    ["NaN", GOOD.replace("20", "NaN"), /row 3, column age: "NaN" is not a finite number/],
    ["an infinity", GOOD.replace("20", "-Infinity"), /row 3, column age: "-Infinity" is not a finite number/],
    ["a number beyond float32", GOOD.replace("20", "1e39"), /row 3, column age: "1e39"/],
    ["a hexadecimal number", GOOD.replace("20", "0x14"), /row 3, column age: "0x14"/],
    ["a number below its bounds", GOOD.replace("20", "-1"), /row 3, column age: -1 is outside .* 0 … 120/],
    ["a number above its bounds", GOOD.replace("44", "120.5"), /row 2, column age: 120\.5 is outside/],
    ["an empty number", GOOD.replace("44", ""), /row 2, column age: an empty cell; .*`missing`/],
    ["an unknown category", GOOD.replace("red", "Red"), /row 3, column colour: "Red" is none of red, blue/],
    ["an empty category", GOOD.replace("blue", " "), /row 2, column colour: an empty cell/],
    ["neither true nor false", GOOD.replace("true", "maybe"), /row 2, column married: "maybe" is neither/],
    ["an empty truth value", GOOD.replace("true", ""), /row 2, column married: an empty cell/],
    ["an unknown label", GOOD.replace("yes", "perhaps"), /row 3, column ill: "perhaps" is none of no, yes/],
    ["no label", GOOD.replace("yes", ""), /row 3, column ill: the label is missing/],
    ["a ragged row", GOOD.replace("44,", ""), /row 2: 3 values where the first row has 4/],
    ["no such column", GOOD.replace("married", "wed"), /there is no column "married"; it has ill, age, colour, wed/],
    ["one class only", GOOD.replace("yes", "no"), /every example is of the class "no"; .* two of the 2 classes/],
    ["no rows", "ill,age,colour,married\n", /no rows below the header/],
    ["nothing", "", /it is empty/],
  ];
  for (const [what, content, fault] of faults) {
    it(`are refused with ${what}, the place named`, async () => {
      expect(await faultOf(load(content))).to.match(fault);
    });
  }

  it("tell a long row of digits that is no number from one in one pass over it", async () => {
    // by trying all ways to part it, a search would take hours
    expect(await faultOf(load(GOOD.replace("20", `${"1".repeat(2_000_000)}x`)))).to.match(
      /row 3, column age: "1{40}…" is not a finite number/,
    );
  });

  it("do not turn Parquet's NaN or infinity into a feature, nor a number that scaling makes too large", async () => {
    const contract = dataContractSchema.parse({
      ...PATIENTS,
      columns: [{ name: "x", type: "number", mean: 0, stddev: 1e-30 }],
    });
    const withValue = (x: number): Promise<Dataset> => {
      const bytes = parquetFile([
        { name: "x", type: "double", values: [0, x] },
        { name: "ill", type: "string", values: ["no", "yes"] },
      ]);
      return loadData(`parquet:${folder.write("x.parquet", bytes)}`, contract);
    };
    for (const x of [NaN, Infinity])
      expect(await faultOf(withValue(x))).to.match(/row 2, column x: .* not a finite number/);
    expect(await faultOf(withValue(1e10))).to.match(
      /row 2, column x: "10000000000" is beyond float32 once it is scaled/,
    );
    expect((await withValue(3e-30)).inputs[0]?.values[1]).to.equal(3);
  });

  it("do not take two large ids for one because a float64 rounded them", async () => {
    const contract = dataContractSchema.parse({
      ...PATIENTS,
      columns: [{ name: "id", type: "category", categories: ["9007199254740992", "9007199254740993"] }],
    });
    const file = folder.write(
      "ids.jsonl",
      '{"id":9007199254740993,"ill":"no"}\n{"id":"9007199254740992","ill":"yes"}\n',
    );
    expect(await faultOf(loadData(`jsonl:${file}`, contract))).to.match(/row 1, column id/);
  });

  it("are read only by a contract that is fitted", async () => {
    const open: TableInput = {
      kind: "table",
      columns: [
        { name: "age", type: "number", mean: 3 },
        { name: "colour", type: "category" },
      ],
      label: { column: "ill", type: "class" },
    };
    expect(missingIn(dataContractSchema.parse(open))).to.deep.equal([
      "columns.age.stddev",
      "columns.colour.categories",
      "label.classes",
    ]);
    expect(await faultOf(load(GOOD, open))).to.match(
      /lacks columns\.age\.stddev, columns\.colour\.categories, label\.classes; fit it/,
    );
    expect(missingIn(dataContractSchema.parse(PATIENTS))).to.deep.equal([]);
    expect(() => exampleShape(dataContractSchema.parse(open))).to.throw(/colour.*fit the contract/);
  });

  it("are read from formats that have rows, and others say so", async () => {
    const contract = dataContractSchema.parse(PATIENTS);
    expect(await faultOf(loadData("idx:folder", contract))).to.match(
      /^bad-input: .* kind table, which is read from csv:, tsv:, jsonl:, parquet: and not from idx:/,
    );
    expect(await faultOf(loadData("table.csv", contract))).to.match(/"table\.csv" is no data source; .*csv:FILE/);
  });

  it("hold 30,000 credit card clients, 6,636 in default", async function () {
    const file = publicData(this, "credit-default/default_of_credit_card_clients.csv");
    const contract: TableInput = {
      kind: "table",
      columns: [
        {
          name: "EDUCATION",
          type: "category",
          categories: ["1", "2", "3", "4"],
          missing: "own",
          missingValues: ["0", "5", "6"],
        },
        { name: "LIMIT_BAL", type: "number", log: true, mean: 11, stddev: 1, min: 10_000, max: 1_000_000 },
      ],
      label: { column: "default payment next month", type: "class", classes: ["0", "1"] },
      group: "SEX",
      others: "ignore",
    };
    const data = await loadData(`csv:${file}`, dataContractSchema.parse(contract));
    expect(data).to.include({ count: 30_000, classes: 2 });
    expect(data.targets.values.filter((value) => value === 1)).to.have.length(6636);
    expect(data.groups?.filter((group) => group === 0)).to.have.length(18_112); // women, as the set's authors tell
    const undocumented = data.inputs[0]?.values.filter((value, i) => i % 6 === 4 && value === 1);
    expect(undocumented).to.have.length(14 + 280 + 51);
  });
});

describe("contracts of tables", () => {
  const problemOf = (change: Partial<TableInput>): string =>
    dataContractSchema
      .safeParse({ ...PATIENTS, ...change })
      .error?.issues.map(({ message }) => message)
      .join("; ") ?? "none";
  const number = (name: string): TableInput["columns"][number] => ({ name, type: "number" });

  it("are refused where they contradict themselves", () => {
    expect(problemOf({})).to.equal("none");
    expect(problemOf({ columns: [number("a"), number("a")] })).to.match(/"a" is named twice/);
    expect(problemOf({ columns: [number("ill")] })).to.match(/"ill" is named twice/);
    expect(problemOf({ ignore: ["age"] })).to.match(/"age" is both used and ignored/);
    expect(problemOf({ group: "site", ignore: ["site"] })).to.match(/"site" is both used and ignored/);
    expect(problemOf({ columns: [{ name: "a", type: "number", min: 2, max: 2 }] })).to.match(/"a": min must be less/);
    expect(problemOf({ columns: [{ name: "a", type: "number", stddev: 0 }] })).to.not.equal("none");
    expect(
      problemOf({ columns: [{ name: "a", type: "category", categories: ["x", "y"], missing: { as: "z" } }] }),
    ).to.match(/"a": missing counts as "z", which is none of its categories/);
    expect(problemOf({ columns: [{ name: "a", type: "category", categories: ["x", "x"] }] })).to.match(/must differ/);
    expect(problemOf({ label: { column: "ill", type: "class", classes: ["only"] } })).to.not.equal("none");
    expect(problemOf({ columns: [] })).to.not.equal("none");
  });
});
