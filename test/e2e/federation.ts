import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Deployment } from "../../node/chain/accounts.ts";
import type { Endpoint } from "../../node/chain/endpoint.ts";
import type { SimulatedAccount } from "../../node/simulation/accounts.ts";
import type { ChainProcess } from "../../node/cli/simulation/chainProcess.ts";
import { createHome, keystoreFile, openHome, remember } from "../../node/daemon/home.ts";
import { parseJobSpec, type JobSpecInput } from "../../node/daemon/jobSpec.ts";
import { createKeystore } from "../../node/daemon/keystore.ts";
import { fromHex, type Address } from "../../node/core/bytes.ts";
import { DaemonProcess } from "./daemonProcess.ts";
import { openJob, openTestChain } from "./testChain.ts";

const PASSWORD = "of no account";
const KEYS_SEED = 7;

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

/** @param openChain a chain whose accounts are Hardhat's */
export async function openReadyFederation(
  participants: number,
  jobSpec: JobSpecInput,
  openChain?: () => Promise<ChainProcess>,
): Promise<ReadyFederation> {
  const folder = mkdtempSync(join(tmpdir(), "paceline-e2e-"));
  const jobFile = join(folder, "job.json");
  writeFileSync(jobFile, JSON.stringify(jobSpec));
  const chain = await openTestChain(openChain);
  const { deployment, endpoint } = chain;
  const { accounts, addresses } = await openJob(chain, parseJobSpec(jobSpec), participants, KEYS_SEED);
  const { job, fromBlock } = addresses;
  const rpc = chain.process.httpUrl;
  const homes = await Promise.all(
    accounts.map(async ({ operatorKey, name }) => {
      const home = join(folder, name);
      const operator = await createKeystore(keystoreFile(home), fromHex(operatorKey), PASSWORD, { scryptN: 4096 });
      createHome(home, operator);
      remember(openHome(home), { rpc, deployment, job: { address: job, fromBlock, file: jobFile } });
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
    start(index, otherRpc) {
      const where = [
        "--home",
        homes[index] as string,
        "--listen",
        "/ip4/127.0.0.1/tcp/0",
        ...(otherRpc === undefined ? [] : ["--rpc", otherRpc]),
      ];
      const data = ["--data", "digits", "--part", `${index + 1}/${participants}`];
      const daemon = new DaemonProcess([...where, ...data, "--linger", "5"], PASSWORD);
      daemons.push(daemon);
      return daemon;
    },
    async stop() {
      await Promise.all(daemons.map((daemon) => daemon.kill("SIGKILL")));
      await chain.stop();
      rmSync(folder, { recursive: true, force: true });
    },
  };
}
