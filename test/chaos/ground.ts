import { spawnSync } from "node:child_process";
import { mkdirSync } from "node:fs";
import { createServer, type AddressInfo } from "node:net";
import { fileURLToPath } from "node:url";
import { startChain } from "../../node/cli/simulation/chainProcess.ts";
import type { JobSpecInput } from "../../node/daemon/job/jobSpec.ts";
import { findAnvil, startAnvil, type Anvil } from "../helpers/anvil.ts";
import type { DaemonProcess, LogEvent } from "../e2e/daemonProcess.ts";
import { openReadyFederation, type ReadyFederation, type StartSettings } from "../e2e/federation.ts";
import { JobLog } from "../e2e/jobLog.ts";
import { smallJob } from "../e2e/testChain.ts";
import type { Needs } from "./fault.ts";
import { Attacker } from "./hostile/attacker.ts";
import { Links } from "./links.ts";
import { RpcEndpoint } from "./rpcEndpoint.ts";

/** Seconds that a clock is put ahead. */
export const CLOCK_AHEAD_SECONDS = 300;
/** More rounds than any row plays: the job's end is not what is tested. */
const MANY_ROUNDS = 1000;
const BLOCK_SECONDS = 1;

type Phases = JobSpecInput["phases"];

/**
 * Phases end early when complete: their lengths are how long the others wait for one that is down, and what a busy machine may take for
 * its part.
 */
export const PHASES: Phases = {
  join: 600,
  commit: 30,
  share: 30,
  slot: 20,
  demand: 8,
  challenge: 35,
  score: 30,
  unbond: 900,
  blocks: 1,
};
/** For a few daemons that have the machine for themselves. */
export const SHORT_PHASES: Phases = {
  ...PHASES,
  commit: 12,
  share: 8,
  slot: 5,
  demand: 6,
  challenge: 12,
  score: 8,
};

const preload = (name: string): string => fileURLToPath(new URL(`preload/${name}.ts`, import.meta.url));

/** A federation of processes that faults strike. */
export class Ground {
  readonly federation: ReadyFederation;
  readonly job: JobSpecInput;
  /** Daemons of ours; one member more where there is an attacker. */
  readonly size: number;
  readonly links: Links | undefined;
  readonly endpoints: readonly RpcEndpoint[];
  readonly anvil: Anvil | undefined;
  readonly daemons: DaemonProcess[] = [];
  /** The member after ours, where the fault needs one. */
  readonly attacker: Attacker | undefined;
  log: JobLog;
  readonly #needs: Needs;
  readonly #ports: readonly number[];
  readonly #mounts: readonly string[];
  /** Those whose end is no surprise. */
  readonly #ending = new Set<DaemonProcess>();

  private constructor(parts: {
    federation: ReadyFederation;
    job: JobSpecInput;
    size: number;
    needs: Needs;
    ports: readonly number[];
    mounts: readonly string[];
    links: Links | undefined;
    endpoints: readonly RpcEndpoint[];
    anvil: Anvil | undefined;
  }) {
    this.federation = parts.federation;
    this.job = parts.job;
    this.size = parts.size;
    this.links = parts.links;
    this.endpoints = parts.endpoints;
    this.anvil = parts.anvil;
    this.#needs = parts.needs;
    this.attacker = parts.needs.attacker === true ? new Attacker(parts.federation, parts.size, parts.job) : undefined;
    this.#ports = parts.ports;
    this.#mounts = parts.mounts;
    this.log = this.#newLog();
  }

  /** A chain, a job that all have joined, and the daemons of `size` of them. */
  static async open(size: number, needs: Needs, phases = PHASES): Promise<Ground> {
    const members = size + (needs.attacker === true ? 1 : 0);
    const job = smallJob(members, MANY_ROUNDS, phases);
    const mounts: string[] = [];
    let anvil: Anvil | undefined;
    const openChain = async (): ReturnType<typeof startChain> => {
      if (needs.anvil !== true) return startChain();
      anvil = await startAnvil(findAnvil()!);
      return anvil;
    };
    const federation = await openReadyFederation(members, job, openChain, (home, member) => {
      if (needs.disks?.members.includes(member) !== true) return;
      mountMemory(home, needs.disks.megabytes);
      mounts.push(home);
    });
    const ports = await Promise.all(Array.from({ length: size }, freePort));
    const ground = new Ground({
      federation,
      job,
      size,
      needs,
      ports,
      mounts,
      links: needs.links === true ? await Links.open(ports) : undefined,
      endpoints:
        needs.endpoints === undefined
          ? []
          : await Promise.all(ports.map(() => RpcEndpoint.open(federation.chain.httpUrl))),
      anvil,
    });
    await ground.#mineByTheClock();
    for (let member = 0; member < size; member++) ground.start(member);
    await ground.attacker?.start();
    return ground;
  }

  /** Starts, or starts again, a member's daemon. */
  start(member: number): DaemonProcess {
    const daemon = this.federation.start(member, this.#rpcOf(member), this.#settingsOf(member));
    this.daemons[member] = daemon;
    return daemon;
  }

  /** Kills a member's daemon, as a power cut does. */
  async kill(member: number): Promise<void> {
    const daemon = this.daemons[member]!;
    this.#ending.add(daemon);
    await daemon.kill("SIGKILL");
  }

  /** Stops a member's daemon in good order. */
  async stop(member: number): Promise<void> {
    const daemon = this.daemons[member]!;
    this.#ending.add(daemon);
    await daemon.kill("SIGTERM");
  }

  /** Those that ended and should not have: members and their daemons' last words. */
  surprises(): readonly string[] {
    return this.daemons.flatMap((daemon, member) =>
      daemon.hasEnded && !this.#ending.has(daemon) ? [`the daemon of member ${member} ended:\n${daemon.tail()}`] : [],
    );
  }

  /** Lines on stderr that are no events: a stack trace, a warning. */
  strayLines(): readonly string[] {
    return this.daemons.flatMap(({ strayLines }, member) => strayLines.map((line) => `member ${member}: ${line}`));
  }

  /** Resolves with the first event of a member's running daemon that fits; rejects after `seconds`. */
  async until(member: number, what: string, fits: (event: LogEvent) => boolean, seconds: number): Promise<LogEvent> {
    const daemon = this.daemons[member]!;
    let timer: NodeJS.Timeout | undefined;
    const late = new Promise<never>((_, reject) => {
      const tell = (): void =>
        reject(new Error(`member ${member}: no ${what} within ${seconds} s; its last words:\n${daemon.tail()}`));
      timer = setTimeout(tell, seconds * 1000);
    });
    return Promise.race([daemon.until(fits), late]).finally(() => clearTimeout(timer));
  }

  /** What each daemon has told so far, one line an event. */
  stories(): readonly string[] {
    return this.daemons.map(({ events, strayLines }) =>
      [...events.map((event) => JSON.stringify(event)), ...strayLines, ""].join("\n"),
    );
  }

  /** After a reorganisation, what was read before may never have been. */
  renewLog(): void {
    this.log.close();
    this.log = this.#newLog();
  }

  async close(): Promise<void> {
    this.log.close();
    await this.attacker?.close();
    for (const daemon of this.daemons) this.#ending.add(daemon);
    await this.federation.stop(() => {
      for (const mount of this.#mounts) spawnSync("umount", [mount]);
    });
    this.links?.close();
    for (const endpoint of this.endpoints) endpoint.close();
  }

  /** Longest that a round may take, in seconds, with every slot and every window of it run out. */
  get longestRound(): number {
    const { commit, share, slot, challenge, demand, score } = this.job.phases;
    return commit + share + this.size * (slot + challenge) + 2 * demand + score;
  }

  /**
   * Deadlines are so many blocks as well as seconds: a chain on which only transactions make blocks stands still where everybody waits.
   * anvil makes none but these, Hardhat's node makes one for each transaction besides.
   */
  async #mineByTheClock(): Promise<void> {
    if (this.anvil !== undefined) return this.anvil.mineEvery(BLOCK_SECONDS);
    const { client } = this.federation.endpoint;
    await client.request({ method: "evm_setIntervalMining", params: [1000 * BLOCK_SECONDS] } as never);
  }

  #newLog(): JobLog {
    const { endpoint, openJob } = this.federation;
    return new JobLog(endpoint, openJob.addresses);
  }

  #rpcOf(member: number): string | undefined {
    const own = this.endpoints[member]?.url;
    return this.#needs.endpoints === "first of two" ? `${own},${this.federation.chain.httpUrl}` : own;
  }

  #settingsOf(member: number): StartSettings {
    const { clocks } = this.#needs;
    const preloads = [...(this.links === undefined ? [] : ["source"]), ...(clocks === true ? ["clock"] : [])];
    return {
      nodeArgs: preloads.flatMap((name) => ["--import", preload(name)]),
      env: {
        PACELINE_TEST_SOURCE: Links.sourceOf(member),
        PACELINE_TEST_CLOCK_SECONDS: String(CLOCK_AHEAD_SECONDS),
        NODE_NO_WARNINGS: "1",
      },
      listen: `/ip4/127.0.0.1/tcp/${this.#ports[member]}`,
      ...(this.links === undefined ? {} : { announce: `/ip4/127.0.0.1/tcp/${this.links.portOf(member)}` }),
    };
  }
}

/** Why a file system of memory cannot be mounted here; undefined where it can. */
export function mountAbsence(): string | undefined {
  if (process.platform !== "linux" || process.getuid?.() !== 0) return "mounting a small disk needs root on Linux";
  return undefined;
}

function mountMemory(folder: string, megabytes: number): void {
  mkdirSync(folder, { mode: 0o700 });
  const options = ["-t", "tmpfs", "-o", `size=${megabytes}m,mode=700`, "tmpfs", folder];
  const { status, stderr } = spawnSync("mount", options, { encoding: "utf8" });
  if (status !== 0) throw new Error(`cannot mount ${folder}: ${stderr}`);
}

function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const server = createServer().once("error", reject);
    server.listen(0, "127.0.0.1", () => {
      const { port } = server.address() as AddressInfo;
      server.close(() => resolve(port));
    });
  });
}
