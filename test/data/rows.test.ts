import { join } from "node:path";
import { gzipSync } from "node:zlib";
import { describe, it } from "mocha";
import { expect } from "chai";
import type { DataSource } from "../../node/data/dataSource.ts";
import { columnNames, readRows } from "../../node/data/rows.ts";
import type { Row, RowOptions } from "../../node/data/rows/row.ts";
import { faultOf } from "./faultOf.ts";
import { parquetFile } from "./parquetFile.ts";
import { temporaryFolder } from "./temporaryFolder.ts";

async function rowsOf(source: DataSource, options: RowOptions): Promise<Row[]> {
  const rows: Row[] = [];
  for await (const row of readRows(source, options)) rows.push(row);
  return rows;
}

describe("rows of text tables", () => {
  const folder = temporaryFolder();
  const csv = (content: string | Uint8Array, options: RowOptions, name = "rows.csv"): Promise<Row[]> =>
    rowsOf({ format: "csv", path: folder.write(name, content) }, options);

  it("give the columns that are asked for, in the order asked for, with the line of each row", async () => {
    expect(await csv("a,b,c\n1,2,3\n\n4,5,6\n", { columns: ["c", "a"], others: "ignore" })).to.deep.equal([
      { row: 2, cells: ["3", "1"] },
      { row: 4, cells: ["6", "4"] },
    ]);
  });

  it("are the same whatever separates, quotes, pads, packs and ends them", async () => {
    const expected = [{ row: 2, cells: ["1,5", "x"] }];
    const options = { columns: ["a", "b"] };
    expect(await csv('a,b\n"1,5",x\n', options)).to.deep.equal(expected);
    expect(await csv("a;b\r\n1,5; x \r\n", options)).to.deep.equal(expected);
    expect(await csv("a\tb\n1,5\tx", options)).to.deep.equal(expected);
    expect(await csv("a|b\n1,5|x\n", options)).to.deep.equal(expected);
    expect(await csv('\ufeff"a";"b"\n"1,5";"x"\n', options)).to.deep.equal(expected);
    expect(await csv(gzipSync("a;b\n1,5;x\n"), options, "rows.csv.gz")).to.deep.equal(expected);
    expect(await csv('"a;;;;"|b\n1,5|x\n', { columns: ["a;;;;", "b"] })).to.deep.equal(expected);
    expect(await csv("a;b,b;c\n1,5;x\n", { columns: ["a;b", "b;c"], separator: "," })).to.deep.equal([
      { row: 2, cells: ["1", "5;x"] },
    ]);
  });

  it("name columns by their number where there is no header", async () => {
    const path = folder.write("bare.csv", "7,8\n9,10\n");
    const source = { format: "csv", path };
    expect(await columnNames(source, { header: false })).to.deep.equal(["1", "2"]);
    expect(await rowsOf(source, { columns: ["2"], ignore: ["1"], header: false })).to.deep.equal([
      { row: 1, cells: ["8"] },
      { row: 2, cells: ["10"] },
    ]);
  });

  it("keep quotes of TSV as they are", async () => {
    const path = folder.write("said.tsv", 'text\tlabel\n"Good", she said, "for 5\'2\\""\t1\n');
    expect(await rowsOf({ format: "tsv", path }, { columns: ["text", "label"] })).to.deep.equal([
      { row: 2, cells: ['"Good", she said, "for 5\'2\\""', "1"] },
    ]);
  });

  it("come from a file that is longer than what is read at once, each once and in order", async () => {
    const count = 60_000;
    const lines = Array.from({ length: count }, (_, i) => `${i},ä${i}`).join("\n");
    const rows = await csv(`n,t\n${lines}\n`, { columns: ["n", "t"] });
    expect(rows).to.have.length(count);
    expect(rows.every(({ row, cells }, i) => row === i + 2 && cells[0] === `${i}` && cells[1] === `ä${i}`)).to.equal(
      true,
    );
  });

  const both = { columns: ["a", "b"] };
  const malformed: readonly [string, string | Uint8Array, RowOptions, RegExp][] = [
    [
      "a row that is too short",
      "a,b\n1,2\n\n3\n",
      both,
      /^bad-input: rows\.csv: row 4: 1 values where the first row has 2$/,
    ],
    ["a row that is too long", "a,b\n1,2,3\n", both, /row 2: 3 values where the first row has 2/],
    ["a quote that is never closed", 'a,b\n1,"2\n3,4\n', both, /rows\.csv: Quote Not Closed/],
    ["a quote inside a value", 'a,b\n1,2"3\n', both, /rows\.csv: Invalid Opening Quote.* line 2/],
    ["a column missing", "a,c\n1,2\n", both, /there is no column "b"; it has a, c/],
    ["two columns of one name", "a,b,a\n1,2,3\n", both, /two columns are called "a"/],
    ["a column that nobody expects", "a,b,c\n1,2,3\n", both, /column "c" is not one of a, b; remove it/],
    ["nothing in them", "", both, /rows\.csv: it is empty/],
    ["empty lines only", "\n\r\n", both, /it is empty/],
    ["a header alone", "a,b\n", both, /no rows below the header/],
    [
      "bytes that are not UTF-8",
      Buffer.from("a,b\n1,2\nBär,4\n", "latin1"),
      both,
      /rows\.csv: row 3: the text is not UTF-8/,
    ],
  ];
  for (const [what, content, options, fault] of malformed) {
    it(`are refused with ${what}`, async () => {
      expect(await faultOf(csv(content, options))).to.match(fault);
    });
  }

  it("are refused from a gzip file that is cut short or none", async () => {
    const packed = gzipSync(`a,b\n${"1,2\n".repeat(1000)}`);
    expect(await faultOf(csv(packed.subarray(0, packed.length - 12), both, "cut.csv.gz"))).to.match(
      /^bad-input: cut\.csv\.gz: it cannot be read: unexpected end of file/,
    );
    expect(await faultOf(csv("a,b\n1,2\n", both, "plain.csv.gz"))).to.match(/cannot be read: incorrect header check/);
  });

  it("are missed by name, and not looked for in a folder", async () => {
    expect(await faultOf(rowsOf({ format: "csv", path: "nowhere.csv" }, both))).to.match(/^not-found: .*nowhere\.csv/);
    expect(await faultOf(rowsOf({ format: "csv", path: folder.path }, both))).to.match(/^bad-input: .*not a file/);
  });

  it("are not in every format", async () => {
    expect(await faultOf(rowsOf({ format: "idx", path: folder.path }, both))).to.match(
      /give csv:, tsv:, jsonl:, parquet:/,
    );
  });
});

describe("rows of JSON lines", () => {
  const folder = temporaryFolder();
  const jsonl = (content: string, options: RowOptions): Promise<Row[]> =>
    rowsOf({ format: "jsonl", path: folder.write("rows.jsonl", content) }, options);

  it("keep the types of values, and take a key that is not there for null", async () => {
    const text = '{"a":1.5,"b":"x"}\r\n\r\n{"b":true}\n{"a":null,"b":""}';
    expect(await jsonl(text, { columns: ["b", "a"] })).to.deep.equal([
      { row: 1, cells: ["x", 1.5] },
      { row: 3, cells: [true, null] },
      { row: 4, cells: ["", null] },
    ]);
    const path = join(folder.path, "rows.jsonl");
    expect(await columnNames({ format: "jsonl", path }, {})).to.deep.equal(["a", "b"]);
  });

  it("do not look into columns that are not asked for", async () => {
    const rows = await jsonl('{"a":1,"meta":{"deep":[]}}\n', { columns: ["a"], ignore: ["meta"] });
    expect(rows).to.deep.equal([{ row: 1, cells: [1] }]);
  });

  const malformed: readonly [string, string, RegExp][] = [
    ["what is no JSON", '{"a":1,"b":2}\n{"a":1,\n', /^bad-input: rows\.jsonl: row 2: it is not JSON: /],
    ["a list", '{"a":1,"b":2}\n[1,2]\n', /row 2: it is not a JSON object/],
    ["null", "null\n", /row 1: it is not a JSON object/],
    ["a value that is a list", '{"a":[1],"b":2}\n', /row 1, column a: a list or an object/],
    ["a key that nobody expects", '{"a":1,"b":2}\n{"a":1,"bb":2}\n', /row 2: column "bb" is not one of a, b/],
    ["a key that no row has", '{"a":1}\n{"a":2}\n', /there is no column "b"; it has a/],
    ["nothing in them", "\n\n", /it is empty/],
  ];
  for (const [what, content, fault] of malformed) {
    it(`are refused with ${what}`, async () => {
      expect(await faultOf(jsonl(content, { columns: ["a", "b"] }))).to.match(fault);
    });
  }

  it("are refused where a line does not end, before it fills the memory", async () => {
    expect(await faultOf(jsonl(`{"a":1,"b":2}\n"${"a".repeat(2 ** 24)}`, { columns: ["a", "b"] }))).to.match(
      /^bad-input: rows\.jsonl: row 2: the line is longer than 16777216 characters/,
    );
  });

  it("do not take what every object inherits for a column", async () => {
    const rows = await jsonl('{"a":1}\n{"a":2,"constructor":"x"}\n', { columns: ["a", "constructor"] });
    expect(rows.map(({ cells }) => cells)).to.deep.equal([
      [1, null],
      [2, "x"],
    ]);
  });
});

describe("rows of Parquet", () => {
  const folder = temporaryFolder();
  const columns = [
    { name: "age", type: "int64", values: [41n, null, 9007199254740993n, 7n, 8n] },
    { name: "height", type: "double", values: [1.5, 2.25, null, 4, -3] },
    { name: "town", type: "string", values: ["Köln", "", null, "d", "e"] },
    { name: "well", type: "boolean", values: [true, false, null, true, false] },
  ] as const;
  const expected = [
    { row: 1, cells: ["Köln", 41, 1.5, true] },
    { row: 2, cells: ["", null, 2.25, false] },
    { row: 3, cells: [null, "9007199254740993", null, null] },
    { row: 4, cells: ["d", 7, 4, true] },
    { row: 5, cells: ["e", 8, -3, false] },
  ];
  const wanted = { columns: ["town", "age", "height", "well"] };
  const parquet = (bytes: Uint8Array, options: RowOptions): Promise<Row[]> =>
    rowsOf({ format: "parquet", path: folder.write("rows.parquet", bytes) }, options);

  it("come in groups, packed or not, with types, and nulls where nothing is", async () => {
    expect(await parquet(parquetFile(columns), wanted)).to.deep.equal(expected);
    expect(await parquet(parquetFile(columns, 2), wanted)).to.deep.equal(expected);
    expect(await parquet(parquetFile(columns, 3, "gzip"), wanted)).to.deep.equal(expected);
    expect(await columnNames({ format: "parquet", path: join(folder.path, "rows.parquet") }, {})).to.deep.equal([
      "age",
      "height",
      "town",
      "well",
    ]);
  });

  it("are refused from a file that is cut short, damaged, or of another kind", async () => {
    const whole = parquetFile(columns);
    expect(await faultOf(parquet(whole.subarray(0, whole.length - 30), wanted))).to.match(
      /^bad-input: rows\.parquet: not a usable Parquet file: /,
    );
    expect(await faultOf(parquet(Buffer.from("a,b\n1,2\n3,4\n5,6\n"), wanted))).to.match(/not a usable Parquet file/);
    expect(await faultOf(parquet(new Uint8Array(0), wanted))).to.match(/not a usable Parquet file/);
    const damaged = Buffer.from(parquetFile(columns, 3, "gzip"));
    damaged.fill(0xff, 30, 60);
    expect(await faultOf(parquet(damaged, wanted))).to.match(/not a usable Parquet file/);
  });

  it("are refused where columns are missing or too many, and where there are no rows", async () => {
    expect(await faultOf(parquet(parquetFile(columns), { columns: ["age", "weight"], others: "ignore" }))).to.match(
      /there is no column "weight"; it has age, height, town, well/,
    );
    expect(await faultOf(parquet(parquetFile(columns), { columns: ["age"], ignore: ["town", "well"] }))).to.match(
      /column "height" is not one of age, town, well/,
    );
    const empty = columns.map(({ name, type }) => ({ name, type, values: [] }));
    expect(await faultOf(parquet(parquetFile(empty), wanted))).to.match(/rows\.parquet: there are no rows in it/);
  });
});
