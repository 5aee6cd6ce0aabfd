import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createJob, type Deployment } from "../../node/chain/accounts.ts";
import { deployContracts } from "../../node/chain/deploy.ts";
import { openEndpoint, type Endpoint } from "../../node/chain/endpoint.ts";
import { createSender } from "../../node/chain/sender.ts";
import { enrol, fundAccounts, simulatedAccounts, type SimulatedAccount } from "../../node/cli/simulation/accounts.ts";
import { FIRST_ACCOUNT_KEY, startChain, type ChainProcess } from "../../node/cli/simulation/chainProcess.ts";
import { createHome, keystoreFile, openHome, remember } from "../../node/daemon/home.ts";
import {
  genesisHash,
  parseJobSpec,
  termsOf,
  USUAL_MONEY,
  type JobSpec,
  type JobSpecInput,
} from "../../node/daemon/jobSpec.ts";
import { createKeystore } from "../../node/daemon/keystore.ts";
import { fromHex, type Address } from "../../node/core/bytes.ts";
import { initialParams } from "../../node/training/modelSpec.ts";
import { DaemonProcess } from "./daemonProcess.ts";

const PASSWORD = "of no account";

/** A chain with a job that everybody has joined, and a home for each participant; no daemon runs yet. */
export interface ReadyFederation {
  readonly chain: ChainProcess;
  readonly endpoint: Endpoint;
  readonly deployment: Deployment;
  readonly job: Address;
  readonly fromBlock: number;
  readonly accounts: readonly SimulatedAccount[];
  /** Starts the daemon of participant `index`, over HTTP. @param rpc another way to the chain */
  start(index: number, rpc?: string): DaemonProcess;
  /** Kills what still runs and removes the files. */
  stop(): Promise<void>;
}

/** A job in which everybody trains and judges, quick to run, by the digits' softmax regression. */
export function smallJob(participants: number, rounds: number, phases: JobSpecInput["phases"]): JobSpecInput {
  return {
    name: "small",
    model: { kind: "softmax-regression", inputs: 784, classes: 10 },
    seed: 5,
    data: {},
    localTraining: { localEpochs: 1, batchSize: 20, learningRate: 0.05 },
    aggregation: { rule: "weighted-mean", weightCap: 10_000 },
    encoding: { type: "int16", minExponent: 4, maxExponent: 18, initialExponent: 12, clipNorm: 50 },
    scoring: { method: "path", points: 8, metric: "cross-entropy" },
    rounds,
    members: { start: participants, cohort: participants, committee: participants, minCommits: 3 },
    phases,
    money: USUAL_MONEY,
  };
}

/** @param openChain a chain whose accounts are Hardhat's */
export async function openReadyFederation(
  participants: number,
  jobSpec: JobSpecInput,
  openChain: () => Promise<ChainProcess> = startChain,
): Promise<ReadyFederation> {
  const folder = mkdtempSync(join(tmpdir(), "paceline-e2e-"));
  const spec = parseJobSpec(jobSpec);
  const jobFile = join(folder, "job.json");
  writeFileSync(jobFile, JSON.stringify(jobSpec));
  const chain = await openChain();
  const endpoint = await openEndpoint(chain.socketUrl);
  const deployment = await deployContracts({ rpcUrl: chain.httpUrl, privateKey: FIRST_ACCOUNT_KEY });
  const { accounts, job, fromBlock } = await openJob(endpoint, deployment, spec, participants);
  const homes = await Promise.all(
    accounts.map(async ({ operatorKey, name }) => {
      const home = join(folder, name);
      const operator = await createKeystore(keystoreFile(home), fromHex(operatorKey), PASSWORD, { scryptN: 4096 });
      createHome(home, operator);
      remember(openHome(home), { rpc: chain.httpUrl, deployment, job: { address: job, fromBlock, file: jobFile } });
      return home;
    }),
  );
  const daemons: DaemonProcess[] = [];
  return {
    chain,
    endpoint,
    deployment,
    job,
    fromBlock,
    accounts,
    start(index, rpc) {
      const where = [
        "--home",
        homes[index] as string,
        "--listen",
        "/ip4/127.0.0.1/tcp/0",
        ...(rpc === undefined ? [] : ["--rpc", rpc]),
      ];
      const data = ["--data", "digits", "--part", `${index + 1}/${participants}`];
      const daemon = new DaemonProcess([...where, ...data, "--linger", "5"], PASSWORD);
      daemons.push(daemon);
      return daemon;
    },
    async stop() {
      await Promise.all(daemons.map((daemon) => daemon.kill("SIGKILL")));
      await endpoint.close();
      await chain.stop();
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

async function openJob(
  endpoint: Endpoint,
  deployment: Deployment,
  spec: JobSpec,
  participants: number,
): Promise<{ accounts: readonly SimulatedAccount[]; job: Address; fromBlock: number }> {
  const sponsor = createSender(endpoint, FIRST_ACCOUNT_KEY);
  const genesis = genesisHash(initialParams(spec.model, spec.seed));
  const terms = termsOf(spec, { address: deployment.token, decimals: 18 }, genesis);
  const { job, blockNumber } = await createJob(sponsor, endpoint, deployment, terms, 1000n * 10n ** 18n);
  const accounts = simulatedAccounts(participants, 7);
  await fundAccounts(sponsor, terms.stakeToken, terms.stake, accounts);
  await enrol(endpoint, deployment, job, terms, accounts);
  return { accounts, job, fromBlock: blockNumber };
}
