import { readdirSync, readFileSync } from "node:fs";
import { Ground } from "../ground.ts";
import { coursesOf, bytesBelow, MEGABYTE, type Sample } from "./sample.ts";
import type { SoakOptions, SoakReport } from "./soakReport.ts";

/** Members that are never restarted: their processes are the ones that are watched. */
const STEADY = 2;
const SAMPLE_EVERY = 5;
const RESTART_EVERY = 4;
const FIRST_ROUND_SECONDS = 180;

/** Growth in a hundred rounds that is still called flat: of two processes of some 150 MB, in fewer rounds. */
const BOUNDS = { residentMB: 10, files: 2, homeMB: 0.5 };

/** The same with daemons as processes on a JSON-RPC chain: one is killed or stopped every few rounds, and started again. */
export async function processSoak({ onSample, ...options }: SoakOptions): Promise<SoakReport> {
  const { members, rounds, warmUpRounds, sampleEvery = SAMPLE_EVERY, churnEvery = RESTART_EVERY } = options;
  const started = performance.now();
  const samples: Sample[] = [];
  const counts = { settled: 0, skipped: 0, restarts: 0, joins: members, leaves: 0 };
  const ground = await Ground.open(members, {});
  try {
    for (let round = 1; round <= rounds; round++) {
      counts[await ground.log.ended(round, ground.longestRound + FIRST_ROUND_SECONDS)]++;
      if (round % sampleEvery === 0) {
        const sample = takeSample(round, ground);
        samples.push(sample);
        onSample?.(sample);
      }
      if (round % churnEvery === 0) {
        const member = STEADY + ((round / churnEvery) % (members - STEADY));
        await (round % (2 * churnEvery) === 0 ? ground.kill(member) : ground.stop(member));
        ground.start(member);
        counts.restarts++;
      }
    }
    const problems = [...ground.surprises(), ...ground.strayLines()];
    const courses = coursesOf(samples, warmUpRounds, BOUNDS);
    const seconds = (performance.now() - started) / 1000;
    const passed = courses.every(({ flat }) => flat) && problems.length === 0;
    const retried = Object.fromEntries(problems.map((problem) => [problem, 1]));
    return { ...options, ...counts, seconds, samples, courses, retried, passed };
  } finally {
    await ground.close();
  }
}

/** The largest of the processes that are watched. */
function takeSample(round: number, ground: Ground): Sample {
  const watched = Array.from({ length: STEADY }, (_, member) => member);
  const pids = watched.map((member) => ground.daemons[member]!.pid!);
  return {
    round,
    residentMB: Math.max(...pids.map(residentMB)),
    files: Math.max(...pids.map((pid) => readdirSync(`/proc/${pid}/fd`).length)),
    homeMB: Math.max(...watched.map((member) => bytesBelow(ground.federation.homeOf(member)))) / MEGABYTE,
  };
}

function residentMB(pid: number): number {
  const status = readFileSync(`/proc/${pid}/status`, "utf8");
  return Number(/VmRSS:\s+(\d+) kB/.exec(status)?.[1] ?? 0) / 1024;
}
