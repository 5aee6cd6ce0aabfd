import type { Model } from "../models/model.ts";
import { gradientGraph } from "./evaluationGraphs.ts";

/**
 * Finds out before anybody pays for it whether a model can be trained: its gradient's graph is made, and not run.
 * @throws PacelineError `unsupported` naming an operator without a gradient, and its node
 */
export function checkTrainable(model: Model): void {
  gradientGraph(model);
}
