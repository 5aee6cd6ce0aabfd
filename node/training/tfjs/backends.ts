import "@tensorflow/tfjs-backend-cpu";
import * as wasm from "@tensorflow/tfjs-backend-wasm";
import * as tf from "@tensorflow/tfjs-core";
// Its build for Node carries the gradients of core's kernels, which core's own lacks, and registers them.
import "@tensorflow/tfjs-layers";
import { createRequire } from "node:module";
import { dirname, sep } from "node:path";
import util from "node:util";
import { messageOf, PacelineError } from "../../core/errors.ts";
import type { Graph } from "../graph/graph.ts";

/** What tfjs computes on: libtensorflow, WebAssembly, or plain JavaScript. */
export const TFJS_BACKENDS = ["tensorflow", "wasm", "cpu"] as const;
export type TfjsBackend = (typeof TFJS_BACKENDS)[number];

export interface ChosenBackend {
  readonly name: TfjsBackend;
  /** Why it is not a faster one; "" for the fastest. */
  readonly why: string;
}

/** Kernels that the gradient of an operator needs, and that wasm does not have. */
const KERNELS_BY_OPERATOR: Readonly<Record<string, string>> = { Conv: "Conv2DBackpropFilter" };

/**
 * The fastest backend that is there and can train the model.
 * @param wanted only this one
 * @throws PacelineError `unsupported` where the wanted one is not there, or cannot train the model
 */
export async function chooseBackend(graph: Graph, wanted?: TfjsBackend): Promise<ChosenBackend> {
  const reasons: string[] = [];
  for (const name of wanted === undefined ? TFJS_BACKENDS : [wanted]) {
    const refusal = await refusalOf(name, graph);
    if (refusal === undefined) return { name, why: reasons.join("; ") };
    reasons.push(refusal);
  }
  throw new PacelineError("unsupported", `tfjs cannot train this model: ${reasons.join("; ")}`);
}

async function refusalOf(name: TfjsBackend, { nodes }: Graph): Promise<string | undefined> {
  const trouble = await prepareBackend(name);
  if (trouble !== undefined) return trouble;
  for (const { operator } of nodes) {
    const kernel = KERNELS_BY_OPERATOR[operator];
    if (kernel !== undefined && tf.getKernel(kernel, name) === undefined)
      return `${name} has no ${kernel}, which the gradient of ${operator} needs`;
  }
  return undefined;
}

/** Runs `work` on a backend that is prepared. Synchronous, because tfjs has one backend for the whole process. */
export function onBackend<T>(name: TfjsBackend, work: () => T): T {
  void tf.setBackend(name);
  return work();
}

/** Optional, so the compiler must not look for it. */
const TFJS_NODE: string = "@tensorflow/tfjs-node";

const prepared = new Map<TfjsBackend, Promise<string | undefined>>();

/** @returns why the backend cannot be used; undefined where it can */
function prepareBackend(name: TfjsBackend): Promise<string | undefined> {
  const known = prepared.get(name);
  if (known !== undefined) return known;
  const preparing = prepare(name);
  prepared.set(name, preparing);
  return preparing;
}

async function prepare(name: TfjsBackend): Promise<string | undefined> {
  tf.enableProdMode(); // without it tfjs writes advice to the console
  try {
    if (name === "tensorflow") await loadTfjsNode();
    const started = name === "wasm" ? await startWasm() : await tf.setBackend(name);
    return started ? undefined : `${name} did not start`;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ERR_MODULE_NOT_FOUND") return `${TFJS_NODE} is not installed`;
    return `${name} did not start: ${messageOf(error).split("\n")[0]}`;
  }
}

async function loadTfjsNode(): Promise<void> {
  // tfjs-node calls it, Node 23 took it away
  const old = util as unknown as { isNullOrUndefined?: (value: unknown) => boolean };
  old.isNullOrUndefined ??= (value) => value === null || value === undefined;
  await import(TFJS_NODE);
}

async function startWasm(): Promise<boolean> {
  const main = createRequire(import.meta.url).resolve("@tensorflow/tfjs-backend-wasm");
  wasm.setWasmPaths(dirname(main) + sep);
  const before = listeners();
  const started = await tf.setBackend("wasm");
  // what it adds would end the process at every error that nobody has handled yet
  const after = listeners();
  for (const listener of after.uncaught)
    if (!before.uncaught.includes(listener)) process.off("uncaughtException", listener);
  for (const listener of after.unhandled)
    if (!before.unhandled.includes(listener)) process.off("unhandledRejection", listener);
  return started;
}

function listeners(): {
  readonly uncaught: readonly NodeJS.UncaughtExceptionListener[];
  readonly unhandled: readonly NodeJS.UnhandledRejectionListener[];
} {
  return {
    uncaught: process.listeners("uncaughtException"),
    unhandled: process.listeners("unhandledRejection"),
  };
}
