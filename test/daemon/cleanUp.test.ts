import { expect } from "chai";
import { describe, it } from "mocha";
import { CleanUp } from "../../node/daemon/cleanUp.ts";
import { createLog } from "../../node/daemon/log.ts";

describe("cleaning up", () => {
  function cleanUp(): { steps: CleanUp; told: string[] } {
    const told: string[] = [];
    const log = createLog({ json: false, write: (line) => told.push(line.slice(21)), now: () => 0 });
    return { steps: new CleanUp(log, 0.02), told };
  }

  it("undoes the last thing first, one after another", async () => {
    const { steps, told } = cleanUp();
    const order: string[] = [];
    steps.add("first", () => order.push("first"));
    steps.add("second", async () => {
      await new Promise(setImmediate);
      order.push("second");
    });
    await steps.run();
    expect(order).to.deep.equal(["second", "first"]);
    expect(told).to.deep.equal([]);
  });

  it("goes on when a step throws, rejects or never ends, and tells which", async () => {
    const { steps, told } = cleanUp();
    let undone = 0;
    steps.add("lock", () => undone++);
    steps.add("engine", () => {
      throw new Error("it is gone");
    });
    steps.add("network", () => Promise.reject(new Error("no answer")));
    steps.add("participant", () => new Promise(() => undefined));
    await steps.run();
    expect(undone).to.equal(1);
    expect(told).to.deep.equal([
      "stop: closing the participant takes longer than 0.02 s: going on without",
      "closing the network: no answer",
      "closing the engine: it is gone",
    ]);
  });
});
