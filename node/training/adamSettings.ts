import type { AdamSpec } from "./optimiserSpec.ts";

/** Adam's settings, those of its authors where none are given. */
export function adamSettings({ beta1 = 0.9, beta2 = 0.999, epsilon = 1e-8 }: AdamSpec): {
  readonly beta1: number;
  readonly beta2: number;
  readonly epsilon: number;
} {
  return { beta1, beta2, epsilon };
}
