import { chmodSync } from "node:fs";
import { join } from "node:path";
import { expect } from "chai";
import { after, before, describe, it } from "mocha";
import { JOB_EXAMPLES } from "../../node/cli/jobExamples.ts";
import { createKeystore } from "../../node/daemon/home/keystore.ts";
import { temporaryFolder } from "../data/temporaryFolder.ts";
import { openFakeChain, openWebPage } from "./fakeChain.ts";
import { execute } from "../../node/cli/execute.ts";
import type { Failure } from "../../node/cli/failure.ts";

const KEY = new Uint8Array(32).fill(0x35);
const ADDRESS = `0x${"4b".repeat(20)}`;
const DEPLOYMENT = {
  chainId: 31337,
  token: ADDRESS,
  registry: ADDRESS,
  treasury: ADDRESS,
  court: ADDRESS,
  factory: ADDRESS,
};

/** One line, which names what is wrong. */
function expectFailure(failure: Failure | undefined, exit: number, line: RegExp): void {
  expect(failure?.message).to.match(line);
  expect(failure?.message).to.not.match(/\n|this is a bug/);
  expect(failure?.exit).to.equal(exit);
}

describe("a fault gets one clear line and its exit code", function () {
  this.timeout(30_000);
  const folder = temporaryFolder();
  const former = process.cwd();
  const run = (args: string): Promise<Failure | undefined> => execute(args.split(" "));

  before(async () => {
    process.chdir(folder.path);
    process.env["PACELINE_PASSWORD"] = "one of many";
    delete process.env["PACELINE_WALLET_PASSWORD"];
    folder.write("deployment.json", JSON.stringify(DEPLOYMENT));
    folder.write("job.json", JSON.stringify(JOB_EXAMPLES.digits));
    await createKeystore(join(folder.path, "wallet.json"), KEY, "the right one", { scryptN: 1024 });
  });

  after(() => {
    process.chdir(former);
    delete process.env["PACELINE_PASSWORD"];
  });

  describe("on the command line", () => {
    it("for an unknown command", async () =>
      expectFailure(await run("begin"), 2, /unknown command 'begin'.*paceline --help/));
    it("for an unknown option", async () =>
      expectFailure(await run("init --frob"), 2, /unknown option '--frob'.*paceline init --help/));
    it("for a command group alone", async () =>
      expectFailure(await run("job"), 2, /which command\? See `paceline job --help`/));
    it("for an option that is needed", async () =>
      expectFailure(
        await run("job create --pool 5 --wallet w"),
        2,
        /'--file <file>' not specified.*paceline job create --help/,
      ));
    it("for a malformed address", async () =>
      expectFailure(await run("status --job 0x12"), 2, /'0x12' is invalid. Give an address/));
    it("for a malformed amount", async () =>
      expectFailure(
        await run("job create --file job.json --wallet wallet.json --pool 1e3"),
        2,
        /amount of tokens such as/,
      ));
    it("for options that do not go together", async () =>
      expectFailure(await run(`claim --stake --for ${ADDRESS} --wallet wallet.json`), 2, /--stake and --for/));
  });

  describe("in what is to be simulated", () => {
    const simulate = (args: string): Promise<Failure | undefined> => run(`simulate ${args}`);
    it("for a model that does not tell what the data have", async () => {
      expectFailure(await simulate("--model linear-regression"), 2, /linear-regression.*--target number/);
      folder.write("rows.csv", Array.from({ length: 30 }, (_, i) => `${i},${i % 7},${i % 2}`).join("\n"));
      expectFailure(await simulate("--data csv:rows.csv --model cnn"), 2, /cnn tells classes of images/);
    });
    it("for more liars than participants", async () =>
      expectFailure(await simulate("--participants 3 --free-riders 2"), 2, /at least one honest participant/));
    it("for a lie after the last round", async () =>
      expectFailure(await simulate("--rounds 2 --liar-round 5"), 2, /--liar-round 5 is after the last of 2 rounds/));
    it("for a job with what it says itself", async () =>
      expectFailure(await simulate("--job job.json --hidden 3"), 2, /'--job <file>' cannot be used with .*--hidden/));
    it("for data that have no label to be dealt by", async () =>
      expectFailure(
        await simulate("--data csv:rows.csv --target number --partition shards:2"),
        2,
        /--partition shards 2: .*deal by label/,
      ));
    it("for a source of which nobody knows what it is", async () =>
      expectFailure(await simulate("--data text:play.txt"), 2, /give a job file whose data.contract says it/));
  });

  describe("in a file", () => {
    it("for a home that is not there", async () =>
      expectFailure(
        await run("start --home nowhere --data digits"),
        3,
        /no home at nowhere: make one with `paceline init/,
      ));
    it("for a file that is not there", async () =>
      expectFailure(
        await run("job create --file none.json --pool 5 --wallet wallet.json"),
        3,
        /no job file at none.json/,
      ));
    it("for a folder in place of a file", async () =>
      expectFailure(await run("job create --file . --pool 5 --wallet wallet.json"), 2, /is a folder/));
    it("for a job file that is not JSON", async () => {
      folder.write("cut.json", '{ "name": "digits", \n "model": {');
      expectFailure(
        await run("job create --file cut.json --pool 5 --wallet wallet.json"),
        2,
        /cut.json is not valid JSON/,
      );
    });
    it("for a job file with wrong fields, all of which it names", async () => {
      folder.write(
        "wrong.json",
        JSON.stringify({
          ...JOB_EXAMPLES.digits,
          rounds: 0,
          localTraining: { ...JOB_EXAMPLES.digits.localTraining, learningRate: -1 },
        }),
      );
      expectFailure(
        await run("job create --file wrong.json --pool 5 --wallet wallet.json"),
        2,
        /wrong.json.*localTraining.learningRate.*rounds/,
      );
    });
    it("for a job whose contract is an outline, with the command that completes it", async () => {
      folder.write("outline.json", JSON.stringify(JOB_EXAMPLES.table));
      expectFailure(
        await run("job create --file outline.json --pool 5 --wallet wallet.json"),
        2,
        /outline.json: data.contract lacks columns.age.mean.*`paceline job fit --file outline.json --data SAMPLE`/,
      );
    });
    it("for a sample that a job's data are not read from", async () =>
      expectFailure(
        await run("job fit --file outline.json --data conll:words.txt"),
        2,
        /kind table.*csv:.*not from conll:/,
      ));
    it("for a deployment file with a wrong field", async () => {
      folder.write("shorter.json", JSON.stringify({ ...DEPLOYMENT, court: "0x12" }));
      expectFailure(
        await run(`status --job ${ADDRESS} --deployment shorter.json`),
        2,
        /shorter.json is not valid: court/,
      );
    });
    it("for a keystore that is none", async () => {
      folder.write("none.json", "{}");
      expectFailure(await run("deploy --wallet none.json --out d.json"), 2, /none.json is no keystore/);
    });
  });

  describe("with a secret", () => {
    it("for the wrong password", async () =>
      expectFailure(
        await run("deploy --wallet wallet.json --out d.json"),
        4,
        /the password does not open wallet.json/,
      ));
    it("for a home that would be overwritten", async () => {
      folder.write("config.json", "{}");
      expectFailure(await run("init --home ."), 2, /home already and is not overwritten/);
    });
    it("for a folder that may not be written to", async function () {
      if (process.getuid?.() === 0) this.skip(); // root may write anywhere
      chmodSync(folder.path, 0o500);
      const failed = await run("init --wallet w.json");
      chmodSync(folder.path, 0o700);
      expectFailure(failed, 10, /permission denied/);
    });
  });

  describe("at the endpoint", () => {
    let other: Awaited<ReturnType<typeof openFakeChain>>;
    let empty: Awaited<ReturnType<typeof openFakeChain>>;
    let page: Awaited<ReturnType<typeof openWebPage>>;
    before(async () => {
      [other, empty, page] = await Promise.all([openFakeChain(5), openFakeChain(DEPLOYMENT.chainId), openWebPage()]);
    });
    after(() => [other, empty, page].forEach((server) => server.close()));
    const status = (url: string): Promise<Failure | undefined> => run(`status --job ${ADDRESS} --rpc ${url}`);

    it("for one that is not there", async () =>
      expectFailure(await status("http://127.0.0.1:9"), 6, /no chain answers at http:\/\/127.0.0.1:9/));
    it("without the key that its URL carries", async () =>
      expectFailure(
        await status("http://me:key@127.0.0.1:9/v3/key?k=key"),
        6,
        /answers at http:\/\/127.0.0.1:9\/…: start/,
      ));
    it("for one that is no JSON-RPC endpoint", async () =>
      expectFailure(await status(page.url), 6, /no chain answers at/));
    it("for no URL", async () => expectFailure(await status("localhost:8545"), 2, /is no endpoint/));
    it("for another chain", async () =>
      expectFailure(await status(other.url), 5, /serves chain 5, but chain 31337 is expected/));
    it("for an address without a contract", async () =>
      expectFailure(await status(empty.url), 5, /there is no registry at 0x4b/));
    it("for a deployment to another scheme", async () => {
      folder.write("password.txt", "the right one\n");
      const failed = await run(
        "deploy --rpc ws://127.0.0.1:9 --wallet wallet.json --wallet-password-file password.txt --out d.json",
      );
      expectFailure(failed, 2, /needs an http:\/\/ or https:\/\/ endpoint/);
    });
  });
});
