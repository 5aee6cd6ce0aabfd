import { createJob, joinJob, transfer, type Deployment } from "../../node/chain/accounts.ts";
import { deployContracts } from "../../node/chain/deploy.ts";
import { openEndpoint, type Endpoint } from "../../node/chain/endpoint.ts";
import { createSender, type Sender } from "../../node/chain/sender.ts";
import type { JobAddresses } from "../../node/chain/viemJob.ts";
import { enrol, fundAccounts } from "../../node/cli/simulation/accounts.ts";
import { simulatedAccounts, type SimulatedAccount } from "../../node/simulation/accounts.ts";
import { FIRST_ACCOUNT_KEY, startChain, type ChainProcess } from "../../node/cli/simulation/chainProcess.ts";
import type { JobTerms } from "../../node/core/jobTerms.ts";
import { genesisHash, termsOf, USUAL_MONEY, type JobSpec, type JobSpecInput } from "../../node/daemon/job/jobSpec.ts";
import { openJobModel } from "../../node/daemon/job/jobModel.ts";
import { DIGITS_CONTRACT } from "../../node/data/contract/digits.ts";
import { initialParams } from "../../node/training/models/model.ts";

export const POOL = 1000n * 10n ** 18n;

/** A chain with the contracts. */
export interface TestChain {
  readonly process: ChainProcess;
  readonly endpoint: Endpoint;
  readonly deployment: Deployment;
  stop(): Promise<void>;
}

/** @param openChain a chain whose accounts are Hardhat's */
export async function openTestChain(openChain: () => Promise<ChainProcess> = startChain): Promise<TestChain> {
  const process = await openChain();
  const endpoint = await openEndpoint(process.socketUrl);
  const deployment = await deployContracts({ rpcUrl: process.httpUrl, privateKey: FIRST_ACCOUNT_KEY });
  return {
    process,
    endpoint,
    deployment,
    async stop() {
      await endpoint.close();
      await process.stop();
    },
  };
}

/** A job in which everybody trains and judges, quick to run, by the digits' softmax regression. */
export function smallJob(participants: number, rounds: number, phases: JobSpecInput["phases"]): JobSpecInput {
  return {
    name: "small",
    model: { kind: "softmax-regression", inputs: 784, classes: 10 },
    seed: 5,
    data: { contract: DIGITS_CONTRACT },
    localTraining: { localEpochs: 1, batchSize: 20, learningRate: 0.05 },
    aggregation: { rule: "weighted-mean", weightCap: 10_000 },
    encoding: { type: "int16", minExponent: 4, maxExponent: 18, initialExponent: 12, clipNorm: 50 },
    scoring: { method: "path", points: 8, metric: "loss" },
    rounds,
    members: { start: participants, cohort: participants, committee: participants, minCommits: 3 },
    phases,
    money: USUAL_MONEY,
  };
}

/** A job that everybody has joined. */
export interface OpenJob {
  readonly addresses: JobAddresses;
  readonly terms: JobTerms;
  /** By member id. */
  readonly accounts: readonly SimulatedAccount[];
}

/** @param seed decides the participants' keys */
export async function openJob(
  { endpoint, deployment }: TestChain,
  spec: JobSpec,
  participants: number,
  seed: number,
): Promise<OpenJob> {
  const { sponsor, addresses, terms } = await createTestJob(endpoint, deployment, spec);
  const accounts = simulatedAccounts(participants, seed);
  await fundAccounts(sponsor, terms.stakeToken, terms.stake, accounts);
  await enrol(endpoint, deployment, addresses.job, terms, accounts);
  return { addresses, terms, accounts };
}

/** Another job, which those join who are registered by one before. */
export async function openAnotherJob(
  { endpoint, deployment }: Pick<TestChain, "endpoint" | "deployment">,
  spec: JobSpec,
  accounts: readonly SimulatedAccount[],
): Promise<OpenJob> {
  const { sponsor, addresses, terms } = await createTestJob(endpoint, deployment, spec);
  for (const { wallet, walletKey } of accounts) {
    await transfer(sponsor, terms.stakeToken, wallet, terms.stake);
    await joinJob(createSender(endpoint, walletKey), deployment, addresses.job, terms);
  }
  return { addresses, terms, accounts };
}

async function createTestJob(
  endpoint: Endpoint,
  deployment: Deployment,
  spec: JobSpec,
): Promise<Omit<OpenJob, "accounts"> & { readonly sponsor: Sender }> {
  const sponsor = createSender(endpoint, FIRST_ACCOUNT_KEY);
  const genesis = genesisHash(initialParams(openJobModel(spec.model, "."), spec.seed));
  const terms = termsOf(spec, { address: deployment.token, decimals: 18 }, genesis);
  const { job, blockNumber } = await createJob(sponsor, endpoint, deployment, terms, POOL);
  const { registry, court } = deployment;
  return { sponsor, addresses: { job, registry, court, fromBlock: blockNumber }, terms };
}
