import { execFile } from "node:child_process";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import type { TrainFigures } from "./trainFigures.ts";

const CHILD = fileURLToPath(new URL("memoryChild.ts", import.meta.url));

/** As a daemon starts its engine. */
const LEAN_FLAGS = ["--max-semi-space-size=2", "--optimize-for-size"];

/**
 * Peak of a process that does nothing but train McMahan's CNN: a local epoch of 600 images in batches of 32, one thread. Its second
 * start counts: at the first one Node compiles and keeps what it reads, as it does for the command line.
 */
export async function measureMemory(): Promise<TrainFigures> {
  const cache = await mkdtemp(join(tmpdir(), "paceline-"));
  const options = { env: { ...process.env, NODE_COMPILE_CACHE: cache } };
  const start = (): Promise<{ stdout: string }> =>
    promisify(execFile)(process.execPath, [...LEAN_FLAGS, CHILD], options);
  await start();
  const { stdout } = await start().finally(() => rm(cache, { recursive: true, force: true }));
  const { peakMemoryMB, parameterMB } = JSON.parse(stdout) as { peakMemoryMB: number; parameterMB: number };
  return { figures: { peakMemoryMB, peakMemoryBoundMB: 150 + 6 * parameterMB }, peers: {} };
}
