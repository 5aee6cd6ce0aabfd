// `npm run -s bench -- NAME [--json]`: one benchmark, as one JSON object on stdout or as a table for people.
import { arch, cpus, platform, totalmem } from "node:os";
import { parseArgs } from "node:util";
import type { BenchOptions, BenchResult } from "./bench/benchResult.ts";
import { BENCHES } from "./bench/benches.ts";

interface BenchReport extends BenchResult {
  readonly bench: string;
  readonly machine: string;
}

/** Cpu, cores, memory and system; nothing that names the machine itself. */
function describeMachine(): string {
  const processors = cpus();
  const model = processors[0]?.model.trim() ?? "unknown processor";
  const gibibytes = Math.round(totalmem() / 2 ** 30);
  return `${model}, ${processors.length} cores, ${gibibytes} GiB, ${platform()} ${arch()}`;
}

function figure(value: number): string {
  return value.toLocaleString("en-US", { maximumSignificantDigits: 6, useGrouping: true });
}

function table({ bench, machine, versions, figures, floors, peers }: BenchReport): string {
  const rows = Object.entries(figures).map(([name, value]) => {
    const floor = floors?.[name];
    return [name, floor === undefined ? "" : `floor ${figure(floor)}`, value] as const;
  });
  const others = Object.entries(peers).flatMap(([peer, values]) =>
    Object.entries(values).map(([name, value]) => [name, peer, value] as const),
  );
  const lines = [...rows, ...others].map(([name, peer, value]) =>
    `  ${name.padEnd(24)}${figure(value).padStart(16)}  ${peer}`.trimEnd(),
  );
  const used = Object.entries(versions).map(([name, version]) => `${name} ${version}`);
  return [bench, ...lines, "", `  ${machine}`, `  ${used.join(", ")}`].join("\n");
}

/** Keeps stdout for the result: whatever a library logs goes to stderr. */
function reserveStdout(): (text: string) => Promise<void> {
  const write = process.stdout.write.bind(process.stdout);
  process.stdout.write = process.stderr.write.bind(process.stderr);
  return (text) =>
    new Promise((resolve) => {
      write(text, () => resolve());
    });
}

interface Request extends BenchOptions {
  readonly name: string | undefined;
  readonly json: boolean;
}

function readArguments(): Request | undefined {
  try {
    const { values, positionals } = parseArgs({
      allowPositionals: true,
      options: { json: { type: "boolean" }, only: { type: "string" } },
    });
    if (positionals.length > 1) return undefined;
    const only = values.only?.split(",");
    return { name: positionals[0], json: values.json ?? false, ...(only === undefined ? {} : { only }) };
  } catch {
    return undefined;
  }
}

async function main(): Promise<number> {
  const request = readArguments();
  const run = request?.name !== undefined && Object.hasOwn(BENCHES, request.name) ? BENCHES[request.name] : undefined;
  if (request?.name === undefined || run === undefined) {
    console.error(
      `Usage: npm run -s bench -- NAME [--json] [--only PART,PART], where NAME is one of ${Object.keys(BENCHES).join(", ")}.`,
    );
    return 2;
  }
  const print = reserveStdout();
  const { versions, ...result } = await run(request);
  const bench = request.name;
  const report = {
    bench,
    machine: describeMachine(),
    versions: { node: process.versions.node, ...versions },
    ...result,
  };
  await print(`${request.json ? JSON.stringify(report) : table(report)}\n`);
  return 0;
}

// A benchmark may leave handles open; its result is out.
process.exit(
  await main().catch((error: unknown) => {
    console.error(error instanceof Error && !(error instanceof TypeError) ? error.message : error);
    return 1;
  }),
);
