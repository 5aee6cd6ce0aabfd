import { basename } from "node:path";
import { PacelineError } from "../../node/core/errors.ts";

/** "code: message" of the PacelineError that a promise rejects with, its file without folders; any other error passes through. */
export async function faultOf(work: Promise<unknown>): Promise<string> {
  try {
    await work;
  } catch (error) {
    if (!(error instanceof PacelineError)) throw error;
    const file = error.facts["file"];
    return `${error.code}: ${typeof file === "string" ? error.message.replaceAll(file, basename(file)) : error.message}`;
  }
  return "none";
}
