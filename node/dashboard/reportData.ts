/**
 * What a simulated federation measured: the content of `report.json`, and all that `report.html` and the final table show.
 * Token amounts are decimal strings of the token's smallest unit ("wei"); shares are 0 … 1.
 */
export interface SimulationReport {
  /** Raised when a field changes its meaning. */
  readonly formatVersion: 2;
  readonly startedAt: string;
  readonly seconds: number;
  readonly settings: ReportSettings;
  /** What models are judged by, on the test set. */
  readonly metric: ReportMetric;
  /** What `labelCounts` count. */
  readonly labels: ReportLabels;
  readonly participants: readonly ReportParticipant[];
  readonly rounds: readonly ReportRound[];
  readonly baselines: ReportBaselines;
  readonly money: ReportMoney;
  /** What the run was to show, each checked on the run's own figures. */
  readonly checks: readonly ReportCheck[];
}

export interface ReportMetric {
  /** As in a job file, such as `accuracy` or `rmse`. */
  readonly name: string;
  readonly better: "higher" | "lower";
  /** A share, 0 … 1, which people write in per cent; otherwise a number in a unit of its own. */
  readonly isShare: boolean;
}

export interface ReportLabels {
  readonly of: "class" | "target";
  /** The classes, or the most common of many; of targets that are numbers the lower ends of equal stretches. */
  readonly names: readonly string[];
}

export interface ReportSettings {
  readonly data: string;
  readonly model: string;
  readonly partition: string;
  readonly participants: number;
  readonly rounds: number;
  readonly committeeSize: number;
  readonly seed: number;
  readonly learningRate: number;
  readonly batchSize: number;
  readonly optimiser: string;
  /** Either of the two. */
  readonly localEpochs?: number;
  readonly localSteps?: number;
  readonly isolate: "none" | "process";
  readonly token: { readonly symbol: string; readonly decimals: number };
  readonly machine: string;
  readonly versions: Readonly<Record<string, string>>;
}

export type Behaviour = "honest" | "sign-flip" | "free-rider";

export interface ReportParticipant {
  readonly name: string;
  readonly operator: string;
  readonly wallet: string;
  readonly behaviour: Behaviour;
  readonly trainExamples: number;
  readonly validationExamples: number;
  /** Training examples (of sequences: their parts) by label, in the order of the report's `labels`. */
  readonly labelCounts: readonly number[];
  /** Sum over the rounds of its score's share of all scores, 0 … rounds. */
  readonly scoreShare: number;
  /** Everything it was credited, by what for. */
  readonly pay: { readonly contribution: string; readonly total: string };
  readonly stakeAtStart: string;
  readonly stakeAtEnd: string;
  readonly gas: number;
  readonly bytesSent: number;
  readonly bytesReceived: number;
}

export interface ReportRound {
  readonly round: number;
  readonly outcome: "settled" | "skipped";
  /** Of the global model after the round, on the test set, by name; one that has no value there is left out. */
  readonly metrics: Readonly<Record<string, number>>;
  /** Left out before the first round that settled. */
  readonly loss?: number;
  readonly seconds: number;
  /** Where a participant's seconds of the round went: means over participants; the rest is waiting for others. */
  readonly split: {
    readonly training: number;
    readonly network: number;
    readonly chain: number;
    readonly verification: number;
  };
  /** Name of the participant whose aggregate stands. */
  readonly aggregator: string;
  readonly faults: readonly ReportFault[];
  readonly included: number;
  readonly committed: number;
  readonly aggregateRoot: string;
  /** By participant, in the order of `participants`; 0 for one that was not included. */
  readonly scores: readonly number[];
  /** Contributors' pay by participant, in wei. */
  readonly pay: readonly string[];
  readonly gasPerParticipant: number;
  readonly bytesPerParticipant: number;
}

export interface ReportFault {
  readonly kind: "wrong-aggregate" | "missed";
  readonly participant: string;
  readonly prover: string;
  /** Stake taken, in wei. */
  readonly taken: string;
}

export interface ReportBaselines {
  /** The report's metric of one model trained on all honest participants' data together; left out where it has no value. */
  readonly central?: number;
  /** Of each honest participant's own model, trained alone. */
  readonly alone: readonly { readonly name: string; readonly value: number }[];
  readonly aloneMean?: number;
}

export interface ReportMoney {
  readonly pool: string;
  /** Slashed stake that joined the pool. */
  readonly slashedIntoPool: string;
  readonly paid: string;
  /** What nobody earned: the sponsor's, but for slashed stake, which is burned. */
  readonly left: string;
  /** Of what is left. */
  readonly burned: string;
  /** pool + slashedIntoPool = paid + left, read from the chain. */
  readonly balanced: boolean;
}

export interface ReportCheck {
  readonly name: string;
  readonly passed: boolean;
  /** The figures, in a sentence. */
  readonly detail: string;
}

/** What the live view shows while a federation runs. */
export interface LiveStatus {
  readonly round: number;
  readonly rounds: number;
  readonly phase: string;
  readonly secondsInRun: number;
  readonly metric: ReportMetric;
  /** After each round that has settled. */
  readonly values: readonly (number | undefined)[];
  readonly aggregator: string | undefined;
  /** Lines such as "round 3: p2 published a wrong aggregate, proven by p5, 50 PACE slashed", newest last. */
  readonly events: readonly string[];
  readonly participants: readonly {
    readonly name: string;
    readonly doing: string;
    readonly score: number;
    readonly paid: string;
  }[];
}
