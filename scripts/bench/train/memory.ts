import { execFile } from "node:child_process";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import type { TrainFigures } from "./trainFigures.ts";

const CHILD = fileURLToPath(new URL("memoryChild.ts", import.meta.url));

/** Peak of a process that does nothing but train McMahan's CNN: a local epoch of 600 images in batches of 32, one thread. */
export async function measureMemory(): Promise<TrainFigures> {
  const { stdout } = await promisify(execFile)(process.execPath, [CHILD]);
  const { peakMemoryMB, parameterMB } = JSON.parse(stdout) as { peakMemoryMB: number; parameterMB: number };
  return { figures: { peakMemoryMB, peakMemoryBoundMB: 150 + 6 * parameterMB }, peers: {} };
}
