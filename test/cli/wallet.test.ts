import { expect } from "chai";
import { after, before, describe, it } from "mocha";
import { join } from "node:path";
import { execute } from "../../node/cli/execute.ts";
import { formatUnits } from "../../node/cli/output.ts";
import { fromHex, type Address } from "../../node/core/bytes.ts";
import { createHome, keystoreFile, openHome, remember } from "../../node/daemon/home/home.ts";
import { lockHome } from "../../node/daemon/home/homeLock.ts";
import { createKeystore } from "../../node/daemon/home/keystore.ts";
import { AGGREGATE_LEAF_BYTES, encodeAggregate } from "../../node/core/fixedPoint.ts";
import { buildTree } from "../../node/core/merkle.ts";
import { proofOf } from "../helpers/roundPlayer.ts";
import { temporaryFolder } from "../data/temporaryFolder.ts";
import { ALL, Game } from "../conformance/chain/game.ts";
import { startRealChain, type RealChain, type RealJob } from "../conformance/chain/real.ts";

const PASSWORD = "of no account";
const CHEAP = { scryptN: 1024 };
const ELSEWHERE: Address = `0x${"9b".repeat(20)}`;

describe("a wallet's commands, on a chain", function () {
  this.timeout(60_000);
  const folder = temporaryFolder();
  let chain: RealChain;
  let job: RealJob;
  let game: Game;

  before(async function () {
    this.timeout(180_000);
    process.env["PACELINE_PASSWORD"] = PASSWORD;
    chain = await startRealChain();
    folder.write("deployment.json", JSON.stringify(chain.deployment));
  });
  after(async () => {
    delete process.env["PACELINE_PASSWORD"];
    await chain?.stop();
  });

  /** What the command printed with --json; throws its failure. */
  const run = async (command: string): Promise<Record<string, unknown>> => {
    const known = ["--rpc", chain.rpcUrl, "--deployment", join(folder.path, "deployment.json"), "--json"];
    let printed = "";
    const { write } = process.stdout;
    process.stdout.write = ((text: string, done?: () => void): boolean => {
      printed += text;
      done?.();
      return true;
    }) as typeof write;
    try {
      const failure = await execute([...command.split(" "), ...known]);
      if (failure !== undefined) throw new Error(`exit ${failure.exit}: ${failure.message}`);
    } finally {
      process.stdout.write = write;
    }
    return JSON.parse(printed) as Record<string, unknown>;
  };
  const failureOf = (command: string): Promise<string> =>
    run(command).then(
      () => "no failure",
      (error: unknown) => (error as Error).message,
    );

  const open = async (): Promise<void> => {
    job = await chain.openJob();
    game = new Game(job);
  };
  /** The keystore of a member's wallet. */
  const walletOf = async (member: number, name: string): Promise<string> => {
    const file = join(folder.path, name);
    await createKeystore(file, fromHex(job.accounts[member]!.walletKey), PASSWORD, CHEAP);
    return file;
  };
  /** A member's home, or with a key of its own a new one. */
  const homeOf = async (key: Uint8Array, name: string): Promise<string> => {
    const home = join(folder.path, name);
    createHome(home, await createKeystore(keystoreFile(home), key, PASSWORD, CHEAP));
    remember(openHome(home), { job: { address: job.addresses.job, fromBlock: job.addresses.fromBlock } });
    return home;
  };

  it("show what was earned, and pay it out where the wallet wants it", async () => {
    await open();
    const { wallet } = job.players[1]!;
    const file = await walletOf(1, "earner.json");
    expect(await failureOf(`claim --wallet ${file} --job ${job.addresses.job}`)).to.match(/exit 3: .*nothing to claim/);
    await game.toPropose();
    await game.settle();
    const { credit } = await game.member(1);
    const kept = await job.readCredit(wallet);
    const status = await run(`status --job ${job.addresses.job} --of ${wallet}`);
    expect(status).to.include({ member: true, ejected: false, suspendedUntil: 0, payout: wallet });
    expect(status["earned"]).to.equal(formatUnits(credit, 18));

    expect(await run(`payout ${ELSEWHERE} --wallet ${file}`)).to.include({ wallet, payout: ELSEWHERE });
    const held = await job.readHeld(ELSEWHERE);
    const claimed = await run(`claim --wallet ${file} --job ${job.addresses.job}`);
    expect(claimed).to.include({ account: wallet, paidTo: ELSEWHERE });
    expect((claimed["claimed"] as { from: string }[]).map(({ from }) => from)).to.deep.equal([
      job.addresses.job,
      "treasury",
    ]);
    expect(await job.readHeld(ELSEWHERE)).to.equal(held + credit + kept);
    expect(await failureOf(`payout 0x${"00".repeat(20)} --wallet ${file}`)).to.match(/exit 2: nobody has/);
  });

  it("give the wallet a new operator, once for every key, and tell the job", async () => {
    await open();
    const file = await walletOf(2, "rotating.json");
    const home = await homeOf(new Uint8Array(32).fill(0x71), "second");
    const { operator } = openHome(home).config;
    const rotated = await run(`rotate --home ${home} --wallet ${file}`);
    expect(rotated).to.include({ operator, before: job.players[2]!.operator, job: job.addresses.job });
    expect((await game.member(2)).operator).to.equal(operator);
    expect(await failureOf(`rotate --home ${home} --wallet ${file}`)).to.match(/exit 2: .*cannot be used again/);

    // From another machine, with a consent.
    const third = await homeOf(new Uint8Array(32).fill(0x72), "third");
    const { wallet } = job.players[2]!;
    const { consent, operator: next } = await run(`rotate --home ${third} --consent-for ${wallet}`);
    const args = `--operator ${String(next)} --consent ${String(consent)} --job ${job.addresses.job}`;
    expect(await run(`rotate --wallet ${file} ${args}`)).to.include({ operator: next, before: operator });
    expect((await game.member(2)).operator).to.equal(next);
  });

  it("lock more stake, leave, and withdraw once the last round is over and the time has come", async () => {
    await open();
    const { wallet } = job.players[3]!;
    const file = await walletOf(3, "leaver.json");
    const here = `--job ${job.addresses.job} --wallet ${file}`;
    await run(`job stake --amount 0.0000000000000005 ${here}`); // 500 of the token's smallest unit
    expect(await job.readStake(wallet)).to.equal(1500n);
    expect(await failureOf(`claim --stake ${here}`)).to.match(/exit 7: .*still locked: leave the job first/);
    await game.draw();
    await run(`job leave ${here}`);
    expect(await failureOf(`claim --stake ${here}`)).to.match(/exit 7: .*drawn in the running round/);
    await game.skip();
    expect(await failureOf(`claim --stake ${here}`)).to.match(/exit 7: .*bonded until/); // it began just now
    await job.passTime(job.terms.unbondSeconds);
    const held = await job.readHeld(wallet);
    expect(await run(`claim --stake ${here}`)).to.include({ account: wallet, paidTo: wallet });
    expect(await job.readHeld(wallet)).to.equal(held + 1500n);
  });

  it("take back the bond of a demand that fell with its proposal", async () => {
    await open();
    await game.toPropose();
    const lie = game.player.aggregate(ALL);
    lie[4]! += 1;
    const { root } = buildTree(encodeAggregate(lie), AGGREGATE_LEAF_BYTES);
    await game.propose(root);
    const asker = job.accounts[0]!;
    const home = await homeOf(fromHex(asker.operatorKey), "asker");
    expect(await failureOf(`bonds --home ${home}`)).to.match(/exit 3: .*holds nothing/);
    await game.chain(0).demand(game.player.included(ALL), { tree: 0, level: 2, index: 0, hash: root }, []);
    await game.chain(1).proveWrongLeaf(proofOf(game.player, await game.view(), lie, 4));
    const daemon = await lockHome(home);
    expect(await failureOf(`bonds --home ${home}`)).to.match(
      /the daemon with pid \d+.* runs on the home .*stop that one first/,
    );
    daemon.release();
    const taken = await run(`bonds --home ${home}`);
    expect(taken).to.deep.include({ operator: asker.operator, released: [1] });
    expect(Number(taken["withdrawn"])).to.be.greaterThan(0);
    expect(await failureOf(`bonds --home ${home}`)).to.match(/exit 3/);
  });
});
