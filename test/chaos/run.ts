// `npm run -s test:chaos [-- --only FAULT,… --phases PHASE,… --daemons N --lanes N --json FILE --logs FOLDER --write]`: plays faults in phases, as
// many federations at once as there are lanes, and prints the table; `--write` puts it into docs/chaos.md and docs/chaos.json, where
// cells that were not played stay as they were. Ends with 1 where a cell is not as it should be.
import { spawnSync } from "node:child_process";
import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { parseArgs } from "node:util";
import type { Cell } from "./cell.ts";
import { STRUCK_PHASES, type Fault, type StruckPhase } from "./fault.ts";
import { FAULTS } from "./faults.ts";
import type { Ground } from "./ground.ts";
import { playRow, type Row } from "./row.ts";
import { isGood, pageOf, problemsOf, tableOf, type ChaosReport } from "./table.ts";

const { values } = parseArgs({
  options: {
    only: { type: "string" },
    phases: { type: "string" },
    daemons: { type: "string", default: "6" },
    /** Federations wait for the clock most of the time. */
    lanes: { type: "string", default: "2" },
    json: { type: "string" },
    logs: { type: "string" },
    write: { type: "boolean", default: false },
  },
});

const KEPT = "docs/chaos.json";
const PAGE = "docs/chaos.md";
const daemons = Number(values.daemons);

/** The named ones; all where none is named. */
function chosen<Each>(
  what: string,
  names: string | undefined,
  all: readonly Each[],
  nameOf: (each: Each) => string,
): readonly Each[] {
  const wanted = names?.split(",").map((name) => name.trim());
  const unknown = wanted?.find((name) => !all.some((each) => nameOf(each) === name));
  if (unknown !== undefined) {
    console.error(`There is no ${what} "${unknown}". There are: ${all.map(nameOf).join(", ")}.`);
    process.exit(2);
  }
  return wanted === undefined ? all : all.filter((each) => wanted.includes(nameOf(each)));
}

function tell({ fault, phase, outcome, seconds, calmSeconds, missed, problems }: Cell): void {
  const fines = missed.length === 0 ? "" : `; fined: ${missed.join("; ")}`;
  const verdict = problems.length === 0 ? "" : `; WRONG: ${problems.join("; ")}`;
  const times = `${outcome} in ${seconds.toFixed(1)} s, next in ${calmSeconds.toFixed(1)} s`;
  console.error(`${fault}, ${phase}: ${times}${fines}${verdict}`);
}

const keepStories =
  ({ name }: Fault) =>
  (stories: readonly string[]): void => {
    if (values.logs === undefined) return;
    for (const [member, story] of stories.entries())
      writeFileSync(join(values.logs, `${name.replaceAll(" ", "-")}-${member}.jsonl`), story);
  };

if (values.logs !== undefined) mkdirSync(values.logs, { recursive: true });
const grounds = new Set<Ground>();
for (const name of ["SIGINT", "SIGTERM"] as const) {
  process.once(name, () => {
    void Promise.allSettled([...grounds].map((ground) => ground.close())).finally(() => process.exit(130));
  });
}

function reportOf(played: readonly Row[], seconds: number): ChaosReport {
  return { daemons, seconds, passed: played.every(isGood), rows: played };
}

/** By the list's order, with the cells of earlier runs that were not played in this one. */
function withEarlierRows(report: ChaosReport, earlier: ChaosReport | undefined): ChaosReport {
  const rowOf = (one: ChaosReport | undefined, name: string): Row | undefined =>
    one?.rows.find(({ fault }) => fault === name);
  const all = FAULTS.flatMap(({ name }) => {
    const [now, before] = [rowOf(report, name), rowOf(earlier, name)];
    return now === undefined ? (before ?? []) : withEarlierCells(now, before);
  });
  // How long a whole run takes is not for a part of one to say.
  return reportOf(all, report.rows.length === FAULTS.length ? report.seconds : (earlier ?? report).seconds);
}

function withEarlierCells(now: Row, before: Row | undefined): Row {
  const kept = before?.cells.filter(({ phase }) => !now.cells.some((cell) => cell.phase === phase)) ?? [];
  const place = ({ phase }: Cell): number => STRUCK_PHASES.indexOf(phase);
  return { ...now, cells: [...now.cells, ...kept].sort((left, right) => place(left) - place(right)) };
}

const faults: readonly Fault[] = chosen("fault", values.only, FAULTS, ({ name }) => name);
const phases: readonly StruckPhase[] = chosen("phase", values.phases, STRUCK_PHASES, (phase) => phase);
const started = performance.now();
const beforeThis = existsSync(KEPT) ? (JSON.parse(readFileSync(KEPT, "utf8")) as ChaosReport) : undefined;
const waiting = [...faults];
const played = new Map<string, Row>();
/** The contracts are looked at, and compiled where they have to be, once: by the first lane. */
const isOpen = Promise.withResolvers<undefined>();

async function play(fault: Fault): Promise<Row> {
  console.error(`${fault.name}: ${fault.what}`);
  let ground: Ground | undefined;
  const row = await playRow(fault, {
    phases,
    size: daemons,
    onOpen: (opened) => {
      ground = opened;
      grounds.add(opened);
      isOpen.resolve(undefined);
    },
    onCell: tell,
    onStories: keepStories(fault),
  });
  if (ground !== undefined) grounds.delete(ground);
  if (row.absence !== undefined) console.error(`${fault.name}: not here: ${row.absence}`);
  for (const problem of row.problems) console.error(`${fault.name}: WRONG: ${problem}`);
  return row;
}

const soFar = (): ChaosReport =>
  reportOf(
    faults.flatMap(({ name }) => played.get(name) ?? []),
    (performance.now() - started) / 1000,
  );

/** After each row: a run that is cut off has shown something. */
function keep(): void {
  const report = soFar();
  if (values.json !== undefined) writeFileSync(values.json, `${JSON.stringify(report, null, 2)}\n`);
  if (!values.write) return;
  const all = withEarlierRows(report, beforeThis);
  writeFileSync(KEPT, `${JSON.stringify(all, null, 2)}\n`);
  writeFileSync(PAGE, pageOf(all));
  spawnSync(process.execPath, ["node_modules/prettier/bin/prettier.cjs", "--write", "--log-level", "warn", KEPT, PAGE]);
}

async function lane(): Promise<void> {
  for (let fault = waiting.shift(); fault !== undefined; fault = waiting.shift()) {
    played.set(fault.name, await play(fault));
    keep();
  }
}

const first = lane().finally(() => isOpen.resolve(undefined));
const others = Array.from({ length: Number(values.lanes) - 1 }, () => isOpen.promise.then(lane));
await Promise.all([first, ...others]);
const report = soFar();
console.log(tableOf(report));
for (const problem of problemsOf(report.rows)) console.error(problem);
process.exitCode = report.passed ? 0 : 1;
