import { rowOptions } from "../contract/rowFields.ts";
import { type FittedText, type TextContract, textShape } from "../contract/text.ts";
import type { DataSource } from "../dataSource.ts";
import type { Dataset } from "../dataset.ts";
import { badData, quoted } from "../fault.ts";
import { groupReader } from "../groups.ts";
import { growingInts } from "../growing.ts";
import { requireSeveralClasses } from "../oneClass.ts";
import { readRows } from "../rows.ts";
import type { Cell, RowOptions } from "../rows/row.ts";
import { sortedCategories, toCategory } from "../table/cells.ts";
import { categoryReader } from "../table/features.ts";
import { hashText } from "./ngrams.ts";

/**
 * Texts as bags of hashed n-grams: int32 [length], 0 behind the last.
 * @param contract fitted
 * @throws PacelineError `not-found`, or `bad-input` naming file, row and column
 */
export async function loadText(source: DataSource, contract: TextContract): Promise<Dataset> {
  const { path: file } = source;
  const { inputs, targets, classes } = textShape(contract);
  const [ngrams, labels, groups] = [growingInts(file), growingInts(file), growingInts(file)];
  const { column, classes: names = [] } = contract.label;
  const readLabel = categoryReader(column, names, file);
  const readGroup = contract.group === undefined ? undefined : groupReader(contract.group, file);
  for await (const { row, cells } of readRows(source, textRows(contract))) {
    const [text = null, label = null, group = null] = cells;
    const hashed = hashText(readText(text, contract.textColumn, file, row), contract);
    for (let i = 0; i < contract.length; i++) ngrams.push(hashed[i] ?? 0);
    labels.push(readLabel(present(label, column, file, row), row));
    if (readGroup !== undefined) groups.push(readGroup(group, row));
  }
  const values = labels.take();
  requireSeveralClasses(file, values, names);
  return {
    count: values.length,
    inputs: inputs.map(({ shape }) => ({ shape, values: ngrams.take() })),
    targets: { shape: targets.shape, values },
    classes,
    ...(readGroup === undefined ? {} : { groups: groups.take() }),
  };
}

/** Fills in the classes that the sample has. Throws what `loadText` throws. */
export async function fitText(source: DataSource, contract: TextContract): Promise<FittedText> {
  const { label } = contract;
  if (label.classes !== undefined) return { ...contract, label: { ...label, classes: label.classes } };
  const names = new Set<string>();
  for await (const { row, cells } of readRows(source, textRows(contract))) {
    names.add(present(cells[1] as Cell, label.column, source.path, row));
    if (names.size > MAX_CLASSES)
      throw badData({ file: source.path, row, column: label.column }, `more than ${MAX_CLASSES} different labels`);
  }
  const classes = sortedCategories(names);
  if (classes.length < 2)
    throw badData({ file: source.path, column: label.column }, `every row has the label ${quoted(classes[0])}`);
  return { ...contract, label: { ...label, classes } };
}

const MAX_CLASSES = 1000;

function textRows(contract: TextContract): RowOptions {
  const { textColumn, label, group } = contract;
  return rowOptions(contract, [textColumn, label.column, ...(group === undefined ? [] : [group])]);
}

function readText(cell: Cell, column: string, file: string, row: number): string {
  if (cell === null || cell === "") throw badData({ file, row, column }, "there is no text; remove the row");
  return String(cell);
}

function present(cell: Cell, column: string, file: string, row: number): string {
  const name = toCategory(cell);
  if (name === undefined) throw badData({ file, row, column }, "the label is missing; remove the row");
  return name;
}
