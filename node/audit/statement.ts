import canonicalize from "canonicalize";
import { z } from "zod";
import { keccak256, toAddress, type Address, type Hex } from "../core/bytes.ts";
import { PacelineError } from "../core/errors.ts";
import { addressOfPrivateKey, recoverSigner, signDigest } from "../core/signature.ts";
import type { AuditResult } from "./audit.ts";

/** What an auditor says, and can be held to. */

const word = z
  .string()
  .regex(/^0x[0-9a-f]{64}$/)
  .transform((text) => text as Hex);
const count = z.int().min(0);
const address = z
  .string()
  .regex(/^0x[0-9a-f]{40}$/i)
  .transform(toAddress);
/** A lone surrogate has no canonical JSON, so that nobody can sign it. */
const text = (maximum: number) =>
  z
    .string()
    .max(maximum)
    .refine((written) => written.isWellFormed(), "is no Unicode");

const statementSchema = z.strictObject({
  version: z.literal(1),
  /** The program that audited. */
  tool: text(100),
  /** When, ISO 8601, UTC. */
  date: text(40),
  chainId: count,
  job: address,
  /** sha-256 of the canonical job.json. */
  specHash: word,
  fromBlock: count,
  toBlock: count,
  /** Of the last block: whose chain has another there has another job. */
  blockHash: word,
  /** Rounds of the job that are over, and reproduce. */
  rounds: count,
  settled: count,
  skipped: count,
  /** Settled rounds that were proven wrong on the chain afterwards. */
  provenWrong: z.array(count).max(100_000),
  modelId: word,
  /** sha-256 of the params, little-endian float32; null where they were not followed. */
  paramsHash: word.nullable(),
  /** Settled rounds by how far their aggregate was followed. */
  aggregates: z.strictObject({ recomputed: count, read: count, notRead: count }),
  /** Whether what the contracts keep at the last block was compared as well. */
  stateCompared: z.boolean(),
});

export type AuditStatement = z.infer<typeof statementSchema>;

const signedSchema = z.strictObject({
  statement: statementSchema,
  signer: address.optional(),
  signature: z
    .string()
    .regex(/^0x[0-9a-f]{130}$/i)
    .optional(),
});

export interface SignedStatement {
  readonly statement: AuditStatement;
  /** Both or neither. */
  readonly signer?: Address;
  readonly signature?: Hex;
}

/** @param result without a difference */
export function statementOf(result: AuditResult, tool: string, date: string): AuditStatement {
  const { chainId, job, specHash, fromBlock, toBlock, blockHash, settled, skipped } = result;
  const { modelId, paramsHash, aggregates, stateCompared } = result;
  const place = { chainId, job, specHash, fromBlock, toBlock, blockHash };
  const rounds = { rounds: settled + skipped, settled, skipped, provenWrong: [...result.provenWrong] };
  const model = { modelId, paramsHash: paramsHash ?? null, aggregates };
  return { version: 1, tool, date, ...place, ...rounds, ...model, stateCompared };
}

/** Signs the canonical JSON (RFC 8785) as wallets sign texts (EIP-191): any of them can check it, and it is no struct of the protocol. */
export function signStatement(statement: AuditStatement, privateKey: Uint8Array): SignedStatement {
  const signature = signDigest(digestOf(statement), privateKey);
  return { statement, signer: addressOfPrivateKey(privateKey), signature };
}

/**
 * Reads a statement's file.
 * @returns who signed it, with the statement; without a signer where nobody has
 * @throws PacelineError `bad-input` for what is no statement, or where the signature is another's or of another statement
 */
export function readStatement(value: unknown): SignedStatement {
  const parsed = signedSchema.safeParse(value);
  if (!parsed.success) {
    const [issue] = parsed.error.issues;
    throw new PacelineError(
      "bad-input",
      `no statement of an audit: ${issue?.path.join(".") ?? ""} ${issue?.message ?? ""}`,
    );
  }
  const { statement, signer, signature } = parsed.data;
  if (signer === undefined && signature === undefined) return { statement };
  const found = signature === undefined ? undefined : recoverSigner(digestOf(statement), signature as Hex);
  if (signer === undefined || found !== signer)
    throw new PacelineError(
      "bad-input",
      `the signature is not of ${signer ?? "anybody named"} over this statement: it was changed, or is somebody else's`,
    );
  return { statement, signer, signature: signature as Hex };
}

function digestOf(statement: AuditStatement): Uint8Array {
  const text = new TextEncoder().encode(canonicalize(statement));
  const prefix = new TextEncoder().encode(`\u0019Ethereum Signed Message:\n${text.length}`);
  return keccak256(new Uint8Array(Buffer.concat([prefix, text])));
}
