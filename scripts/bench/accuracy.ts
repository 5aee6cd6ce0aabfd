import { existsSync } from "node:fs";
import { join } from "node:path";
import { keep } from "./accuracy/report.ts";
import { versionOf } from "./versionOf.ts";
import { isClose, runTask, type TaskResult } from "./accuracy/runTask.ts";
import { TASKS } from "./accuracy/tasks.ts";
import type { BenchOptions, BenchResult } from "./benchResult.ts";

/**
 * What models learn from public data sets, centrally and in federations of ten: beside what PyTorch reaches with the same models,
 * as the data's collectors found. The data lie in the folder $PACELINE_DATA, or in `shared/data` beside the repository. Writes
 * docs/accuracy.json and the table in docs/benchmarks.md.
 */
export async function benchAccuracy({ only }: BenchOptions): Promise<BenchResult> {
  const folder = process.env["PACELINE_DATA"] ?? join(import.meta.dirname, "..", "..", "..", "shared", "data");
  if (!existsSync(folder))
    throw new Error("the public data sets are not there: set PACELINE_DATA to the folder that has them");
  const unknown = only?.filter((name) => !TASKS.some((task) => task.name === name)) ?? [];
  if (unknown.length > 0)
    throw new Error(`there is no task ${unknown.join(", ")}; there are ${TASKS.map(({ name }) => name).join(", ")}`);
  const results: TaskResult[] = [];
  for (const task of TASKS) {
    if (only !== undefined && !only.includes(task.name)) continue;
    results.push(await runTask(task, folder, (line) => process.stderr.write(`${line}\n`)));
    await keep(
      results,
      TASKS.map(({ name }) => name),
    );
  }
  return {
    figures: Object.assign({}, ...results.map(figuresOf)) as Record<string, number>,
    peers: { "pytorch, published": Object.assign({}, ...results.map(referencesOf)) as Record<string, number> },
    versions: { "onnxruntime-node": versionOf("onnxruntime-node") },
  };
}

/** Such as `fashionMlpAccuracy`, `fashionMlpFederatedIid`, `fashionMlpRoundsIid` (0 where the tolerance was not reached). */
function figuresOf(result: TaskResult): Record<string, number> {
  const { name, goals, central, iid, natural } = result;
  const named = (prefix: string, values: readonly number[]): [string, number][] =>
    goals.map(({ metric }, g) => [`${name}${prefix}${pascal(metric)}`, values[g] as number]);
  return {
    ...Object.fromEntries([...named("", central), ...named("Iid", iid.values), ...named("Natural", natural.values)]),
    [`${name}IidRounds`]: iid.roundsToTolerance ?? 0,
    [`${name}NaturalRounds`]: natural.roundsToTolerance ?? 0,
    [`${name}BarsMet`]: goals.every(({ metric, bar }, g) => isClose(metric, central[g] as number, bar, 0)) ? 1 : 0,
  };
}

function referencesOf({ name, goals }: TaskResult): Record<string, number> {
  return Object.fromEntries(goals.map(({ metric, reference }) => [`${name}${pascal(metric)}`, reference]));
}

function pascal(metric: string): string {
  return metric.replaceAll(/(^|-)([a-z])/g, (_, _dash, letter: string) => letter.toUpperCase());
}
