import type { Hex } from "../../core/bytes.ts";
import { nextModelId } from "../../core/encoding.ts";
import { PacelineError } from "../../core/errors.ts";
import { applyAggregate, nextExponent } from "../../core/fixedPoint.ts";

/** The global model as this peer holds it. */
export interface GlobalModel {
  readonly modelId: Hex;
  /** Settled rounds that are in it. */
  readonly updates: number;
  readonly params: Float32Array;
  /** Of the next round's updates. */
  readonly exponent: number;
}

/** The model after one more settled round. Pure. */
export function advanceModel(
  model: GlobalModel,
  aggregateRoot: Hex,
  aggregate: Int32Array,
  bounds: { min: number; max: number },
): GlobalModel {
  return {
    modelId: nextModelId(model.modelId, aggregateRoot),
    updates: model.updates + 1,
    params: applyAggregate(model.params, aggregate, model.exponent),
    exponent: nextExponent(model.exponent, aggregate, bounds),
  };
}

/** Throws `bad-input` unless the initial params are those that the job was opened with. */
export function requireGenesis(hash: Hex, expected: Hex): void {
  if (hash !== expected) {
    throw new PacelineError(
      "bad-input",
      "the job file gives other initial params than the job on the chain: get the job file from the sponsor",
      { hash, expected },
    );
  }
}
