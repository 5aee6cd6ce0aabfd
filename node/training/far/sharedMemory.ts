import type { Examples, ExampleTensor, ScoringRound } from "../trainer.ts";
import type { TrainerRequest } from "./calls.ts";

/**
 * What a request carries lies in memory that both threads see: copied once, and not written out, moved and read in again, which made
 * garbage of five times its size for each thread's collector. Examples stay there for as long as whoever has them: they are
 * asked about round after round.
 */
const lasting = new WeakMap<Float32Array | Int32Array, Float32Array | Int32Array>();

function sharedCopy<Values extends Float32Array | Int32Array | Int16Array | Float64Array>(values: Values): Values {
  if (values.buffer instanceof SharedArrayBuffer) return values;
  const Type = values.constructor as new (buffer: SharedArrayBuffer) => Values;
  const copy = new Type(new SharedArrayBuffer(values.byteLength));
  copy.set(values as never);
  return copy;
}

function sharedTensor({ shape, values }: ExampleTensor): ExampleTensor {
  const known = lasting.get(values) ?? sharedCopy(values);
  lasting.set(values, known);
  return { shape, values: known };
}

function sharedExamples(examples: Examples): Examples {
  return { ...examples, inputs: examples.inputs.map(sharedTensor), targets: sharedTensor(examples.targets) };
}

function sharedRound({ params, updates, mean, points, examples }: ScoringRound): ScoringRound {
  return {
    params: sharedCopy(params),
    updates: updates.map((update) => ({ ...update, values: sharedCopy(update.values) })),
    mean: sharedCopy(mean),
    points,
    examples: sharedExamples(examples),
  };
}

/** A request whose long vectors both threads see. */
export function inSharedMemory(request: TrainerRequest): TrainerRequest {
  if (request.call === "contributions") return { ...request, round: sharedRound(request.round) };
  if (request.call !== "train") return request;
  const { params, examples, ...rest } = request.job;
  return { ...request, job: { ...rest, params: sharedCopy(params), examples: sharedExamples(examples) } };
}
