import { seededRandom } from "../core/random.ts";
import type { Graph } from "./graph/graph.ts";

/**
 * The randomness of dropout, the same for every engine: a table of uniforms that the seed decides. Dropout k (in the graph's order) of
 * step t reads it from `noiseOffset(t, k)` on, and keeps element i where `table[offset + i] ≥ ratio`.
 */

/** Offsets are below this. */
export const NOISE_WINDOW = 65_536;
/** Odd, so that offsets of successive steps go through the whole window before they repeat. */
const STEP_STRIDE = 40_503;
const DROPOUT_STRIDE = 9973;

export function noiseOffset(step: number, dropout: number): number {
  return (step * STEP_STRIDE + dropout * DROPOUT_STRIDE) % NOISE_WINDOW;
}

/** Length of a table for batches of `batchSize`; 0 for a model without dropout. */
export function noiseLength(graph: Graph, batchSize: number): number {
  const masks = graph.nodes
    .filter(({ operator }) => operator === "Dropout")
    .map(({ outputs }) =>
      (outputs[0]?.shape ?? []).reduce<number>(
        (size, dim) => size * (typeof dim === "number" ? dim : batchOf(dim, batchSize)),
        1,
      ),
    );
  return masks.length === 0 ? 0 : NOISE_WINDOW + Math.max(...masks);
}

function batchOf(dim: string, batchSize: number): number {
  return dim.split("*").reduce((product, factor) => product * (Number(factor) || batchSize), 1);
}

/** Uniforms in [0, 1). */
export function dropoutNoise(seed: readonly number[], length: number): Float32Array {
  const random = seededRandom(...seed, 77);
  return Float32Array.from({ length }, () => random.uniform());
}
