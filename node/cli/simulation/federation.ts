import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createJob, type Deployment } from "../../chain/accounts.ts";
import type { ChainSnapshot } from "../../chain/chain.ts";
import { deployContracts } from "../../chain/deploy.ts";
import { openEndpoint, type Endpoint } from "../../chain/endpoint.ts";
import { createSender } from "../../chain/sender.ts";
import { createJobWatcher } from "../../chain/jobWatcher.ts";
import type { JobAddresses } from "../../chain/viemJob.ts";
import { fromHex, type Hex } from "../../core/bytes.ts";
import { PacelineError } from "../../core/errors.ts";
import type { JobTerms } from "../../core/jobTerms.ts";
import { addressOfPrivateKey } from "../../core/signature.ts";
import { openArchive } from "../../daemon/job/archive.ts";
import { genesisHash, termsOf, toUnits, type JobSpec } from "../../daemon/job/jobSpec.ts";
import type { ReportMetric } from "../../dashboard/reportData.ts";
import { initialParams, type Model } from "../../training/models/model.ts";
import { enrol, fundAccounts } from "./accounts.ts";
import { simulatedAccounts, type SimulatedAccount } from "../../simulation/accounts.ts";
import { FIRST_ACCOUNT_KEY, startChain, type ChainProcess } from "./chainProcess.ts";
import { Collector } from "./collector.ts";
import type { FederationData } from "./data.ts";
import { reportMetric } from "./reportMetric.ts";
import type { MemberConfig, MemberReport } from "./member.ts";
import { hostHere, hostInProcess, type HostedMember } from "./memberHost.ts";
import { openSimulatedJob } from "./simulatedJob.ts";
import type { SimulationSettings } from "./settings.ts";

export const TOKEN_DECIMALS = 18;

/** A federation on a local chain, ready to run. */
export interface Federation {
  readonly settings: SimulationSettings;
  readonly spec: JobSpec;
  readonly model: Model;
  /** What models are judged by. */
  readonly metric: ReportMetric;
  readonly terms: JobTerms;
  readonly data: FederationData;
  readonly accounts: readonly SimulatedAccount[];
  readonly endpoint: Endpoint;
  readonly deployment: Deployment;
  readonly addresses: JobAddresses;
  readonly pool: bigint;
  readonly collector: Collector;
  /** Folder with all that an audit needs. */
  readonly archive: string | undefined;
  /** Runs all rounds; resolves when the job is over and everybody has reported. */
  run(observer: FederationObserver): Promise<ChainSnapshot>;
  stop(): Promise<void>;
}

export interface FederationObserver {
  readonly onSnapshot?: (snapshot: ChainSnapshot) => void;
  readonly onReport?: (member: number, report: MemberReport) => void;
}

/** Longest a member may go without a word after the job's end, in milliseconds. */
const LAST_WORDS_MS = 60_000;

/**
 * Starts a chain, deploys, opens the job and enrols everybody.
 * @param onStage what is being done, for people
 * @param openChain one whose first account is Hardhat's: it pays for everything
 * @throws PacelineError `insufficient-funds` where that account has nothing
 */
export async function openFederation(
  settings: SimulationSettings,
  onStage: (stage: string) => void,
  openChain: () => Promise<ChainProcess> = startChain,
): Promise<Federation> {
  const undo: (() => Promise<unknown>)[] = [];
  const stop = async (): Promise<void> => {
    for (const step of undo.splice(0).reverse()) await step();
  };
  try {
    onStage("loading the data");
    const { spec, model, data } = await openSimulatedJob(settings);
    onStage("opening a chain");
    const chain = await openChain();
    undo.push(() => chain.stop());
    const endpoint = await openEndpoint(chain.socketUrl);
    undo.push(() => endpoint.close());
    await requireFunds(endpoint);
    onStage("deploying the contracts");
    const deployment = await deployContracts({ rpcUrl: chain.httpUrl, privateKey: FIRST_ACCOUNT_KEY });
    onStage("opening the job");
    const sponsor = createSender(endpoint, FIRST_ACCOUNT_KEY);
    const token = { address: deployment.token, decimals: TOKEN_DECIMALS };
    const terms = termsOf(spec, token, genesisHash(initialParams(model, spec.seed)));
    const pool = toUnits(settings.pool, TOKEN_DECIMALS);
    const { job, blockNumber } = await createJob(sponsor, endpoint, deployment, terms, pool);
    const addresses: JobAddresses = {
      job,
      registry: deployment.registry,
      court: deployment.court,
      fromBlock: blockNumber,
    };
    onStage("registering the participants");
    const accounts = simulatedAccounts(settings.participants, settings.seed);
    await fundAccounts(sponsor, terms.stakeToken, terms.stake, accounts);
    await enrol(endpoint, deployment, job, terms, accounts);
    const home = await mkdtemp(join(tmpdir(), "paceline-"));
    undo.push(() => rm(home, { recursive: true, force: true }));
    const archive = settings.archive ?? (settings.audit === true ? join(home, "archive") : undefined);
    if (archive !== undefined) openArchive(archive, spec, deployment);
    const collector = new Collector(settings.participants, () => performance.now() / 1000);
    const federation = {
      settings,
      spec,
      model,
      metric: reportMetric(spec, model),
      terms,
      data,
      accounts,
      endpoint,
      deployment,
      addresses,
      pool,
      collector,
      archive,
      stop,
    };
    const configs = accounts.map(({ operatorKey, name }, index): MemberConfig => ({
      index,
      settings,
      spec,
      model,
      addresses,
      chainId: endpoint.chainId,
      socketUrl: chain.socketUrl,
      operatorKey,
      home: join(home, name),
      archive,
      holding: data.holdings[index] as (typeof data.holdings)[number],
      test: index === 0 ? data.test : undefined,
    }));
    return { ...federation, run: (observer) => runFederation(federation, configs, undo, observer) };
  } catch (error) {
    await stop();
    throw error;
  }
}

/** Any chain but a local one for development knows nothing of this account. */
async function requireFunds({ client, chainId }: Endpoint): Promise<void> {
  const address = addressOfPrivateKey(fromHex(FIRST_ACCOUNT_KEY));
  if ((await client.getBalance({ address })) > 0n) return;
  throw new PacelineError(
    "insufficient-funds",
    `${address} has no coin on chain ${chainId}: a simulation pays with the first account of Hardhat and anvil, so it needs a chain that they run`,
  );
}

type Prepared = Omit<Federation, "run">;

async function runFederation(
  { settings, accounts, addresses, endpoint, collector }: Prepared,
  configs: readonly MemberConfig[],
  undo: (() => Promise<unknown>)[],
  observer: FederationObserver,
): Promise<ChainSnapshot> {
  const watcher = createJobWatcher(endpoint, addresses);
  let check = (): void => undefined;
  let fail = (error: PacelineError): void => void error;
  const over = new Promise<ChainSnapshot>((resolve, reject) => {
    fail = reject;
    let last: ChainSnapshot | undefined;
    let initial: Hex | undefined; // nobody measures the model that it starts from, nor is another made where all rounds are skipped
    let deadline: NodeJS.Timeout | undefined;
    check = () => {
      if (last === undefined || !isOver(last)) return;
      const snapshot = last;
      const settle = (): void => {
        clearTimeout(deadline);
        stopWatching();
        resolve(snapshot);
      };
      const { modelId: final } = snapshot.view;
      const measured = final === initial || [...collector.models.values()].some(({ modelId }) => modelId === final);
      if (collector.isComplete(snapshot.view.round) && measured) settle();
      else
        deadline ??= setTimeout(
          () => reject(new PacelineError("timeout", "not every participant reported after the job's end")),
          LAST_WORDS_MS,
        );
    };
    const stopWatching = watcher.watch(
      (snapshot) => {
        last = snapshot;
        initial ??= snapshot.view.modelId;
        collector.onSnapshot(snapshot);
        observer.onSnapshot?.(snapshot);
        check();
      },
      () => undefined, // the members report what keeps failing
    );
    undo.push(() => {
      clearTimeout(deadline);
      stopWatching();
      return Promise.resolve();
    });
  });
  const start = async (config: MemberConfig): Promise<HostedMember> => {
    const report = (message: MemberReport): void => {
      if (message.type === "problem" && message.what === "train" && !message.passes)
        fail(new PacelineError("bad-input", `${accounts[config.index]?.name} cannot train: ${message.message}`));
      collector.onReport(config.index, message);
      observer.onReport?.(config.index, message);
      check();
    };
    if (settings.isolate === "process") return hostInProcess(config, report);
    return hostHere(config, { endpoint, watcher }, report);
  };
  over.catch(() => undefined); // it may fail while the others start
  const members = await Promise.all(configs.map(start));
  undo.push(() => Promise.all(members.map((member) => member.stop())));
  return over;
}

function isOver({ view }: ChainSnapshot): boolean {
  return view.phase === "finished" || view.phase === "failed";
}
