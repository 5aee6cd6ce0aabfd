import { readdirSync } from "node:fs";
import { fastClock } from "./fastClock.ts";
import { MemoryFederation } from "./memoryFederation.ts";
import { coursesOf, MEGABYTE, type Sample } from "./sample.ts";
import type { SoakOptions, SoakReport } from "./soakReport.ts";

/** Times as fast as the machine's: who is missed is waited for a second or two. */
const CLOCK_TIMES = 10;
const SAMPLE_EVERY = 5;
const RESTART_EVERY = 4;
const LEAVE_EVERY = 25;
/** Longest that a round may take, in seconds of the machine. */
const ROUND_LIMIT_MS = 120_000;

/**
 * Growth in a hundred rounds that is still called flat. The chain's twin remembers every round in the same process: some 5 kB each.
 */
const BOUNDS = { residentMB: 8, heapMB: 2, handles: 1, files: 1, homeMB: 0.1 };

/** Plays rounds with somebody coming and going, and watches what the process takes. Needs `node --expose-gc`. */
export async function memorySoak({ onSample, ...options }: SoakOptions): Promise<SoakReport> {
  const { members, rounds, warmUpRounds, seed, sampleEvery = SAMPLE_EVERY } = options;
  const { restartEvery, leaveEvery } = churnOf(options);
  const clock = fastClock(CLOCK_TIMES);
  const federation = new MemoryFederation({ members, rounds: rounds + 1, seed, clock });
  const started = performance.now();
  const samples: Sample[] = [];
  const counts = { settled: 0, skipped: 0, restarts: 0, joins: 0, leaves: 0 };
  try {
    await federation.startAll();
    let model = federation.snapshot().view.modelId;
    for (let round = 1; round <= rounds; round++) {
      await untilAfter(federation, round);
      const { modelId } = federation.snapshot().view;
      counts[modelId === model ? "skipped" : "settled"]++;
      model = modelId;
      if (round % sampleEvery === 0) {
        const sample = takeSample(round, federation);
        samples.push(sample);
        onSample?.(sample);
      }
      if (round % restartEvery === 0) {
        await federation.restart();
        counts.restarts++;
      }
      if (round % leaveEvery === 0) {
        await federation.leave();
        await federation.join();
        counts.leaves++;
        counts.joins++;
      }
    }
  } finally {
    await federation.close();
  }
  const courses = coursesOf(samples, warmUpRounds, BOUNDS);
  const seconds = (performance.now() - started) / 1000;
  const retried = Object.fromEntries([...federation.problems].sort(([, one], [, other]) => other - one).slice(0, 20));
  const passed = courses.every(({ flat }) => flat) && counts.skipped === 0;
  return { ...options, ...counts, seconds, samples, courses, retried, passed };
}

function churnOf({ churnEvery }: SoakOptions): { readonly restartEvery: number; readonly leaveEvery: number } {
  return { restartEvery: churnEvery ?? RESTART_EVERY, leaveEvery: churnEvery ?? LEAVE_EVERY };
}

/** Resolves when the chain is past `round`. */
function untilAfter(federation: MemoryFederation, round: number): Promise<void> {
  return new Promise((resolve, reject) => {
    const stop = federation.watch(({ view }) => {
      if (view.round <= round && view.phase !== "finished") return;
      clearTimeout(deadline);
      stop();
      resolve();
    });
    const deadline = setTimeout(() => {
      stop();
      const { view } = federation.snapshot();
      const why = [...federation.problems].map(([text, count]) => `${count} × ${text}`).join("\n");
      reject(new Error(`round ${round} is not over after ${ROUND_LIMIT_MS / 1000} s; it is in ${view.phase}\n${why}`));
    }, ROUND_LIMIT_MS);
  });
}

function takeSample(round: number, federation: MemoryFederation): Sample {
  globalThis.gc?.();
  const { rss, heapUsed, external } = process.memoryUsage();
  return {
    round,
    residentMB: rss / MEGABYTE,
    heapMB: (heapUsed + external) / MEGABYTE,
    handles: process.getActiveResourcesInfo().length,
    files: process.platform === "linux" ? readdirSync("/proc/self/fd").length : 0,
    homeMB: federation.homeBytes() / MEGABYTE,
  };
}
