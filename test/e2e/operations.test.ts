import { lstatSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect } from "chai";
import { after, afterEach, before, describe, it } from "mocha";
import { readHistory } from "../../node/chain/history.ts";
import { readRound } from "../../node/chain/snapshots.ts";
import { seededRandom } from "../../node/core/random.ts";
import { createSender } from "../../node/chain/sender.ts";
import { FIRST_ACCOUNT_KEY } from "../../node/cli/simulation/chainProcess.ts";
import { fromHex, type Address } from "../../node/core/bytes.ts";
import type { DaemonStatus } from "../../node/daemon/api/status.ts";
import { jobFolder, openHome, remember } from "../../node/daemon/home/home.ts";
import { createKeystore } from "../../node/daemon/home/keystore.ts";
import { parseJobSpec } from "../../node/daemon/job/jobSpec.ts";
import { paceline } from "../cli/paceline.ts";
import { DaemonProcess, type Ending } from "./daemonProcess.ts";
import { openReadyFederation, PASSWORD, type ReadyFederation } from "./federation.ts";
import { openAnotherJob, smallJob } from "./testChain.ts";

const PARTICIPANTS = 3;
const ROUNDS = 6;
const OTHER_ROUNDS = 5;
const KILLS = 4;
/** Longer than a busy machine takes to start a daemon again: whoever is killed comes back within the phase, and then all are there. */
const PHASES = {
  join: 600,
  commit: 150,
  share: 60,
  slot: 15,
  demand: 20,
  challenge: 60,
  score: 60,
  unbond: 600,
  blocks: 1,
};
/** No contract is there. */
const NOWHERE: Address = `0x${"de".repeat(20)}`;

describe("daemons as those who run them know them", function () {
  this.timeout(240_000);
  let federation: ReadyFederation;
  let jobs: readonly Address[];
  const daemons: DaemonProcess[] = [];
  /** Of every process that was started. */
  const processes: DaemonProcess[] = [];
  /** Home of the third participant's new key. */
  let rotated = "";
  let endings: readonly Ending[] = [];

  const homeOf = (index: number): string => federation.homeOf(index);
  /** By what its home knows, as a service does. */
  function start(at: number | string): DaemonProcess {
    const args = [
      "--home",
      typeof at === "string" ? at : homeOf(at),
      "--listen",
      "/ip4/127.0.0.1/tcp/0",
      "--linger",
      "3",
    ];
    const daemon = new DaemonProcess(args, PASSWORD);
    processes.push(daemon);
    return daemon;
  }
  const command = async (args: string): Promise<unknown> => {
    const env = { PACELINE_PASSWORD: PASSWORD };
    const { exit, stdout, stderr } = await paceline([...args.split(" "), "--json"], { cwd: ".", env });
    expect({ exit, stderr }).to.deep.equal({ exit: 0, stderr: "" });
    return JSON.parse(stdout) as unknown;
  };

  before(async () => {
    const spec = smallJob(PARTICIPANTS, ROUNDS, PHASES);
    federation = await openReadyFederation(PARTICIPANTS, spec);
    const other = { ...spec, name: "other", seed: 6, rounds: OTHER_ROUNDS };
    const { addresses } = await openAnotherJob(federation, parseJobSpec(other), federation.accounts);
    jobs = [federation.job, addresses.job];
    for (let index = 0; index < PARTICIPANTS; index++) {
      const home = openHome(homeOf(index));
      const file = join(homeOf(index), "other.json");
      writeFileSync(file, JSON.stringify(other), { mode: 0o600 });
      const data = { source: "digits", seed: 1, part: { index, of: PARTICIPANTS, scheme: { kind: "iid" } } } as const;
      // The first one follows a job that is not there as well.
      if (index === 0) remember(home, { job: { address: NOWHERE, fromBlock: 0, file, data } });
      remember(openHome(homeOf(index)), {
        job: { address: addresses.job, fromBlock: addresses.fromBlock, file, data },
      });
      const first = openHome(homeOf(index)).config.jobs.find(({ address }) => address === federation.job);
      remember(openHome(homeOf(index)), { job: { ...first!, data } });
    }
    // No round gets anywhere without the third one.
    for (const index of [0, 1]) daemons.push(start(index));
    await Promise.all(daemons.map((daemon) => daemon.until(({ event }) => event === "started")));
  });
  after(async () => {
    await Promise.all(processes.map((each) => each.kill("SIGKILL")));
    await federation.stop();
  });
  afterEach(function () {
    if (this.currentTest?.state !== "failed") return;
    for (const [index, daemon] of daemons.entries()) console.error(`daemon ${index + 1}:\n${daemon.tail()}`);
  });

  it("take part in two jobs at once, and do not mind a third that cannot be", async () => {
    const [first] = daemons;
    for (const job of jobs) await first!.until((event) => event.event === "started" && event["job"] === job);
    const failure = await first!.until(({ event }) => event === "failure");
    expect(failure).to.include({ job: NOWHERE, what: "job", level: "error" });
    const { daemon } = (await command(`status --home ${homeOf(0)}`)) as { daemon: DaemonStatus };
    expect(daemon.operator).to.equal(federation.accounts[0]!.operator);
    const states = new Map(daemon.jobs.map(({ job, state }) => [job, state]));
    expect([...jobs, NOWHERE].map((job) => states.get(job))).to.deep.equal(["running", "running", "later"]);
    expect(Number(daemon.balance)).to.be.greaterThan(0);
  });

  it("share no home: a second one is refused, and told who has it", async () => {
    const { code } = await start(0).ended;
    expect(code).to.equal(10);
    const refusal = /the daemon with pid \d+, since .* runs on the home/;
    expect(processes.at(-1)!.strayLines.join()).to.match(refusal);
    const forgetting = await paceline(["job", "forget", "--home", homeOf(0), "--job", NOWHERE], { cwd: "." });
    expect(forgetting.exit).to.equal(10);
    expect(forgetting.stderr).to.match(refusal);
    expect(openHome(homeOf(0)).config.jobs).to.have.lengthOf(3);
  });

  it("change how much they tell while they run, by the API and by a signal", async () => {
    const [first] = daemons;
    await command(`log-level debug --home ${homeOf(0)}`);
    await first!.until(({ event, level }) => event === "effect" && level === "debug");
    expect(openHome(homeOf(0)).config.logLevel).to.equal("debug");
    remember(openHome(homeOf(0)), { logLevel: "info" });
    first!.signal("SIGHUP");
    expect(await first!.until(({ event }) => event === "reloaded")).to.include({ logLevel: "info" });
  });

  it("stop in good order when they are told to", async () => {
    daemons[2] = start(2);
    await daemons[2].until(({ event, round, job }) => event === "phase" && round === 2 && job === jobs[0]);
    await command(`stop --home ${homeOf(1)}`);
    const { code, stdout } = await daemons[1]!.ended;
    expect(code).to.equal(0);
    expect(JSON.parse(stdout)).to.include({ interrupted: true });
    expect(
      daemons[1]!.events.filter(({ event, what }) => event === "failure" && String(what).startsWith("closing")),
    ).to.deep.equal([]);
  });

  it("go on with another key where one was stolen, and the thief's is out", async () => {
    const thief = daemons[2]!;
    const { walletKey } = federation.accounts[2]!;
    const wallet = join(homeOf(2), "..", "wallet.json");
    await createKeystore(wallet, fromHex(walletKey), PASSWORD, { scryptN: 4096 });
    rotated = join(homeOf(2), "..", "rotated");
    const { operator } = (await command(`init --home ${rotated}`)) as { operator: Address };
    const deployment = join(homeOf(2), "..", "deployment.json");
    writeFileSync(deployment, JSON.stringify(federation.deployment));
    const { rpc, jobs: followed } = openHome(homeOf(2)).config;
    const where = `--deployment ${deployment} --rpc ${rpc} --job ${jobs[0]}`;
    const told = await command(`rotate --home ${rotated} --wallet ${wallet} ${where}`);
    expect(told).to.include({ operator, before: federation.accounts[2]!.operator, job: jobs[0] });
    await createSender(federation.endpoint, FIRST_ACCOUNT_KEY).pay(operator, 10n ** 18n);
    for (const job of followed) remember(openHome(rotated), { job });
    daemons[2] = start(rotated);
    daemons[1] = start(1); // without it no round has gone on
    // The other job hears of it from the new daemon itself.
    await daemons[2].until(({ event, job }) => event === "operator" && job === jobs[1]);
    for (const job of jobs) {
      const operatorOf = async (): Promise<Address | undefined> =>
        (await readRound(federation.endpoint, job)).members[2]?.operator;
      while ((await operatorOf()) !== operator) await new Promise((resolve) => setTimeout(resolve, 200));
    }
    await thief.kill("SIGKILL");
  });

  it("go on when one of them is killed at any moment, again and again", async () => {
    const random = seededRandom(2026);
    for (let kill = 0; kill < KILLS; kill++) {
      await new Promise((resolve) => setTimeout(resolve, 300 + random.below(3500)));
      await daemons[1]!.kill("SIGKILL");
      daemons[1] = start(1);
    }
    endings = await Promise.all(daemons.map((daemon) => daemon.ended));
    // The first one has a job that was never there.
    expect(endings.map(({ code }) => code)).to.deep.equal([5, 0, 0]);
    for (const [index, job] of jobs.entries()) {
      const { view } = await readRound(federation.endpoint, job);
      expect(view.phase).to.equal("finished");
      const { rounds } = await readHistory(federation.endpoint, { ...federation, job }, 1);
      expect(rounds.filter(({ settled }) => settled !== undefined)).to.have.lengthOf(
        index === 0 ? ROUNDS : OTHER_ROUNDS,
      );
      const models = endings.map(({ stdout }) => {
        const ends = (JSON.parse(stdout) as { jobs: { job: Address; modelId: string }[] }).jobs;
        return ends.find((end) => end.job === job)?.modelId;
      });
      expect(models).to.deep.equal(new Array(PARTICIPANTS).fill(view.modelId));
    }
    const contradictions = processes.flatMap(({ events }) => events.filter(({ code }) => code === "contradiction"));
    expect(contradictions).to.deep.equal([]);
  });

  it("leave a home in which the job that never was can be forgotten", async () => {
    const told = await command(`job forget --home ${homeOf(0)} --job ${NOWHERE}`);
    expect(told).to.deep.equal({ job: NOWHERE, followed: jobs });
    expect(readdirSync(homeOf(0))).to.not.include("daemon.json");
  });

  it("have nothing secret in their logs or files", () => {
    const told = processes.map(({ events, strayLines }) => JSON.stringify([events, strayLines])).join("\n");
    for (const [index, { operatorKey, walletKey }] of federation.accounts.entries()) {
      const token = readFileSync(join(homeOf(index), "api-token"), "utf8").trim();
      for (const secret of [operatorKey.slice(2), walletKey.slice(2), token, PASSWORD]) {
        expect(told.toLowerCase()).to.not.include(secret);
        for (const file of filesOf(homeOf(index)).filter((name) => !name.endsWith("api-token")))
          expect(readFileSync(file).includes(secret), file).to.equal(false);
      }
    }
  });

  it("leave files that are their user's alone", () => {
    const [home] = [homeOf(1)];
    const modes = [...filesOf(home), ...foldersOf(home)].map((path) => [path, lstatSync(path)] as const);
    expect(modes.length).to.be.greaterThan(8);
    for (const [path, { mode }] of modes) expect(mode & 0o077, path).to.equal(0);
    expect(filesOf(jobFolder(home, federation.deployment.chainId, federation.job)).length).to.be.greaterThan(1);
    expect(readdirSync(home)).to.not.include("daemon.json");
  });
});

function entriesOf(folder: string): { readonly path: string; readonly isFolder: boolean }[] {
  return readdirSync(folder, { withFileTypes: true, recursive: true }).map((entry) => ({
    path: join(entry.parentPath, entry.name),
    isFolder: entry.isDirectory(),
  }));
}

const filesOf = (folder: string): string[] =>
  entriesOf(folder).flatMap(({ path, isFolder }) => (isFolder ? [] : [path]));
const foldersOf = (folder: string): string[] => [
  folder,
  ...entriesOf(folder).flatMap(({ path, isFolder }) => (isFolder ? [path] : [])),
];
