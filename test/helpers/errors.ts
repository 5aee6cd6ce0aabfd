import { PacelineError } from "../../node/core/errors.ts";

/** The code of the PacelineError that `work` throws; "none" when it returns. Any other error passes through. */
export function codeOf(work: () => unknown): string {
  try {
    work();
  } catch (error) {
    if (error instanceof PacelineError) return error.code;
    throw error;
  }
  return "none";
}

/** The code of the PacelineError that a promise rejects with; "none" when it resolves. Any other error passes through. */
export async function rejectionOf(work: Promise<unknown>): Promise<string> {
  try {
    await work;
  } catch (error) {
    if (error instanceof PacelineError) return error.code;
    throw error;
  }
  return "none";
}
