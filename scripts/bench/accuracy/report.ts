import { existsSync, readFileSync } from "node:fs";
import { writeFormatted, writeToPage } from "../page.ts";
import { CLIENTS, TOLERANCE, type FederatedResult, type TaskResult } from "./runTask.ts";

/** The results as they are kept, and as a table in docs/benchmarks.md. */

const STORE = new URL("../../../docs/accuracy.json", import.meta.url);

/** Results of tasks that are measured anew replace the old ones; the others stay. @returns all, in the order of `names` */
export async function keep(results: readonly TaskResult[], names: readonly string[]): Promise<readonly TaskResult[]> {
  const kept = existsSync(STORE) ? (JSON.parse(readFileSync(STORE, "utf8")) as readonly TaskResult[]) : [];
  const all = names.flatMap((name) => {
    const result = [...results, ...kept].find((each) => each.name === name);
    return result === undefined ? [] : [result];
  });
  await writeFormatted(STORE, JSON.stringify(all));
  await writeToPage("accuracy", accuracyTable(all));
  return all;
}

function accuracyTable(results: readonly TaskResult[]): string {
  const rows = results.flatMap((result) =>
    result.goals.map(({ metric, bar, reference }, g) =>
      [
        g === 0 ? result.title : "",
        metric,
        number(bar),
        number(reference),
        `${number(result.central[g] as number)} (${result.seeds} seeds)`,
        federated(result.iid, g),
        `${federated(result.natural, g)}${g === 0 ? `, ${result.natural.title}` : ""}`,
      ].join(" | "),
    ),
  );
  return [
    `Central: the mean over the seeds. Federated: ${CLIENTS} participants, seed 0, in brackets the rounds until every metric of the task was within ${100 * TOLERANCE} points of central training, and all rounds.`,
    "",
    "| data and model | metric | bar | PyTorch | central | federated, iid | federated, by nature |",
    "| --- | --- | --- | --- | --- | --- | --- |",
    ...rows.map((row) => `| ${row} |`),
  ].join("\n");
}

function federated({ values, rounds, roundsToTolerance }: FederatedResult, g: number): string {
  const reached = roundsToTolerance === undefined ? "not reached" : `${roundsToTolerance}`;
  return `${number(values[g] as number)} (${reached} of ${rounds})`;
}

function number(value: number): string {
  return value.toFixed(3);
}
