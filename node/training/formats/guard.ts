import { messageOf, PacelineError } from "../../core/errors.ts";
import type { Dim, Shape } from "../graph/graph.ts";

/** What a file that nobody vouches for can still do wrong when its structure is right. */

/** Values of one tensor for one example: 1 GiB of float32. */
const MAX_VALUES = 2 ** 28;

/**
 * Strides, pads and repetitions can make any shape; engines allocate what the shape says.
 * @param tensor as the message is to call it
 * @throws PacelineError `bad-input`
 */
export function requirePossible(tensor: string, shape: Shape): void {
  const sizes = shape.map(sizeForOne);
  const possible = sizes.every((size) => Number.isInteger(size) && size >= 0 && size <= MAX_VALUES);
  const values = sizes.reduce((product, size) => product * size, 1);
  if (!possible || values > MAX_VALUES)
    throw new PacelineError(
      "bad-input",
      `${tensor} would have the impossible shape [${shape.join(", ")}]: at most ${MAX_VALUES} values for one example are allowed`,
    );
}

/** A size that has the number of examples in it, such as "784*batch", for one example. */
function sizeForOne(dim: Dim): number {
  if (typeof dim === "number") return dim;
  const factors = (part: string): readonly number[] => part.split("*").map(Number).filter(Number.isFinite);
  return dim.split("+").reduce((sum, part) => sum + factors(part).reduce((product, factor) => product * factor, 1), 0);
}

/** ONNX Runtime prepares training in time quadratic in the model's nodes: 1,000 take about 5 s, 2,000 about 30 s. */
export const MAX_NODES = 3000;

/**
 * @param what has the nodes, as the message is to call it
 * @throws PacelineError `bad-input`
 */
export function requireFewNodes(what: string, count: number): void {
  if (count <= MAX_NODES) return;
  throw new PacelineError(
    "bad-input",
    `${what} has more than ${MAX_NODES} nodes, which is the most that is allowed, because the time to prepare training grows with their square: export the model with its constants folded and its recurrent layers not unrolled, or take a smaller one`,
  );
}

/** What a record says under a name that a file chose: "constructor" is not there unless somebody put it there. */
export function ownValue<T>(record: Readonly<Record<string, T>>, name: string): T | undefined {
  return Object.hasOwn(record, name) ? record[name] : undefined;
}

/**
 * The error of a part of a file, naming the part. Shape rules rely on inputs and attributes being there, so what they stumble over is
 * the file's fault.
 */
export function errorAt(where: string, error: unknown, facts: Readonly<Record<string, unknown>>): unknown {
  if (error instanceof PacelineError)
    return error.message.includes(where)
      ? error
      : new PacelineError(error.code, `${where}: ${error.message.replace(/^node "[^"]*": /, "")}`, facts, error);
  if (!(error instanceof TypeError || error instanceof RangeError)) return error;
  const what = `${where} lacks inputs or settings that it needs, or they do not fit (${messageOf(error)})`;
  return new PacelineError("bad-input", what, facts, error);
}
