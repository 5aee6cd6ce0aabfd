import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { expect } from "chai";
import { describe, it } from "mocha";
import type { Address } from "../../node/core/bytes.ts";
import { createHome, jobFolder, openHome, readDeployment, remember, requireNoHome } from "../../node/daemon/home.ts";
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
      version: 1,
      operator: OPERATOR,
      rpc: "http://127.0.0.1:8545",
      deployment: DEPLOYMENT,
      job: { address: at("b2"), fromBlock: 17, file: "job.json" },
    });
    expect(readdirSync(path)).to.deep.equal(["config.json"]);
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
      text.replace('"version": 1', '"version": 2'),
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
