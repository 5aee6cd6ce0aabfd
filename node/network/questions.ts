import { Allowances, type Rate } from "../core/allowance.ts";

/**
 * Questions to registries about operators that they are not known to know. Each costs two calls of an endpoint that counts them, and
 * anybody causes one with a fresh key. A federation that comes all at once fits in, for its members are dialled as well.
 */
const UNKNOWN_RATE: Rate = { burst: 64, perSecond: 8 };

/**
 * All jobs of a host together.
 * @param now milliseconds
 * @returns whether one more may be put
 */
export function rationOfQuestions(now: () => number): () => boolean {
  const allowances = new Allowances<"unknown">(UNKNOWN_RATE, 1);
  return () => allowances.take("unknown", now() / 1000);
}
