import { z } from "zod";
import { PacelineError } from "../../core/errors.ts";
import type { ExampleShape } from "../exampleShape.ts";

/** Rows of numbers, categories and truth values, with a label column: what a job says about its participants' tables. */

export const MAX_CATEGORIES = 1000;

/** As the header has it; in a file without one, the column's number from 1. */
const columnName = z.union([z.string().min(1).max(200), z.int().min(1)]).transform(String);
const stddev = z.number().positive();
const text = z.string().min(1).max(200);
const distinct = z
  .array(text)
  .max(MAX_CATEGORIES)
  .refine((values) => new Set(values).size === values.length, "values must differ");

/** Cells that count as empty, such as "NA" or "?". */
const missingValues = z.array(text).max(20).default([]);

const moments = {
  mean: z.number().optional(),
  /** Above 0; 1 for a column that never changes. */
  stddev: stddev.optional(),
  /** Bounds of the values as they stand in the file; one beyond them is a fault. */
  min: z.number().optional(),
  max: z.number().optional(),
};

const numberColumn = z.strictObject({
  name: columnName,
  missingValues,
  type: z.literal("number"),
  /** What an empty cell counts as: a fault, the column's mean, or a number (before `log` and scaling). */
  missing: z.union([z.enum(["reject", "mean"]), z.number()]).default("reject"),
  /** Takes x as sign(x)·ln(1 + |x|): for amounts over many magnitudes. `mean` and `stddev` are those of the logarithm. */
  log: z.boolean().default(false),
  ...moments,
});

const categoryColumn = z.strictObject({
  name: columnName,
  missingValues,
  type: z.literal("category"),
  /** One 0 or 1 for each, in this order. */
  categories: distinct.min(1).optional(),
  /** What an empty cell counts as: a fault, a category of its own behind the others, or one of them. */
  missing: z.union([z.enum(["reject", "own"]), z.strictObject({ as: text })]).default("reject"),
});

const booleanColumn = z.strictObject({
  name: columnName,
  missingValues,
  type: z.literal("boolean"),
  missing: z.union([z.literal("reject"), z.boolean()]).default("reject"),
});

const columnSchema = z.discriminatedUnion("type", [numberColumn, categoryColumn, booleanColumn]);

const labelSchema = z.discriminatedUnion("type", [
  z.strictObject({ column: columnName, type: z.literal("class"), classes: distinct.min(2).optional() }),
  z.strictObject({
    column: columnName,
    type: z.literal("number"),
    /** A standardised label is learnt in standard deviations from the mean, and errors are told in them. */
    scale: z.enum(["none", "standardise"]).default("none"),
    ...moments,
  }),
]);

export const tableContractSchema = z
  .strictObject({
    kind: z.literal("table"),
    /** Features in the order in which a model reads them. */
    columns: z.array(columnSchema).min(1).max(100_000),
    label: labelSchema,
    /** Whether number columns are brought to mean 0 and standard deviation 1. */
    scale: z.enum(["none", "standardise"]).default("standardise"),
    /** For `csv:` and `tsv:`: whether the first row names the columns. */
    header: z.boolean().default(true),
    /** For `csv:`: found out from the first row where it is not given. */
    separator: z.enum([",", ";", "\t", "|"]).optional(),
    /** In all columns, besides those of the single ones. */
    missingValues,
    /** The column that says who an example comes from; it may be a feature as well. */
    group: columnName.optional(),
    /** Columns that may be there and are not used. */
    ignore: z.array(columnName).max(100_000).default([]),
    /**
     * A column that is not named here is refused: a file without a header that has one too many has all of them shifted, and
     * one with a header has probably another name for a column than the job.
     */
    others: z.enum(["refuse", "ignore"]).default("refuse"),
  })
  .superRefine((contract, context) => {
    const problem = contradictionIn(contract);
    if (problem !== undefined) context.addIssue({ code: "custom", message: problem });
  });

export type TableContract = z.infer<typeof tableContractSchema>;
export type TableColumn = TableContract["columns"][number];
export type NumberColumn = Extract<TableColumn, { type: "number" }>;
export type CategoryColumn = Extract<TableColumn, { type: "category" }>;
export type TableLabel = TableContract["label"];

interface Named {
  readonly columns: readonly z.infer<typeof columnSchema>[];
  readonly label: z.infer<typeof labelSchema>;
  readonly group?: string | undefined;
  readonly ignore: readonly string[];
}

function contradictionIn({ columns, label, group, ignore }: Named): string | undefined {
  const names = new Set<string>();
  const twice = [...columns.map(({ name }) => name), label.column].find((name) => names.size === names.add(name).size);
  if (twice !== undefined) return `column "${twice}" is named twice; a feature cannot be the label too`;
  const unused = ignore.find((name) => names.has(name) || name === group);
  if (unused !== undefined) return `column "${unused}" is both used and ignored`;
  for (const column of columns) {
    if (column.type === "category" && typeof column.missing === "object" && column.categories !== undefined) {
      if (!column.categories.includes(column.missing.as))
        return `column "${column.name}": missing counts as "${column.missing.as}", which is none of its categories`;
    }
  }
  const bounded = [...columns, { ...label, name: label.column }].filter((column) => column.type === "number");
  const inverted = bounded.find(({ min, max }) => min !== undefined && max !== undefined && !(min < max));
  return inverted === undefined ? undefined : `column "${inverted.name}": min must be less than max`;
}

/** Numbers that a column becomes. */
export function columnWidth(column: TableColumn): number {
  if (column.type !== "category") return 1;
  if (column.categories === undefined)
    throw new PacelineError("bad-input", `column "${column.name}" has no categories yet: fit the contract to a sample`);
  return column.categories.length + (column.missing === "own" ? 1 : 0);
}

/** @throws PacelineError `bad-input` where categories or classes are not fitted yet */
export function tableShape({ columns, label }: TableContract): ExampleShape {
  const inputs = [{ type: "float32", shape: [columns.reduce((sum, column) => sum + columnWidth(column), 0)] }] as const;
  if (label.type === "number") return { inputs, targets: { type: "float32", shape: [] }, classes: 0 };
  if (label.classes === undefined)
    throw new PacelineError("bad-input", `label "${label.column}" has no classes yet: fit the contract to a sample`);
  return { inputs, targets: { type: "int32", shape: [] }, classes: label.classes.length };
}

/** Fields that still have to be fitted, such as `columns.age.mean`. */
export function missingInTable({ columns, label, scale }: TableContract): readonly string[] {
  return [
    ...columns.flatMap((column) => missingInColumn(column, scale).map((field) => `columns.${column.name}.${field}`)),
    ...missingInLabel(label).map((field) => `label.${field}`),
  ];
}

export function missingInColumn(column: TableColumn, scale: TableContract["scale"]): readonly string[] {
  if (column.type === "boolean") return [];
  if (column.type === "category") return column.categories === undefined ? ["categories"] : [];
  const needsMean = scale === "standardise" || column.missing === "mean";
  return [
    ...(needsMean && column.mean === undefined ? ["mean"] : []),
    ...(scale === "standardise" && column.stddev === undefined ? ["stddev"] : []),
  ];
}

export function missingInLabel(label: TableLabel): readonly string[] {
  if (label.type === "class") return label.classes === undefined ? ["classes"] : [];
  if (label.scale === "none") return [];
  return (["mean", "stddev"] as const).filter((field) => label[field] === undefined);
}
