import { messageOf, PacelineError } from "../../core/errors.ts";
import type { Shape } from "../graph/graph.ts";

/** What a file that nobody vouches for can still do wrong when its structure is right. */

const MAX_SIZE = 2 ** 31;

/**
 * Strides, pads and repetitions can make any shape; engines allocate what the shape says.
 * @throws PacelineError `bad-input`
 */
export function requirePossible(shape: Shape): void {
  const possible = shape.every(
    (size) => typeof size === "string" || (Number.isInteger(size) && size >= 0 && size <= MAX_SIZE),
  );
  const elements = shape.reduce<number>((product, size) => product * (typeof size === "number" ? size : 1), 1);
  if (!possible || elements > MAX_SIZE)
    throw new PacelineError("bad-input", `it makes an impossible shape, [${shape.join(", ")}]`);
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
