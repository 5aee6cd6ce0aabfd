import { concatBytes, abiWord, keccak256, keccakWords, toHex, type Address, type Hex } from "./bytes.ts";

/** What is hashed on both sides of the chain, as Solidity's `abi.encode` lays it out. See docs/encoding.md. */

/** Where a hash holds: nothing is valid in another job or on another chain. */
export interface JobDomain {
  readonly chainId: number;
  readonly job: Address;
}

/** An update that counts, in include order. */
export interface IncludedUpdate {
  readonly updateRoot: Hex;
  readonly operator: Address;
  /** Already at most the job's weight cap. */
  readonly exampleCount: number;
}

export interface CommitmentParts {
  readonly round: number;
  readonly operator: Address;
  readonly updateRoot: Hex;
  readonly exampleCount: number;
  readonly salt: Hex;
}

/** The hash an operator commits; its own address inside makes a copied hash worthless. */
export function commitmentHash(domain: JobDomain, parts: CommitmentParts): Hex {
  const { round, operator, updateRoot, exampleCount, salt } = parts;
  return keccakWords(domain.chainId, domain.job, round, operator, updateRoot, exampleCount, salt);
}

/** keccak256(abi.encode(IncludedUpdate[])). */
export function includeHash(updates: readonly IncludedUpdate[]): Hex {
  const words = updates.flatMap(({ updateRoot, operator, exampleCount }) => [
    abiWord(updateRoot),
    abiWord(operator),
    abiWord(exampleCount),
  ]);
  return toHex(keccak256(concatBytes(abiWord(32), abiWord(updates.length), ...words)));
}

export interface ScoreCommitmentParts {
  readonly round: number;
  readonly seed: Hex;
  readonly scorer: Address;
  readonly includeHash: Hex;
  /** Packed uint16 scores, empty for an abstention. */
  readonly vector: Uint8Array;
  readonly salt: Hex;
}

/** The hash a seat commits its score vector with. */
export function scoreCommitmentHash(domain: JobDomain, parts: ScoreCommitmentParts): Hex {
  const { round, seed, scorer, salt } = parts;
  const vectorHash = toHex(keccak256(parts.vector));
  return keccakWords(domain.chainId, domain.job, round, seed, scorer, parts.includeHash, vectorHash, salt);
}

/** The name of the global model after a settled round. */
export function nextModelId(modelId: Hex, aggregateRoot: Hex): Hex {
  return keccakWords(modelId, aggregateRoot);
}

/** What the chain keeps of a settled round. */
export function roundRecord(seed: Hex, includedHash: Hex, aggregateRoot: Hex, attestedMask: bigint): Hex {
  return keccakWords(seed, includedHash, aggregateRoot, attestedMask);
}
