import type { SimulationSettings } from "../settings.ts";

/** What a peer of a virtual federation trains: on its part of the data, or nothing, giving random updates and scores. */
export const TRAINERS = ["learn", "noise"] as const;
export type TrainerKind = (typeof TRAINERS)[number];

export interface VirtualSettings {
  /** `participants` are the peers. */
  readonly simulation: SimulationSettings;
  readonly trainer: TrainerKind;
  /** Share of messages and transfers that are lost. */
  readonly loss: number;
  /** Longest time that a message takes, in seconds. */
  readonly delay: number;
  /** Members that leave in each round, and newcomers in their places. */
  readonly churn: number;
}
