import { openEndpoint, requireContract } from "../chain/endpoint.ts";
import type { EndpointEvent } from "../chain/endpoints/events.ts";
import type { Address } from "../core/bytes.ts";
import { PacelineError } from "../core/errors.ts";
import { openAccount } from "./account/account.ts";
import { openHost } from "./adapters.ts";
import { startApi } from "./api/server.ts";
import { StatusReader } from "./api/status.ts";
import { readToken } from "./api/token.ts";
import { CleanUp, type Failed } from "./cleanUp.ts";
import { FollowedJobs } from "./followedJobs.ts";
import { openHome, remember } from "./home/home.ts";
import { lockHome } from "./home/homeLock.ts";
import type { JobResult } from "./jobRun.ts";
import { createPeerStore } from "./peers/keptPeers.ts";
import type { LogLevel, RootLog } from "./log.ts";
import { hostSettings } from "./peers/networkSettings.ts";
import type { DaemonSettings } from "./settings.ts";

/** What became of one job of a daemon. */
export interface FollowedEnd extends Partial<JobResult> {
  readonly job: Address;
  /** Why it was not taken part in. */
  readonly error?: Failed | undefined;
}

/** How a daemon's run ended. */
export interface DaemonEnd {
  /** Whether it was told to stop before the end of its jobs. */
  readonly interrupted: boolean;
  readonly jobs: readonly FollowedEnd[];
}

/** What a daemon is told from outside while it runs. */
export interface DaemonControls {
  readonly stop: AbortController;
  /** Calls `reload` when the home's settings are to be read again. */
  readonly onReload: (reload: () => void) => void;
}

/**
 * Takes part in the home's jobs until all of them end or it is told to stop. What fails on the way (an endpoint that is
 * gone, a peer that does not answer, one job's data) is logged and tried again.
 * @throws PacelineError where it cannot start: `chain-unreachable`, `wrong-chain`, `storage-failed` where another daemon has the home;
 *   and what kept the first job from being opened, where none could be
 */
export async function runDaemon(
  settings: DaemonSettings,
  privateKey: Uint8Array,
  log: RootLog,
  { stop, onReload }: DaemonControls,
): Promise<DaemonEnd> {
  const { home, deployment, network } = settings;
  const cleanUp = new CleanUp(log);
  try {
    const lock = await lockHome(home);
    cleanUp.add("home", () => lock.release());
    const endpoint = await openEndpoint(settings.rpc, deployment.chainId, {
      confirmations: settings.confirmations,
      onEvent: (event) => tellEndpoints(log, event),
    });
    cleanUp.add("endpoint", () => endpoint.close());
    await requireContract(endpoint, deployment.registry, "registry");
    const { maxFeePerGas } = settings;
    const { sender, spent } = openAccount({ privateKey, endpoint, storage: lock.storage, maxFeePerGas, log });
    cleanUp.add("transactions", () => sender.close());
    const peers = createPeerStore(lock.storage);
    const host = await openHost(privateKey, { ...hostSettings(network, peers), transfers: settings.transfers });
    cleanUp.add("network", () => host.stop());
    const jobs = new FollowedJobs({ settings, privateKey, endpoint, sender, spent, host }, log);
    const setLevel = (level: LogLevel): void => keepLevel(home, level, log);
    if (settings.api !== "off") {
      const status = new StatusReader({
        home,
        endpoint,
        host,
        operator: sender.address,
        jobs,
        level: () => log.level(),
      });
      const actions = { setLevel, stop: () => stop.abort() };
      const api = await startApi({ port: settings.api, token: readToken(home), status, actions, log });
      cleanUp.add("API", () => api.stop());
      lock.announce(api.url);
      log.event("api", { url: api.url }, `API at ${api.url}`);
    }
    onReload(() => {
      reloadLevel(home, log);
      jobs.retry();
    });
    await jobs.run(stop.signal);
    const ends = jobs.all().map(({ job, result, error }) => ({ job, ...result, ...(result ? {} : { error }) }));
    return { interrupted: ends.some(({ interrupted }) => interrupted === true), jobs: ends };
  } finally {
    await cleanUp.run();
  }
}

/** Endpoints that come and go are usual; who is lied to has to look. */
function tellEndpoints(log: RootLog, { name, facts, text }: EndpointEvent): void {
  if (name === "endpoints-disagree") log.failure("endpoints", new PacelineError(name, text, facts));
  else log.event(name, facts, text);
}

/** The level holds from now on and after the next start. */
function keepLevel(home: string, level: LogLevel, log: RootLog): void {
  log.setLevel(level);
  log.event("logLevel", { logLevel: level }, `log level: ${level}`);
  remember(openHome(home), { logLevel: level });
}

function reloadLevel(home: string, log: RootLog): void {
  try {
    const level = openHome(home).config.logLevel ?? "info";
    log.setLevel(level);
    log.event("reloaded", { logLevel: level }, `settings read again; log level: ${level}`);
  } catch (error) {
    log.problem("settings", error);
  }
}
