import { createHash } from "node:crypto";
import { InferenceSession, type Tensor } from "onnxruntime-node";
import { PacelineError, messageOf } from "../../core/errors.ts";
import { encodeModel } from "../graph/encode.ts";
import type { Graph } from "../graph/graph.ts";

/**
 * ONNX Runtime sessions, shared in the process: trainers of the same model use the same session and with it one arena of
 * working memory. A session is disposed of when the last of its holders lets go of it.
 */

export const EXECUTION_PROVIDERS = ["cpu", "cuda", "dml", "coreml"] as const;
export type ExecutionProvider = (typeof EXECUTION_PROVIDERS)[number];

export interface SessionSettings {
  /** Threads inside an operator. One is fastest for small models and gives the same bits on every run. */
  readonly threads: number;
  /** What runs the operators; the CPU takes those that it does not know. "cpu" by default. */
  readonly provider?: ExecutionProvider;
}

interface SharedSession {
  readonly session: Promise<InferenceSession>;
  holders: number;
}

const shared = new Map<string, SharedSession>();

export interface SessionHandle {
  /** Runs the graph; blocks the event loop while the engine works. */
  run(feeds: Record<string, Tensor>): Promise<Record<string, Tensor>>;
  release(): Promise<void>;
}

/** Trainers whose graphs have the same bytes share a session. */
export function acquireSession(graph: Graph, settings: SessionSettings): SessionHandle {
  const model = encodeModel(graph);
  const hash = createHash("sha256").update(model).digest("hex");
  const key = `${hash} threads=${settings.threads} provider=${settings.provider ?? "cpu"}`;
  const entry = shared.get(key) ?? { session: openSession(model, settings), holders: 0 };
  shared.set(key, entry);
  entry.holders++;
  let released = false;
  return {
    async run(feeds) {
      if (released) throw new PacelineError("closed", "the trainer was used after close()");
      return (await entry.session).run(feeds);
    },
    async release() {
      if (released) return;
      released = true;
      if (--entry.holders > 0) return;
      shared.delete(key);
      await (await entry.session).release();
    },
  };
}

/** Sessions that are open in this process. */
export function openSessionCount(): number {
  return shared.size;
}

async function openSession(
  model: Uint8Array,
  { threads, provider = "cpu" }: SessionSettings,
): Promise<InferenceSession> {
  try {
    return await InferenceSession.create(model, {
      executionProviders: provider === "cpu" ? ["cpu"] : [provider, "cpu"],
      intraOpNumThreads: threads,
      interOpNumThreads: 1,
      executionMode: "sequential",
      graphOptimizationLevel: "all",
      logSeverityLevel: 3,
    });
  } catch (error) {
    throw new PacelineError("unsupported", `ONNX Runtime does not take the model: ${messageOf(error)}`, {}, error);
  }
}
