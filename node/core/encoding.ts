import { concatBytes, abiWord, keccak256, keccakWords, toHex, type Address, type Hex } from "./bytes.ts";

/** What is hashed on both sides of the chain, as Solidity's `abi.encode` lays it out. See docs/encoding.md. */

/** Where a hash holds: nothing is valid in another job or on another chain. */
export interface JobDomain {
  readonly chainId: number;
  readonly job: Address;
}

/** Stands for the commitment of a member that passes the round. */
export const PASS: Hex = toHex(abiWord(1));

/** An update that counts; lists of them are in include order, which is ascending member id. */
export interface IncludedUpdate {
  readonly updateRoot: Hex;
  readonly memberId: number;
  /** Already at most the job's weight cap. */
  readonly exampleCount: number;
}

export interface CommitmentParts {
  readonly round: number;
  readonly memberId: number;
  readonly updateRoot: Hex;
  readonly exampleCount: number;
  readonly salt: Hex;
}

/** The hash an operator commits; its member's id inside makes a copied hash worthless. */
export function commitmentHash(domain: JobDomain, parts: CommitmentParts): Hex {
  const { round, memberId, updateRoot, exampleCount, salt } = parts;
  return keccakWords(domain.chainId, domain.job, round, memberId, updateRoot, exampleCount, salt);
}

/** keccak256(abi.encode(IncludedUpdate[])). */
export function includeHash(updates: readonly IncludedUpdate[]): Hex {
  const words = updates.flatMap(({ updateRoot, memberId, exampleCount }) => [
    abiWord(updateRoot),
    abiWord(memberId),
    abiWord(exampleCount),
  ]);
  return toHex(keccak256(concatBytes(abiWord(32), abiWord(updates.length), ...words)));
}

export interface ScoreCommitmentParts {
  readonly round: number;
  readonly seed: Hex;
  /** Member id of the scorer. */
  readonly scorer: number;
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

/** What the chain keeps the hash of, for each settled round: enough to slash poster and attesters later. */
export interface RoundRecord {
  readonly seed: Hex;
  readonly includeHash: Hex;
  readonly aggregateRoot: Hex;
  /** Member ids. */
  readonly poster: number;
  /** In seat order; the poster is one of them. */
  readonly attesters: readonly number[];
}

/** keccak256(abi.encode(RoundRecord)). */
export function roundRecordHash(record: RoundRecord): Hex {
  const { seed, includeHash: included, aggregateRoot, poster, attesters } = record;
  return keccakWords(32, seed, included, aggregateRoot, poster, 160, attesters.length, ...attesters);
}
