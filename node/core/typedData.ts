import { abiWord, concatBytes, fromHex, keccak256, keccakWords, toHex, type Address, type Hex } from "./bytes.ts";
import type { JobDomain } from "./encoding.ts";

/**
 * EIP-712 digests of everything an operator signs. A gossip message and what the chain checks are the same signed struct, so
 * a message that a peer believed can be held against its author on the chain.
 */

const hashText = (text: string): Hex => toHex(keccak256(new TextEncoder().encode(text)));
const DOMAIN_TYPE = hashText("EIP712Domain(string name,string version,uint256 chainId,address verifyingContract)");

function domainSeparator(name: string, chainId: number, verifyingContract: Address): Hex {
  return keccakWords(DOMAIN_TYPE, hashText(name), hashText("1"), chainId, verifyingContract);
}

const separators = new Map<string, Hex>();

/** The separator of a job's domain {name "Paceline", version "1", chainId, job}; remembered, for it is asked for often. */
function jobSeparator({ chainId, job }: JobDomain): Hex {
  const key = `${chainId}:${job}`;
  const known = separators.get(key);
  if (known !== undefined) return known;
  const separator = domainSeparator("Paceline", chainId, job);
  if (separators.size > 64) separators.clear();
  separators.set(key, separator);
  return separator;
}

function digest(separator: Hex, type: Hex, words: readonly (bigint | number | Hex)[]): Uint8Array {
  const structHash = keccakWords(type, ...words);
  return keccak256(concatBytes(fromHex("0x1901"), abiWord(separator), abiWord(structHash)));
}

/** The structs that operators sign in a job, by name. */
export type SignedStruct =
  | {
      readonly type: "Commit";
      readonly round: number;
      readonly seed: Hex;
      readonly commitment: Hex;
    }
  | {
      readonly type: "Opening";
      readonly round: number;
      readonly seed: Hex;
      readonly position: number;
      readonly updateRoot: Hex;
      readonly exampleCount: number;
      readonly salt: Hex;
    }
  | {
      readonly type: "Bitmap";
      readonly round: number;
      readonly seed: Hex;
      readonly seat: number;
      readonly bits: bigint;
    }
  | {
      readonly type: "Attestation";
      readonly round: number;
      readonly seed: Hex;
      readonly slot: number;
      readonly includeHash: Hex;
      readonly aggregateRoot: Hex;
    }
  | {
      readonly type: "ScoreCommit";
      readonly round: number;
      readonly seed: Hex;
      readonly includeHash: Hex;
      readonly commitment: Hex;
    }
  | {
      readonly type: "ScoreOpening";
      readonly round: number;
      readonly seed: Hex;
      readonly seat: number;
      readonly vector: Hex;
      readonly salt: Hex;
    }
  | {
      /** Of a seat, once its round has settled: no contract asks for it, those who join late do. */
      readonly type: "Checkpoint";
      readonly round: number;
      readonly seed: Hex;
      readonly modelId: Hex;
      readonly updates: number;
      readonly checkpointRoot: Hex;
    };

const STRUCTS = {
  Commit: hashText("Commit(uint32 round,bytes32 seed,bytes32 commitment)"),
  Opening: hashText(
    "Opening(uint32 round,bytes32 seed,uint8 position,bytes32 updateRoot,uint32 exampleCount,bytes32 salt)",
  ),
  Bitmap: hashText("Bitmap(uint32 round,bytes32 seed,uint8 seat,uint256 bits)"),
  Attestation: hashText("Attestation(uint32 round,bytes32 seed,uint8 slot,bytes32 includeHash,bytes32 aggregateRoot)"),
  ScoreCommit: hashText("ScoreCommit(uint32 round,bytes32 seed,bytes32 includeHash,bytes32 commitment)"),
  ScoreOpening: hashText("ScoreOpening(uint32 round,bytes32 seed,uint8 seat,bytes vector,bytes32 salt)"),
  Checkpoint: hashText("Checkpoint(uint32 round,bytes32 seed,bytes32 modelId,uint32 updates,bytes32 checkpointRoot)"),
} as const;

function wordsOf(message: SignedStruct): readonly (bigint | number | Hex)[] {
  switch (message.type) {
    case "Commit":
      return [message.round, message.seed, message.commitment];
    case "Opening":
      return [message.round, message.seed, message.position, message.updateRoot, message.exampleCount, message.salt];
    case "Bitmap":
      return [message.round, message.seed, message.seat, message.bits];
    case "Attestation":
      return [message.round, message.seed, message.slot, message.includeHash, message.aggregateRoot];
    case "ScoreCommit":
      return [message.round, message.seed, message.includeHash, message.commitment];
    case "ScoreOpening":
      return [message.round, message.seed, message.seat, toHex(keccak256(fromHex(message.vector))), message.salt];
    case "Checkpoint":
      return [message.round, message.seed, message.modelId, message.updates, message.checkpointRoot];
  }
}

/** The 32 bytes that an operator signs for `message` in `domain`. */
export function structDigest(domain: JobDomain, message: SignedStruct): Uint8Array {
  return digest(jobSeparator(domain), STRUCTS[message.type], wordsOf(message));
}

const REGISTRATION = hashText("Registration(address wallet,address operator,uint256 nonce)");

/** The 32 bytes with which an operator consents to serve `wallet`. */
export function registrationDigest(
  registry: { readonly chainId: number; readonly registry: Address },
  consent: { readonly wallet: Address; readonly operator: Address; readonly nonce: bigint },
): Uint8Array {
  const separator = domainSeparator("Paceline Registry", registry.chainId, registry.registry);
  return digest(separator, REGISTRATION, [consent.wallet, consent.operator, consent.nonce]);
}
