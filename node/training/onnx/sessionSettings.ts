/** What a session of ONNX Runtime is told; apart from the engine, so that who only reads settings does not load it. */

export const EXECUTION_PROVIDERS = ["cpu", "cuda", "dml", "coreml"] as const;
export type ExecutionProvider = (typeof EXECUTION_PROVIDERS)[number];

export interface SessionSettings {
  /**
   * Threads inside an operator. One is fastest for small models and gives the same bits on every run; training that adds to rows of
   * tables has one in any case.
   */
  readonly threads: number;
  /** What runs the operators; the CPU takes those that it does not know. "cpu" by default. */
  readonly provider?: ExecutionProvider;
  /** Whether the engine makes no plan of its memory: that takes some 5 % more time, and a sixth less memory where tensors are large. */
  readonly frugal?: boolean;
}
