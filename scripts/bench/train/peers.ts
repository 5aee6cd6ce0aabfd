import { TFJS_BACKENDS, type TfjsBackend } from "../../../node/training/tfjs/backends.ts";
import { TfjsTrainer } from "../../../node/training/tfjs/tfjsTrainer.ts";
import { PacelineError } from "../../../node/core/errors.ts";
import type { BenchResult } from "../benchResult.ts";
import { type NumpyTask, measureNumpy, numpyVersion } from "./numpyPeer.ts";
import { type Measured, type Runs, type Trial, measureTrainer, requireSameWork } from "./trial.ts";
import { versionOf } from "../versionOf.ts";

/** The same training by other systems, in the same run; those that are not there, or cannot train the model, are left out. */

export const PEER_NAMES: Readonly<Record<TfjsBackend, string>> = {
  tensorflow: "tfjs-node",
  wasm: "tfjs-wasm",
  cpu: "tfjs-cpu",
};

/** Training that a peer is to repeat. */
export interface PeerRequest {
  readonly trial: Trial;
  /** What the peer must end with. */
  readonly ours: Float32Array;
  /** What the figure is called, and what it is for a run that took so many milliseconds. */
  readonly figure: string;
  readonly of: (ms: number) => number;
}

export async function measurePeers(
  request: PeerRequest,
  numpy: { readonly task: NumpyTask; readonly runs: Runs },
  tfjs: Runs,
): Promise<BenchResult["peers"]> {
  return { ...(await numpyPeer(request, numpy.task, numpy.runs)), ...(await tfjsPeers(request, tfjs)) };
}

export async function numpyPeer(request: PeerRequest, task: NumpyTask, runs: Runs): Promise<BenchResult["peers"]> {
  if ((await numpyVersion()) === undefined) return {};
  return { numpy: figureOf("numpy", request, await measureNumpy(task, request.trial, runs)) };
}

/** tfjs runs the model as this project's tfjs engine interprets it, with tfjs's own gradients. */
export async function tfjsPeers(request: PeerRequest, runs: Runs): Promise<BenchResult["peers"]> {
  const peers: Record<string, Record<string, number>> = {};
  for (const backend of TFJS_BACKENDS) {
    const trainer = new TfjsTrainer(request.trial.model, { backend });
    if (!(await canTrain(trainer))) continue;
    const name = PEER_NAMES[backend];
    peers[name] = figureOf(name, request, await measureTrainer(trainer, request.trial.job, runs));
  }
  return peers;
}

function figureOf(
  name: string,
  { trial, ours, figure, of }: PeerRequest,
  { ms, params }: Measured,
): Record<string, number> {
  requireSameWork(name, trial, ours, params);
  return { [figure]: of(ms) };
}

export async function canTrain(trainer: TfjsTrainer): Promise<boolean> {
  try {
    await trainer.backend();
    return true;
  } catch (error) {
    if (error instanceof PacelineError && error.code === "unsupported") return false;
    throw error;
  }
}

/** Figures of several peers put together, peer by peer. */
export function mergePeers(parts: readonly BenchResult["peers"][]): BenchResult["peers"] {
  const names = new Set(parts.flatMap((part) => Object.keys(part)));
  return Object.fromEntries(
    [...names].map((name) => [
      name,
      Object.assign({}, ...parts.map((part) => part[name] ?? {})) as Record<string, number>,
    ]),
  );
}

export async function peerVersions(): Promise<Record<string, string>> {
  const numpy = await numpyVersion();
  return {
    "onnxruntime-node": versionOf("onnxruntime-node"),
    "@tensorflow/tfjs": versionOf("@tensorflow/tfjs-core"),
    ...(numpy === undefined ? {} : { numpy }),
  };
}
