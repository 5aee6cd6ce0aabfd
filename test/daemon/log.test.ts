import { expect } from "chai";
import { describe, it } from "mocha";
import { PacelineError } from "../../node/core/errors.ts";
import { createLog } from "../../node/daemon/log.ts";

function logAt(json: boolean): { log: ReturnType<typeof createLog>; lines: string[]; wait(seconds: number): void } {
  const lines: string[] = [];
  let now = 1_700_000_000.25;
  return {
    log: createLog({ json, write: (line) => lines.push(line), now: () => now }),
    lines,
    wait: (seconds) => (now += seconds),
  };
}

describe("a daemon's log", () => {
  it("is one object a line for programs", () => {
    const { log, lines } = logAt(true);
    log.event("phase", { round: 3, mask: 2n ** 70n }, "round 3: share");
    expect(lines.map((line) => JSON.parse(line) as unknown)).to.deep.equal([
      { time: "2023-11-14T22:13:20.250Z", level: "info", event: "phase", round: 3, mask: "1180591620717411303424" },
    ]);
  });

  it("is one line an event for people, whatever the text", () => {
    const { log, lines } = logAt(false);
    log.event("phase", { round: 3 }, "round 3:\n  share");
    expect(lines).to.deep.equal(["2023-11-14 22:13:20  round 3: share"]);
  });

  it("tells a problem that goes on once every half minute, and how often it came between", () => {
    const { log, lines, wait } = logAt(true);
    const gone = new PacelineError("chain-unreachable", "no answer");
    for (let second = 0; second < 30; second++) {
      log.problem("chain", gone);
      wait(1);
    }
    expect(lines).to.have.lengthOf(1);
    log.problem("chain", gone);
    expect(JSON.parse(lines[1] ?? "")).to.include({
      event: "problem",
      what: "chain",
      code: "chain-unreachable",
      repeats: 29,
    });
  });

  it("tells more or less by its level, which can change, and tells a failure at any", () => {
    const { log, lines } = logAt(true);
    const all = (): void => {
      log.debug("effect", {}, "starts");
      log.event("phase", {}, "a phase");
      log.problem(`chain ${log.level()}`, new Error("gone"));
      log.failure("job", new PacelineError("bad-input", "no data"));
    };
    for (const level of ["error", "warn", "info", "debug"] as const) {
      log.setLevel(level);
      all();
    }
    const levels = lines.map((line) => (JSON.parse(line) as { level: string }).level);
    const [error, warn, info, debug] = ["error", "warn", "info", "debug"];
    expect(levels).to.deep.equal([error, warn, error, info, warn, error, debug, info, warn, error]);
  });

  it("says of which job a line is, and keeps the problems of one job apart from another's", () => {
    const { log, lines } = logAt(true);
    const jobs = ["0xa", "0xb"].map((job) => log.with({ job }, `${job} `));
    log.setLevel("warn");
    for (const each of [...jobs, ...jobs]) each.problem("chain", new Error("gone"));
    expect(lines.map((line) => (JSON.parse(line) as { job: string }).job)).to.deep.equal(["0xa", "0xb"]);
    const people = logAt(false);
    people.log.with({ job: "0xa" }, "0xa: ").event("phase", {}, "round 3");
    expect(people.lines).to.deep.equal(["2023-11-14 22:13:20  0xa: round 3"]);
  });

  it("does not take one problem for another", () => {
    const { log, lines } = logAt(false);
    log.problem("chain", new PacelineError("chain-unreachable", "no answer"));
    log.problem("commit", new PacelineError("chain-unreachable", "no answer"));
    log.problem("chain", new Error("something else"));
    expect(lines).to.have.lengthOf(3);
  });
});
