import { describe, it } from "mocha";
import { expect } from "chai";
import { InvalidArgumentError } from "commander";
import { aPartition } from "../../node/cli/options.ts";

describe("partitions on the command line", () => {
  it("are a scheme, with its number where it has one", () => {
    expect(["iid", "group", "blocks"].map(aPartition)).to.deep.equal([
      { kind: "iid" },
      { kind: "group" },
      { kind: "blocks" },
    ]);
    expect(aPartition("dirichlet:0.5")).to.deep.equal({ kind: "dirichlet", alpha: 0.5 });
    expect(aPartition("quantity:2.5")).to.deep.equal({ kind: "quantity", beta: 2.5 });
    expect(aPartition("shards:3")).to.deep.equal({ kind: "shards", shardsPerParticipant: 3 });
  });

  it("are refused with what is possible", () => {
    for (const text of [
      "",
      "iid:1",
      "group:x",
      "dirichlet",
      "dirichlet:0",
      "quantity:-1",
      "shards:2.5",
      "quantity:1:2",
    ])
      expect(() => aPartition(text), text).to.throw(
        InvalidArgumentError,
        /Give iid, dirichlet:ALPHA .* group or blocks/,
      );
  });
});
