import type { Metric } from "./metric.ts";
import { type MetricContext, outputWidth } from "./metricContext.ts";
import { isPadding, type OutputRows, predictedClass } from "./outputRows.ts";
import { endsEntity, OUTSIDE, parseTag, startsEntity, type Tag } from "./tags.ts";

/**
 * F1 over whole entities of all types, 0 … 1, by the rules of `conlleval` (Tjong Kim Sang and Buchholz, 2000): an entity is
 * found where its first token, its last token and its type are all right, and F1 = 2 · found / (entities + predicted entities),
 * which is 0 where there are neither.
 *
 * Rows are tokens in reading order. No entity goes on beyond a padding row, beyond a change of `sentences`, or beyond
 * `rowsPerSentence`; otherwise rows are one long sentence, and go on over chunks.
 */
export function createEntityF1(context: MetricContext): Metric {
  const tags = (context.tagNames ?? []).map(parseTag);
  const width = outputWidth(context);
  const tally = new EntityTally();
  let tokens = 0;
  let sentence: number | undefined;
  return {
    add: (rows) => {
      for (let row = 0; row < rows.targets.length; row++) {
        if (startsSentence(rows, row, sentence)) tally.add(OUTSIDE, OUTSIDE);
        sentence = rows.sentences?.[row];
        if (isPadding(rows.targets, row)) continue;
        tally.add(tags[rows.targets[row]!]!, tags[predictedClass(rows.outputs, row, width)]!);
        tokens++;
      }
    },
    value: () => (tokens === 0 ? undefined : tally.f1()),
  };
}

function startsSentence(rows: OutputRows, row: number, previous: number | undefined): boolean {
  const { targets, sentences, rowsPerSentence } = rows;
  return (
    isPadding(targets, row) ||
    (rowsPerSentence !== undefined && row % rowsPerSentence === 0) ||
    (sentences !== undefined && sentences[row] !== previous)
  );
}

/** Entities in two rows of tags that are read in step. */
class EntityTally {
  #entities = 0;
  #predicted = 0;
  #found = 0;
  /** Both rows are in an entity that began at the same token, with the same type. */
  #matching = false;
  #target = OUTSIDE;
  #prediction = OUTSIDE;

  add(target: Tag, prediction: Tag): void {
    const ends = endsEntity(this.#target, target);
    const predictionEnds = endsEntity(this.#prediction, prediction);
    if (this.#matching && ends && predictionEnds) this.#found++;
    if (ends || predictionEnds) this.#matching = false;

    const starts = startsEntity(this.#target, target);
    const predictionStarts = startsEntity(this.#prediction, prediction);
    if (starts) this.#entities++;
    if (predictionStarts) this.#predicted++;
    if (starts && predictionStarts) this.#matching = target.type === prediction.type;

    this.#target = target;
    this.#prediction = prediction;
  }

  f1(): number {
    const found = this.#found + (this.#matching ? 1 : 0);
    const both = this.#entities + this.#predicted;
    return both === 0 ? 0 : (2 * found) / both;
  }
}
