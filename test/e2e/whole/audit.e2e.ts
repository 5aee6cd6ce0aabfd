import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect } from "chai";
import { after, before, describe, it } from "mocha";
import { createKeystore } from "../../../node/daemon/home/keystore.ts";
import { fromHex, keccakWords, type Hex } from "../../../node/core/bytes.ts";
import { playQuietJob, type PlayedJob } from "../../audit/eventfulJob.ts";
import { paceline, type Run } from "../../cli/paceline.ts";
import { startRealChain, type RealChain } from "../../conformance/chain/real.ts";

const ROUNDS = 50;
const KEY = keccakWords(3, 4);

describe("paceline audit of fifty rounds", function () {
  this.timeout(300_000);
  let chain: RealChain;
  let played: PlayedJob;
  const folder = mkdtempSync(join(tmpdir(), "paceline-audit-"));
  const blobs = join(folder, "blobs");

  before(async () => {
    chain = await startRealChain();
    played = await playQuietJob(chain, ROUNDS);
    writeFileSync(join(folder, "deployment.json"), JSON.stringify(chain.deployment));
    await createKeystore(join(folder, "auditor.json"), fromHex(KEY), "secret", { scryptN: 1024 });
    mkdirSync(blobs);
    for (const [root, bytes] of played.blobs) writeFileSync(join(blobs, root.slice(2)), bytes);
  });
  after(async () => {
    await chain?.stop();
    rmSync(folder, { recursive: true, force: true });
  });

  const audit = (...more: string[]): Promise<Run> =>
    paceline(
      ["audit", "--job", played.job.addresses.job, "--rpc", chain.rpcUrl, "--deployment", "deployment.json", ...more],
      { cwd: folder, env: { PACELINE_PASSWORD: "secret" } },
    );

  it("says that all of them reproduce, and signs it", async () => {
    const run = await audit("--blobs", "blobs", "--key", "auditor.json", "--out", "statement.json");
    expect(run.stderr).to.equal("");
    expect(run.exit).to.equal(0);
    expect(run.stdout).to.contain("All 50 rounds reproduce.");
    expect(run.stdout).to.contain("50 recomputed from their updates");
    const verified = await paceline(["audit", "--verify", "statement.json"], { cwd: folder });
    expect(verified.exit).to.equal(0);
    expect(verified.stdout).to.match(/The signature is of 0x[0-9a-f]{40}\./);
    const text = readFileSync(join(folder, "statement.json"), "utf8");
    writeFileSync(join(folder, "forged.json"), text.replace('"settled": 50', '"settled": 49'));
    expect((await paceline(["audit", "--verify", "forged.json"], { cwd: folder })).exit).to.equal(2);
  });

  it("names the round and the update where one byte of one blob is another", async () => {
    const root = [...played.blobs.keys()][5 * 37 + 1]!; // of each round four updates and the aggregate
    const file = join(blobs, root.slice(2));
    const bytes = readFileSync(file);
    const changed = Uint8Array.from(bytes);
    changed[123]! ^= 8;
    writeFileSync(file, changed);
    const run = await audit("--blobs", "blobs", "--json");
    writeFileSync(file, bytes);
    expect(run.exit).to.equal(21);
    const { reproduces, difference } = JSON.parse(run.stdout) as {
      reproduces: boolean;
      difference: { round: number; item: string; chain: Hex; replay: string };
    };
    expect(reproduces).to.equal(false);
    expect(difference).to.deep.include({ round: 38, item: "update of member 1", chain: root });
    expect(difference.replay).to.contain("has the root 0x");
  });

  it("says which blobs are missing, and follows the chain nevertheless", async () => {
    const root = [...played.blobs.keys()][5 * 20 + 2]!;
    rmSync(join(blobs, root.slice(2)));
    const run = await audit("--blobs", "blobs");
    expect(run.exit).to.equal(22);
    expect(run.stdout).to.contain("missing: round 21, update of member 2");
    const alone = await audit();
    expect(alone.exit).to.equal(0);
    expect(alone.stdout).to.contain("All 50 rounds reproduce from the chain; 50 aggregates were not recomputed.");
  });
});
