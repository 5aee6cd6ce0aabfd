import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { readDeploymentParameters } from "@nomicfoundation/hardhat-ignition/helpers";
import { expect } from "chai";
import { artifacts, network } from "hardhat";
import { describe, it } from "mocha";
import { createPublicClient, custom, type Hex, type PublicClient } from "viem";
import Consortium from "../../ignition/modules/Consortium.ts";
import Paceline from "../../ignition/modules/Paceline.ts";
import type { Deployment } from "../../node/chain/accounts.ts";
import { toAddress } from "../../node/core/bytes.ts";
import { ABI_FILE, abiSource } from "../../scripts/generate/abi.ts";
import { verifyDeployment } from "../../scripts/verify/deployment.ts";
import type { Check } from "../../scripts/verify/parts.ts";
import { underCoverage } from "../helpers/coverage.ts";
import { deployConsortium } from "./consortiumWorld.ts";
import { addressOf, as, deploy, read, type Treasury } from "./world.ts";

/** Code that counts its lines is not what is deployed and verified. */
const describeCode = underCoverage ? describe.skip : describe;
/** EIP-170. */
const MAX_CODE_BYTES = 24_576;
const CONTRACTS = ["Registry", "Treasury", "Job", "JobDesk", "JobFactory", "Court", "PaceToken"];
const CONSORTIUM_CONTRACTS = ["ConsortiumAccess", "ConsortiumRegistry", "ConsortiumJobFactory"];

type Connection = Awaited<ReturnType<typeof network.create>>;
type Parameters = Readonly<Record<string, Record<string, string | number | bigint | string[]>>>;

const parametersOf = async (file: string): Promise<Parameters> =>
  (await readDeploymentParameters(
    fileURLToPath(new URL(`../../ignition/parameters/${file}`, import.meta.url)),
  )) as Parameters;

const clientOf = (connection: Connection): PublicClient =>
  createPublicClient({ transport: custom(connection.provider), cacheTime: 0 });

/** The addresses that everybody gets who takes part. */
async function deploymentOf(contracts: Record<keyof Omit<Deployment, "chainId">, { getAddress(): Promise<string> }>) {
  const { token, registry, treasury, court, factory } = contracts;
  const [first, ...others] = await Promise.all(
    [token, registry, treasury, court, factory].map((each) => each.getAddress()),
  );
  const [second, third, fourth, fifth] = others;
  const address = (text: string | undefined) => toAddress(text ?? "");
  return {
    chainId: 31_337,
    token: address(first),
    registry: address(second),
    treasury: address(third),
    court: address(fourth),
    factory: address(fifth),
  };
}

async function deployOpen() {
  const connection = await network.create();
  const contracts = await connection.ignition.deploy(Paceline);
  return { connection, contracts, client: clientOf(connection), deployment: await deploymentOf(contracts) };
}

const failuresOf = (checks: readonly Check[]): string[] =>
  checks.filter(({ verdict }) => verdict !== "ok").map(({ subject, verdict }) => `${subject}: ${verdict}`);

describe("the deployment", () => {
  it("has an ABI in node/chain that is current: npm run generate:abi", () => {
    expect(readFileSync(ABI_FILE, "utf8")).to.equal(abiSource());
  });

  for (const name of [...CONTRACTS, ...CONSORTIUM_CONTRACTS]) {
    (underCoverage ? it.skip : it)(`fits ${name} into a chain's limit of 24 KiB`, async () => {
      const { deployedBytecode } = await artifacts.readArtifact(name);
      expect((deployedBytecode.length - 2) / 2).to.be.within(1, MAX_CODE_BYTES);
    });
  }
});

describeCode("the deployment in open mode", () => {
  it("binds the contracts to each other and gives the deployer the token's supply", async () => {
    const { connection, contracts, client, deployment } = await deployOpen();
    const { token, treasury, factory, implementation } = contracts;
    const [deployer] = await connection.ethers.getSigners();
    expect(await read<string>(treasury, "factory")).to.equal(await factory.getAddress());
    expect(await read<string>(factory, "TREASURY")).to.equal(await treasury.getAddress());
    expect(await read<string>(factory, "IMPLEMENTATION")).to.equal(await implementation.getAddress());
    expect(await read(token, "balanceOf", deployer)).to.equal(10n ** 27n);
    expect(failuresOf(await verifyDeployment(client, deployment))).to.deep.equal([]);
  });

  it("takes its parameters from a file", async () => {
    for (const file of ["local.json5", "public-example.json5"]) {
      const connection = await network.create();
      const parameters = await parametersOf(file);
      const { token, factory } = await connection.ignition.deploy(Paceline, { parameters });
      const { tokenHolder, supply, minPhaseSeconds } = parameters["Paceline"] ?? {};
      const [deployer] = await connection.ethers.getSigners();
      expect(await read(token, "balanceOf", tokenHolder ?? deployer), file).to.equal(supply);
      expect(await read(factory, "MIN_PHASE_SECONDS"), file).to.equal(BigInt(minPhaseSeconds as number));
    }
  });
});

describeCode("the deployment of a consortium", () => {
  it("takes token, roles, list and bounds from a file, and leaves the deployer no role", async () => {
    const connection = await network.create();
    const { Consortium: example } = await parametersOf("consortium-example.json5");
    if (example === undefined) throw new Error("the example names no parameters of the module");
    const [deployer] = await connection.ethers.getSigners();
    const token = await deploy(connection.ethers, "PaceToken", deployer, 1n);
    const parameters = { Consortium: { ...example, token: await token.getAddress() } };
    const contracts = await connection.ignition.deploy(Consortium, { parameters });
    const { access, registry, factory } = contracts;
    expect(await read(access, "hasRole", 0, deployer)).to.deep.equal([false, 0n]);
    expect(await read(access, "hasRole", 0, example["admin"])).to.deep.equal([true, 172_800n]);
    for (const sponsor of example["sponsors"] as string[]) {
      expect(await read(access, "hasRole", 1, sponsor)).to.deep.equal([true, 0n]);
    }
    for (const wallet of example["wallets"] as string[]) expect(await read(registry, "isAllowed", wallet)).to.be.true;
    expect(await read(registry, "isAllowed", deployer)).to.be.false;
    expect(await read<unknown[]>(factory, "termBounds")).to.deep.equal([
      await token.getAddress(),
      example["minStake"],
      500n,
      5n,
      60n,
      86_400n,
    ]);
    expect(failuresOf(await verifyDeployment(clientOf(connection), await deploymentOf(contracts)))).to.deep.equal([]);
  });

  it("asks for what only the consortium can say", async () => {
    const connection = await network.create();
    const { Consortium: example } = await parametersOf("consortium-example.json5");
    for (const missing of ["token", "admin", "sponsors"]) {
      const given = Object.fromEntries(Object.entries(example ?? {}).filter(([name]) => name !== missing));
      const failed = await connection.ignition
        .deploy(Consortium, { parameters: { Consortium: given } })
        .then(() => "deployed", String);
      expect(failed, missing).to.contain(missing);
    }
  });

  it("ends before the first transaction where the token does not exist", async () => {
    const connection = await network.create();
    const parameters = await parametersOf("consortium-example.json5");
    const failed = await connection.ignition.deploy(Consortium, { parameters }).then(() => "deployed", String);
    expect(failed).to.contain("totalSupply");
    const [deployer] = await connection.ethers.getSigners();
    expect(await deployer?.getNonce()).to.equal(0);
  });
});

describeCode("the verification of a deployment", () => {
  it("says what it saw: each contract, how it was made, and who points at whom", async () => {
    const { client, deployment } = await deployOpen();
    const checks = await verifyDeployment(client, deployment);
    const subjects = checks.map(({ subject }) => subject);
    expect(subjects).to.include.members([
      "token",
      "registry",
      "treasury",
      "court",
      "desk",
      "implementation",
      "factory",
    ]);
    expect(subjects).to.include.members(["treasury.REGISTRY", "desk.COURT", "implementation.DESK", "factory.TREASURY"]);
    expect(subjects).to.include.members([
      "registry._cachedThis",
      "registry._cachedDomainSeparator",
      "treasury.factory",
    ]);
    const made = checks.find(({ subject }) => subject === "token, as made");
    expect(made?.detail).to.contain('"supply":"1000000000000000000000000000"');
  });

  it("sees another contract, and none at all", async () => {
    const { client, deployment } = await deployOpen();
    const nobody = toAddress(`0x${"9".repeat(40)}`);
    expect(failuresOf(await verifyDeployment(client, { ...deployment, court: deployment.token }))).to.deep.equal([
      "court: wrong",
      "desk.COURT: wrong",
    ]);
    expect(failuresOf(await verifyDeployment(client, { ...deployment, token: nobody }))).to.deep.equal([
      "token: wrong",
    ]);
  });

  it("sees the right contract in the wrong place: a treasury that is bound to another factory, or to none", async () => {
    const { connection, client, deployment } = await deployOpen();
    const treasury = await deploy<Treasury>(connection.ethers, "Treasury", deployment.registry);
    const swapped = { ...deployment, treasury: await addressOf(treasury) };
    const expected = ["factory.TREASURY: wrong", "desk.TREASURY: wrong", "implementation.TREASURY: wrong"];
    expect(failuresOf(await verifyDeployment(client, swapped))).to.have.members([
      ...expected,
      "treasury.factory: wrong",
    ]);
    await treasury.bind(deployment.factory);
    expect(failuresOf(await verifyDeployment(client, swapped))).to.have.members(expected);
  });

  it("says what an endpoint cannot show that keeps no old state", async () => {
    const { connection, deployment } = await deployOpen();
    const request = ({ method, params }: { method: string; params?: unknown }): Promise<unknown> =>
      method === "eth_getCode" && (params as unknown[])[1] !== "latest"
        ? Promise.reject(new Error("missing trie node"))
        : connection.provider.request({ method, params: params as unknown[] });
    const pruned = createPublicClient({ transport: custom({ request }, { retryCount: 0 }), cacheTime: 0 });
    const roles = ["registry", "factory", "implementation", "token", "treasury", "court", "desk"];
    expect(failuresOf(await verifyDeployment(pruned, deployment))).to.have.members(
      roles.map((role) => `${role}, as made: unknown`),
    );
  });

  it("sees a forged constructor under the right code, which could have left credits from nowhere", async () => {
    const { connection, client, deployment } = await deployOpen();
    const code = await client.getCode({ address: deployment.court });
    const [deployer] = await connection.ethers.getSigners();
    const forged = await deployer?.sendTransaction({ data: returning(code ?? "0x") });
    const { contractAddress } = (await forged?.wait()) ?? {};
    const court = toAddress(contractAddress ?? "");
    expect(await client.getCode({ address: court })).to.equal(code);
    expect(failuresOf(await verifyDeployment(client, { ...deployment, court }))).to.include("court, as made: wrong");
  });
});

describeCode("the verification of a consortium's deployment", () => {
  it("sees another access manager, and a deployer that became admin", async () => {
    const world = await deployConsortium();
    const { access, admin, deployer, factory } = world;
    const client = createPublicClient({ transport: custom(world.provider), cacheTime: 0 });
    const deployment = await deploymentOf(world);
    expect(failuresOf(await verifyDeployment(client, deployment))).to.deep.equal([]);
    await as(access, admin).grantRole(0, deployer, 0);
    expect(failuresOf(await verifyDeployment(client, deployment))).to.deep.equal(["deployer: wrong"]);
    await as(access, deployer).renounceRole(0, deployer);
    await as(access, admin).updateAuthority(factory, await deploy(world.ethers, "ConsortiumAccess", admin, 0, []));
    expect(failuresOf(await verifyDeployment(client, deployment))).to.deep.equal(["factory.authority: wrong"]);
  });

  it("sees a token that is not there", async () => {
    const world = await deployConsortium();
    const client = createPublicClient({ transport: custom(world.provider), cacheTime: 0 });
    const deployment = { ...(await deploymentOf(world)), token: toAddress(`0x${"9".repeat(40)}`) };
    expect(failuresOf(await verifyDeployment(client, deployment))).to.deep.equal(["token: wrong"]);
  });
});

/** Creation code that leaves `code`, with nothing else of a constructor. */
function returning(code: Hex): Hex {
  const length = ((code.length - 2) / 2).toString(16).padStart(4, "0");
  // PUSH2 length, DUP1, PUSH1 12, PUSH1 0, CODECOPY, PUSH1 0, RETURN
  return `0x61${length}80600c6000396000f3${code.slice(2)}`;
}
