import { PacelineError } from "../core/errors.ts";
import type { JobTerms } from "../core/jobTerms.ts";
import { readJsonFile } from "./files.ts";
import { parseJobSpec, specHash, type JobSpec } from "./jobSpec.ts";

/** @throws PacelineError `not-found`, or `bad-input` naming the file and every field that is wrong */
export function readJobFile(file: string): JobSpec {
  const value = readJsonFile(file, "job file");
  try {
    return parseJobSpec(value);
  } catch (error) {
    if (error instanceof PacelineError)
      throw new PacelineError(error.code, `${file}: ${error.message}`, { file }, error);
    throw error;
  }
}

/** Throws `bad-input` unless the file is what the job's sponsor put on the chain. */
export function requireSameSpec(file: string, spec: JobSpec, terms: JobTerms): void {
  const hash = specHash(spec);
  if (hash === terms.specHash) return;
  throw new PacelineError(
    "bad-input",
    `${file} is not the job file of this job (its hash is ${hash}, the chain says ${terms.specHash}): get it from the sponsor`,
  );
}
