import { expect } from "chai";
import { after, afterEach, before, describe, it } from "mocha";
import type { RoundOutcome } from "../../node/chain/chain.ts";
import { readHistory } from "../../node/chain/history.ts";
import { readRound } from "../../node/chain/snapshots.ts";
import { PHASES, popCount } from "../../node/core/roundView.ts";
import { findAnvil, startAnvil, type Anvil } from "../helpers/anvil.ts";
import type { DaemonProcess, LogEvent } from "./daemonProcess.ts";
import { openReadyFederation, type ReadyFederation } from "./federation.ts";
import { JobLog } from "./jobLog.ts";
import { smallJob } from "./testChain.ts";

const PARTICIPANTS = 4;
const ROUNDS = 3;
const BLOCK_SECONDS = 1;

/** Phases that end early when complete: nobody is missing here, so that no length is ever waited for. */
const JOB = smallJob(PARTICIPANTS, ROUNDS, {
  join: 600,
  commit: 120,
  share: 120,
  slot: 40,
  demand: 40,
  challenge: 120,
  score: 120,
  unbond: 1200,
  blocks: 2,
});

const transacts =
  (round: number, call: string) =>
  (event: LogEvent): boolean =>
    event.event === "transaction" && event.call === call && event.round === round;
const entersRound =
  (round: number) =>
  (event: LogEvent): boolean =>
    event.event === "phase" && event.round === round;

const anvilBinary = findAnvil();
const absence = anvilBinary === undefined ? " (skipped: no anvil here; npm has one for Linux on x64)" : "";

describe(`four daemons as processes, on a chain with a block a second${absence}`, function () {
  this.timeout(120_000);
  let anvil: Anvil;
  let federation: ReadyFederation;
  let daemons: readonly DaemonProcess[] = [];

  const settledRounds = async (): Promise<readonly RoundOutcome[]> =>
    (await readHistory(federation.endpoint, federation, 1)).rounds.filter(({ settled }) => settled !== undefined);
  const firstOf = (fits: (event: LogEvent) => boolean): Promise<LogEvent> =>
    Promise.any(daemons.map((daemon) => daemon.until(fits)));

  /** What the chain's log says now. */
  const logNow = async (): Promise<JobLog> => {
    const { deployment, endpoint, fromBlock, job } = federation;
    const { court, registry } = deployment;
    const log = new JobLog(endpoint, { job, court, registry, fromBlock });
    await log.refresh();
    log.close();
    return log;
  };

  before(async function () {
    if (anvilBinary === undefined) return this.skip();
    anvil = await startAnvil(anvilBinary);
    federation = await openReadyFederation(PARTICIPANTS, JOB, () => Promise.resolve(anvil));
    await anvil.mineEvery(BLOCK_SECONDS);
    daemons = Array.from({ length: PARTICIPANTS }, (_, index) => federation.start(index));
  });
  after(() => federation?.stop());
  afterEach(function () {
    if (this.currentTest?.state !== "failed") return;
    for (const [index, daemon] of daemons.entries()) console.error(`daemon ${index + 1}:\n${daemon.tail()}`);
  });

  it("settles a round whose draw a reorganisation takes back, by another seed", async () => {
    await firstOf(transacts(1, "commitBatch"));
    const before = await logNow();
    // Back to before the block whose hash goes into the seed.
    const entropyBlock = before.all("PhaseEntered").find(({ args }) => PHASES[args.phase] === "draw")!.blockNumber;
    const depth = Number(await anvil.rpc("eth_blockNumber")) - Number(entropyBlock) + 1;
    expect(await anvil.reorganise(depth, "wait again"), "transactions taken back").to.be.at.least(3);
    await firstOf(entersRound(2));
    const after = await logNow();
    expect(after.of("RoundDrawn", 1)).to.have.length(1);
    expect(after.of("RoundDrawn", 1)[0]!.seed).to.not.equal(before.of("RoundDrawn", 1)[0]!.seed);
    expect((await settledRounds()).map(({ round }) => round)).to.deep.equal([1]);
  });

  it("settles a round whose proposal and attestations a reorganisation takes back", async () => {
    await firstOf(transacts(2, "attest"));
    expect(await anvil.reorganise(2, "wait again"), "transactions taken back").to.be.at.least(2);
    await firstOf(entersRound(3));
    expect((await settledRounds()).map(({ round }) => round)).to.deep.equal([1, 2]);
  });

  it("takes the model back with a round that had settled, and settles it anew, its transactions lost", async () => {
    const models = (daemon: DaemonProcess): number =>
      daemon.events.filter(({ event, updates }) => event === "model" && updates === 2).length;
    await Promise.all(
      daemons.map((daemon) => daemon.until(({ event, updates }) => event === "model" && updates === 2)),
    );
    const settled = (await logNow()).all("RoundSettled").at(-1)!.blockNumber;
    const depth = Number(await anvil.rpc("eth_blockNumber")) - Number(settled) + 1;
    expect(await anvil.reorganise(depth, "are lost"), "transactions taken back").to.be.at.least(1);
    expect((await readRound(federation.endpoint, federation.job)).view.round).to.equal(2);
    const endings = await Promise.all(daemons.map((daemon) => daemon.ended));
    expect(endings.map(({ code }) => code)).to.deep.equal([0, 0, 0, 0]);
    const included = (await settledRounds()).map(({ settled }) => popCount(settled?.includedMask ?? 0n));
    expect(included).to.deep.equal(new Array(ROUNDS).fill(PARTICIPANTS));
    // Each that saw the chain without the round went back to the model before it, and had this one again.
    expect(daemons.map(models).filter((count) => count > 1).length, "daemons that took it back").to.be.at.least(1);
  });

  it("leaves every daemon with the chain's model", async () => {
    const { view } = await readRound(federation.endpoint, federation.job);
    expect(view.phase).to.equal("finished");
    const endings = await Promise.all(daemons.map((daemon) => daemon.ended));
    const models = endings.map(({ stdout }) => (JSON.parse(stdout) as { modelId: string }).modelId);
    expect(models).to.deep.equal(new Array(PARTICIPANTS).fill(view.modelId));
  });
});
