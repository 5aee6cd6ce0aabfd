import type { DataContract } from "../../data/contract.ts";
import { loadData } from "../../data/load.ts";
import { loadInputs } from "../../data/loadInputs.ts";
import type { EvaluationResult } from "../../training/metrics/evaluation.ts";
import { logSoftmaxAt } from "../../training/metrics/logSoftmax.ts";
import { fitExamples } from "../../training/models/fitExamples.ts";
import { elementCount, type Model } from "../../training/models/model.ts";
import type { Examples } from "../../training/trainer.ts";
import { openTrainer } from "../adapters.ts";
import { evaluationOf } from "../job/evaluation.ts";
import type { TrainedModel } from "./trainedModel.ts";

/** What a model says of the examples of a file, in the words of the job's data contract. */
export interface Predictions {
  /** Names of the classes, in their order; empty where numbers are told. */
  readonly classes: readonly string[];
  /** One an example. */
  readonly rows: readonly Prediction[];
  /** Where the file's labels were read. */
  readonly evaluation: EvaluationResult | undefined;
}

export interface Prediction {
  /** A class's name or a number; several, where an example has several targets. */
  readonly values: readonly (string | number)[];
  /** Of each class, where an example has one target. */
  readonly probabilities: readonly number[];
}

/**
 * @param source as a user writes it, such as `csv:FILE`
 * @param labelled whether the file has labels, which predictions are then held against
 * @throws PacelineError `not-found`, or `bad-input` naming file, row and column of what breaks the job's data contract
 */
export async function predictSource(trained: TrainedModel, source: string, labelled: boolean): Promise<Predictions> {
  const { spec, model, params } = trained;
  const { contract } = spec.data;
  const bare = labelled ? undefined : await unlabelled(source, contract, model);
  const examples = fitExamples(model, bare ?? (await loadData(source, contract)));
  const trainer = await openTrainer(model, { examples: examples.count, place: "alone" });
  try {
    const outputs = await trainer.predict(params, examples);
    const evaluation = labelled ? await trainer.evaluate(params, examples, evaluationOf(spec, model)) : undefined;
    const classes = model.loss.kind === "mean-squared-error" ? [] : classNames(contract, model);
    return { classes, rows: readable(outputs, examples, model, contract, classes), evaluation };
  } finally {
    await trainer.close();
  }
}

/** Inputs with targets that stand for none; undefined where such data are not read without labels. */
async function unlabelled(source: string, contract: DataContract, { targets }: Model): Promise<Examples | undefined> {
  const loaded = await loadInputs(source, contract);
  if (loaded === undefined) return undefined;
  const { count, inputs } = loaded;
  const length = count * elementCount(targets.shape);
  const values = targets.type === "int32" ? new Int32Array(length) : new Float32Array(length);
  return { count, inputs, targets: { shape: targets.shape, values }, classes: targets.classes };
}

/** As the contract has them; a class without a name goes by its number. */
function classNames(contract: DataContract, { targets }: Model): readonly string[] {
  const names = namesIn(contract) ?? [];
  return Array.from({ length: targets.classes }, (_, i) => names[i] ?? String(i));
}

function namesIn(contract: DataContract): readonly string[] | undefined {
  switch (contract.kind) {
    case "table":
      return contract.label.type === "class" ? contract.label.classes : undefined;
    case "text":
      return contract.label.classes;
    case "images":
      return contract.classes;
    case "tags":
      return contract.tags;
    case "characters":
      return contract.vocabulary === undefined ? undefined : Array.from(contract.vocabulary);
    default:
      return undefined;
  }
}

function readable(
  outputs: Float32Array,
  { count, targets }: Examples,
  model: Model,
  contract: DataContract,
  classes: readonly string[],
): readonly Prediction[] {
  const perExample = outputs.length / count;
  const slots = elementCount(model.targets.shape);
  return Array.from({ length: count }, (_, example) => {
    const own = outputs.subarray(example * perExample, (example + 1) * perExample);
    if (classes.length === 0) return { values: Array.from(own, unscaled(contract)), probabilities: [] };
    const width = perExample / slots;
    const each = Array.from({ length: slots }, (_slot, i) => probabilitiesOf(own.subarray(i * width, (i + 1) * width)));
    // padding behind a sequence is none of its targets
    const told = each.filter((_slot, i) => targets.values[example * slots + i] !== -1);
    const values = told.map((chances) => classes[largest(chances)] as string);
    return { values, probabilities: slots === 1 ? (each[0] as readonly number[]) : [] };
  });
}

/** Of the classes by their logits; a single logit is that of the second of two. */
function probabilitiesOf(logits: Float32Array): readonly number[] {
  const row = logits.length === 1 ? Float32Array.of(0, logits[0] as number) : logits;
  return Array.from(row, (_, i) => Math.exp(logSoftmaxAt(row, 0, row.length, i)));
}

function largest(chances: readonly number[]): number {
  return chances.reduce((best, chance, i) => (chance > (chances[best] as number) ? i : best), 0);
}

/** In the unit of the file. */
function unscaled(contract: DataContract): (value: number) => number {
  if (contract.kind === "ratings") return (value) => value + (contract.mean ?? 0);
  if (contract.kind !== "table" || contract.label.type !== "number" || contract.label.scale === "none")
    return (value) => value;
  const { mean = 0, stddev = 1 } = contract.label;
  return (value) => value * stddev + mean;
}
