import type { Lowerings } from "./emission.ts";

/** Operators that are trained as other nodes than they are in the model: faster ones, or ones that have gradients. */
export const LOWERINGS: Lowerings = {};
