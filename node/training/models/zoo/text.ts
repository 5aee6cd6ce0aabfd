import { z } from "zod";
import { DATA_TYPE, int, type Value } from "../../graph/graph.ts";
import { glorot, type Model } from "../model.ts";
import { ModelBuilder } from "../modelBuilder.ts";
import { classifying, denseLayer, dropOut } from "./dense.ts";
import { CLASSES, LENGTH, ROWS, UNITS } from "./limits.ts";
import { denseBySteps, embedding, lstmLayer } from "./recurrent.ts";

/** Models on numbers that stand for words, n-grams or characters; 0 is padding where there is any. */

/**
 * The mean of the embeddings of a text's hashed n-grams, then a dense layer (Joulin et al., "Bag of Tricks for Efficient Text
 * Classification", 2017).
 */
export const textClassifierSchema = z.strictObject({
  kind: z.literal("text-classifier"),
  /** Hash buckets, padding's included. */
  buckets: ROWS,
  /** n-grams of a text. */
  length: LENGTH,
  embedding: z.int().min(1).max(1024).default(16),
  classes: CLASSES,
});

export function textClassifier(spec: z.infer<typeof textClassifierSchema>): Model {
  const builder = new ModelBuilder();
  const { graph } = builder;
  const ngrams = builder.example("ngrams", "int32", [spec.length]);
  const embedded = embedding(builder, "embedding", ngrams, spec.buckets, spec.embedding);
  const present = graph.node("Cast", [graph.node("Greater", [ngrams, graph.ints32([0], [])])], {
    to: int(DATA_TYPE.float32),
  });
  const sum = graph.node(
    "ReduceSum",
    [graph.node("Mul", [embedded, graph.node("Unsqueeze", [present, graph.ints([-1])])]), graph.ints([1])],
    { keepdims: int(0) },
  );
  const count = graph.node("Max", [
    graph.node("ReduceSum", [present, graph.ints([1])], { keepdims: int(1) }),
    graph.floats([1], []),
  ]);
  return classifying(
    builder,
    denseLayer(builder, "dense1", graph.node("Div", [sum, count]), spec.classes),
    spec.classes,
  );
}

/**
 * Tags of words: from a window of words around each (Collobert et al., "Natural Language Processing (Almost) from Scratch", 2011),
 * or from a whole sentence read in both directions (Huang, Xu and Yu, "Bidirectional LSTM-CRF Models", 2015, without the CRF).
 */
export const taggerSchema = z.strictObject({
  kind: z.literal("tagger"),
  form: z.enum(["window", "bilstm"]),
  buckets: ROWS,
  /** Numbers that an example has: of a window's words all features; or of each word, with `length` words. */
  features: z.int().min(1).max(512),
  /** Words of a sentence, for `bilstm`. */
  length: LENGTH.optional(),
  embedding: z.int().min(1).max(1024).default(24),
  hidden: UNITS.default(128),
  dropout: z.number().min(0).max(0.9).optional(),
  classes: CLASSES,
});

export function tagger(spec: z.infer<typeof taggerSchema>): Model {
  return spec.form === "window" ? windowTagger(spec) : sentenceTagger(spec);
}

function windowTagger({
  buckets,
  features,
  embedding: width,
  hidden,
  dropout = 0,
  classes,
}: z.infer<typeof taggerSchema>): Model {
  const builder = new ModelBuilder();
  const numbers = builder.example("window", "int32", [features]);
  const embedded = embedding(builder, "embedding", numbers, buckets, width);
  const flat = builder.graph.node("Reshape", [embedded, builder.graph.ints([-1, features * width])]);
  let activation: Value = builder.graph.node("Relu", [denseLayer(builder, "dense1", flat, hidden)]);
  if (dropout > 0) activation = dropOut(builder, activation, dropout);
  return classifying(builder, denseLayer(builder, "dense2", activation, classes), classes);
}

function sentenceTagger(spec: z.infer<typeof taggerSchema>): Model {
  const { buckets, features, length = 64, embedding: width, hidden, dropout = 0, classes } = spec;
  const builder = new ModelBuilder();
  const numbers = builder.example("sentence", "int32", [length, features]);
  const embedded = embedding(builder, "embedding", numbers, buckets, width);
  const words = builder.graph.node("Reshape", [embedded, builder.graph.ints([-1, length, features * width])]);
  let states = lstmLayer(builder, "lstm", words, hidden, true);
  if (dropout > 0) states = dropOut(builder, states, dropout);
  return classifying(builder, denseBySteps(builder, "dense1", states, classes, glorot(2 * hidden, classes)), classes);
}

/** The next character, from all before it in a stretch (the language model of McMahan et al., 2017). */
export const charLmSchema = z.strictObject({
  kind: z.literal("char-lm"),
  vocabulary: z.int().min(2).max(10_000),
  /** Characters of a stretch. */
  length: LENGTH.default(80),
  embedding: z.int().min(1).max(1024).default(8),
  hidden: UNITS.default(256),
  layers: z.int().min(1).max(4).default(2),
});

export function charLm({ vocabulary, length, embedding: width, hidden, layers }: z.infer<typeof charLmSchema>): Model {
  const builder = new ModelBuilder();
  let states = embedding(builder, "embedding", builder.example("characters", "int32", [length]), vocabulary, width);
  for (let layer = 1; layer <= layers; layer++) states = lstmLayer(builder, `lstm${layer}`, states, hidden);
  return classifying(
    builder,
    denseBySteps(builder, "dense1", states, vocabulary, glorot(hidden, vocabulary)),
    vocabulary,
  );
}
