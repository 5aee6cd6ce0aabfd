import { exampleShape, type DataContract } from "../../data/contract.ts";
import { nameCount, type RatingsContract } from "../../data/contract/ratings.ts";
import { elementCount } from "../../training/models/model.ts";
import type { ModelSpec } from "./jobModel.ts";

/** Sizes of a model of the zoo that follow from the data. */

/** A size that does not fit the data. */
export interface SizeChange {
  /** Of the job file's `model`. */
  readonly field: string;
  readonly from: unknown;
  readonly to: unknown;
}

/** The field's value that the data need: exactly that one, or at least as many. */
interface Need {
  readonly field: string;
  readonly value: number | readonly number[];
  readonly orMore?: boolean;
}

/**
 * Sizes that do not fit; none for what is no model of the zoo, or is one for other data, which `checkModelFits` says.
 * @param contract complete
 */
export function wrongSizes(model: ModelSpec, contract: DataContract): readonly SizeChange[] {
  const sizes = model as Readonly<Record<string, unknown>>;
  return needsOf(model, contract).flatMap(({ field, value, orMore = false }) => {
    const from = sizes[field];
    const fits = orMore ? Number(from) >= Number(value) : String(from) === String(value);
    return fits ? [] : [{ field, from, to: value }];
  });
}

/** The model with its sizes changed to those that the data have. */
export function resized(model: ModelSpec, changes: readonly SizeChange[]): ModelSpec {
  return { ...model, ...Object.fromEntries(changes.map(({ field, to }) => [field, to])) } as ModelSpec;
}

function needsOf(model: ModelSpec, contract: DataContract): readonly Need[] {
  const { inputs, classes } = exampleShape(contract);
  const shape = inputs[0]?.shape ?? [];
  const told: Need[] = classes > 0 ? [{ field: "classes", value: classes, orMore: true }] : [];
  switch (model.kind) {
    case "softmax-regression":
    case "linear-regression":
    case "mlp": {
      const tellsClasses = "classes" in model && model.classes > 0;
      return [{ field: "inputs", value: elementCount(shape) }, ...(tellsClasses ? told : [])];
    }
    case "cnn":
      return shape.length === 3 ? [{ field: "image", value: shape }, ...told] : [];
    case "text-classifier":
      if (contract.kind !== "text") return [];
      return [atLeast("buckets", contract.buckets), { field: "length", value: contract.length }, ...told];
    case "tagger":
      if (contract.kind !== "tags") return [];
      return [
        atLeast("buckets", contract.buckets),
        { field: "features", value: shape.at(-1) ?? 1 },
        ...(model.form === "bilstm" && contract.form === "sequence"
          ? [{ field: "length", value: contract.length }]
          : []),
        ...told,
      ];
    case "char-lm":
      if (contract.kind !== "characters") return [];
      return [atLeast("vocabulary", classes), { field: "length", value: contract.length }];
    case "matrix-factorisation":
      return contract.kind === "ratings" ? ratingNeeds(contract) : [];
    default:
      return [];
  }
}

function atLeast(field: string, value: number): Need {
  return { field, value, orMore: true };
}

function ratingNeeds({ users, items }: RatingsContract): readonly Need[] {
  return [atLeast("users", nameCount(users)), atLeast("items", nameCount(items))];
}
