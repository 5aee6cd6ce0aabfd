import { readFileSync } from "node:fs";
import { expect } from "chai";
import { artifacts, network } from "hardhat";
import { describe, it } from "mocha";
import Paceline from "../../ignition/modules/Paceline.ts";
import { ABI_FILE, abiSource } from "../../scripts/generate/abi.ts";
import { read } from "./world.ts";

/** EIP-170. */
const MAX_CODE_BYTES = 24_576;

describe("the deployment", () => {
  it("has an ABI in node/chain that is current: npm run generate:abi", () => {
    expect(readFileSync(ABI_FILE, "utf8")).to.equal(abiSource());
  });

  it("has contracts that fit a chain's limit", async () => {
    for (const name of ["Registry", "Treasury", "Job", "JobFactory", "Court", "PaceToken"]) {
      const { deployedBytecode } = await artifacts.readArtifact(name);
      expect((deployedBytecode.length - 2) / 2, name).to.be.at.most(MAX_CODE_BYTES);
    }
  });

  it("binds the contracts to each other", async () => {
    const { ignition, ethers } = await network.create();
    const { token, treasury, factory, implementation } = await ignition.deploy(Paceline);
    const [deployer] = await ethers.getSigners();
    expect(await read<string>(treasury, "factory")).to.equal(await factory.getAddress());
    expect(await read<string>(factory, "TREASURY")).to.equal(await treasury.getAddress());
    expect(await read<string>(factory, "IMPLEMENTATION")).to.equal(await implementation.getAddress());
    expect(await read(token, "balanceOf", deployer)).to.equal(10n ** 27n);
  });
});
