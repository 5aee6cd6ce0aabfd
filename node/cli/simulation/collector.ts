import type { Hex } from "../../core/bytes.ts";
import type { ChainSnapshot } from "../../chain/chain.ts";
import type { Phase } from "../../core/roundView.ts";
import type { ActivitySeconds } from "../../daemon/time/stopwatch.ts";
import type { MemberReport, MemberTotals } from "./member.ts";

/** What a round cost, over all participants. */
export interface RoundCosts {
  readonly round: number;
  readonly seconds: number;
  /** Mean over the participants. */
  readonly split: ActivitySeconds;
  readonly gasPerParticipant: number;
  readonly bytesPerParticipant: number;
}

export interface ModelQuality {
  readonly modelId: Hex;
  readonly metrics: Readonly<Record<string, number>>;
  readonly loss: number;
}

/** Gathers what the chain shows and what the members report while a federation runs. */
export class Collector {
  readonly #participants: number;
  readonly #now: () => number;
  readonly #startedAt = new Map<number, number>();
  readonly #seconds = new Map<number, number>();
  readonly #reports = new Map<number, Map<number, Extract<MemberReport, { type: "round" }>>>();
  /** By number of settled rounds in the model. */
  readonly models = new Map<number, ModelQuality>();
  readonly doing = new Map<number, string>();
  #round = 0;

  /** @param now seconds */
  constructor(participants: number, now: () => number) {
    this.#participants = participants;
    this.#now = now;
  }

  /** A round lasts from its draw to its settlement. */
  onSnapshot({ view }: ChainSnapshot): void {
    const isOver: readonly Phase[] = ["draw", "finished", "failed"];
    const current = isOver.includes(view.phase) ? 0 : view.round;
    if (current === this.#round) return;
    const started = this.#startedAt.get(this.#round);
    if (started !== undefined) this.#seconds.set(this.#round, this.#now() - started);
    this.#round = current;
    if (current > 0) this.#startedAt.set(current, this.#now());
  }

  onReport(member: number, report: MemberReport): void {
    if (report.type === "doing") this.doing.set(member, report.text);
    if (report.type === "model") this.models.set(report.updates, report);
    if (report.type !== "round") return;
    const byMember = this.#reports.get(report.round) ?? new Map<number, typeof report>();
    byMember.set(member, report);
    this.#reports.set(report.round, byMember);
  }

  /** Whether every member has reported this round. */
  isComplete(round: number): boolean {
    return this.#reports.get(round)?.size === this.#participants;
  }

  totals(member: number): MemberTotals | undefined {
    const last = Math.max(0, ...this.#reports.keys());
    return this.#reports.get(last)?.get(member)?.totals;
  }

  rounds(): RoundCosts[] {
    return [...this.#seconds.keys()].sort((a, b) => a - b).map((round) => this.#costs(round));
  }

  #costs(round: number): RoundCosts {
    const reports = [...(this.#reports.get(round) ?? new Map<number, Extract<MemberReport, { type: "round" }>>())];
    const mean = (of: (seconds: ActivitySeconds) => number): number =>
      reports.reduce((sum, [, { seconds }]) => sum + of(seconds), 0) / Math.max(1, reports.length);
    const grown = (of: (totals: MemberTotals) => number): number =>
      reports.reduce((sum, [member, { totals }]) => {
        const before = this.#reports.get(round - 1)?.get(member)?.totals;
        return sum + of(totals) - (before === undefined ? 0 : of(before));
      }, 0);
    return {
      round,
      seconds: this.#seconds.get(round) ?? 0,
      split: {
        training: mean(({ training }) => training),
        network: mean(({ network }) => network),
        chain: mean(({ chain }) => chain),
        verification: mean(({ verification }) => verification),
      },
      gasPerParticipant: grown(({ gas }) => gas) / this.#participants,
      bytesPerParticipant: grown(({ bytesSent }) => bytesSent) / this.#participants,
    };
  }
}
