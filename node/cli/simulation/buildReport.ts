import { readFileSync } from "node:fs";
import { arch, availableParallelism, cpus, platform, totalmem } from "node:os";
import { readBalances } from "../../chain/accounts.ts";
import type { JobHistory, SettledRound } from "../../chain/chain.ts";
import { readHistory } from "../../chain/history.ts";
import { readLedger, type JobLedger } from "../../chain/ledger.ts";
import { bitsOf } from "../../core/roundView.ts";
import type {
  ReportBaselines,
  ReportParticipant,
  ReportRound,
  ReportSettings,
  SimulationReport,
} from "../../dashboard/reportData.ts";
import { checksOf } from "./checks.ts";
import { schemeText } from "./data.ts";
import { TOKEN_DECIMALS, type Federation } from "./federation.ts";
import { tallyLabels, type LabelTally } from "./labels.ts";
import { payOut } from "./payOut.ts";
import { describeModel } from "../../daemon/job/jobModel.ts";
import { behaviourOf, type SimulationSettings } from "./settings.ts";

/** Pays everybody out and gathers the report from the chain and from what was measured. */
export async function buildReport(
  federation: Federation,
  baselines: ReportBaselines,
  startedAt: Date,
  seconds: number,
): Promise<SimulationReport> {
  const { endpoint, addresses, deployment, settings } = federation;
  const history = await readHistory(endpoint, addresses, 1);
  const ledger = await readLedger(endpoint, {
    treasury: deployment.treasury,
    job: addresses.job,
    fromBlock: addresses.fromBlock,
  });
  const rounds = reportRounds(federation, history);
  const tally = tallyLabels(
    federation.data.holdings.map(({ train }) => train),
    federation.spec.data.contract,
  );
  const participants = await reportParticipants(federation, ledger, rounds, tally);
  const money = await payOut(federation, ledger);
  const partial = {
    formatVersion: 2,
    startedAt: startedAt.toISOString(),
    seconds,
    settings: reportSettings(settings, federation),
    metric: federation.metric,
    labels: tally.labels,
    participants,
    rounds,
    baselines,
    money,
  } as const;
  return { ...partial, checks: checksOf(partial, settings) };
}

function reportRounds({ accounts, collector }: Federation, { rounds, slashes }: JobHistory): ReportRound[] {
  const nameOf = (memberId: number): string => accounts[memberId]?.name ?? "nobody";
  const costs = new Map(collector.rounds().map((cost) => [cost.round, cost]));
  let settledSoFar = 0;
  return rounds.map(({ round, settled }) => {
    if (settled !== undefined) settledSoFar++;
    const model = collector.models.get(settledSoFar);
    const cost = costs.get(round);
    const members = settled === undefined ? [] : includedMembers(settled);
    const byMember = <T>(values: readonly T[], otherwise: T): T[] =>
      accounts.map((_, memberId) =>
        members.includes(memberId) ? (values[members.indexOf(memberId)] as T) : otherwise,
      );
    return {
      round,
      outcome: settled === undefined ? "skipped" : "settled",
      metrics: model?.metrics ?? {},
      ...(model === undefined ? {} : { loss: model.loss }),
      seconds: cost?.seconds ?? 0,
      split: cost?.split ?? { training: 0, network: 0, chain: 0, verification: 0 },
      aggregator: nameOf(settled?.aggregator ?? -1),
      faults: slashes
        .filter((slash) => slash.round === round)
        .map(({ memberId, prover, taken }) => ({
          kind: prover === undefined ? "missed" : "wrong-aggregate",
          participant: nameOf(memberId),
          prover:
            accounts.find(({ operator, wallet }) => operator === prover || wallet === prover)?.name ?? prover ?? "",
          taken: taken.toString(),
        })),
      included: members.length,
      committed: settled?.cohort.length ?? 0,
      aggregateRoot: settled?.aggregateRoot ?? "",
      scores: byMember(settled?.scores ?? [], 0),
      pay: byMember(settled?.contributorsPay ?? [], 0n).map(String),
      gasPerParticipant: cost?.gasPerParticipant ?? 0,
      bytesPerParticipant: cost?.bytesPerParticipant ?? 0,
    };
  });
}

function includedMembers({ cohort, includedMask }: SettledRound): number[] {
  return bitsOf(includedMask).map((position) => cohort[position] as number);
}

async function reportParticipants(
  federation: Federation,
  ledger: JobLedger,
  rounds: readonly ReportRound[],
  tally: LabelTally,
): Promise<ReportParticipant[]> {
  const { accounts, addresses, collector, data, deployment, endpoint, settings, terms } = federation;
  return Promise.all(
    accounts.map(async ({ name, operator, wallet }, index) => {
      const holding = data.holdings[index] as (typeof data.holdings)[number];
      const totals = collector.totals(index);
      const { stake } = await readBalances(endpoint, deployment.treasury, addresses.job, deployment.token, wallet);
      const scoreShare = rounds.reduce(
        (sum, { scores }) =>
          sum +
          (scores[index] as number) /
            Math.max(
              1,
              scores.reduce((a, b) => a + b, 0),
            ),
        0,
      );
      const total = (ledger.credited.get(wallet) ?? 0n) + (ledger.rewards.get(wallet) ?? 0n);
      return {
        name,
        operator,
        wallet,
        behaviour: behaviourOf(settings, index),
        trainExamples: holding.train.count,
        validationExamples: holding.validation.count,
        labelCounts: tally.counts[index] ?? [],
        scoreShare,
        pay: {
          contribution: rounds.reduce((sum, { pay }) => sum + BigInt(pay[index] as string), 0n).toString(),
          total: total.toString(),
        },
        stakeAtStart: terms.stake.toString(),
        stakeAtEnd: stake.toString(),
        gas: totals?.gas ?? 0,
        bytesSent: totals?.bytesSent ?? 0,
        bytesReceived: totals?.bytesReceived ?? 0,
      };
    }),
  );
}

function reportSettings(settings: SimulationSettings, { data, spec }: Federation): ReportSettings {
  const { batchSize, learningRate, localEpochs, localSteps, optimiser } = spec.localTraining;
  const manifest = JSON.parse(readFileSync(new URL("../../../package.json", import.meta.url), "utf8")) as {
    version: string;
  };
  return {
    data: settings.data,
    model: describeModel(spec.model),
    partition: schemeText(data.scheme),
    participants: settings.participants,
    rounds: spec.rounds,
    committeeSize: settings.committee,
    seed: settings.seed,
    learningRate,
    batchSize,
    optimiser: optimiser.kind,
    ...(localEpochs === undefined ? {} : { localEpochs }),
    ...(localSteps === undefined ? {} : { localSteps }),
    isolate: settings.isolate,
    token: { symbol: "PACE", decimals: TOKEN_DECIMALS },
    machine: `${cpus()[0]?.model.trim() ?? "unknown processor"}, ${availableParallelism()} cores, ${Math.round(totalmem() / 2 ** 30)} GiB, ${platform()} ${arch()}`,
    versions: { paceline: manifest.version, node: process.versions.node },
  };
}
