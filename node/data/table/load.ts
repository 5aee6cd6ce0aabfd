import { type TableContract, tableShape } from "../contract/table.ts";
import type { DataSource } from "../dataSource.ts";
import type { Dataset } from "../dataset.ts";
import { badData } from "../fault.ts";
import { growingFloats, growingInts } from "../growing.ts";
import { requireSeveralClasses } from "../oneClass.ts";
import { readRows } from "../rows.ts";
import type { Cell } from "../rows/row.ts";
import { EMPTY, missingTest, toCategory } from "./cells.ts";
import { categoryReader, featureReaders } from "./features.ts";
import { numberReader } from "./numbers.ts";
import { tableRows } from "./rowOptions.ts";

/**
 * The examples of a table. Nothing of the file is held but the numbers that it becomes.
 * @param contract fitted
 * @throws PacelineError `not-found`, or `bad-input` naming file, row and column
 */
export async function loadTable(source: DataSource, contract: TableContract): Promise<Dataset> {
  const { inputs, targets: target, classes } = tableShape(contract);
  const features = growingFloats(source.path);
  const targets = target.type === "int32" ? growingInts(source.path) : growingFloats(source.path);
  const groups = growingInts(source.path);
  const readFeatures = featureReaders(contract, source.path, features);
  const readLabel = labelReader(contract, source.path);
  const readGroup = groupReader(contract, source.path);
  const labelPlace = readFeatures.length;
  for await (const { row, cells } of readRows(source, tableRows(contract))) {
    readFeatures.forEach((read, i) => read(cells[i] as Cell, row));
    targets.push(readLabel(cells[labelPlace] as Cell, row));
    if (readGroup !== undefined) groups.push(readGroup(cells[labelPlace + 1] as Cell, row));
  }
  const labels = targets.take();
  if (contract.label.type === "class")
    requireSeveralClasses(source.path, labels as Int32Array, contract.label.classes ?? []);
  return {
    count: labels.length,
    inputs: inputs.map(({ shape }) => ({ shape, values: features.take() })),
    targets: { shape: target.shape, values: labels },
    classes,
    ...(readGroup === undefined ? {} : { groups: groups.take() }),
  };
}

type LabelReader = (cell: Cell, row: number) => number;

function labelReader({ label, missingValues }: TableContract, file: string): LabelReader {
  const isMissing = missingTest(missingValues);
  if (label.type === "number") {
    const rules = { ...label, name: label.column, missing: "reject", log: false } as const;
    return numberReader(rules, label.scale === "standardise", file, isMissing);
  }
  const read = categoryReader(label.column, label.classes ?? [], file);
  return (cell, row) => {
    if (isMissing(cell)) throw badData({ file, row, column: label.column }, "the label is missing; remove the row");
    return read(cell, row);
  };
}

/** Numbers those whom rows come from as they first appear. */
function groupReader({ group, missingValues }: TableContract, file: string): LabelReader | undefined {
  if (group === undefined) return undefined;
  const isMissing = missingTest(missingValues);
  const numbers = new Map<string, number>();
  return (cell, row) => {
    const name = isMissing(cell) ? undefined : toCategory(cell);
    if (name === undefined) throw badData({ file, row, column: group }, EMPTY);
    const number = numbers.get(name) ?? numbers.size;
    numbers.set(name, number);
    return number;
  };
}
