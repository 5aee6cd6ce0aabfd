import { describe, it } from "mocha";
import { expect } from "chai";
import { seededRandom } from "../../node/core/random.ts";
import { columnMeans, columnMeansLength, fitFromMeans } from "../../node/data/columnMeans.ts";
import { type TableContract, tableContractSchema } from "../../node/data/contract/table.ts";
import { fitContract } from "../../node/data/fit.ts";
import { faultOf } from "./faultOf.ts";
import { temporaryFolder } from "./temporaryFolder.ts";

const CONTRACT: TableContract = tableContractSchema.parse({
  kind: "table",
  columns: [
    { name: "age", type: "number", min: 0, max: 120, missing: "mean" },
    { name: "town", type: "category", categories: ["Bonn", "Ulm"] },
    { name: "bill", type: "number", min: -2000, max: 50_000, log: true },
    { name: "known", type: "number", mean: 5, stddev: 2 },
    { name: "fixed", type: "number", min: 0, max: 10 },
  ],
  label: { column: "price", type: "number", scale: "standardise", min: 0, max: 900 },
});
const HEADER = "age,town,bill,known,fixed,price";

/** Rows of somebody whose patients are about `age` years old; every seventh does not tell. */
function rowsOf(count: number, age: number, seed: number): string[] {
  const random = seededRandom(seed);
  return Array.from({ length: count }, (_, i) => {
    const years = i % 7 === 3 ? "" : Math.round(age + 5 * random.normal());
    return `${years},Ulm,${random.below(4000) - 1900},1,7,${random.below(900)}`;
  });
}

const numbersOf = ({ columns, label }: TableContract): (number | undefined)[] =>
  [...columns, label].flatMap((part) => (part.type === "number" ? [part.mean, part.stddev] : []));

describe("column means", () => {
  const folder = temporaryFolder();
  const source = (rows: readonly string[]): string => `csv:${folder.write("part.csv", [HEADER, ...rows].join("\n"))}`;

  it("are shares, means and mean squares between the contract's bounds", async () => {
    const { means } = await columnMeans(source(["30,Ulm,0,1,5,90", ",Bonn,-2000,1,5,180"]), CONTRACT);
    const low = Math.log(2001);
    const zero = low / (low + Math.log(50_001)); // where a bill of 0 lies between the logarithms of −2000 and 50,000
    const expected = [
      0.5,
      0.125,
      0.03125,
      1,
      zero / 2,
      zero ** 2 / 2,
      1,
      0.5,
      0.25,
      1,
      0.15,
      (0.1 ** 2 + 0.2 ** 2) / 2,
    ];
    expect(means).to.have.length(columnMeansLength(CONTRACT)).and.to.have.length(expected.length);
    means.forEach((value, i) => expect(value).to.be.closeTo(expected[i] as number, 1e-12));
  });

  it("of parts, weighted by their rows, fit the contract as all rows together do", async () => {
    const parts = [rowsOf(31, 20, 1), rowsOf(200, 60, 2), rowsOf(7, 90, 3)];
    const all = parts.flat();
    const vectors = await Promise.all(
      parts.map(async (rows, i) =>
        columnMeans(`csv:${folder.write(`${i}.csv`, [HEADER, ...rows].join("\n"))}`, CONTRACT),
      ),
    );
    const mean = Array.from({ length: columnMeansLength(CONTRACT) }, (_, k) =>
      vectors.reduce((sum, { means, count }) => sum + (means[k]! * count) / all.length, 0),
    );
    expect(vectors.map(({ count }) => count)).to.deep.equal([31, 200, 7]);
    const whole = (await fitContract(source(all), CONTRACT)) as TableContract;
    const fitted = fitFromMeans(CONTRACT, mean, 1e-15);
    const [expected, found] = [numbersOf(whole), numbersOf(fitted)];
    expect(found).to.have.length(10);
    found.forEach((value, i) =>
      expect(value).to.be.closeTo(expected[i] as number, 1e-8 * Math.abs(expected[i] as number)),
    );
    expect([found[4], found[5], found[7]]).to.deep.equal([5, 2, 1]); // given, and the deviation of what never changes
    // nothing but the moments is touched
    const stripped = (contract: TableContract): unknown =>
      JSON.parse(
        JSON.stringify(contract, (key, value: unknown) => (["mean", "stddev"].includes(key) ? undefined : value)),
      );
    expect(stripped(fitted)).to.deep.equal(stripped(CONTRACT));
  });

  it("of a column that never changes give deviation 1, however they are rounded", async () => {
    const rounded = (await columnMeans(source(rowsOf(50, 40, 4)), CONTRACT)).means.map(
      (value) => Math.round(value * 2 ** 14) / 2 ** 14,
    );
    const { columns } = fitFromMeans(CONTRACT, rounded, 2 ** -15);
    expect((columns[4] as { stddev: number }).stddev).to.equal(1);
    expect((columns[0] as { mean: number }).mean).to.be.closeTo(40, 2);
    expect((columns[0] as { stddev: number }).stddev).to.be.within(3, 8);
  });

  it("are refused where bounds, categories or values are missing, or values break the bounds", async () => {
    const change = (columns: unknown[]): TableContract => tableContractSchema.parse({ ...CONTRACT, columns });
    const [age, town] = CONTRACT.columns;
    const unbounded = change([town, { name: "age", type: "number", min: 0 }]);
    expect(() => columnMeansLength(unbounded)).to.throw(/column "age" needs min and max/);
    expect(() => columnMeansLength(change([age, { name: "town", type: "category" }]))).to.throw(
      /columns\.town\.categories/,
    );
    const classes = tableContractSchema.parse({ ...CONTRACT, label: { column: "price", type: "class" } });
    expect(() => columnMeansLength(classes)).to.throw(/label\.classes/);
    expect(await faultOf(columnMeans(source(["130,Ulm,0,1,5,90"]), CONTRACT))).to.match(
      /row 2, column age: 130 is outside/,
    );
    expect(await faultOf(columnMeans(source([]), CONTRACT))).to.match(/no rows/);
    const { means: nobody } = await columnMeans(source([",Ulm,0,1,5,90"]), CONTRACT);
    expect(() => fitFromMeans(CONTRACT, nobody, 1e-15)).to.throw(/nobody has a value in column "age"/);
    expect(() => fitFromMeans(CONTRACT, nobody.subarray(1), 1e-15)).to.throw(/12 finite means are needed, got 11/);
    expect(() => fitFromMeans(CONTRACT, nobody.with(3, NaN), 1e-15)).to.throw(/12 finite means/);
  });
});
