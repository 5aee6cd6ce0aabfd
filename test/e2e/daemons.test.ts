import { expect } from "chai";
import { after, afterEach, before, describe, it } from "mocha";
import type { RoundOutcome } from "../../node/chain/chain.ts";
import { readHistory } from "../../node/chain/history.ts";
import { readRound } from "../../node/chain/snapshots.ts";
import { popCount } from "../../node/core/roundView.ts";
import type { DaemonProcess, Ending, LogEvent } from "./daemonProcess.ts";
import { openReadyFederation, type ReadyFederation } from "./federation.ts";
import { openRelay, type Relay } from "./relay.ts";
import { smallJob } from "./testChain.ts";

const PARTICIPANTS = 4;
const ROUNDS = 4;

/** Phases that end early when complete: their length is how long the others wait for one that is down. */
const JOB = smallJob(PARTICIPANTS, ROUNDS, {
  join: 600,
  commit: 60,
  share: 60,
  slot: 10,
  demand: 8,
  challenge: 30,
  score: 15,
  unbond: 600,
  blocks: 1,
});

const commitsIn =
  (round: number) =>
  ({ event, call, round: sentIn }: LogEvent): boolean =>
    event === "transaction" && sentIn === round && (call === "commit" || call === "commitBatch");
const entersPhase =
  (round: number, phase: string) =>
  (event: LogEvent): boolean =>
    event.event === "phase" && event.round === round && event.phase === phase;
const entersRound =
  (round: number) =>
  (event: LogEvent): boolean =>
    event.event === "phase" && (event.round ?? 0) >= round;

describe("four daemons as processes, on a JSON-RPC chain", function () {
  this.timeout(180_000);
  let federation: ReadyFederation;
  let relay: Relay;
  let daemons: DaemonProcess[] = [];
  let endings: Ending[] = [];
  let rounds: readonly RoundOutcome[] = [];

  const history = async (): Promise<readonly RoundOutcome[]> =>
    (await readHistory(federation.endpoint, federation, 1)).rounds;
  const included = (round: number): number =>
    popCount(rounds.find((each) => each.round === round)?.settled?.includedMask ?? 0n);

  before(async () => {
    federation = await openReadyFederation(PARTICIPANTS, JOB);
    relay = await openRelay(Number(new URL(federation.chain.httpUrl).port));
    // One of them over a WebSocket that can be cut, the others over HTTP.
    const rpcs = [undefined, `ws://127.0.0.1:${relay.port}`, undefined, undefined];
    daemons = rpcs.map((rpc, index) => federation.start(index, rpc));
  });
  after(async () => {
    relay.close();
    await federation.stop();
  });
  afterEach(function () {
    if (this.currentTest?.state !== "failed") return;
    for (const [index, daemon] of daemons.entries()) console.error(`daemon ${index + 1}:\n${daemon.tail()}`);
  });

  it("goes on where it was when a daemon is killed after its commit and started again", async () => {
    const victim = daemons[3] as DaemonProcess;
    // Nobody can go on to Propose before it has seen Share, for its opening is wanted.
    await victim.until(entersPhase(2, "share"));
    expect(await victim.kill("SIGKILL")).to.include({ signal: "SIGKILL" });
    daemons[3] = federation.start(3);
    await daemons[0]?.until(entersRound(3));
    rounds = await history();
    expect(included(2), "updates of round 2, the killed daemon's among them").to.equal(PARTICIPANTS);
    expect(daemons[3].events.filter(commitsIn(2)), "a second commit of round 2").to.deep.equal([]);
  });

  it("completes a round without a daemon that is killed while the round is judged", async () => {
    const victim = daemons[2] as DaemonProcess;
    // Over HTTP it looks twice a second, and may have missed that there was a proposal to make.
    await victim.until((event) => entersPhase(3, "propose")(event) || entersPhase(3, "challenge")(event));
    await victim.kill("SIGKILL");
    await daemons[0]?.until(entersRound(4));
    expect((await history()).find(({ round }) => round === 3)?.settled).to.not.equal(undefined);
    daemons[2] = federation.start(2);
  });

  it("goes on when a daemon's endpoint has been away", async () => {
    const cutOff = daemons[1] as DaemonProcess;
    await cutOff.until(entersPhase(4, "commit"));
    relay.cut();
    await cutOff.until(({ event, code }) => event === "problem" && code === "chain-unreachable");
    relay.mend();
    await cutOff.until(entersPhase(4, "finished"));
  });

  it("ends with every round settled, and with everybody back in the last one", async () => {
    endings = await Promise.all(daemons.map((daemon) => daemon.ended));
    rounds = await history();
    expect(rounds.filter(({ settled }) => settled !== undefined).map(({ round }) => round)).to.deep.equal([1, 2, 3, 4]);
    expect(included(ROUNDS)).to.equal(PARTICIPANTS);
  });

  it("leaves every daemon with the chain's model", async () => {
    const { view } = await readRound(federation.endpoint, federation.job);
    expect(view.phase).to.equal("finished");
    expect(endings.map(({ code }) => code)).to.deep.equal([0, 0, 0, 0]);
    const models = endings.map(({ stdout }) => (JSON.parse(stdout) as { modelId: string }).modelId);
    expect(models).to.deep.equal(new Array(PARTICIPANTS).fill(view.modelId));
  });

  it("prints nothing but events on stderr", () => {
    expect(daemons.flatMap(({ strayLines }) => strayLines)).to.deep.equal([]);
  });
});
