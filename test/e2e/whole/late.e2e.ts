import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { expect } from "chai";
import { after, before, describe, it } from "mocha";
import { createSender } from "../../../node/chain/sender.ts";
import { readRound } from "../../../node/chain/snapshots.ts";
import { registerOperator } from "../../../node/cli/simulation/accounts.ts";
import { FIRST_ACCOUNT_KEY } from "../../../node/cli/simulation/chainProcess.ts";
import { openHome } from "../../../node/daemon/home/home.ts";
import { CHECKPOINT_ROUNDS } from "../../../node/protocol/checkpoint.ts";
import { simulatedAccounts } from "../../../node/simulation/accounts.ts";
import { DaemonProcess, type Ending, type LogEvent } from "../daemonProcess.ts";
import { makeHome, openReadyFederation, PASSWORD, type ReadyFederation } from "../federation.ts";
import { smallJob } from "../testChain.ts";

const PARTICIPANTS = 4;
const PHASES = { join: 600, commit: 6, share: 6, slot: 6, demand: 3, challenge: 6, score: 6, unbond: 300, blocks: 1 };
const JOB = smallJob(PARTICIPANTS, CHECKPOINT_ROUNDS + 5, PHASES);

const entersRound =
  (round: number) =>
  (event: LogEvent): boolean =>
    event.event === "phase" && (event.round ?? 0) >= round;
/** What the daemon's model was, in settled rounds, each time that it changed. */
const modelsOf = ({ events }: DaemonProcess): readonly number[] =>
  events.filter(({ event }) => event === "model").map(({ updates }) => updates as number);

describe("daemons that come late to a job that is under way", function () {
  this.timeout(300_000);
  const folder = mkdtempSync(path.join(tmpdir(), "paceline-late-"));
  let federation: ReadyFederation;
  let daemons: DaemonProcess[] = [];
  let returned: DaemonProcess;
  let guard: DaemonProcess;
  let endings: Ending[] = [];

  before(async () => {
    federation = await openReadyFederation(PARTICIPANTS, JOB);
    daemons = Array.from({ length: PARTICIPANTS }, (_, index) => federation.start(index));
  });
  after(async () => {
    await guard?.kill("SIGKILL");
    await federation?.stop();
    rmSync(folder, { recursive: true, force: true });
  });

  /** A home whose operator is registered, and a member of nothing. */
  async function openGuardHome(): Promise<string> {
    const { endpoint, deployment, job, fromBlock, chain } = federation;
    const account = simulatedAccounts(1, 99)[0]!;
    const sponsor = createSender(endpoint, FIRST_ACCOUNT_KEY);
    for (const address of [account.wallet, account.operator]) await sponsor.pay(address, 10n ** 18n);
    await registerOperator(endpoint, deployment, account);
    const home = path.join(folder, "guard");
    const { file } = openHome(federation.homeOf(0)).job!;
    const known = { rpc: chain.httpUrl, deployment, job: { address: job, fromBlock, file } };
    await makeHome(home, account.operatorKey, known);
    return home;
  }

  it("begin at the checkpoint that a committee has signed, after a long absence or as a guard", async () => {
    const absent = daemons[3]!;
    await absent.until(entersRound(2));
    await absent.kill("SIGKILL");
    // The seats of the round after the one that is due have signed by the time that the next one begins.
    await daemons[0]!.until(entersRound(CHECKPOINT_ROUNDS + 3));
    returned = daemons[3] = federation.start(3);
    const where = ["--home", await openGuardHome(), "--listen", "/ip4/127.0.0.1/tcp/0", "--linger", "0"];
    guard = new DaemonProcess(where, PASSWORD, { command: "watch" });
    for (const daemon of [returned, guard])
      await daemon.until(({ event, updates }) => event === "model" && (updates as number) >= CHECKPOINT_ROUNDS);
    // Whoever had replayed every round would have had each of the models in between; the absent one had the first.
    for (const daemon of [returned, guard])
      expect(modelsOf(daemon).filter((updates) => updates > 1 && updates < CHECKPOINT_ROUNDS)).to.deep.equal([]);
  });

  it("take part again, and end with the chain's model as all others do", async () => {
    endings = await Promise.all([...daemons, guard].map((daemon) => daemon.ended));
    const { view } = await readRound(federation.endpoint, federation.job);
    expect(view.phase).to.equal("finished");
    expect(endings.map(({ code }) => code)).to.deep.equal([0, 0, 0, 0, 0]);
    const models = endings.map(({ stdout }) => (JSON.parse(stdout) as { modelId: string }).modelId);
    expect(models).to.deep.equal(new Array(PARTICIPANTS + 1).fill(view.modelId));
    expect(returned.events.some(({ event, call }) => event === "transaction" && call === "resume")).to.equal(true);
    expect(guard.events.filter(({ event }) => event === "transaction")).to.deep.equal([]);
  });
});
