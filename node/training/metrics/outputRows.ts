import { PacelineError } from "../../core/errors.ts";
import { classCount, type MetricContext, outputWidth } from "./metricContext.ts";

/**
 * A chunk of what a model put out, and what it should have. A row is what there is one target for: an example, or a token of
 * a sequence.
 */
export interface OutputRows {
  /** Row-major: [rows, classes] logits of a softmax, [rows] logits of a binary model, or [rows] numbers. */
  readonly outputs: Float32Array;
  /** One a row. An int32 of −1 is padding: the row counts nowhere. A float32 of −1 is a number like others. */
  readonly targets: Int32Array | Float32Array;
  /** Which sentence each row is of, where a row is an example of its own (windows around tokens). Only neighbours are compared. */
  readonly sentences?: Int32Array;
  /** Rows of one example, where an example is a whole sentence: one starts every so many rows. */
  readonly rowsPerSentence?: number;
}

/** Visits the rows that count. */
export function forEachRow({ targets }: OutputRows, visit: (row: number, target: number) => void): void {
  for (let row = 0; row < targets.length; row++) if (!isPadding(targets, row)) visit(row, targets[row] as number);
}

export function isPadding(targets: OutputRows["targets"], row: number): boolean {
  return targets instanceof Int32Array && targets[row] === -1;
}

/** The class of the largest logit, the first of several; of a single logit, class 1 where it is above 0. */
export function predictedClass(outputs: Float32Array, row: number, width: number): number {
  if (width === 1) return (outputs[row] as number) > 0 ? 1 : 0;
  const start = row * width;
  let best = 0;
  for (let i = 1; i < width; i++) if ((outputs[start + i] as number) > (outputs[start + best] as number)) best = i;
  return best;
}

/**
 * A check of chunk after chunk; rows are numbered from 0 over all of them.
 * @returns the number of rows that count
 * @throws PacelineError `bad-argument` where lengths or types do not fit the context; `bad-input` naming the row whose target
 *   is out of range, or whose output is not a finite number
 */
export function rowChecker(context: MetricContext): (rows: OutputRows) => number {
  const width = outputWidth(context);
  let before = 0;
  return (rows) => {
    checkShape(rows, context, width);
    let counted = 0;
    forEachRow(rows, (row, target) => {
      checkTarget(target, before + row, context);
      for (let i = row * width; i < (row + 1) * width; i++) checkOutput(rows.outputs[i] as number, before + row);
      counted++;
    });
    before += rows.targets.length;
    return counted;
  };
}

function checkShape(rows: OutputRows, { loss }: MetricContext, width: number): void {
  const { outputs, targets, sentences, rowsPerSentence } = rows;
  const refuse = (what: string): never => {
    throw new PacelineError("bad-argument", `outputs do not fit their targets: ${what}`);
  };
  if (outputs.length !== targets.length * width)
    refuse(`${outputs.length} outputs for ${targets.length} targets, ${width} a target`);
  const isReal = targets instanceof Float32Array;
  if (loss.kind === "softmax-cross-entropy" && isReal) refuse("classes are int32, but the targets are float32");
  if (loss.kind === "mean-squared-error" && !isReal) refuse("numbers are float32, but the targets are int32");
  if (sentences !== undefined && sentences.length !== targets.length)
    refuse(`${sentences.length} sentence numbers for ${targets.length} targets`);
  if (rowsPerSentence !== undefined && !(rowsPerSentence >= 1 && targets.length % rowsPerSentence === 0))
    refuse(`${targets.length} targets are not whole sentences of ${rowsPerSentence}`);
}

function checkTarget(target: number, row: number, context: MetricContext): void {
  if (context.loss.kind === "mean-squared-error") {
    if (!Number.isFinite(target)) throw new PacelineError("bad-input", `row ${row}: the target is ${target}`);
    return;
  }
  const classes = classCount(context);
  if (!(Number.isInteger(target) && target >= 0 && target < classes))
    throw new PacelineError("bad-input", `row ${row}: the target is ${target}, but classes are 0 … ${classes - 1}`);
}

function checkOutput(output: number, row: number): void {
  if (!Number.isFinite(output))
    throw new PacelineError(
      "bad-input",
      `row ${row}: the model put out ${output}; its params have diverged: lower the learning rate or clip gradients`,
    );
}
