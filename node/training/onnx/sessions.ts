import { createHash } from "node:crypto";
import { InferenceSession, listSupportedBackends, type Tensor } from "onnxruntime-node";
import { PacelineError, messageOf } from "../../core/errors.ts";
import { textOf } from "../graph/attributes.ts";
import { encodeModel } from "../graph/encode.ts";
import type { Graph } from "../graph/graph.ts";
import type { ExecutionProvider, SessionSettings } from "./sessionSettings.ts";

/**
 * ONNX Runtime sessions, shared in the process: trainers of the same model use the same session and with it one arena of
 * working memory. A session is disposed of when the last of its holders lets go of it.
 */

interface SharedSession {
  readonly session: Promise<InferenceSession>;
  holders: number;
}

const shared = new Map<string, SharedSession>();

export interface SessionHandle {
  /**
   * Runs the graph; blocks the event loop while the engine works.
   * @param fetches the outputs that are wanted, all by default; one that is given a tensor is written there
   */
  run(feeds: Record<string, Tensor>, fetches?: Record<string, Tensor | null>): Promise<Record<string, Tensor>>;
  release(): Promise<void>;
}

/** Trainers whose graphs have the same bytes share a session. */
export function acquireSession(graph: Graph, given: SessionSettings): SessionHandle {
  const model = encodeModel(graph);
  const settings = addsRows(graph) ? { ...given, threads: 1 } : given;
  const hash = createHash("sha256").update(model).digest("hex");
  const key = `${hash} threads=${settings.threads} provider=${settings.provider ?? "cpu"} frugal=${settings.frugal ?? false}`;
  const entry = shared.get(key) ?? { session: openSession(model, settings), holders: 0 };
  shared.set(key, entry);
  entry.holders++;
  let released = false;
  return {
    async run(feeds, fetches) {
      if (released) throw new PacelineError("closed", "the trainer was used after close()");
      const session = await entry.session;
      try {
        return await (fetches === undefined ? session.run(feeds) : session.run(feeds, fetches));
      } catch (error) {
        throw new PacelineError("bad-input", `ONNX Runtime could not run the model: ${plain(error)}`, {}, error);
      }
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

/**
 * Whether a graph adds to rows of tables by ScatterND. On several threads the engine loses what it adds to a row twice at the same
 * time, so such a graph has one.
 */
function addsRows({ nodes }: Graph): boolean {
  return nodes.some(
    ({ operator, attributes }) =>
      (operator === "ScatterND" && textOf(attributes, "reduction", "none") !== "none") ||
      Object.values(attributes).some((attribute) => attribute.kind === "graph" && addsRows(attribute.value)),
  );
}

/** What the engine says, without its source files. */
function plain(error: unknown): string {
  return messageOf(error).replaceAll(/\S+\.(cc|h):\d+ \S*( [^)]*\))? ?/g, "");
}

/** Sessions that are open in this process. */
export function openSessionCount(): number {
  return shared.size;
}

async function openSession(
  model: Uint8Array,
  { threads, provider = "cpu", frugal = false }: SessionSettings,
): Promise<InferenceSession> {
  requireProvider(provider);
  try {
    return await InferenceSession.create(model, {
      executionProviders: provider === "cpu" ? ["cpu"] : [provider, "cpu"],
      intraOpNumThreads: threads,
      interOpNumThreads: 1,
      executionMode: "sequential",
      graphOptimizationLevel: "all",
      enableMemPattern: !frugal,
      logSeverityLevel: 4, // errors are thrown
    });
  } catch (error) {
    const what =
      provider === "cpu" ? "does not take the model" : `cannot compute on ${provider} here, or not this model`;
    throw new PacelineError("unsupported", `ONNX Runtime ${what}: ${messageOf(error)}`, {}, error);
  }
}

/** Without this the engine would take the CPU instead, and say so on stderr only. */
function requireProvider(provider: ExecutionProvider): void {
  const offered = listSupportedBackends().map(({ name }) => name);
  if (!offered.includes(provider))
    throw new PacelineError(
      "unsupported",
      `the ONNX Runtime of this platform does not compute on ${provider}; it has ${offered.join(", ")}`,
    );
}
