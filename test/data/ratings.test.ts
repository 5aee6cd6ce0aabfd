import { join } from "node:path";
import { describe, it } from "mocha";
import { expect } from "chai";
import {
  missingInRatings,
  nameCount,
  type RatingsContract,
  ratingsContractSchema,
  ratingsShape,
} from "../../node/data/contract/ratings.ts";
import { fnv1a } from "../../node/data/hash.ts";
import { fitRatings, loadRatings } from "../../node/data/ratings/load.ts";
import { faultOf } from "./faultOf.ts";
import { publicData } from "./publicData.ts";
import { temporaryFolder } from "./temporaryFolder.ts";

const contract = (change: object = {}): RatingsContract =>
  ratingsContractSchema.parse({
    kind: "ratings",
    userColumn: "who",
    itemColumn: "what",
    ratingColumn: "stars",
    users: ["ann", "bob", "eve"],
    items: { count: 7 },
    scale: { minimum: 0.5, maximum: 5 },
    mean: 3.25,
    ...change,
  });

describe("ratings", () => {
  const folder = temporaryFolder();
  const csv = (text: string) => ({ format: "csv", path: folder.write("r.csv", text) });
  const ROWS = "who,what,stars\neve,7,4.5\nann,2,1\neve,1,5\n";

  it("become pairs of numbers, the rating as its distance from the mean, and groups by user", async () => {
    const data = await loadRatings(csv(ROWS), contract());
    expect(data).to.deep.equal({
      count: 3,
      inputs: [{ shape: [2], values: Int32Array.of(2, 6, 0, 1, 2, 0) }],
      targets: { shape: [], values: Float32Array.of(1.25, -2.25, 1.75) },
      classes: 0,
      groups: Int32Array.of(2, 0, 2),
    });
    expect(ratingsShape()).to.deep.equal({
      inputs: [{ type: "int32", shape: [2] }],
      targets: { type: "float32", shape: [] },
      classes: 0,
    });
  });

  it("are hashed where the contract has buckets, with room for as many", async () => {
    const items = { buckets: 5 };
    const data = await loadRatings(csv(ROWS), contract({ items }));
    const hashed = ["7", "2", "1"].map((name) => fnv1a(name) % 5);
    expect([...data.inputs[0]!.values].filter((_, i) => i % 2 === 1)).to.deep.equal(hashed);
    expect([items, { count: 7 }, ["a", "b"]].map(nameCount)).to.deep.equal([5, 7, 2]);
  });

  it("give users, items and their mean to a contract that leaves them open", async () => {
    const open = contract({ users: undefined, items: undefined, mean: undefined });
    expect(missingInRatings(open)).to.deep.equal(["users", "items", "mean"]);
    const fitted = await fitRatings(csv(`${ROWS}ann,40,2\nann,8,2\n`), open);
    expect(fitted).to.deep.include({ users: ["ann", "eve"], items: ["1", "2", "7", "8", "40"], mean: 2.9 });
    const dense = await fitRatings(csv("who,what,stars\n2,3,1\n4,6,2\n"), open);
    expect(dense).to.deep.include({ users: { count: 4 }, items: ["3", "6"], mean: 1.5 });
    expect(await fitRatings(csv(ROWS), contract())).to.deep.equal(contract());
  });

  const faults: readonly [string, string, RegExp][] = [
    ["a user who is not in the list", "tom,1,3", /row 2, column who: "tom" is not one of the 3/],
    ["an item beyond the count", "ann,8,3", /row 2, column what: "8" is not one of the 7/],
    ["an item that is no number", "ann,x7,3", /row 2, column what: "x7"/],
    ["no item", "ann,,3", /row 2, column what: it is empty/],
    ["a rating that is no number", "ann,1,many", /row 2, column stars: "many" is not a number/],
    ["no rating", "ann,1,", /row 2, column stars: "" is not a number/],
    ["a rating outside the scale", "ann,1,5.5", /row 2, column stars: 5\.5 is outside the scale, 0\.5 to 5/],
  ];
  for (const [what, row, message] of faults) {
    it(`are refused with ${what}, by file, row and column`, async () => {
      const fault = await faultOf(loadRatings(csv(`who,what,stars\n${row}\n`), contract()));
      expect(fault)
        .to.match(/^bad-input: r\.csv: /)
        .and.match(message);
    });
  }

  it("are described by contracts without contradictions", () => {
    for (const change of [
      { scale: { minimum: 5, maximum: 1 } },
      { mean: 6 },
      { itemColumn: "who" },
      { users: ["a", "a"] },
      { items: { count: 0 } },
    ])
      expect(() => contract(change), JSON.stringify(change)).to.throw();
  });

  it("are those of MovieLens: 100,836 by 610 users on 9,724 movies", async function () {
    const path = join(publicData(this, "movielens-latest-small"), "ratings.csv");
    const columns = { userColumn: "userId", itemColumn: "movieId", ratingColumn: "rating", ignore: ["timestamp"] };
    const open = contract({ ...columns, users: undefined, items: undefined, mean: undefined });
    const fitted = await fitRatings({ format: "csv", path }, open);
    expect([nameCount(fitted.users), nameCount(fitted.items)]).to.deep.equal([610, 9724]);
    expect(fitted.users).to.deep.equal({ count: 610 });
    expect(fitted.mean).to.be.closeTo(3.501557, 1e-6);
    const data = await loadRatings({ format: "csv", path }, fitted);
    expect(data.count).to.equal(100_836);
    expect(new Set(data.groups).size).to.equal(610);
    expect(Math.max(...data.inputs[0]!.values.filter((_, i) => i % 2 === 1))).to.equal(9723);
    const sum = (data.targets.values as Float32Array).reduce((total, target) => total + target, 0);
    expect(sum / data.count).to.be.closeTo(0, 1e-6);
  }).timeout(20_000);
});
