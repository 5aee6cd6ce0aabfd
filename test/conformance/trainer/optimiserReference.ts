import type { OptimiserSpec } from "../../../node/training/optimiserSpec.ts";

/** The optimisers in plain loops on 64 bits, from the papers that optimiserSpec.ts names. */
export class OptimiserReference {
  readonly #spec: OptimiserSpec;
  readonly #start: Float64Array;
  readonly #first: Float64Array;
  readonly #second: Float64Array;
  #steps = 0;

  /** @param start the params before the first step */
  constructor(spec: OptimiserSpec, start: Float64Array) {
    this.#spec = spec;
    this.#start = start;
    this.#first = new Float64Array(start.length);
    this.#second = new Float64Array(start.length);
  }

  step(params: Float64Array, gradient: Float64Array, learningRate: number): Float64Array {
    this.#steps++;
    const { kind, clipGradientNorm = Infinity, weightDecay = 0, proximal = 0 } = this.#spec;
    const norm = Math.hypot(...gradient);
    const shrink = norm > clipGradientNorm ? clipGradientNorm / norm : 1;
    return params.map((param, i) => {
      const penalty = (kind === "adamw" ? 0 : weightDecay * param) + proximal * (param - this.#start[i]!);
      return this.#moved(param, shrink * gradient[i]! + penalty, i, learningRate);
    });
  }

  #moved(param: number, slope: number, i: number, learningRate: number): number {
    const spec = this.#spec;
    if (spec.kind === "sgd") return param - learningRate * slope;
    if (spec.kind === "momentum") {
      const velocity = (this.#first[i] = spec.momentum * this.#first[i]! + slope);
      return param - learningRate * (spec.nesterov === true ? slope + spec.momentum * velocity : velocity);
    }
    const { beta1 = 0.9, beta2 = 0.999, epsilon = 1e-8 } = spec;
    this.#first[i] = beta1 * this.#first[i]! + (1 - beta1) * slope;
    this.#second[i] = beta2 * this.#second[i]! + (1 - beta2) * slope ** 2;
    const mean = this.#first[i] / (1 - beta1 ** this.#steps);
    const square = this.#second[i] / (1 - beta2 ** this.#steps);
    const decayed = spec.kind === "adamw" ? param * (1 - learningRate * (spec.weightDecay ?? 0)) : param;
    return decayed - (learningRate * mean) / (Math.sqrt(square) + epsilon);
  }
}
