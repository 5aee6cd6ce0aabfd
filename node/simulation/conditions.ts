import type { Phase } from "../core/roundView.ts";

/** What goes wrong around the peers of a virtual federation, and how long things take. Rates are probabilities. */
export interface Conditions {
  /** Of one delivery of a message to one peer, and of one transfer of a blob. */
  readonly dropRate: number;
  readonly duplicateRate: number;
  /** Of a transaction that never reaches a block. */
  readonly lostRate: number;
  /** Of a transaction that reaches a block although its sender is told that it failed. */
  readonly unheardRate: number;
  /** Of a peer's crash after an event. */
  readonly crashRate: number;
  readonly downSeconds: number;
  /** One crash of one member, when it first sees this phase. */
  readonly crashAt: { readonly member: number; readonly phase: Phase } | undefined;
  /** Longest times, in seconds; each is uniform from a tenth of it. */
  readonly messageSeconds: number;
  readonly transactionSeconds: number;
  readonly viewSeconds: number;
  /** Of training, and of scoring. */
  readonly workSeconds: number;
}

export const CALM: Conditions = {
  dropRate: 0,
  duplicateRate: 0,
  lostRate: 0,
  unheardRate: 0,
  crashRate: 0,
  downSeconds: 0,
  crashAt: undefined,
  messageSeconds: 0.02,
  transactionSeconds: 0.05,
  viewSeconds: 0.02,
  workSeconds: 0.2,
};
