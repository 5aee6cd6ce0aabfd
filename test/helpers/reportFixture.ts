import type {
  Behaviour,
  LiveStatus,
  ReportMetric,
  ReportParticipant,
  ReportRound,
  SimulationReport,
} from "../../node/dashboard/reportData.ts";

const ROUNDS = 10;
const TOKEN = 10n ** 18n;
/** What a round pays its contributors, in wei. */
const CONTRIBUTORS_PAY = 90n * TOKEN;
/** What a round pays its aggregator, in wei. */
const AGGREGATOR_PAY = 10n * TOKEN;
const SLASHED = 50n * TOKEN;
const BEHAVIOURS: readonly Behaviour[] = [
  "honest",
  "honest",
  "honest",
  "sign-flip",
  "honest",
  "honest",
  "free-rider",
  "honest",
];
const ACCURACIES = [0.412, 0.618, 0.724, 0.781, 0.814, 0.842, 0.861, 0.872, 0.884, 0.891];
const ACCURACY: ReportMetric = { name: "accuracy", better: "higher", isShare: true };
const WRONG_ROUND = 3;

/** A repeatable value from 0 to 1 that looks irregular. */
function wave(a: number, b: number): number {
  return (Math.sin(a * 12.9898 + b * 78.233) + 1) / 2;
}

function scoresOf(round: number): number[] {
  const raw = BEHAVIOURS.map((behaviour, index) => (behaviour === "honest" ? 0.4 + wave(index, round) : 0));
  const sum = raw.reduce((total, value) => total + value, 0);
  return raw.map((value) => Math.round((value / sum) * 10_000));
}

function split(amount: bigint, scores: readonly number[]): bigint[] {
  const sum = BigInt(scores.reduce((total, score) => total + score, 0));
  const parts = scores.map((score) => (amount * BigInt(score)) / sum);
  const rest = amount - parts.reduce((total, part) => total + part, 0n);
  return parts.map((part, index) => (index === 0 ? part + rest : part));
}

function aggregatorOf(round: number): number {
  return round === WRONG_ROUND ? 4 : (round * 3) % BEHAVIOURS.length;
}

function hex(seed: number, length: number): string {
  return `0x${Array.from({ length }, (_, index) => Math.floor(wave(seed, index) * 15.99).toString(16)).join("")}`;
}

function round(number: number): ReportRound {
  const scores = scoresOf(number);
  const faulty = number === WRONG_ROUND;
  return {
    round: number,
    outcome: "settled",
    metrics: { accuracy: ACCURACIES[number - 1] ?? 0 },
    loss: 1.9 * 0.78 ** number,
    seconds: 1.6 + 0.4 * wave(number, 3) + (faulty ? 0.9 : 0),
    split: {
      training: 0.52 + 0.06 * wave(number, 4),
      network: 0.31 + 0.05 * wave(number, 5),
      chain: 0.27 + 0.05 * wave(number, 6),
      verification: 0.18 + 0.05 * wave(number, 7) + (faulty ? 0.4 : 0),
    },
    aggregator: `p${aggregatorOf(number) + 1}`,
    faults: faulty ? [{ kind: "wrong-aggregate", participant: "p2", prover: "p5", taken: SLASHED.toString() }] : [],
    included: BEHAVIOURS.length,
    committed: BEHAVIOURS.length,
    aggregateRoot: hex(number, 64),
    scores,
    pay: split(CONTRIBUTORS_PAY, scores).map(String),
    gasPerParticipant: Math.round(412_000 + 40_000 * wave(number, 8) + (faulty ? 90_000 : 0)),
    bytesPerParticipant: Math.round(3_190_000 + 120_000 * wave(number, 9)),
  };
}

function participant(index: number, rounds: readonly ReportRound[]): ReportParticipant {
  const contribution = rounds.reduce((sum, { pay }) => sum + BigInt(pay[index] ?? 0), 0n);
  const aggregated = BigInt(rounds.filter(({ aggregator }) => aggregator === `p${index + 1}`).length) * AGGREGATOR_PAY;
  const labelCounts = Array.from({ length: 10 }, (_, label) => Math.round(150 * wave(index * 2.3, label) ** 3));
  return {
    name: `p${index + 1}`,
    operator: hex(100 + index, 40),
    wallet: hex(200 + index, 40),
    behaviour: BEHAVIOURS[index] ?? "honest",
    trainExamples: labelCounts.reduce((sum, value) => sum + value, 0),
    validationExamples: 120 + index,
    labelCounts,
    scoreShare: rounds.reduce((sum, { scores }) => sum + (scores[index] ?? 0) / 10_000, 0),
    pay: { contribution: contribution.toString(), total: (contribution + aggregated).toString() },
    stakeAtStart: (100n * TOKEN).toString(),
    stakeAtEnd: (index === 1 ? 100n * TOKEN - SLASHED : 100n * TOKEN).toString(),
    gas: Math.round(4_100_000 + 500_000 * wave(index, 11)),
    bytesSent: Math.round(14_000_000 + 9_000_000 * wave(index, 12)),
    bytesReceived: Math.round(16_000_000 + 2_000_000 * wave(index, 13)),
  };
}

/** Eight participants and ten rounds: p4 flips signs, p7 rides free, p2 publishes a wrong aggregate in round 3. */
export function fixtureReport(): SimulationReport {
  const rounds = Array.from({ length: ROUNDS }, (_, index) => round(index + 1));
  const participants = BEHAVIOURS.map((_, index) => participant(index, rounds));
  const pool = 1200n * TOKEN;
  const paid = participants.reduce((sum, { pay }) => sum + BigInt(pay.total), 0n);
  const alone = participants
    .filter(({ behaviour }) => behaviour === "honest")
    .map(({ name }, index) => ({
      name,
      value: 0.58 + 0.15 * wave(index, 21),
    }));
  return {
    formatVersion: 2,
    startedAt: "2026-03-14T09:26:53.000Z",
    seconds: 31.4,
    settings: {
      data: "embedded digits",
      model: "mlp 784-64-10",
      partition: "Dirichlet 0.5",
      participants: participants.length,
      rounds: ROUNDS,
      committeeSize: participants.length,
      seed: 7,
      learningRate: 0.1,
      batchSize: 10,
      optimiser: "sgd",
      localEpochs: 1,
      isolate: "none",
      token: { symbol: "PACE", decimals: 18 },
      machine: "2 cores, 8 GiB, linux x64",
      versions: { paceline: "0.1.0", node: "24.21.0", hardhat: "3.17.0", "onnxruntime-node": "1.30.0" },
    },
    metric: ACCURACY,
    labels: { of: "class", names: Array.from({ length: 10 }, (_, digit) => `${digit}`) },
    participants,
    rounds,
    baselines: {
      central: 0.902,
      alone,
      aloneMean: alone.reduce((sum, { value }) => sum + value, 0) / alone.length,
    },
    money: {
      pool: pool.toString(),
      slashedIntoPool: SLASHED.toString(),
      paid: paid.toString(),
      left: (pool + SLASHED - paid).toString(),
      burned: "0",
      balanced: true,
    },
    checks: [
      { name: "close to central training", passed: true, detail: "89.1 % against 90.2 %: 1.1 points below, 2 allowed" },
      {
        name: "better than training alone",
        passed: true,
        detail: "89.1 % against 65.9 % on average: 23.2 points above",
      },
      { name: "the wrong aggregate was slashed", passed: true, detail: "round 3: p2, proven by p5, 50 PACE" },
      { name: "harm is not paid", passed: true, detail: "sign-flipper and free rider got 0.0 % of one equal share" },
      { name: "the money balances", passed: true, detail: "pool + slashed = paid + left, to the wei" },
    ],
  };
}

/** A run in the middle of its sixth round. */
export function fixtureStatus(): LiveStatus {
  const report = fixtureReport();
  return {
    round: 6,
    rounds: ROUNDS,
    phase: "challenge",
    secondsInRun: 12.3,
    metric: ACCURACY,
    values: ACCURACIES.slice(0, 5),
    aggregator: "p3",
    events: ["round 3: p2 published a wrong aggregate, proven by p5, 50 PACE slashed"],
    participants: report.participants.map(({ name, pay }, index) => ({
      name,
      doing: index === 2 ? "aggregating" : "checking",
      score: scoresOf(5)[index] ?? 0,
      paid: pay.contribution,
    })),
  };
}
