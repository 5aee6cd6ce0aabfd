import { createHash } from "node:crypto";
import { aggregate as aggregateByRule } from "../core/aggregationRule.ts";
import { toHex, type Hex } from "../core/bytes.ts";
import { nextModelId, type IncludedUpdate } from "../core/encoding.ts";
import { messageOf } from "../core/errors.ts";
import {
  AGGREGATE_LEAF_BYTES,
  applyAggregate,
  decodeAggregate,
  decodeUpdate,
  encodeAggregate,
  nextExponent,
  squaredNorm,
  squaredNormBound,
  UPDATE_LEAF_BYTES,
} from "../core/fixedPoint.ts";
import type { JobTerms } from "../core/jobTerms.ts";
import { buildTree, leafCountOf } from "../core/merkle.ts";
import { weightsOf } from "../core/weightedMean.ts";
import { Differs, type Difference } from "./difference.ts";

/** Where blobs are looked for, by root. */
export interface BlobSource {
  /**
   * As they lie there, whatever they hash to; undefined where there is none.
   * @param length of the blob in bytes
   */
  read(root: Hex, length: number): Promise<FoundBlob | undefined>;
}

export interface FoundBlob {
  readonly bytes: Uint8Array;
  /** For messages: the path of its file. */
  readonly where: string;
}

/** What the job file adds to the chain. */
export interface Genesis {
  readonly params: Float32Array;
  /** Bound of an update's norm. */
  readonly clipNorm: number;
}

/** A round as it settled. */
export interface SettledUpdates {
  readonly round: number;
  readonly updates: readonly IncludedUpdate[];
  readonly aggregateRoot: Hex;
}

/** How far a round's aggregate was followed: from its updates; from its own blob, whose root is right; or not. */
export type Followed = "recomputed" | "read" | "not-read";

/** A blob that no source has. */
export interface MissingBlob {
  readonly round: number;
  readonly item: string;
  readonly root: Hex;
}

/** Of them all; the list is for people. */
const MAX_MISSING = 100;

/** Recomputes aggregates from updates, and the model from aggregates. */
export class Aggregates {
  readonly missing: MissingBlob[] = [];
  readonly followed = new Map<number, Followed>();
  /** Rounds whose settled aggregate is not that of their updates, until somebody has proven it on the chain. */
  readonly wrong = new Map<number, Difference>();
  /** Bytes of blobs read. */
  bytes = 0;
  readonly #terms: JobTerms;
  readonly #blobs: BlobSource;
  readonly #clipNorm: number | undefined;
  #modelId: Hex;
  /** Of the next updates; undefined once an aggregate is not known. */
  #exponent: number | undefined;
  #params: Float32Array | undefined;

  constructor(terms: JobTerms, blobs: BlobSource, genesis: Genesis | undefined) {
    this.#terms = terms;
    this.#blobs = blobs;
    this.#modelId = terms.genesisHash;
    this.#exponent = terms.initialExponent;
    this.#params = genesis?.params;
    this.#clipNorm = genesis?.clipNorm;
  }

  get modelId(): Hex {
    return this.#modelId;
  }

  /** sha-256 of the params, little-endian float32; undefined where they could not be followed to here. */
  get paramsHash(): Hex | undefined {
    const params = this.#params;
    if (params === undefined) return undefined;
    const bytes = new Uint8Array(params.buffer, params.byteOffset, params.byteLength);
    return toHex(createHash("sha256").update(bytes).digest());
  }

  /** @throws Differs where a blob is not what the chain says */
  async settle(settled: SettledUpdates): Promise<void> {
    const values = await this.#read(settled);
    this.#modelId = nextModelId(this.#modelId, settled.aggregateRoot);
    if (values === undefined || this.#exponent === undefined) {
      this.#params = this.#exponent = undefined;
      return;
    }
    const { minExponent: min, maxExponent: max } = this.#terms;
    if (this.#params !== undefined) this.#params = applyAggregate(this.#params, values, this.#exponent);
    this.#exponent = nextExponent(this.#exponent, values, { min, max });
  }

  /** The settled aggregate of `round` was proven wrong on the chain. */
  proven(round: number): void {
    this.wrong.delete(round);
  }

  async #read(settled: SettledUpdates): Promise<Int32Array | undefined> {
    const { round, aggregateRoot } = settled;
    const values = await this.#recompute(settled);
    if (values !== undefined) {
      const root = buildTree(encodeAggregate(values), AGGREGATE_LEAF_BYTES).root;
      this.followed.set(round, "recomputed");
      if (root === aggregateRoot) return values;
      const item = "aggregate";
      this.wrong.set(round, { round, phase: "propose", item, chain: aggregateRoot, replay: root });
    }
    const held = await this.#blob(round, "aggregate", aggregateRoot, AGGREGATE_LEAF_BYTES, (bytes) =>
      decodeAggregate(bytes, this.#terms.vectorLength),
    );
    if (values === undefined) this.followed.set(round, held === undefined ? "not-read" : "read");
    return held;
  }

  /** Undefined where an update is missing. */
  async #recompute({ round, updates }: SettledUpdates): Promise<Int32Array | undefined> {
    const { rule, trimPermille, weightCap } = this.#terms;
    const counts = updates.map(({ exampleCount }) => exampleCount);
    const weights = weightsOf(counts, weightCap);
    const held: Int16Array[] = [];
    for (const { updateRoot, memberId } of updates) {
      const values = await this.#update(round, memberId, updateRoot);
      if (values !== undefined) held.push(values);
    }
    if (held.length < updates.length) return undefined;
    return aggregateByRule(
      rule,
      trimPermille,
      held.map((values, index) => ({ values, weight: weights[index]! })),
    );
  }

  async #update(round: number, memberId: number, root: Hex): Promise<Int16Array | undefined> {
    const item = `update of member ${memberId}`;
    const values = await this.#blob(round, item, root, UPDATE_LEAF_BYTES, (bytes) =>
      decodeUpdate(bytes, this.#terms.vectorLength),
    );
    if (values === undefined || this.#clipNorm === undefined || this.#exponent === undefined) return values;
    const [norm, bound] = [squaredNorm(values), squaredNormBound(this.#clipNorm, this.#exponent)];
    if (norm > bound)
      throw new Differs({
        ...{ round, phase: "share", item: `norm of the ${item}` },
        ...{ chain: "a quorum certified it", replay: `its square is ${norm}, above the job's ${bound}` },
      });
    return values;
  }

  async #blob<Values>(
    round: number,
    item: string,
    root: Hex,
    leafBytes: number,
    decode: (bytes: Uint8Array) => Values,
  ): Promise<Values | undefined> {
    const found = await this.#blobs.read(root, leafCountOf(this.#terms.vectorLength) * leafBytes);
    if (found === undefined) {
      if (this.missing.length < MAX_MISSING) this.missing.push({ round, item, root });
      return undefined;
    }
    this.bytes += found.bytes.length;
    const phase = leafBytes === UPDATE_LEAF_BYTES ? "share" : "propose";
    const foundRoot = rootOf(found.bytes, leafBytes);
    const differs = (replay: string): Differs =>
      new Differs({ round, phase, item, chain: root, replay: `${found.where} ${replay}` });
    if (foundRoot !== root) throw differs(`has the root ${foundRoot}`);
    try {
      return decode(found.bytes);
    } catch (error) {
      throw differs(`is no valid vector: ${messageOf(error)}`);
    }
  }
}

function rootOf(bytes: Uint8Array, leafBytes: number): string {
  return bytes.length > 0 && bytes.length % leafBytes === 0
    ? buildTree(bytes, leafBytes).root
    : `of nothing: its ${bytes.length} bytes are no whole number of leaves`;
}
