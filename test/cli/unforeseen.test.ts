import { spawnSync } from "node:child_process";
import { fileURLToPath } from "node:url";
import { expect } from "chai";
import { describe, it } from "mocha";

const MODULE = fileURLToPath(new URL("../../node/cli/unforeseen.ts", import.meta.url));

/** A process that throws so many errors that nobody catches, and rejects as many promises that nobody awaits. */
function run(errors: number, survives: boolean): { exit: number | null; told: number } {
  const script = `const { watchUnforeseen, surviveUnforeseen } = await import(${JSON.stringify(MODULE)});
    watchUnforeseen(() => process.exit(70));
    if (${survives}) surviveUnforeseen((error) => console.log(error.message));
    for (let i = 0; i < ${errors}; i++) {
      setImmediate(() => { throw new Error("thrown"); });
      void Promise.reject(new Error("rejected"));
    }
    setTimeout(() => process.exit(0), 50);`;
  const { status, stdout } = spawnSync(process.execPath, ["--input-type=module", "-e", script], { encoding: "utf8" });
  return { exit: status, told: stdout.split("\n").filter((line) => line !== "").length };
}

describe("an error that nobody caught", function () {
  this.timeout(20_000);

  it("ends a command", () => {
    expect(run(1, false)).to.deep.equal({ exit: 70, told: 0 });
  });

  it("is told by a daemon, which goes on", () => {
    expect(run(10, true)).to.deep.equal({ exit: 0, told: 20 });
  });

  it("ends a daemon too when there are too many within a minute", () => {
    expect(run(20, true)).to.deep.equal({ exit: 70, told: 21 });
  });
});
