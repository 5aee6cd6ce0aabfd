import { z } from "zod";
import { int, type Value } from "../../graph/graph.ts";
import { type Model, ZEROS } from "../model.ts";
import { ModelBuilder } from "../modelBuilder.ts";
import { ROWS } from "./limits.ts";

/**
 * Ratings as the product of what a user likes and what an item has, with a bias each (Koren, Bell and Volinsky, "Matrix Factorization
 * Techniques for Recommender Systems", 2009). An example is a user's and an item's number; the mean rating is the data contract's to take
 * off.
 */
export const matrixFactorisationSchema = z.strictObject({
  kind: z.literal("matrix-factorisation"),
  users: ROWS,
  items: ROWS,
  rank: z.int().min(1).max(1024),
});

/** Small enough that predictions begin near the mean rating. */
const INITIAL_STDDEV = 0.1;

export function matrixFactorisation({ users, items, rank }: z.infer<typeof matrixFactorisationSchema>): Model {
  const builder = new ModelBuilder();
  const pair = builder.example("pair", "int32", [2]);
  const small = { kind: "normal", stddev: INITIAL_STDDEV } as const;
  const [user, item] = [0, 1].map((column) => {
    return builder.graph.node("Gather", [pair, builder.graph.constant("int64", BigInt64Array.of(BigInt(column)), [])], {
      axis: int(1),
    });
  }) as [Value, Value];
  const look = (name: string, rows: number, width: number, at: Value): Value =>
    builder.graph.node("Gather", [builder.param(name, [rows, width], width === 1 ? ZEROS : small), at]);
  const product = builder.graph.node("Mul", [
    look("user.factors", users, rank, user),
    look("item.factors", items, rank, item),
  ]);
  const liking = builder.graph.node("ReduceSum", [product, builder.graph.ints([1])], { keepdims: int(1) });
  const biases = builder.graph.node("Add", [look("user.bias", users, 1, user), look("item.bias", items, 1, item)]);
  const outputs = builder.graph.node("Reshape", [
    builder.graph.node("Add", [liking, biases]),
    builder.graph.ints([-1]),
  ]);
  return builder.build(outputs, { kind: "mean-squared-error" }, { type: "float32", shape: [], classes: 0 });
}
