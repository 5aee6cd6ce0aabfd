import { PacelineError } from "../../core/errors.ts";
import type { Value } from "../graph/graph.ts";
import { type Model, parameterCount } from "../models/model.ts";
import type { ModelBuilder } from "../models/modelBuilder.ts";
import { MAX_PARAMETERS } from "../models/zooSpec.ts";
import { type LossKind, targetsOf, usualLoss } from "./outputs.ts";

/**
 * A name for an input of a model's graph that nothing else in it can get: the builder's are an operator's name, or "constant", and a
 * number. Engines are fed by name, from objects where "__proto__" is none.
 */
export function freeName(name: string): string {
  return /^([A-Z][A-Za-z]*|constant)_\d+$/.test(name) || name === "outputs" || name === "__proto__" ? `${name}_` : name;
}

/**
 * Ends the model that was read from a file.
 * @param name of the output, in the file
 * @throws PacelineError `unsupported` or `bad-input` where outputs or params cannot be trained
 */
export function finishModel(builder: ModelBuilder, outputs: Value, name: string, loss: LossKind | undefined): Model {
  const [batch, ...shape] = outputs.shape;
  if (batch !== "batch" || outputs.type !== "float32" || !shape.every((size) => typeof size === "number"))
    throw new PacelineError(
      "unsupported",
      `the model's output "${name}" has the shape [${outputs.shape.join(", ")}] of ${outputs.type}: it must be of float32, with the examples as its first axis and fixed sizes behind it`,
    );
  const kind = loss ?? usualLoss(shape);
  const model = builder.build(outputs, { kind }, targetsOf(kind, shape));
  const count = parameterCount(model);
  if (count === 0) throw new PacelineError("bad-input", "the model has no parameters that are trained");
  if (count > MAX_PARAMETERS)
    throw new PacelineError("bad-input", `the model has ${count} parameters; at most ${MAX_PARAMETERS} are allowed`);
  return model;
}
