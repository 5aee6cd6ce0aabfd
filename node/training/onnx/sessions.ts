import { InferenceSession, type Tensor } from "onnxruntime-node";
import type { Graph } from "./graph.ts";
import { encodeModel } from "./protobuf.ts";
import { PacelineError } from "../../core/errors.ts";

/**
 * ONNX Runtime sessions, shared in the process: trainers of the same model use the same session and with it one arena of
 * working memory. A session is disposed of when the last of its holders lets go of it.
 */

export interface SessionSettings {
  /** Threads inside an operator. One is fastest for small models and gives the same bits on every run. */
  readonly threads: number;
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

/**
 * @param key names graph and settings: equal keys share a session
 * @param graph called only when no session of that key exists
 */
export function acquireSession(key: string, graph: () => Graph, settings: SessionSettings): SessionHandle {
  const sharedKey = `${key} threads=${settings.threads}`;
  const entry = shared.get(sharedKey) ?? { session: openSession(graph(), settings), holders: 0 };
  shared.set(sharedKey, entry);
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
      shared.delete(sharedKey);
      await (await entry.session).release();
    },
  };
}

/** Sessions that are open in this process. */
export function openSessionCount(): number {
  return shared.size;
}

function openSession(graph: Graph, settings: SessionSettings): Promise<InferenceSession> {
  return InferenceSession.create(encodeModel(graph), {
    executionProviders: ["cpu"],
    intraOpNumThreads: settings.threads,
    interOpNumThreads: 1,
    executionMode: "sequential",
    graphOptimizationLevel: "all",
    logSeverityLevel: 3,
  });
}
