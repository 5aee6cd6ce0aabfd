import type { ChainSnapshot } from "../../chain/chain.ts";
import { readHistory } from "../../chain/history.ts";
import type { Member } from "../../core/roundView.ts";
import type { LiveStatus } from "../../dashboard/reportData.ts";
import { formatUnits } from "viem";
import type { Federation, FederationObserver } from "./federation.ts";
import type { MemberReport } from "./member.ts";
import { TOKEN_DECIMALS } from "./federation.ts";

/** What keeps a member out of the draws, where something does. */
function standing(member: Member | undefined): string | undefined {
  if (member?.ejected === true) return "ejected";
  return (member?.suspendedUntil ?? 0) > 0 ? "suspended" : undefined;
}

/** Turns what happens in a federation into what the live view shows. */
export class LiveStatusKeeper implements FederationObserver {
  readonly #federation: Federation;
  readonly #seconds: () => number;
  readonly #show: (status: LiveStatus) => void;
  readonly #events: string[] = [];
  readonly #problems = new Set<string>();
  readonly #scores: number[];
  readonly #paid: bigint[];
  #last: ChainSnapshot | undefined;
  #reading = false;

  constructor(federation: Federation, seconds: () => number, show: (status: LiveStatus) => void) {
    this.#federation = federation;
    this.#seconds = seconds;
    this.#show = show;
    this.#scores = federation.accounts.map(() => 0);
    this.#paid = federation.accounts.map(() => 0n);
  }

  readonly onSnapshot = (snapshot: ChainSnapshot): void => {
    const before = this.#last?.view;
    this.#last = snapshot;
    const { view } = snapshot;
    const backToPropose = before?.phase === "challenge" && view.phase === "propose";
    if (before !== undefined && (before.round !== view.round || backToPropose || view.phase === "finished"))
      void this.#readHistory();
    this.#update();
  };

  readonly onReport = (member: number, report: MemberReport): void => {
    if (report.type === "problem" && report.what === "train")
      this.#problems.add(`${this.#federation.accounts[member]?.name} cannot train: ${report.message}`);
    if (report.type === "model" || report.type === "problem") this.#update();
  };

  /** Scores, pay and faults so far, from the chain's log. */
  async #readHistory(): Promise<void> {
    if (this.#reading) return;
    this.#reading = true;
    try {
      const { endpoint, addresses, accounts } = this.#federation;
      const { rounds, slashes } = await readHistory(endpoint, addresses, 1);
      this.#scores.fill(0);
      this.#paid.fill(0n);
      for (const { settled } of rounds) {
        if (settled === undefined) continue;
        const positions = settled.cohort.map((memberId, position) => ({ memberId, position }));
        const included = positions.filter(({ position }) => (settled.includedMask >> BigInt(position)) & 1n);
        included.forEach(({ memberId }, index) => {
          this.#scores[memberId] = settled.scores[index] ?? 0;
          this.#paid[memberId] = (this.#paid[memberId] ?? 0n) + (settled.contributorsPay[index] ?? 0n);
        });
      }
      const nameOf = (memberId: number): string => accounts[memberId]?.name ?? "somebody";
      const proverOf = (prover: string): string =>
        accounts.find(({ operator, wallet }) => operator === prover || wallet === prover)?.name ?? prover;
      this.#events.length = 0;
      for (const { round, memberId, prover, taken } of slashes) {
        const lost = `${formatUnits(taken, TOKEN_DECIMALS)} PACE slashed`;
        this.#events.push(
          prover === undefined
            ? `round ${round}: ${nameOf(memberId)} missed a duty, ${lost}`
            : `round ${round}: ${nameOf(memberId)} was proven at fault by ${proverOf(prover)}, ${lost}`,
        );
      }
      for (const { round, settled } of rounds) if (settled === undefined) this.#events.push(`round ${round}: skipped`);
      this.#update();
    } catch {
      // The view only shows: the next block brings another chance.
    } finally {
      this.#reading = false;
    }
  }

  #update(): void {
    const { accounts, collector, metric, spec } = this.#federation;
    const view = this.#last?.view;
    if (view === undefined) return;
    const leader = view.seats[view.phase === "challenge" || view.phase === "score" ? view.slot : view.firstSlot];
    this.#show({
      round: view.round,
      rounds: spec.rounds,
      phase: view.phase,
      secondsInRun: this.#seconds(),
      metric,
      values: [...collector.models].sort(([a], [b]) => a - b).map(([, { metrics }]) => metrics[metric.name]),
      aggregator: leader === undefined ? undefined : accounts[leader]?.name,
      events: [...this.#events, ...this.#problems],
      participants: accounts.map(({ name }, index) => ({
        name,
        doing: standing(this.#last?.members[index]) ?? collector.doing.get(index) ?? "starting",
        score: this.#scores[index] ?? 0,
        paid: (this.#paid[index] ?? 0n).toString(),
      })),
    });
  }
}
