import { spawn, type ChildProcess } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import { createJob } from "../../../node/chain/accounts.ts";
import { deployContracts } from "../../../node/chain/deploy.ts";
import { openEndpoint } from "../../../node/chain/endpoint.ts";
import { createSender } from "../../../node/chain/sender.ts";
import { enrol, fundAccounts } from "../../../node/cli/simulation/accounts.ts";
import { FIRST_ACCOUNT_KEY, startChain } from "../../../node/cli/simulation/chainProcess.ts";
import { DEFAULT_SETTINGS } from "../../../node/cli/simulation/settings.ts";
import { openSimulatedSpec } from "../../../node/cli/simulation/simulatedJob.ts";
import { fromHex } from "../../../node/core/bytes.ts";
import { createHome, keystoreFile } from "../../../node/daemon/home/home.ts";
import { genesisHash, termsOf, toUnits } from "../../../node/daemon/job/jobSpec.ts";
import { createKeystore } from "../../../node/daemon/home/keystore.ts";
import { simulatedAccounts } from "../../../node/simulation/accounts.ts";
import { initialParams } from "../../../node/training/models/model.ts";
import { DAEMON_FLAGS } from "./daemonFlags.ts";

const MAIN = fileURLToPath(new URL("../../../node/cli/main.ts", import.meta.url));
const PASSWORD = "only for this benchmark";
/** Until the start's garbage is collected, and the engine that was tried out has ended. */
const WARM_UP_MS = 35_000;
const MEASURED_MS = 60_000;
/** Jiffies a second, as Linux tells processes. */
const TICKS_A_SECOND = 100;

/**
 * A daemon that follows a job which waits for more members, its data loaded: what its processes hold, and its share of one core, over a
 * minute.
 * Linux only: by /proc.
 */
export async function measureIdle(): Promise<Record<string, number>> {
  const folder = mkdtempSync(join(tmpdir(), "paceline-bench-"));
  const chain = await startChain();
  try {
    const args = await prepare(folder, chain.httpUrl, chain.socketUrl);
    // At the first start Node compiles what it reads, and keeps it: the second one counts.
    await stopDaemon(await startDaemon(args));
    const daemon = await startDaemon(args);
    try {
      return await watch(daemon.pid as number);
    } finally {
      await stopDaemon(daemon);
    }
  } finally {
    await chain.stop();
    rmSync(folder, { recursive: true, force: true });
  }
}

/** Deploys, opens a job for four, and enrols one. @returns what `paceline start` is told */
async function prepare(folder: string, httpUrl: string, socketUrl: string): Promise<readonly string[]> {
  const settings = { ...DEFAULT_SETTINGS, participants: 4 };
  const { spec, model } = await openSimulatedSpec(settings);
  const deployment = await deployContracts({ rpcUrl: httpUrl, privateKey: FIRST_ACCOUNT_KEY });
  const endpoint = await openEndpoint(socketUrl);
  try {
    const sponsor = createSender(endpoint, FIRST_ACCOUNT_KEY);
    const terms = termsOf(
      spec,
      { address: deployment.token, decimals: 18 },
      genesisHash(initialParams(model, spec.seed)),
    );
    const { job } = await createJob(sponsor, endpoint, deployment, terms, toUnits(settings.pool, 18));
    const accounts = simulatedAccounts(1, 1);
    await fundAccounts(sponsor, terms.stakeToken, terms.stake, accounts);
    await enrol(endpoint, deployment, job, terms, accounts);
    const home = join(folder, "home");
    const [account] = accounts;
    if (account === undefined) throw new Error("one account was asked for");
    const operator = await createKeystore(keystoreFile(home), fromHex(account.operatorKey), PASSWORD);
    createHome(home, operator);
    const [jobFile, deploymentFile] = [join(folder, "job.json"), join(folder, "deployment.json")];
    writeFileSync(jobFile, JSON.stringify(spec));
    writeFileSync(deploymentFile, JSON.stringify(deployment));
    return ["--home", home, "--rpc", socketUrl, "--deployment", deploymentFile, "--job", job, "--job-file", jobFile];
  } finally {
    await endpoint.close();
  }
}

async function startDaemon(args: readonly string[]): Promise<ChildProcess> {
  const command = [
    ...DAEMON_FLAGS,
    MAIN,
    "start",
    "--json",
    ...args,
    "--data",
    "digits",
    "--part",
    "1/10",
    "--listen",
    "/ip4/127.0.0.1/tcp/0",
  ];
  const daemon = spawn(process.execPath, command, {
    stdio: ["ignore", "ignore", "pipe"],
    env: { ...process.env, PACELINE_PASSWORD: PASSWORD },
  });
  await new Promise<void>((resolve, reject) => {
    let tail = "";
    createInterface({ input: daemon.stderr as NodeJS.ReadableStream }).on("line", (line) => {
      tail = `${tail}\n${line}`.slice(-2_000);
      if (line.includes('"event":"started"')) resolve();
    });
    daemon.once("exit", () => reject(new Error(`the daemon did not start: ${tail}`)));
  });
  return daemon;
}

async function stopDaemon(daemon: ChildProcess): Promise<void> {
  const ended = new Promise((resolve) => daemon.once("exit", resolve));
  daemon.kill("SIGTERM");
  await ended;
}

async function watch(pid: number): Promise<Record<string, number>> {
  await new Promise((resolve) => setTimeout(resolve, WARM_UP_MS));
  const before = processorSeconds(pid);
  let residentMB = 0;
  const start = performance.now();
  while (performance.now() - start < MEASURED_MS) {
    await new Promise((resolve) => setTimeout(resolve, 2_000));
    residentMB = Math.max(residentMB, residentBytes(pid) / 1e6);
  }
  const seconds = (performance.now() - start) / 1000;
  return { idleMB: residentMB, idleCpuPercent: (100 * (processorSeconds(pid) - before)) / seconds };
}

function processorSeconds(pid: number): number {
  const fields = readFileSync(`/proc/${pid}/stat`, "utf8").split(") ")[1]?.split(" ") ?? [];
  return (Number(fields[11]) + Number(fields[12])) / TICKS_A_SECOND;
}

/** Of a process and those that it has started. */
function residentBytes(pid: number): number {
  const children = readFileSync(`/proc/${pid}/task/${pid}/children`, "utf8").split(" ").filter(Boolean);
  const own = Number(/VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${pid}/status`, "utf8"))?.[1]) * 1024;
  return children.reduce((sum, child) => sum + residentBytes(Number(child)), own);
}
