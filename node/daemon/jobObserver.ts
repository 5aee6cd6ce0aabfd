import type { RoundView } from "../core/roundView.ts";
import type { PeerState } from "../protocol/state.ts";
import type { EvaluationResult } from "../training/metrics/evaluation.ts";
import { evaluationText } from "./job/evaluation.ts";
import type { Log } from "./log.ts";
import type { ParticipantObserver } from "./participant/participant.ts";
import { watchStanding } from "./standing.ts";

/** What one job's participant did since it was opened, for who watches over the daemon. */
export class JobTotals {
  readonly transactions = new Map<string, number>();
  gas = 0;
  problems = 0;

  count(call: string, gasUsed: number): void {
    this.transactions.set(call, (this.transactions.get(call) ?? 0) + 1);
    this.gas += gasUsed;
  }
}

export interface Observed {
  readonly log: Log;
  readonly totals: JobTotals;
  readonly evaluate: (params: Float32Array) => Promise<EvaluationResult | undefined>;
  readonly onState: (state: PeerState) => void;
  /** What a transaction cost, in wei. */
  readonly onFee: (round: number, fee: bigint) => void;
}

/** Turns what a participant tells into log lines and totals. */
export function observeJob({ log, totals, evaluate, onState, onFee }: Observed): ParticipantObserver {
  let seen: RoundView | undefined;
  const tellStanding = watchStanding(log);
  return {
    onState(state) {
      const { view } = state;
      onState(state);
      tellStanding(state);
      if (view === undefined || (view.phase === seen?.phase && view.round === seen.round)) return;
      seen = view;
      const { round, phase, blockNumber } = view;
      log.event("phase", { round, phase, blockNumber }, `round ${round}: ${phase}`);
    },
    onEffect: ({ type }) => log.debug("effect", { effect: type, round: seen?.round ?? 0 }, `${type} begins`),
    onModel({ modelId, updates, params }) {
      evaluate(params).then(
        (evaluation) => {
          // Who only watches has nothing to measure it with.
          if (evaluation === undefined) return log.event("model", { modelId, updates }, `model ${updates}`);
          const { loss, metrics } = evaluation;
          const text = `model ${updates}: ${evaluationText(evaluation)} on the own validation split`;
          log.event("model", { modelId, updates, ...(loss === undefined ? {} : { loss }), ...metrics }, text);
        },
        (error: unknown) => log.problem("evaluate", error),
      );
    },
    onReceipt(call, { gasUsed, blockNumber, fee }) {
      totals.count(call, gasUsed);
      if (fee !== undefined) onFee(seen?.round ?? 0, fee);
      const text = `${call}: in block ${blockNumber}, ${gasUsed} gas`;
      log.event("transaction", { call, gasUsed, blockNumber, round: seen?.round ?? 0 }, text);
    },
    onClockOffset(seconds) {
      const side = seconds < 0 ? "ahead of" : "behind";
      const text = `this machine's clock is ${Math.abs(seconds).toFixed(0)} s ${side} the chain's; deadlines are kept by the chain's: set the clock`;
      const isRight = Math.abs(seconds) < 1;
      log.event("clock", { offsetSeconds: seconds }, isRight ? "this machine's clock is right again" : text);
    },
    onProblem(what, error) {
      totals.problems++;
      log.problem(what, error);
    },
  };
}
