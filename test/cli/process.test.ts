import { statSync } from "node:fs";
import { join } from "node:path";
import { expect } from "chai";
import { describe, it } from "mocha";
import { openKeystore } from "../../node/daemon/home/keystore.ts";
import { temporaryFolder } from "../data/temporaryFolder.ts";
import { paceline, type Run, type RunOptions } from "./paceline.ts";

const PASSWORD = { PACELINE_PASSWORD: "of the process" };
const KEY = "46".repeat(32);

describe("paceline as a process", function () {
  this.timeout(30_000);
  const folder = temporaryFolder();
  const run = (args: string, options: Omit<RunOptions, "cwd"> = {}): Promise<Run> =>
    paceline(args.split(" "), { cwd: folder.path, ...options });
  const modeOf = (name: string): number => statSync(join(folder.path, name)).mode & 0o777;

  it("tells a failure in one line on stderr, without a stack", async () => {
    const { exit, stdout, stderr } = await run("status --home nowhere");
    expect(exit).to.equal(3);
    expect(stdout).to.equal("");
    expect(stderr).to.match(/^paceline: there is no home at nowhere[^\n]*\n$/);
  });

  it("tells it with --json as an object on stdout too", async () => {
    const { exit, stdout, stderr } = await run("status --job 0x12 --json");
    expect(exit).to.equal(2);
    const { error } = JSON.parse(stdout) as { error: { code: string; message: string } };
    expect(error.code).to.equal("bad-input");
    expect(stderr).to.equal(`paceline: ${error.message}\n`);
  });

  it("does not fail when who reads its output has had enough", async () => {
    expect(await run("job example", { deafReader: true })).to.deep.equal({ exit: 0, stdout: "", stderr: "" });
  });

  it("lists the commands when asked nothing", async () => {
    const { exit, stdout, stderr } = await paceline([], { cwd: folder.path });
    expect({ exit, stderr }).to.deep.equal({ exit: 0, stderr: "" });
    for (const name of [
      "simulate",
      "init",
      "deploy",
      "register",
      "rotate",
      "job",
      "start",
      "status",
      "claim",
      "payout",
      "bonds",
    ])
      expect(stdout).to.include(`\n  ${name} `);
  });

  it("asks for a password where there is a terminal only", async () => {
    const { exit, stderr } = await run("init --home h");
    expect(exit).to.equal(2);
    expect(stderr).to.match(/^paceline: .*set PACELINE_PASSWORD, give --password-file, or run in a terminal\n$/);
  });

  it("does not repeat a private key that it refuses", async () => {
    const { exit, stderr } = await run("init --wallet w.json --import", { env: PASSWORD, stdin: "c0ffee-and-more" });
    expect(exit).to.equal(2);
    expect(stderr)
      .to.match(/^paceline: .*no private key: give 64 hexadecimal digits\n$/)
      .and.not.include("c0ffee");
  });

  it("imports a key from stdin into a keystore that only its owner reads", async () => {
    const { exit, stdout } = await run("init --wallet wallet.json --import --json", {
      env: PASSWORD,
      stdin: `0x${KEY}\n`,
    });
    expect(exit).to.equal(0);
    expect(JSON.parse(stdout)).to.include({ wallet: "0x9d8a62f656a8d1615c1294fd71e9cfb3e4855a4f" }); // the key of EIP-155's example
    expect(modeOf("wallet.json")).to.equal(0o600);
    expect(
      Buffer.from(await openKeystore(join(folder.path, "wallet.json"), PASSWORD.PACELINE_PASSWORD)).toString("hex"),
    ).to.equal(KEY);
  });

  it("makes a home, and says who it is on the chain and in the network", async () => {
    const { exit, stdout } = await run("init --home home --json", { env: PASSWORD });
    expect(exit).to.equal(0);
    const { operator, peerId } = JSON.parse(stdout) as { operator: string; peerId: string };
    expect(operator).to.match(/^0x[0-9a-f]{40}$/);
    expect(peerId).to.match(/^16Uiu2HA/); // how PeerIds of secp256k1 keys begin
    expect([modeOf("home"), modeOf("home/operator.json"), modeOf("home/config.json")]).to.deep.equal([
      0o700, 0o600, 0o600,
    ]);
  });
});
