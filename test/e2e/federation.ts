import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Deployment } from "../../node/chain/accounts.ts";
import type { Endpoint } from "../../node/chain/endpoint.ts";
import type { SimulatedAccount } from "../../node/simulation/accounts.ts";
import type { ChainProcess } from "../../node/cli/simulation/chainProcess.ts";
import { createHome, keystoreFile, openHome, remember, type Remembered } from "../../node/daemon/home/home.ts";
import { parseJobSpec, type JobSpecInput } from "../../node/daemon/job/jobSpec.ts";
import { createKeystore } from "../../node/daemon/home/keystore.ts";
import { fromHex, type Address, type Hex } from "../../node/core/bytes.ts";
import { DaemonProcess, type ProcessSettings } from "./daemonProcess.ts";
import { openJob, openTestChain, type OpenJob, type TestChain } from "./testChain.ts";

export const PASSWORD = "of no account";
const KEYS_SEED = 7;

/** A chain with a job that everybody has joined, and a home for each participant; no daemon runs yet. */
export interface ReadyFederation {
  readonly chain: ChainProcess;
  readonly endpoint: Endpoint;
  readonly deployment: Deployment;
  readonly job: Address;
  readonly fromBlock: number;
  readonly accounts: readonly SimulatedAccount[];
  readonly testChain: TestChain;
  readonly openJob: OpenJob;
  /** Where participant `index` keeps what is its own. */
  homeOf(index: number): string;
  /** Starts the daemon of participant `index`, over HTTP. @param rpc another way to the chain */
  start(index: number, rpc?: string, how?: StartSettings): DaemonProcess;
  /** Kills what still runs and removes the files. @param before the files are removed */
  stop(before?: () => void): Promise<void>;
}

/** What a daemon is started with that is not the same for all. */
export interface StartSettings extends ProcessSettings {
  /** Multiaddrs; a free port of the loopback interface unless told. */
  readonly listen?: string;
  readonly announce?: string;
  /** To the command. */
  readonly more?: readonly string[];
}

/** A home with an operator's key, and what its daemon need not be told any more. */
export async function makeHome(home: string, operatorKey: Hex, known: Remembered): Promise<void> {
  const operator = await createKeystore(keystoreFile(home), fromHex(operatorKey), PASSWORD, { scryptN: 4096 });
  createHome(home, operator);
  remember(openHome(home), known);
}

/**
 * @param openChain a chain whose accounts are Hardhat's
 * @param prepareHome sees each home's path before anything is written there
 */
export async function openReadyFederation(
  participants: number,
  jobSpec: JobSpecInput,
  openChain?: () => Promise<ChainProcess>,
  prepareHome: (home: string, index: number) => void = () => undefined,
): Promise<ReadyFederation> {
  const folder = mkdtempSync(join(tmpdir(), "paceline-e2e-"));
  const jobFile = join(folder, "job.json");
  writeFileSync(jobFile, JSON.stringify(jobSpec));
  const chain = await openTestChain(openChain);
  const { deployment, endpoint } = chain;
  const opened = await openJob(chain, parseJobSpec(jobSpec), participants, KEYS_SEED);
  const { accounts, addresses } = opened;
  const { job, fromBlock } = addresses;
  const rpc = chain.process.httpUrl;
  const homes = await Promise.all(
    accounts.map(async ({ operatorKey, name }, index) => {
      const home = join(folder, name);
      prepareHome(home, index);
      await makeHome(home, operatorKey, { rpc, deployment, job: { address: job, fromBlock, file: jobFile } });
      return home;
    }),
  );
  const daemons: DaemonProcess[] = [];
  return {
    chain: chain.process,
    endpoint,
    deployment,
    job,
    fromBlock,
    accounts,
    testChain: chain,
    openJob: opened,
    homeOf: (index) => homes[index] as string,
    start(index, otherRpc, { listen = "/ip4/127.0.0.1/tcp/0", announce, more = [], ...how } = {}) {
      const where = [
        "--home",
        homes[index] as string,
        "--listen",
        listen,
        ...(announce === undefined ? [] : ["--announce", announce]),
        ...(otherRpc === undefined ? [] : ["--rpc", otherRpc]),
        ...more,
      ];
      const data = ["--data", "digits", "--part", `${index + 1}/${participants}`];
      const daemon = new DaemonProcess([...where, ...data, "--linger", "5"], PASSWORD, how);
      daemons.push(daemon);
      return daemon;
    },
    async stop(before) {
      await Promise.all(daemons.map((daemon) => daemon.kill("SIGKILL")));
      await chain.stop();
      before?.();
      rmSync(folder, { recursive: true, force: true });
    },
  };
}
