import type { GradientRules } from "./gradient.ts";
import { ACTIVATIONS } from "./gradients/activations.ts";
import { ELEMENTWISE } from "./gradients/elementwise.ts";
import { FUNCTIONS } from "./gradients/functions.ts";
import { INDEXING } from "./gradients/indexing.ts";
import { MATRICES } from "./gradients/matrices.ts";
import { POWERS } from "./gradients/powers.ts";
import { REDUCTIONS } from "./gradients/reductions.ts";
import { STRUCTURE } from "./gradients/structure.ts";

/** The gradient of every operator that has one by itself; what is trained otherwise is lowered first (lowerings.ts). */
export const GRADIENT_RULES: GradientRules = {
  ...ELEMENTWISE,
  ...FUNCTIONS,
  ...POWERS,
  ...ACTIVATIONS,
  ...MATRICES,
  ...REDUCTIONS,
  ...STRUCTURE,
  ...INDEXING,
};
