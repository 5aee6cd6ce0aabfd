import { readdirSync, readFileSync } from "node:fs";
import path from "node:path";
import { branchesOf } from "./branches.ts";

/** One of the two ways of a condition. */
export interface Way {
  readonly line: number;
  readonly holds: boolean;
  readonly taken: boolean;
}

export interface FileCoverage {
  readonly file: string;
  /** Whether a test ran the line, for those that hold a statement. */
  readonly lines: ReadonlyMap<number, boolean>;
  readonly ways: readonly Way[];
}

/** What Hardhat wrote into `folder`: lcov.info holds the lines, data/RUNNER/*.json the tags that were reported. */
export function readCoverage(folder: string): FileCoverage[] {
  const tags = readTags(path.join(folder, "data"));
  const files = readLines(readFileSync(path.join(folder, "lcov.info"), "utf8"));
  return files
    .map(({ file, lines }) => ({
      file,
      lines,
      ways: branchesOf(file, readFileSync(file, "utf8")).flatMap(({ line, tags: [yes, no] }) => [
        { line, holds: true, taken: tags.has(yes) },
        { line, holds: false, taken: tags.has(no) },
      ]),
    }))
    .sort((a, b) => a.file.localeCompare(b.file));
}

function readTags(folder: string): Set<string> {
  const files = readdirSync(folder, { recursive: true, encoding: "utf8" }).filter((name) => name.endsWith(".json"));
  const read = (name: string): object => JSON.parse(readFileSync(path.join(folder, name), "utf8")) as object;
  return new Set(files.flatMap((name) => Object.keys(read(name))));
}

/** Records of an lcov file: `SF:` names a file, `DA:LINE,COUNT` follow. */
function readLines(lcov: string): { file: string; lines: Map<number, boolean> }[] {
  return lcov
    .split("end_of_record")
    .map((record) => ({
      file: /^SF:(.+)$/m.exec(record)?.[1] ?? "",
      lines: new Map([...record.matchAll(/^DA:(\d+),(\d+)/gm)].map(([, line, count]) => [Number(line), count !== "0"])),
    }))
    .filter(({ file }) => file !== "");
}

/** As lcov's tools read it (geninfo(1)), with the branches that Hardhat leaves out. */
export function lcovOf(files: readonly FileCoverage[]): string {
  const records = files.map(({ file, lines, ways }) =>
    [
      `TN:\nSF:${file}`,
      ...ways.map(({ line, holds, taken }, index) => `BRDA:${line},${index >> 1},${holds ? 0 : 1},${taken ? 1 : 0}`),
      `BRF:${ways.length}\nBRH:${ways.filter(({ taken }) => taken).length}`,
      ...[...lines].map(([line, run]) => `DA:${line},${run ? 1 : 0}`),
      `LF:${lines.size}\nLH:${[...lines.values()].filter((run) => run).length}\nend_of_record\n`,
    ].join("\n"),
  );
  return records.join("");
}

interface Share {
  readonly hit: number;
  readonly of: number;
}

/** Of all files together. */
export function totalsOf(files: readonly FileCoverage[]): { readonly lines: Share; readonly branches: Share } {
  const lines = files.flatMap((file) => [...file.lines.values()]);
  const ways = files.flatMap((file) => file.ways);
  return {
    lines: { hit: lines.filter((run) => run).length, of: lines.length },
    branches: { hit: ways.filter(({ taken }) => taken).length, of: ways.length },
  };
}

/** @return per cent, 100 of nothing */
export const percentOf = ({ hit, of }: Share): number => (of === 0 ? 100 : (100 * hit) / of);

/** One line a file, and what no test reached. */
export function tableOf(files: readonly FileCoverage[]): string {
  const width = Math.max(...files.map(({ file }) => file.length));
  const row = (name: string, lines: string, branches: string, missed: string): string =>
    `${name.padEnd(width)}  ${lines.padStart(8)}  ${branches.padStart(8)}  ${missed}`.trimEnd();
  const percent = (share: Share): string => `${percentOf(share).toFixed(2)} %`;
  const rows = files.map((file) => {
    const { lines, branches } = totalsOf([file]);
    return row(file.file, percent(lines), percent(branches), missedIn(file).join(", "));
  });
  const { lines, branches } = totalsOf(files);
  return [row("", "lines", "branches", ""), ...rows, row("all", percent(lines), percent(branches), "")].join("\n");
}

function missedIn({ lines, ways }: FileCoverage): string[] {
  const missedLines = [...lines].filter(([, run]) => !run).map(([line]) => line);
  const missedWays = ways.filter(({ line, taken }) => !taken && !missedLines.includes(line));
  return [
    ...missedLines.map((line) => `line ${line}`),
    ...missedWays.map(({ line, holds }) => `line ${line} never ${holds ? "true" : "false"}`),
  ];
}
