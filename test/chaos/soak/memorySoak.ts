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

/** Part of the rounds that may be skipped, where a machine is too busy to train in a tenth of a phase. */
const MAX_SKIPPED = 0.1;

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
  const counts = { restarts: 0, joins: 0, leaves: 0 };
  let outcomes: Awaited<ReturnType<MemoryFederation["outcomes"]>>;
  try {
    await federation.startAll();
    let seen = 0;
    for (let round = await untilAfter(federation, seen); seen < rounds; round = await untilAfter(federation, seen)) {
      // The federation does not wait for us: on a busy machine it may be some rounds further.
      const passes = (every: number): boolean => Math.floor(round / every) > Math.floor(seen / every);
      if (passes(sampleEvery)) {
        const sample = takeSample(round, federation);
        samples.push(sample);
        onSample?.(sample);
      }
      if (passes(restartEvery) && round < rounds) {
        await federation.restart();
        counts.restarts++;
      }
      if (passes(leaveEvery) && round < rounds) {
        await federation.leave();
        await federation.join();
        counts.leaves++;
        counts.joins++;
      }
      seen = round;
    }
    outcomes = await federation.outcomes();
  } finally {
    await federation.close();
  }
  const courses = coursesOf(samples, warmUpRounds, BOUNDS);
  const seconds = (performance.now() - started) / 1000;
  const retried = Object.fromEntries([...federation.problems].sort(([, one], [, other]) => other - one).slice(0, 20));
  const passed = courses.every(({ flat }) => flat) && outcomes.skipped <= MAX_SKIPPED * rounds;
  return { ...options, ...counts, ...outcomes, seconds, samples, courses, retried, passed };
}

function churnOf({ churnEvery }: SoakOptions): { readonly restartEvery: number; readonly leaveEvery: number } {
  return { restartEvery: churnEvery ?? RESTART_EVERY, leaveEvery: churnEvery ?? LEAVE_EVERY };
}

/** Resolves with the last round that is over, once it is later than `seen`. */
function untilAfter(federation: MemoryFederation, seen: number): Promise<number> {
  return new Promise((resolve, reject) => {
    const stop = federation.watch(({ view }) => {
      const over = view.phase === "finished" ? view.round : view.round - 1;
      if (over <= seen) return;
      clearTimeout(deadline);
      stop();
      resolve(over);
    });
    const deadline = setTimeout(() => {
      stop();
      const { view } = federation.snapshot();
      const why = [...federation.problems].map(([text, count]) => `${count} × ${text}`).join("\n");
      reject(new Error(`after round ${seen}, ${ROUND_LIMIT_MS / 1000} s in ${view.phase}\n${why}`));
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
    handles: process.getActiveResourcesInfo().filter((name) => !/Req|Immediate/.test(name)).length,
    files: process.platform === "linux" ? readdirSync("/proc/self/fd").length : 0,
    homeMB: federation.homeBytes() / MEGABYTE,
  };
}
