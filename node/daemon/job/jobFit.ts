import { dirname } from "node:path";
import { PacelineError } from "../../core/errors.ts";
import { missingIn, type DataContract } from "../../data/contract.ts";
import { DIGITS_CONTRACT } from "../../data/contract/digits.ts";
import { fitContract } from "../../data/fit.ts";
import { proposeContract } from "../../data/propose.ts";
import type { TableOptions } from "../../data/table/infer.ts";
import { readJsonFile } from "../home/files.ts";
import { parseJobFile, requireFit } from "./jobFile.ts";
import { openJobModel } from "./jobModel.ts";
import { resized, wrongSizes, type SizeChange } from "./modelSizes.ts";

/** Completes a job file from a sample of the data, before the job is opened. */

/** A job file as it stands, with what a sample has added. */
export interface FittedJob {
  /** The file's object, with a complete contract, and a model that fits it. */
  readonly job: Readonly<Record<string, unknown>>;
  /** Whether the contract as a whole comes from the sample. */
  readonly proposed: boolean;
  /** Fields of the contract that were filled in. */
  readonly filled: readonly string[];
  /** Sizes of the model that were changed. */
  readonly sizes: readonly SizeChange[];
}

/**
 * @param source the sample, as a user writes it, such as `csv:FILE`
 * @param table how to read a table that the job file says nothing about; undefined where the user says nothing either
 * @throws PacelineError `not-found`; `bad-input` naming what is wrong with the job file, the sample, or how they fit
 */
export async function fitJob(file: string, source: string, table: TableOptions | undefined): Promise<FittedJob> {
  const value = readJsonFile(file, "job file") as Readonly<Record<string, unknown>>;
  const { contract: given, ...described } = dataOf(value);
  if (given !== undefined && table !== undefined)
    throw new PacelineError(
      "bad-input",
      `${file} has a data.contract, which says what the label is: --label, --target and --ignore are for a job file without one`,
    );
  const outline = given ?? (await proposeContract(source, table));
  const spec = parseJobFile(file, { ...value, data: { ...described, contract: outline } });
  const { contract: open, fit } = spec.data;
  const contract = await completeContract(source, open);
  const sizes = wrongSizes(spec.model, contract);
  const model = resized(spec.model, sizes);
  const fitted = { ...spec, model, data: { ...spec.data, contract } };
  requireFit(fitted, openJobModel(model, dirname(file), spec.task.classWeights));
  return {
    // a contract that is complete leaves nothing for the first round to find
    job: { ...value, model, data: { ...described, contract, ...(fit === "federated" ? { fit: "sample" } : {}) } },
    proposed: given === undefined,
    filled: given === undefined ? [] : missingIn(open),
    sizes,
  };
}

/** @param source `digits`, or one as in `fitContract`, which says what is thrown */
export async function completeContract(source: string, contract: DataContract): Promise<DataContract> {
  if (source !== "digits") return missingIn(contract).length === 0 ? contract : fitContract(source, contract);
  if (contract.kind === "images") return { ...DIGITS_CONTRACT, ...contract };
  throw new PacelineError(
    "bad-input",
    `digits are images, and the job's data.contract is of the kind ${contract.kind}: give --data SOURCE`,
  );
}

function dataOf({ data }: Readonly<Record<string, unknown>>): Readonly<Record<string, unknown>> {
  return typeof data === "object" && data !== null ? (data as Readonly<Record<string, unknown>>) : {};
}
