import type { Cell } from "./cell.ts";
import { STRUCK_PHASES } from "./fault.ts";
import { PHASES } from "./ground.ts";
import type { Row } from "./row.ts";

/** What a run of the table made, as machines read it. */
export interface ChaosReport {
  readonly daemons: number;
  readonly seconds: number;
  readonly passed: boolean;
  readonly rows: readonly Row[];
}

export function isGood({ cells, problems }: Row): boolean {
  return problems.length === 0 && cells.every((cell) => cell.problems.length === 0);
}

const line = (cells: readonly string[]): string => `| ${cells.join(" | ")} |`;

/** The table fault × phase in Markdown. */
export function tableOf({ rows }: ChaosReport): string {
  const titles = ["fault", ...STRUCK_PHASES];
  return [line(titles), line(titles.map(() => "---")), ...rows.map((row) => line([row.fault, ...cellsOf(row)]))].join(
    "\n",
  );
}

function cellsOf({ absence, cells }: Row): readonly string[] {
  return STRUCK_PHASES.map((phase) => {
    if (absence !== undefined) return "not here";
    const cell = cells.find((each) => each.phase === phase);
    return cell === undefined ? "" : textOf(cell);
  });
}

function textOf({ outcome, seconds, calmSeconds, missed, problems }: Cell): string {
  const end = outcome === "skipped" ? "failed cleanly" : outcome;
  const fines = missed.length === 0 ? "" : `, ${missed.length} fined`;
  const text = `${end} in ${seconds.toFixed(0)} s, next ${calmSeconds.toFixed(0)} s${fines}`;
  return problems.length === 0 ? text : `**${text}: wrong**`;
}

/** What went wrong, for people. */
export function problemsOf(rows: readonly Row[]): readonly string[] {
  return rows.flatMap(({ fault, cells, problems }) => [
    ...problems.map((problem) => `${fault}: ${problem}`),
    ...cells.flatMap((cell) => cell.problems.map((problem) => `${fault} in ${cell.phase}: ${problem}`)),
  ]);
}

const { commit, slot, challenge, demand } = PHASES;
const PHASE_SECONDS = `${commit} s (a turn to propose ${slot} s, the window ${demand} to ${challenge} s)`;

/** The page of the docs. */
export function pageOf(report: ChaosReport): string {
  const { daemons, seconds, rows } = report;
  const faults = rows.map(({ fault, what, absence }) => {
    return `- **${fault}**: ${what}${absence === undefined ? "" : ` (not played on this machine: ${absence})`}.`;
  });
  return `# Faults in every phase

Made by \`npm run -s test:chaos\`, which takes ${(seconds / 60).toFixed(0)} minutes: ${daemons} daemons as processes on a JSON-RPC chain, one
federation a row. A fault strikes as soon as the chain enters a phase, another one each round, and heals; a calm round follows.

A cell says how the struck round ended and how long after the strike, and how long after the fault's end the first round
drawn since then had settled. In each cell, no daemon has ended, every daemon holds a model that the chain has settled on since,
no stake was taken from anybody that the fault did not strike nor in the calm round, and every wei in the treasury is
somebody's. After a row, a round includes an update of everybody. A cell in which one of this is not so is **bold**, and the command fails.

"Fined" counts what members that the fault did strike had promised, and could not keep within its phase. Phases last ${PHASE_SECONDS} here, so a
daemon that stands still for 30 s, or whose only endpoint hangs for 20 s, may lose a whole phase or all of it but a few seconds: the
protocol cannot tell it from one that does not want to. With a second endpoint nobody may be fined.

${tableOf(report)}

${faults.join("\n")}
`;
}
