import { PacelineError } from "../../core/errors.ts";

/**
 * Runs `work` so that what it throws names the node, where it has a name and nobody has said it yet.
 * @throws PacelineError whatever `work` throws, with `node "…": ` before its message, and the node in its facts
 */
export function atNode<T>(operator: string, node: string, work: () => T): T {
  try {
    return work();
  } catch (error) {
    if (!(error instanceof PacelineError) || node === "" || error.facts["node"] !== undefined) throw error;
    throw new PacelineError(error.code, `node "${node}": ${error.message}`, { node, operator }, error);
  }
}
