import type { BaseContract, ContractTransactionResponse, Signer } from "ethers";
import { network } from "hardhat";
import type { EthereumProvider } from "hardhat/types/providers";
import Consortium from "../../ignition/modules/Consortium.ts";
import { keccakWords } from "../../node/core/bytes.ts";
import type { JobTerms } from "../../node/core/jobTerms.ts";
import { as, deploy, ETHER, makeParticipant, POOL, read, termsOf } from "./world.ts";
import type { Factory, Participant, Registry, Token, World } from "./world.ts";

/** A consortium's contracts, deployed as anyone would: with the Ignition module and a token that was there before. */

/** A contract's methods beyond those of its open-mode twin. */
type With<Names extends string> = BaseContract &
  Record<Names, (...args: readonly unknown[]) => Promise<ContractTransactionResponse>>;

export interface ConsortiumWorld extends World {
  readonly registry: Registry & With<"setAllowed">;
  readonly factory: Factory & With<"setBounds">;
  readonly access: With<
    | "grantRole"
    | "revokeRole"
    | "renounceRole"
    | "schedule"
    | "execute"
    | "cancel"
    | "setTargetFunctionRole"
    | "setTargetClosed"
    | "updateAuthority"
  >;
  readonly provider: EthereumProvider;
  /** Pays for the deployment; has no role. */
  readonly deployer: Signer;
  readonly admin: Signer;
  readonly outsider: Signer;
}

type Accounts = readonly [deployer: Signer, admin: Signer, sponsor: Signer, outsider: Signer];

type Contracts = "registry" | "treasury" | "court" | "factory" | "access";

/** `changes` are parameters of the module. Token and factory are called by the sponsor where a test says nothing else. */
export async function deployConsortium(
  changes: Readonly<Record<string, string | number | bigint>> = {},
): Promise<ConsortiumWorld> {
  const { ethers, ignition, networkHelpers: helpers, provider } = await network.create();
  const [deployer, admin, sponsor, outsider] = (await ethers.getSigners()) as readonly Signer[] as Accounts;
  const token = await deploy<Token>(ethers, "PaceToken", sponsor, 10n ** 12n * ETHER);
  const contracts = await ignition.deploy(Consortium, {
    parameters: {
      Consortium: {
        token: await token.getAddress(),
        admin: await admin.getAddress(),
        sponsors: [await sponsor.getAddress()],
        minPhaseSeconds: 10,
        ...changes,
      },
    },
  });
  const named = contracts as unknown as Pick<ConsortiumWorld, Contracts>;
  await as(token, sponsor).approve(named.treasury, 10n ** 12n * ETHER);
  return {
    ...named,
    token: as(token, sponsor),
    factory: as(named.factory, sponsor),
    chainId: Number((await ethers.provider.getNetwork()).chainId),
    ...{ ethers, helpers, provider, deployer, admin, sponsor, outsider },
  };
}

/** Participants by number, known to nobody yet. */
export async function strangers(world: World, count: number): Promise<Participant[]> {
  const all: Participant[] = [];
  for (let index = 0; index < count; index++) all.push(await makeParticipant(world, index));
  return all;
}

/** A call that somebody may make, and somebody else may not. */
export type Call = readonly [contract: BaseContract, method: string, args: readonly unknown[]];

export const dataOf = async ([contract, method, args]: Call): Promise<string> =>
  (await contract.getFunction(method).populateTransaction(...args)).data;
export const send = ([contract, method, args]: Call, caller: Signer): Promise<unknown> =>
  as(contract, caller).getFunction(method)(...args);

export const openAJob = async (world: ConsortiumWorld, changes: Partial<JobTerms> = {}): Promise<Call> => [
  world.factory,
  "createJob",
  [await termsOf(world, changes), POOL, keccakWords(7)],
];

export const allow = (world: ConsortiumWorld, people: readonly Participant[], allowed = true): Call => [
  world.registry,
  "setAllowed",
  [people.map(({ walletAddress }) => walletAddress), allowed],
];

export interface Bounds {
  readonly token: string;
  readonly minStake: bigint;
  readonly maxSlashPermille: bigint;
  readonly minCommitteeSize: bigint;
  readonly minPhaseSeconds: bigint;
  readonly maxPhaseSeconds: bigint;
}

export async function boundsOf(world: ConsortiumWorld): Promise<Bounds> {
  return ((await read(world.factory, "termBounds")) as unknown as { toObject(): Bounds }).toObject();
}

export async function setBounds(world: ConsortiumWorld, changes: Partial<Bounds>): Promise<unknown> {
  return send([world.factory, "setBounds", [{ ...(await boundsOf(world)), ...changes }]], world.admin);
}
