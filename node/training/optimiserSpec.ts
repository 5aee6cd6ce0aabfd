import { z } from "zod";

/**
 * How params follow gradients in local training. What holds for all: gradients are first clipped to a global norm, then the
 * optimiser steps; the state of a step (momentum, moments) lives for one round's local training.
 */

const decay = z.number().min(0).max(1);
const common = {
  /** Shrinks weights by learningRate · weightDecay each step; for `sgd` and `momentum` the same as an L2 penalty. */
  weightDecay: z.number().min(0).max(10).optional(),
  /** Longest gradient of a batch, over all params (Pascanu et al., 2013). */
  clipGradientNorm: z.number().positive().max(1e9).optional(),
  /** µ of FedProx: adds µ/2 · ‖params − global params‖² to the loss (Li et al., 2020). */
  proximal: z.number().min(0).max(1000).optional(),
};

export const optimiserSchema = z.discriminatedUnion("kind", [
  z.strictObject({ kind: z.literal("sgd"), ...common }),
  /** v ← momentum · v + g; w ← w − learningRate · v (or with Nesterov's look-ahead), as in PyTorch. */
  z.strictObject({ kind: z.literal("momentum"), momentum: decay, nesterov: z.boolean().optional(), ...common }),
  /** Kingma and Ba, 2015; a weightDecay is an L2 penalty. */
  z.strictObject({
    kind: z.literal("adam"),
    beta1: decay.optional(),
    beta2: decay.optional(),
    epsilon: z.number().positive().optional(),
    ...common,
  }),
  /** Loshchilov and Hutter, 2019: weightDecay apart from the moments. */
  z.strictObject({
    kind: z.literal("adamw"),
    beta1: decay.optional(),
    beta2: decay.optional(),
    epsilon: z.number().positive().optional(),
    ...common,
  }),
]);

export type OptimiserSpec = z.infer<typeof optimiserSchema>;

export type AdamSpec = Extract<OptimiserSpec, { kind: "adam" | "adamw" }>;
