import { mkdirSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { expect } from "chai";
import { describe, it } from "mocha";
import type { Address } from "../../node/core/bytes.ts";
import { PacelineError } from "../../node/core/errors.ts";
import {
  createHome,
  forget,
  jobFolder,
  openHome,
  type HomeJob,
  readDeployment,
  remember,
  requireNoHome,
} from "../../node/daemon/home/home.ts";
import { MAX_JOBS } from "../../node/network/network.ts";
import { temporaryFolder } from "../data/temporaryFolder.ts";
import { codeOf } from "../helpers/errors.ts";

const at = (byte: string): Address => `0x${byte.repeat(20)}`;
const OPERATOR = at("a1");
const DEPLOYMENT = {
  chainId: 31337,
  token: at("01"),
  registry: at("02"),
  treasury: at("03"),
  court: at("04"),
  factory: at("05"),
};

describe("a home folder", () => {
  const folder = temporaryFolder();

  it("remembers what was given once", () => {
    const path = join(folder.path, "one");
    createHome(path, OPERATOR);
    remember(openHome(path), { rpc: "http://127.0.0.1:8545", deployment: DEPLOYMENT });
    remember(openHome(path), { job: { address: at("b2"), fromBlock: 17, file: "job.json" } });
    expect(openHome(path).config).to.deep.equal({
      version: 2,
      operator: OPERATOR,
      rpc: "http://127.0.0.1:8545",
      deployment: DEPLOYMENT,
      jobs: [{ address: at("b2"), fromBlock: 17, file: "job.json" }],
    });
    expect(readdirSync(path)).to.deep.equal(["config.json"]);
  });

  it("follows several jobs: the one named last is the default, and nothing known of it is lost", () => {
    const path = join(folder.path, "many");
    createHome(path, OPERATOR);
    const data = { source: "csv:a.csv", seed: 4, part: { index: 0, of: 2, scheme: { kind: "dirichlet", alpha: 0.5 } } };
    const engine = { engine: "onnx", threads: 2 } as const;
    const first = { address: at("b1"), fromBlock: 1, file: "1.json", data, engine } as HomeJob;
    remember(openHome(path), { job: first });
    remember(openHome(path), { job: { address: at("b2"), fromBlock: 2 } });
    expect(openHome(path).job).to.deep.equal({ address: at("b2"), fromBlock: 2 });
    remember(openHome(path), { job: { address: at("b1"), fromBlock: 1, file: "other.json" } });
    const home = openHome(path);
    expect(home.job).to.deep.equal({ ...first, file: "other.json" });
    expect(home.config.jobs.map(({ address }) => address)).to.deep.equal([at("b1"), at("b2")]);
    const many = Array.from({ length: MAX_JOBS - 2 }, (_, n) => at((0x10 + n).toString(16)));
    for (const address of many) remember(openHome(path), { job: { address, fromBlock: 0 } });
    expect(codeOf(() => remember(openHome(path), { job: { address: at("ee"), fromBlock: 0 } }))).to.equal("bad-input");
    expect(remember(openHome(path), { job: { address: at("b1"), fromBlock: 0 } }).config.jobs).to.have.lengthOf(
      MAX_JOBS,
    );
  });

  it("forgets a job that it is told to, the others unchanged, and none that it does not follow", () => {
    const path = join(folder.path, "forgetful");
    createHome(path, OPERATOR);
    for (const byte of ["b1", "b2"]) remember(openHome(path), { job: { address: at(byte), fromBlock: 3, file: "j" } });
    expect(() => forget(openHome(path), at("b3"))).to.throw(PacelineError, `it follows ${at("b2")}, ${at("b1")}`);
    forget(openHome(path), at("b2"));
    expect(openHome(path).config.jobs).to.deep.equal([{ address: at("b1"), fromBlock: 3, file: "j" }]);
    forget(openHome(path), at("b1"));
    expect(codeOf(() => forget(openHome(path), at("b1")))).to.equal("not-found");
  });

  it("of before there were several jobs is taken over with its job", () => {
    const job = { address: at("b2"), fromBlock: 17, file: "job.json" };
    mkdirSync(join(folder.path, "old"));
    folder.write("old/config.json", JSON.stringify({ version: 1, operator: OPERATOR, deployment: DEPLOYMENT, job }));
    const home = openHome(join(folder.path, "old"));
    expect(home.config).to.deep.equal({ version: 2, operator: OPERATOR, deployment: DEPLOYMENT, jobs: [job] });
    remember(home, { rpc: "http://127.0.0.1:1" });
    expect(openHome(home.folder).job).to.deep.equal(job);
  });

  it("is not made where one is", () => {
    const path = join(folder.path, "two");
    expect(codeOf(() => requireNoHome(path))).to.equal("none");
    createHome(path, OPERATOR);
    expect(codeOf(() => requireNoHome(path))).to.equal("bad-input");
    expect(codeOf(() => createHome(path, at("ff")))).to.equal("bad-input");
    expect(openHome(path).config.operator).to.equal(OPERATOR);
  });

  it("is refused where it is missing or its config is not valid", () => {
    const path = join(folder.path, "three");
    expect(codeOf(() => openHome(path))).to.equal("not-found");
    createHome(path, OPERATOR);
    const text = readFileSync(join(path, "config.json"), "utf8");
    for (const bad of [
      "",
      "[]",
      text.replace("a1", "g1"),
      text.replace('"version": 2', '"version": 3'),
      text.replace('"jobs": []', '"jobs": [{}]'),
      text.replace("{", '{ "key": 1,'),
    ]) {
      folder.write("three/config.json", bad);
      expect(
        codeOf(() => openHome(path)),
        bad,
      ).to.equal("bad-input");
    }
  });

  it("keeps each job of each chain apart", () => {
    const folders = [jobFolder("h", 1, at("b1")), jobFolder("h", 1, at("b2")), jobFolder("h", 2, at("b1"))];
    expect(new Set(folders).size).to.equal(3);
  });
});

describe("a deployment file", () => {
  const folder = temporaryFolder();

  it("gives addresses in the one form that the program compares", () => {
    const file = folder.write(
      "d.json",
      JSON.stringify({ ...DEPLOYMENT, court: "0xABCDEFabcdef00000000000000000000000000FF" }),
    );
    expect(readDeployment(file)).to.deep.equal({ ...DEPLOYMENT, court: "0xabcdefabcdef00000000000000000000000000ff" });
  });

  it("is refused where it is missing or a field is wrong", () => {
    expect(codeOf(() => readDeployment(join(folder.path, "none.json")))).to.equal("not-found");
    for (const bad of [{ ...DEPLOYMENT, chainId: "31337" }, { ...DEPLOYMENT, token: "0x01" }, {}]) {
      expect(codeOf(() => readDeployment(folder.write("bad.json", JSON.stringify(bad))))).to.equal("bad-input");
    }
  });
});
