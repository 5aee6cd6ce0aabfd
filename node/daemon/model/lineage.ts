import type { JobChain } from "../../chain/chain.ts";
import type { Hex } from "../../core/bytes.ts";
import { nextModelId } from "../../core/encoding.ts";
import { PacelineError } from "../../core/errors.ts";

/** What one settled round made of the model. */
export interface Link {
  readonly round: number;
  readonly aggregateRoot: Hex;
  readonly modelId: Hex;
  /** Member ids by seat. */
  readonly seats: readonly number[];
}

/** Every global model that the job has had, from the chain's log. */
export class Lineage {
  readonly links: readonly Link[];
  readonly #updates: ReadonlyMap<Hex, number>;

  constructor(genesis: Hex, links: readonly Link[]) {
    this.links = links;
    this.#updates = new Map([[genesis, 0], ...links.map(({ modelId }, at): [Hex, number] => [modelId, at + 1])]);
  }

  /** Settled rounds in a model; undefined for one that this chain has never had, or that a reorganisation took back. */
  updatesOf(modelId: Hex): number | undefined {
    return this.#updates.get(modelId);
  }

  /** The rounds that lead from one model to a later one. */
  between(fromUpdates: number, toUpdates: number): readonly Link[] {
    return this.links.slice(fromUpdates, toUpdates);
  }
}

/**
 * Reads the lineage and checks it: each model's name is the hash of the name before it and of the aggregate that was added.
 * @throws PacelineError `chain-unreachable` where the endpoint's log is not such a chain
 */
export async function readLineage(chain: JobChain): Promise<Lineage> {
  const { genesisHash } = chain.terms;
  const { rounds } = await chain.history(1);
  const links = rounds.flatMap(({ round, settled }): Link[] => {
    if (settled === undefined) return [];
    const { aggregateRoot, modelId, seats } = settled;
    return [{ round, aggregateRoot, modelId, seats }];
  });
  let modelId = genesisHash;
  for (const link of links) {
    modelId = nextModelId(modelId, link.aggregateRoot);
    if (modelId === link.modelId) continue;
    chain.forgetHistory(); // one answer that was short would stand for ever
    throw new PacelineError(
      "chain-unreachable",
      `the endpoint's log of round ${link.round} does not follow from the rounds before: it lacks events, or the chain is being reorganised`,
      { round: link.round, modelId: link.modelId, expected: modelId },
    );
  }
  return new Lineage(genesisHash, links);
}
