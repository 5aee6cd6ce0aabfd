import { execFile } from "node:child_process";
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { planBatches } from "../../../node/training/batches.ts";
import type { ExampleTensor } from "../../../node/training/trainer.ts";
import type { Measured, Runs, Trial } from "./trial.ts";

const run = promisify(execFile);
const SCRIPT = fileURLToPath(new URL("numpyPeers.py", import.meta.url));
/** One thread for numpy too, whichever library it multiplies with. */
const ONE_THREAD = { OMP_NUM_THREADS: "1", OPENBLAS_NUM_THREADS: "1", MKL_NUM_THREADS: "1", BLIS_NUM_THREADS: "1" };

export type NumpyTask = "perceptron" | "cnn" | "lstm" | "factorisation";

/** The version of the numpy that python3 imports; undefined where there is none. */
export async function numpyVersion(): Promise<string | undefined> {
  try {
    return (await run("python3", ["-c", "import numpy; print(numpy.__version__)"])).stdout.trim();
  } catch {
    return undefined;
  }
}

/** The same training by hand in numpy, in a process of its own. */
export async function measureNumpy(task: NumpyTask, trial: Trial, runs: Runs): Promise<Measured> {
  const folder = await mkdtemp(join(tmpdir(), "paceline-numpy-"));
  try {
    await writeJob(folder, trial, runs);
    const { stdout } = await run("python3", [SCRIPT, task, folder], { env: { ...process.env, ...ONE_THREAD } });
    const trained = await readFile(join(folder, "trained"));
    const params = new Float32Array(trained.buffer.slice(trained.byteOffset, trained.byteOffset + trained.byteLength));
    return { ms: (JSON.parse(stdout) as { ms: number }).ms, params };
  } finally {
    await rm(folder, { recursive: true });
  }
}

async function writeJob(folder: string, { model, job }: Trial, { warmUpRuns, runs }: Runs): Promise<void> {
  const { examples, plan, params, seed } = job;
  const { order, starts, ends } = planBatches(examples.count, plan, seed);
  const described = ({ shape, values }: ExampleTensor): [string, number[]] => [
    values instanceof Float32Array ? "float32" : "int32",
    [examples.count, ...shape],
  ];
  const arrays: [string, Float32Array | Int32Array][] = [
    ...examples.inputs.map(({ values }, i): [string, Float32Array | Int32Array] => [`input${i}`, values]),
    ["targets", examples.targets.values],
    ["order", order],
    ["params", params],
  ];
  for (const [name, values] of arrays)
    await writeFile(join(folder, name), new Uint8Array(values.buffer, values.byteOffset, values.byteLength));
  const told = {
    inputs: examples.inputs.map(described),
    targets: described(examples.targets),
    tensors: model.tensors.map(({ shape }) => shape),
    starts: [...starts],
    ends: [...ends],
    learningRate: plan.learningRate,
    warmUpRuns,
    runs,
  };
  await writeFile(join(folder, "job.json"), JSON.stringify(told));
}
