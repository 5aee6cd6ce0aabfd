import { expect } from "chai";
import { describe, it } from "mocha";
import type { Address } from "../../node/core/bytes.ts";
import { PacelineError } from "../../node/core/errors.ts";
import { FollowedJobs } from "../../node/daemon/followedJobs.ts";
import type { JobResult, JobSurroundings, RunningJob, runJob } from "../../node/daemon/jobRun.ts";
import { createLog } from "../../node/daemon/log.ts";
import { rejectionOf } from "../helpers/errors.ts";
import { until } from "../helpers/until.ts";

const address = (byte: string): Address => `0x${byte.repeat(20)}`;
const [A, B] = [address("a1"), address("b2")];
const RESULT: JobResult = { phase: "finished", round: 4, modelId: "0x01", interrupted: false };

/** Jobs that do what the test says: each try of a job waits for `end` or `fail`. */
function jobsOf(...addresses: Address[]): {
  jobs: FollowedJobs;
  lines: { event: string; job: string; code?: string }[];
  tries: (job: Address) => number;
  open: (job: Address) => void;
  end: (job: Address) => void;
  fail: (job: Address, code: "bad-input" | "chain-unreachable") => void;
} {
  const lines: { event: string; job: string; code?: string }[] = [];
  const tried = new Map<Address, number>();
  const waiting = new Map<Address, { end: () => void; fail: (error: unknown) => void; open: () => void }>();
  const run: typeof runJob = (_, { job }, { signal, onRunning }) => {
    tried.set(job.address, (tried.get(job.address) ?? 0) + 1);
    return new Promise((resolve, reject) => {
      signal.addEventListener("abort", () => resolve({ ...RESULT, interrupted: true }));
      waiting.set(job.address, { end: () => resolve(RESULT), fail: reject, open: () => onRunning({} as RunningJob) });
    });
  };
  const log = createLog({
    json: true,
    write: (line) => lines.push(JSON.parse(line) as (typeof lines)[0]),
    now: () => 0,
  });
  const settings = { jobs: addresses.map((job) => ({ job: { address: job, fromBlock: 0, file: "j" } })) };
  return {
    jobs: new FollowedJobs({ settings } as unknown as JobSurroundings, log, run),
    lines,
    tries: (job) => tried.get(job) ?? 0,
    open: (job) => waiting.get(job)?.open(),
    end: (job) => waiting.get(job)?.end(),
    fail: (job, code) => waiting.get(job)?.fail(new PacelineError(code, "on purpose")),
  };
}

describe("the jobs of a daemon", () => {
  const forever = new AbortController().signal;

  it("go on where one of them cannot be opened, which is told with its name", async () => {
    const { jobs, lines, open, end, fail } = jobsOf(A, B);
    const run = jobs.run(forever);
    open(A);
    fail(B, "bad-input");
    await until(() => lines.length > 0);
    expect(lines[0]).to.include({ event: "failure", job: B, code: "bad-input" });
    expect(jobs.all().map(({ state }) => state)).to.deep.equal(["running", "later"]);
    end(A);
    await run;
    const [first, second] = jobs.all();
    expect(first).to.deep.include({ state: "ended", result: RESULT, running: undefined });
    expect(second).to.deep.include({ state: "given-up", error: { code: "bad-input", message: "on purpose" } });
  });

  it("are tried again, at once where the settings are read again", async () => {
    const { jobs, tries, open, end, fail } = jobsOf(A, B);
    const run = jobs.run(forever);
    open(A);
    fail(B, "chain-unreachable");
    await until(() => jobs.all()[1]?.state === "later");
    jobs.retry();
    await until(() => tries(B) === 2);
    open(B);
    expect(jobs.all()[1]).to.include({ state: "running", error: undefined });
    end(A);
    await until(() => jobs.all()[0]?.state === "ended");
    end(B);
    await run;
    expect(jobs.all().map(({ state }) => state)).to.deep.equal(["ended", "ended"]);
    expect(tries(A)).to.equal(1);
  });

  it("end with what the first one failed with, where none could be opened", async () => {
    const alone = jobsOf(A);
    const run = alone.jobs.run(forever);
    alone.fail(A, "chain-unreachable");
    expect(await rejectionOf(run)).to.equal("chain-unreachable");
    expect(alone.lines).to.deep.equal([]); // the command tells it
    const two = jobsOf(A, B);
    const both = two.jobs.run(forever);
    two.fail(A, "bad-input");
    two.fail(B, "chain-unreachable");
    expect(await rejectionOf(both)).to.equal("bad-input");
  });

  it("all stop when the daemon is told to, those that wait as well", async () => {
    const stop = new AbortController();
    const { jobs, open, fail } = jobsOf(A, B);
    const run = jobs.run(stop.signal);
    open(A);
    fail(B, "bad-input");
    await until(() => jobs.all()[1]?.state === "later");
    stop.abort();
    await run;
    expect(jobs.all()[0]?.result?.interrupted).to.equal(true);
    expect(jobs.all()[1]?.state).to.equal("given-up");
  });
});
