import { PacelineError } from "../../core/errors.ts";
import { powerOfTwo } from "../../core/fixedPoint.ts";
import { columnMeansLength, fitFromMeans, mayBeMeans, type ColumnMeans } from "../../data/columnMeans.ts";
import type { TableContract } from "../../data/contract/table.ts";
import { initialParams, type Model } from "../../training/models/model.ts";
import { fitLengthOf, type JobSpec } from "../job/jobSpec.ts";
import type { Learner } from "./learner.ts";

/**
 * Preprocessing that the federation agrees on in its first round. The vector of such a job has, behind the model's params, the means
 * of the data's columns (data/columnMeans.ts): zeros at first. In the first round that settles, everybody's update is its own means
 * there and nothing else; their weighted mean is everybody's. From then on these values stay as they are, in every checkpoint and for
 * every newcomer, and the params before them are trained.
 */

/** The vector that a job starts from. */
export function initialVector(spec: JobSpec, model: Model): Float32Array {
  const params = initialParams(model, spec.seed);
  const vector = new Float32Array(params.length + fitLengthOf(spec));
  vector.set(params);
  return vector;
}

/**
 * Whether an update changes nothing but what is open in its round: the means, as means, until the first round has settled, and the
 * params from then on. Means that somebody moved later would have those who start anew read their data in another way.
 * @param vector the global one that the update is relative to
 * @param update in steps of 2^−exponent
 */
export function keepsToFit(spec: JobSpec, vector: Float32Array, update: Int16Array, exponent: number): boolean {
  const parameterCount = vector.length - fitLengthOf(spec);
  const [params, means] = [update.subarray(0, parameterCount), update.subarray(parameterCount)];
  const isZero = (value: number): boolean => value === 0;
  if (!vector.subarray(parameterCount).every(isZero) || means.length === 0) return means.every(isZero);
  return params.every(isZero) && mayBeMeans(means, powerOfTwo(exponent));
}

export interface FittingOptions {
  readonly spec: JobSpec;
  /** Parameters of the model. */
  readonly parameterCount: number;
  /** Of this participant's own rows. */
  readonly means: ColumnMeans;
  /** Called once, when the contract is complete. */
  readonly open: (contract: TableContract) => Promise<Learner>;
}

/** A learner that agrees on the preprocessing first. */
export function createFittingLearner({ spec, parameterCount, means, open }: FittingOptions): Learner {
  let opened: Promise<Learner> | undefined;
  const learnerFor = (vector: Float32Array): Promise<Learner> | undefined => {
    const contract = agreedContract(spec, vector.subarray(parameterCount));
    if (contract === undefined) return undefined;
    opened ??= open(contract);
    opened.catch(() => (opened = undefined)); // a file that was not there may be tomorrow
    return opened;
  };
  return {
    exampleCount: means.count,
    async localUpdate(vector, round) {
      const update = new Float32Array(vector.length);
      const learner = await learnerFor(vector);
      if (learner === undefined) update.set(means.means, parameterCount);
      else update.set(await learner.localUpdate(vector.subarray(0, parameterCount), round));
      return update;
    },
    async contributions(vector, updates, aggregate) {
      const learner = await learnerFor(vector);
      // nobody's means are better than another's: no seat scores them, and the round is paid by the trailing scores
      if (learner === undefined) return updates.map(() => 0);
      const params = vector.subarray(0, parameterCount);
      const ofParams = updates.map((update) => ({ ...update, values: update.values.subarray(0, parameterCount) }));
      return learner.contributions(params, ofParams, aggregate.subarray(0, parameterCount));
    },
  };
}

/**
 * The job's contract with the means in it; undefined before the first round has settled.
 * @throws PacelineError `bad-input` where no participant has a value in a column
 */
export function agreedContract({ data, encoding }: JobSpec, means: Float32Array): TableContract | undefined {
  const { contract } = data;
  if (contract.kind !== "table" || means.length !== columnMeansLength(contract))
    throw new PacelineError("bad-argument", "the vector is not of a job with a federated fit of a table");
  if (means.every((value) => value === 0)) return undefined;
  // each participant rounds to half a step at most
  return fitFromMeans(contract, means, 2 ** -(encoding.initialExponent + 1));
}
