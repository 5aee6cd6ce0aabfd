import type { Hex } from "../../node/core/bytes.ts";
import { bitsOf } from "../../node/core/roundView.ts";
import { scoreVector } from "../../node/core/scores.ts";
import { abstentionOf, ownIndex, scoreOpeningOf } from "./messages.ts";
import { eventOf, viewOf, type Player, type View } from "./player.ts";
import { attestAll } from "./round.ts";

/** Rounds that are settled by what each seat has measured. */

export interface Settled {
  readonly record: { toObject(): Record<string, unknown> };
  readonly scores: readonly bigint[];
  /** By include order. */
  readonly contributorsPay: readonly bigint[];
  /** By seat. */
  readonly judgesPay: readonly bigint[];
  readonly paid: bigint;
  readonly modelId: Hex;
}

/** How a round's pay is split by the terms of `termsOf`. */
export function partsOf(pay: bigint): Record<"contributors" | "aggregator" | "committee" | "keeper", bigint> {
  const [contributors, aggregator, committee] = [7_000n, 1_000n, 1_500n].map((bps) => (pay * bps) / 10_000n);
  const keeper = (pay - contributors! - aggregator! - committee!) / 5n;
  return { contributors: contributors!, aggregator: aggregator!, committee: committee!, keeper };
}

/** What a seat measured of each member, by member id; undefined of a member: nothing. */
export type Contributions = Readonly<Record<number, number>>;

/** A seat's vector, as an honest one makes it from what it measured; undefined: it abstains. */
export function measuredVector(view: View, seat: number, contributions: Contributions): number[] | undefined {
  const own = ownIndex(view, seat);
  const values = bitsOf(view.includedMask).map((position) => contributions[Number(view.cohort[position])] ?? 0);
  return scoreVector(values, own < 0 ? undefined : own);
}

/** From Challenge: all seats attest, score by what they measured and open, which settles the round. */
export async function settleBy(player: Player, measuredBy: (seat: number) => Contributions): Promise<Settled> {
  const view = await viewOf(player);
  const openings = view.seats.map((_, seat) => {
    const vector = measuredVector(view, seat, measuredBy(seat));
    return vector === undefined ? abstentionOf(seat) : scoreOpeningOf(view, seat, vector);
  });
  await attestAll(player, [...view.seats.keys()], openings);
  return await eventOf<Settled>(player, player.job.openScores(openings), "RoundSettled");
}

/** What a member was paid for its update. */
export function payOf(view: View, settled: Settled, id: number | bigint): bigint {
  const index = bitsOf(view.includedMask).findIndex((position) => view.cohort[position] === BigInt(id));
  return index < 0 ? 0n : settled.contributorsPay[index]!;
}
