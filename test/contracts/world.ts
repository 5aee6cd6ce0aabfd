import type { NetworkHelpers } from "@nomicfoundation/hardhat-network-helpers/types";
import type { HardhatEthers } from "@nomicfoundation/hardhat-ethers/types";
import { Wallet, type BaseContract, type ContractTransactionResponse, type Signer } from "ethers";
import { network } from "hardhat";
import type {
  courtAbi,
  jobAbi as jobAbiType,
  jobFactoryAbi,
  paceTokenAbi,
  registryAbi,
  treasuryAbi,
} from "../../node/chain/abi.ts";
import { jobAbi } from "../../node/chain/abi.ts";
import { fromHex, keccakWords, toAddress, type Address, type Hex } from "../../node/core/bytes.ts";
import type { JobTerms } from "../../node/core/jobTerms.ts";
import { signDigest } from "../../node/core/signature.ts";
import { registrationDigest } from "../../node/core/typedData.ts";

/** Everything deployed on a chain of its own, with participants and jobs: what each contract test starts from. */

type Method = (...args: readonly unknown[]) => Promise<ContractTransactionResponse>;
type FunctionNames<Abi extends readonly { readonly type: string }[]> = Extract<
  Abi[number],
  { readonly type: "function"; readonly name: string }
>["name"];
/** A contract whose methods are known by name. */
export type Handle<Abi extends readonly { readonly type: string }[]> = BaseContract &
  Record<FunctionNames<Abi>, Method>;

export type Job = Handle<typeof jobAbiType>;
export type Treasury = Handle<typeof treasuryAbi>;
export type Registry = Handle<typeof registryAbi>;
export type Factory = Handle<typeof jobFactoryAbi>;
export type CourtContract = Handle<typeof courtAbi>;
export type Token = Handle<typeof paceTokenAbi>;

export interface World {
  readonly ethers: HardhatEthers;
  readonly helpers: NetworkHelpers;
  readonly chainId: number;
  readonly token: Token;
  readonly registry: Registry;
  readonly treasury: Treasury;
  readonly court: CourtContract;
  readonly factory: Factory;
  /** Deployed everything, holds the token, opens jobs. */
  readonly sponsor: Signer;
}

export interface Participant {
  readonly wallet: Signer;
  readonly walletAddress: Address;
  readonly operator: Signer;
  readonly address: Address;
  /** The operator's. */
  readonly privateKey: Uint8Array;
}

export const ETHER = 10n ** 18n;
export const POOL = 1_000_003n * ETHER + 7n;
/** Of the factory. */
export const MIN_PHASE_SECONDS = 10;

/** The contract with another caller. */
export function as<Contract extends BaseContract>(contract: Contract, caller: Signer): Contract {
  return contract.connect(caller) as Contract;
}

/** Calls a view; `T` is what the caller knows it to return. */
export async function read<T = bigint>(
  contract: { getFunction(name: string): { staticCall(...args: readonly unknown[]): Promise<unknown> } },
  name: string,
  ...args: readonly unknown[]
): Promise<T> {
  return (await contract.getFunction(name).staticCall(...args)) as T;
}

export async function addressOf(contract: BaseContract): Promise<Address> {
  return toAddress(await contract.getAddress());
}

export async function deploy<Contract extends BaseContract>(
  ethers: HardhatEthers,
  name: string,
  ...args: unknown[]
): Promise<Contract> {
  return (await ethers.deployContract(name, args)) as unknown as Contract;
}

export async function deployWorld(): Promise<World> {
  const { ethers, networkHelpers } = await network.create();
  const sponsor = await firstSigner(ethers);
  const token = await deploy<Token>(ethers, "PaceToken", sponsor, 10n ** 12n * ETHER);
  const registry = await deploy<Registry>(ethers, "Registry");
  const treasury = await deploy<Treasury>(ethers, "Treasury", registry);
  const court = await deploy<CourtContract>(ethers, "Court", registry);
  const desk = await deploy(ethers, "JobDesk", registry, treasury, court);
  const implementation = await deploy(ethers, "Job", registry, treasury, court, desk);
  const factory = await deploy<Factory>(
    ethers,
    "JobFactory",
    implementation,
    treasury,
    MIN_PHASE_SECONDS,
    3,
    2 ** 24 - 1,
  );
  await treasury.bind(factory);
  await token.approve(treasury, 10n ** 12n * ETHER);
  const chainId = Number((await ethers.provider.getNetwork()).chainId);
  return { ethers, helpers: networkHelpers, chainId, token, registry, treasury, court, factory, sponsor };
}

async function firstSigner(ethers: HardhatEthers): Promise<Signer> {
  const [signer] = await ethers.getSigners();
  if (signer === undefined) throw new Error("the test network has no accounts");
  return signer;
}

/** An account with money, made from a number. */
export async function account(
  world: World,
  index: number,
): Promise<{ readonly signer: Signer; readonly key: Uint8Array }> {
  const key = fromHex(keccakWords(0x9ace, index));
  const address = new Wallet(keccakWords(0x9ace, index)).address;
  await world.helpers.setBalance(address, 1000n * ETHER);
  return { signer: await world.ethers.getImpersonatedSigner(address), key };
}

/** A wallet and an operator, not registered yet. */
export async function makeParticipant(world: World, index: number): Promise<Participant> {
  const [wallet, operator] = [await account(world, 2 * index), await account(world, 2 * index + 1)];
  return {
    wallet: wallet.signer,
    walletAddress: toAddress(await wallet.signer.getAddress()),
    operator: operator.signer,
    address: toAddress(await operator.signer.getAddress()),
    privateKey: operator.key,
  };
}

/** The operator's consent to serve the wallet. */
export async function consentOf(world: World, one: Participant, nonce = 0n): Promise<Hex> {
  const registry = { chainId: world.chainId, registry: await addressOf(world.registry) };
  return signDigest(
    registrationDigest(registry, { wallet: one.walletAddress, operator: one.address, nonce }),
    one.privateKey,
  );
}

/** Participants that are registered, hold tokens and have approved the treasury. */
export async function makeParticipants(world: World, count: number, first = 0): Promise<Participant[]> {
  const participants: Participant[] = [];
  for (let index = first; index < first + count; index++) {
    const one = await makeParticipant(world, index);
    await as(world.registry, one.wallet).register(one.address, await consentOf(world, one));
    await world.token.transfer(one.walletAddress, 10_000n * ETHER);
    await as(world.token, one.wallet).approve(world.treasury, 10_000n * ETHER);
    participants.push(one);
  }
  return participants;
}

/** Terms in the factory's bounds; the vector fills two leaves and a half, so that the tree has a filled-up leaf. */
export async function termsOf(world: World, changes: Partial<JobTerms> = {}): Promise<JobTerms> {
  const token = await addressOf(world.token);
  return {
    token,
    stakeToken: token,
    specHash: keccakWords(1),
    genesisHash: keccakWords(2),
    rounds: 3,
    vectorLength: 300,
    weightCap: 1_000,
    startMembers: 5,
    cohortSize: 64,
    committeeSize: 7,
    minCommits: 3,
    rule: 0,
    trimPermille: 0,
    minExponent: 4,
    maxExponent: 20,
    initialExponent: 12,
    stakeWeighted: false,
    suspendDraws: 0,
    joinSeconds: 1_000,
    commitSeconds: 1_000,
    shareSeconds: 500,
    slotSeconds: 100,
    demandSeconds: 200,
    challengeSeconds: 600,
    scoreSeconds: 300,
    unbondSeconds: 5_700,
    phaseBlocks: 2,
    stake: 100n * ETHER,
    faultSlash: 60n * ETHER,
    missSlash: 1n * ETHER,
    proofReward: 20n * ETHER,
    contributorsBps: 7_000,
    aggregatorBps: 1_000,
    committeeBps: 1_500,
    keepersBps: 500,
    ...changes,
  };
}

/** A job of the sponsor's; each has another salt, and so another address. */
export async function createJob(world: World, changes: Partial<JobTerms> = {}, pool = POOL): Promise<Job> {
  const terms = await termsOf(world, changes);
  const salt = keccakWords(await world.sponsor.getNonce());
  const address = await read<string>(world.factory, "predictJob", terms, world.sponsor, salt);
  await world.factory.createJob(terms, pool, salt);
  return jobAt(world, address);
}

export function jobAt(world: World, address: string): Job {
  return new world.ethers.Contract(address, jobAbi, world.sponsor) as unknown as Job;
}

/** Each locks the stake of the terms, or `amount`. */
export async function joinAll(job: Job, participants: readonly Participant[], amount?: bigint): Promise<void> {
  const { stake } = await read<{ stake: bigint }>(job, "terms");
  for (const one of participants) await as(job, one.wallet).join(amount ?? stake);
}
