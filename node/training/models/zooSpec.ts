import { z } from "zod";
import { PacelineError } from "../../core/errors.ts";
import { parameterCount, type Model } from "./model.ts";
import { cnn, cnnSchema } from "./zoo/cnn.ts";
import {
  linearRegression,
  linearRegressionSchema,
  mlp,
  mlpSchema,
  softmaxRegression,
  softmaxRegressionSchema,
} from "./zoo/dense.ts";
import { matrixFactorisation, matrixFactorisationSchema } from "./zoo/factorisation.ts";
import { charLm, charLmSchema, tagger, taggerSchema, textClassifier, textClassifierSchema } from "./zoo/text.ts";

/** A model by name and sizes, as a job file says it. The graph follows from it alone, so every peer builds the same one. */

export const zooSchema = z.discriminatedUnion("kind", [
  softmaxRegressionSchema,
  linearRegressionSchema,
  mlpSchema,
  cnnSchema,
  textClassifierSchema,
  taggerSchema,
  charLmSchema,
  matrixFactorisationSchema,
]);

export type ZooSpec = z.infer<typeof zooSchema>;
/** As a person writes it: defaults may be left out. */
export type ZooSpecInput = z.input<typeof zooSchema>;

/** Largest flat vector of params: 64 million float32 are 256 MB. */
export const MAX_PARAMETERS = 64_000_000;

/** @throws PacelineError `bad-input` for a model that is too large */
export function zooModel(spec: ZooSpec): Model {
  const model = build(spec);
  const count = parameterCount(model);
  if (count > MAX_PARAMETERS)
    throw new PacelineError(
      "bad-input",
      `the ${spec.kind} has ${count} parameters; at most ${MAX_PARAMETERS} are allowed`,
    );
  return model;
}

function build(spec: ZooSpec): Model {
  switch (spec.kind) {
    case "softmax-regression":
      return softmaxRegression(spec);
    case "linear-regression":
      return linearRegression(spec);
    case "mlp":
      return mlp(spec);
    case "cnn":
      return cnn(spec);
    case "text-classifier":
      return textClassifier(spec);
    case "tagger":
      return tagger(spec);
    case "char-lm":
      return charLm(spec);
    case "matrix-factorisation":
      return matrixFactorisation(spec);
  }
}
