import { createHash } from "node:crypto";
import type { RoundOutcome } from "../../../chain/chain.ts";
import { popCount } from "../../../core/roundView.ts";
import type { ReportCheck } from "../../../dashboard/reportData.ts";
import type { VirtualFederation } from "../../../simulation/federation.ts";
import type { PhaseEntry } from "../../../simulation/world.ts";
import type { Quality } from "./learning.ts";
import type { VirtualSettings } from "./settings.ts";

export interface VirtualRound {
  readonly round: number;
  readonly outcome: "settled" | "skipped";
  /** On the virtual clock, from the draw to the end. */
  readonly virtualSeconds: number;
  readonly included: number;
  readonly committed: number;
  /** Stakes taken while it ran. */
  readonly slashes: number;
  readonly metrics: Readonly<Record<string, number>>;
  readonly loss?: number;
}

/** What a virtual simulation came to. What depends on the machine is in `cost` alone. */
export interface VirtualReport {
  readonly settings: {
    readonly peers: number;
    readonly cohort: number;
    readonly committee: number;
    readonly rounds: number;
    readonly params: number;
    readonly trainer: string;
    readonly loss: number;
    readonly delaySeconds: number;
    readonly churn: number;
    readonly seed: number;
  };
  readonly rounds: readonly VirtualRound[];
  readonly members: { readonly joined: number; readonly left: number };
  readonly modelId: string;
  /** What members have earned, in wei. */
  readonly credits: {
    readonly total: string;
    readonly highest: string;
    /** sha-256 of all members' credits by id, so that two runs can be held against each other. */
    readonly digest: string;
  };
  readonly virtualSeconds: number;
  /** Means over the peers, for the whole run. */
  readonly traffic: { readonly messagesReceived: number; readonly bytesReceived: number; readonly bytesSent: number };
  readonly events: number;
  readonly cost: RunCost;
  readonly checks: readonly ReportCheck[];
}

/** What a run took of the machine. */
export interface RunCost {
  /** Data, keys, registrations. */
  readonly setupSeconds: number;
  readonly runSeconds: number;
  /** Of all threads, in user and system mode, while it ran. */
  readonly processorSeconds: number;
  readonly microsecondsPerPeerAndRound: number;
  /** Most that was resident. */
  readonly residentMB: number;
}

export interface Run {
  readonly federation: VirtualFederation;
  readonly settings: VirtualSettings;
  /** By settled rounds in the model. */
  readonly qualities: ReadonlyMap<number, Quality>;
  readonly left: number;
  readonly cost: Omit<RunCost, "microsecondsPerPeerAndRound">;
}

export function virtualReport({ federation, settings, qualities, left, cost }: Run): VirtualReport {
  const { peers, terms, world } = federation;
  const { view, members } = federation.snapshot();
  const rounds = reportRounds(federation, qualities);
  const credits = members.map(({ credit }) => credit);
  const mean = (total: number): number => Math.round(total / peers.length);
  const counters = peers.map((peer) => peer.counters());
  const peerRounds = settings.simulation.participants * rounds.length;
  return {
    settings: {
      peers: settings.simulation.participants,
      cohort: terms.cohortSize,
      committee: terms.committeeSize,
      rounds: terms.rounds,
      params: terms.vectorLength,
      trainer: settings.trainer,
      loss: settings.loss,
      delaySeconds: settings.delay,
      churn: settings.churn,
      seed: settings.simulation.seed,
    },
    rounds,
    members: { joined: peers.length, left },
    modelId: view.modelId,
    credits: {
      total: credits.reduce((sum, credit) => sum + credit, 0n).toString(),
      highest: credits.reduce((most, credit) => (credit > most ? credit : most), 0n).toString(),
      digest: createHash("sha256").update(credits.join("\n")).digest("hex"),
    },
    virtualSeconds: secondsBetween(federation.phases[0], federation.phases.at(-1)),
    traffic: {
      messagesReceived: mean(counters.reduce((sum, { messagesReceived }) => sum + messagesReceived, 0)),
      bytesReceived: mean(counters.reduce((sum, { bytesReceived }) => sum + bytesReceived, 0)),
      bytesSent: mean(counters.reduce((sum, { bytesSent }) => sum + bytesSent, 0)),
    },
    events: world.clock.events,
    cost: { ...cost, microsecondsPerPeerAndRound: (1e6 * cost.processorSeconds) / Math.max(1, peerRounds) },
    checks: checksOf(federation),
  };
}

function secondsBetween(first: PhaseEntry | undefined, last: PhaseEntry | undefined): number {
  return (last?.at ?? 0) - (first?.at ?? 0);
}

function reportRounds(
  { history, phases }: VirtualFederation,
  qualities: ReadonlyMap<number, Quality>,
): readonly VirtualRound[] {
  let settledSoFar = 0;
  return history.rounds.map(({ round, settled }: RoundOutcome) => {
    if (settled !== undefined) settledSoFar++;
    const quality = settled === undefined ? undefined : qualities.get(settledSoFar);
    const first = phases.findIndex((entry) => entry.round === round && entry.phase === "draw");
    const next = phases.find((entry, index) => index > first && entry.phase !== "draw" && isAfter(entry, round));
    return {
      round,
      outcome: settled === undefined ? "skipped" : "settled",
      virtualSeconds: secondsBetween(phases[first], next ?? phases.at(-1)),
      included: settled === undefined ? 0 : popCount(settled.includedMask),
      committed: settled?.cohort.length ?? 0,
      slashes: history.slashes.filter((slash) => slash.round === round).length,
      metrics: quality?.metrics ?? {},
      ...(quality === undefined ? {} : { loss: quality.loss }),
    };
  });
}

function isAfter({ phase, round }: PhaseEntry, ended: number): boolean {
  return round > ended || phase === "finished" || phase === "failed";
}

function checksOf(federation: VirtualFederation): ReportCheck[] {
  const { history, peers, terms } = federation;
  const { view, members } = federation.snapshot();
  const settled = history.rounds.filter((round) => round.settled !== undefined).length;
  const up = peers.filter(({ isUp, index }) => isUp && members[index]?.ejected === false);
  const behind = up.filter(({ model }) => model?.modelId !== view.modelId);
  const credited = members.reduce((sum, { credit }) => sum + credit, 0n);
  const { ledgers } = federation.chain;
  const held = ledgers.held() + ledgers.balances.sum();
  return [
    {
      name: "every round settled",
      passed: settled === terms.rounds,
      detail: `${settled} of ${terms.rounds} rounds`,
    },
    {
      name: "everybody holds the same model",
      passed: behind.length === 0,
      detail: `${up.length - behind.length} of ${up.length} peers hold ${view.modelId.slice(0, 18)}…`,
    },
    {
      name: "every wei is accounted for",
      passed: ledgers.poolOf(federation.job) === credited && held === federation.supply,
      detail: `credits ${credited} wei in the pool, ${held} of ${federation.supply} wei in all`,
    },
  ];
}
