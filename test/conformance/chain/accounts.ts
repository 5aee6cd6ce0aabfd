import { simulatedAccounts, type SimulatedAccount } from "../../../node/simulation/accounts.ts";

/** Odd, so that every division leaves something. */
export const POOL = 1_000_043n;
/** What each wallet has. */
export const TOKENS = 3_000_000n;
export const MEMBERS = 4;

/** The members, one who stays outside, and operators to rotate to; others for every job, for a wallet registers once. */
export function accountsOf(job: number, members = MEMBERS): { all: SimulatedAccount[]; spare: SimulatedAccount[] } {
  const accounts = simulatedAccounts(members + 2, 500 + job);
  return { all: accounts.slice(0, members + 1), spare: accounts.slice(members + 1) };
}
