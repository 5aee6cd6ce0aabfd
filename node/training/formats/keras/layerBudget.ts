import { PacelineError } from "../../../core/errors.ts";
import type { Topology } from "./topology.ts";

const MAX_CALLS = 20_000;

/** Models in models multiply: a few kilobytes say ten levels of four calls each. One budget holds for all of an import. */
export class LayerBudget {
  #left = MAX_CALLS;

  /**
   * Counts a model's layers and what their calls read, before any is called.
   * @throws PacelineError `bad-input` where they are too many, with those that were counted before
   */
  spend({ layers }: Topology): void {
    const read = layers.reduce((sum, { calls }) => sum + calls.reduce((inner, refs) => inner + refs.length, 0), 0);
    this.#left -= layers.length + read;
    if (this.#left < 0)
      throw new PacelineError(
        "bad-input",
        `the model has more than ${MAX_CALLS} layers and calls of layers, where those of a model in the model count each time that it is called: make it of fewer`,
      );
  }
}
