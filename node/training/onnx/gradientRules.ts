import type { GradientRules } from "./gradient.ts";
import { ELEMENTWISE } from "./gradients/elementwise.ts";
import { INDEXING } from "./gradients/indexing.ts";
import { MATRICES } from "./gradients/matrices.ts";
import { REDUCTIONS } from "./gradients/reductions.ts";

/** The gradient of every operator that has one by itself; what is trained otherwise is lowered first (lowerings.ts). */
export const GRADIENT_RULES: GradientRules = { ...ELEMENTWISE, ...MATRICES, ...INDEXING, ...REDUCTIONS };
