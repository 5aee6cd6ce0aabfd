import {
  MAX_CATEGORIES,
  type NumberColumn,
  type TableColumn,
  type TableContract,
  type TableLabel,
  missingInColumn,
  missingInLabel,
  missingInTable,
} from "../contract/table.ts";
import type { DataSource } from "../dataSource.ts";
import { badData } from "../fault.ts";
import { Moments } from "../moments.ts";
import { readRows } from "../rows.ts";
import type { Cell } from "../rows/row.ts";
import { missingTest, sortedCategories, toCategory, type MissingTest } from "./cells.ts";
import { presentNumberReader, type NumberRules } from "./numbers.ts";
import { tableRows } from "./rowOptions.ts";

/**
 * Fills in means, deviations, categories and classes from a sample; what the contract says already stays. Empty cells do not
 * count. The order of the rows changes means by rounding only.
 * @throws PacelineError `not-found`, or `bad-input` naming file, row and column
 */
export async function fitTable(source: DataSource, contract: TableContract): Promise<TableContract> {
  if (missingInTable(contract).length === 0) return contract;
  const { columns, scale, missingValues } = contract;
  const fitColumns = columns.map((column) =>
    columnFitter(column, scale, source.path, missingTest(missingValues, column.missingValues)),
  );
  const label = labelFitter(contract.label, source.path, missingTest(missingValues));
  const fitters = [...fitColumns, label];
  for await (const { row, cells } of readRows(source, tableRows(contract)))
    fitters.forEach(({ observe }, i) => observe(cells[i] as Cell, row));
  return { ...contract, columns: fitColumns.map(({ fitted }) => fitted()), label: label.fitted() };
}

interface Fitter<T> {
  readonly observe: (cell: Cell, row: number) => void;
  /** What is known once all rows were seen. */
  readonly fitted: () => T;
}

function columnFitter(
  column: TableColumn,
  scale: TableContract["scale"],
  file: string,
  isMissing: MissingTest,
): Fitter<TableColumn> {
  if (missingInColumn(column, scale).length === 0) return { observe: () => undefined, fitted: () => column };
  if (column.type !== "category") {
    const moments = momentsFitter(column as NumberColumn, file, isMissing);
    return { observe: moments.observe, fitted: () => ({ ...(column as NumberColumn), ...moments.fitted() }) };
  }
  const standIn = typeof column.missing === "object" ? [column.missing.as] : [];
  const names = namesFitter(column.name, standIn, file, isMissing);
  return { observe: names.observe, fitted: () => ({ ...column, categories: names.fitted() }) };
}

function labelFitter(label: TableLabel, file: string, isMissing: MissingTest): Fitter<TableLabel> {
  if (missingInLabel(label).length === 0) return { observe: () => undefined, fitted: () => label };
  if (label.type === "number") {
    const moments = momentsFitter({ ...label, name: label.column, missing: "reject", log: false }, file, isMissing);
    return { observe: moments.observe, fitted: () => ({ ...label, ...moments.fitted() }) };
  }
  const names = namesFitter(label.column, [], file, isMissing);
  return { observe: names.observe, fitted: () => ({ ...label, classes: severalClasses(names.fitted(), label, file) }) };
}

function momentsFitter(
  rules: NumberRules,
  file: string,
  isMissing: MissingTest,
): Fitter<{ mean: number; stddev: number }> {
  const read = presentNumberReader(rules, file, isMissing);
  const moments = new Moments();
  return {
    observe(cell, row) {
      const value = read(cell, row);
      if (value !== undefined) moments.add(value);
    },
    fitted() {
      if (moments.count === 0) throw badData({ file, column: rules.name }, "no row of the sample has a value in it");
      return { mean: rules.mean ?? moments.mean, stddev: rules.stddev ?? moments.stddev };
    },
  };
}

function namesFitter(column: string, known: readonly string[], file: string, isMissing: MissingTest): Fitter<string[]> {
  const names = new Set(known);
  return {
    observe(cell, row) {
      const name = isMissing(cell) ? undefined : toCategory(cell);
      if (name !== undefined) names.add(name);
      if (names.size > MAX_CATEGORIES)
        throw badData(
          { file, row, column },
          `more than ${MAX_CATEGORIES} different values are too many for categories`,
        );
    },
    fitted() {
      if (names.size === 0) throw badData({ file, column }, "no row of the sample has a value in it");
      return sortedCategories(names);
    },
  };
}

function severalClasses(classes: string[], { column }: TableLabel, file: string): string[] {
  if (classes.length > 1) return classes;
  throw badData({ file, column }, `the label has the same value in every row ("${classes[0]}"); a sample needs two`);
}
