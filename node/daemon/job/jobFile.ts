import { dirname } from "node:path";
import { PacelineError } from "../../core/errors.ts";
import type { JobTerms } from "../../core/jobTerms.ts";
import { exampleShape, missingIn } from "../../data/contract.ts";
import { createEvaluation } from "../../training/metrics/evaluation.ts";
import { checkModelFits } from "../../training/models/fitExamples.ts";
import type { Model } from "../../training/models/model.ts";
import { checkTrainable } from "../../training/onnx/checkTrainable.ts";
import { evaluationOf } from "./evaluation.ts";
import { readJsonFile } from "../home/files.ts";
import { openJobModel } from "./jobModel.ts";
import { parseJobSpec, specHash, termsOf, type JobSpec } from "./jobSpec.ts";
import { wrongSizes } from "./modelSizes.ts";

/** Of no account here: amounts of money are not compared. */
const TOKEN_DECIMALS = 18;

/** @throws PacelineError `not-found`, or `bad-input` naming the file and every field that is wrong */
export function readJobFile(file: string): JobSpec {
  return parseJobFile(file, readJsonFile(file, "job file"));
}

/**
 * @param value what the file holds
 * @throws PacelineError `bad-input` naming the file and every field that is wrong
 */
export function parseJobFile(file: string, value: unknown): JobSpec {
  try {
    return parseJobSpec(value);
  } catch (error) {
    if (error instanceof PacelineError)
      throw new PacelineError(error.code, `${file}: ${error.message}`, { file }, error);
    throw error;
  }
}

/**
 * The job, and the model that it names, which reads what the job's data contract says.
 * @throws PacelineError `not-found`; `bad-input` naming what the contract lacks, or where model and data do not fit; `unsupported`
 *   naming an operator of the model that cannot be trained
 */
export function openJobFile(file: string): { readonly spec: JobSpec; readonly model: Model } {
  const spec = readJobFile(file);
  const missing = missingIn(spec.data.contract);
  if (spec.data.fit === "sample" && missing.length > 0)
    throw new PacelineError(
      "bad-input",
      `${file}: data.contract lacks ${missing.join(", ")}: fill it in with \`paceline job fit --file ${file} --data SAMPLE\`, or let the first round find it with data.fit: "federated"`,
      { file },
    );
  const [wrong] = wrongSizes(spec.model, spec.data.contract);
  if (wrong !== undefined)
    throw new PacelineError(
      "bad-input",
      `${file}: model.${wrong.field} is ${String(wrong.from)}, and the data contract's examples need ${String(wrong.to)}: correct it, or have \`paceline job fit\` do it`,
      { file },
    );
  const model = openJobModel(spec.model, dirname(file), spec.task.classWeights);
  requireFit(spec, model);
  checkTrainable(model);
  return { spec, model };
}

/**
 * The model reads what the contract describes, and has the metrics that the job names.
 * @throws PacelineError `bad-input`
 */
export function requireFit(spec: JobSpec, model: Model): void {
  checkModelFits(model, exampleShape(spec.data.contract));
  try {
    createEvaluation({ loss: model.loss, classes: model.targets.classes, ...evaluationOf(spec, model) });
  } catch (error) {
    if (error instanceof PacelineError)
      throw new PacelineError("bad-input", `the job's task: ${error.message}`, error.facts, error);
    throw error;
  }
}

/** What the job file leaves open, or says in the token's units. */
const NOT_IN_FILE: readonly (keyof JobTerms)[] = [
  "token",
  "stakeToken",
  "genesisHash",
  "stake",
  "faultSlash",
  "missSlash",
  "proofReward",
];

/**
 * Throws `bad-input` unless the file is what the job's sponsor put on the chain, and the terms are what follows from it: aggregates
 * are worked out by them, and one that another endpoint's terms would prove wrong costs the stake.
 */
export function requireSameSpec(file: string, spec: JobSpec, terms: JobTerms): void {
  const hash = specHash(spec);
  if (hash !== terms.specHash) {
    throw new PacelineError(
      "bad-input",
      `${file} is not the job file of this job (its hash is ${hash}, the chain says ${terms.specHash}): get it from the sponsor`,
    );
  }
  const follows = termsOf(spec, { address: terms.token, decimals: TOKEN_DECIMALS }, terms.genesisHash);
  const names = (Object.keys(follows) as (keyof JobTerms)[]).filter((name) => !NOT_IN_FILE.includes(name));
  const wrong = names.find((name) => follows[name] !== terms[name]);
  if (wrong === undefined) return;
  throw new PacelineError(
    "bad-input",
    `the endpoint says that ${wrong} of the job is ${String(terms[wrong])}, and by ${file} it is ${String(follows[wrong])}: ask another endpoint with --rpc, or the sponsor`,
  );
}
