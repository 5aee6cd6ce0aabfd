import { z } from "zod";
import { BaseError } from "viem";

/** The form of what nodes answer. Whoever runs one may answer anything; what has not this form never gets farther than here. */

const quantity = z.string().regex(/^0x[0-9a-f]{1,64}$/i);
const data = z.string().regex(/^0x([0-9a-f]{2})*$/i);
const word = z.string().regex(/^0x[0-9a-f]{64}$/i);
const address = z.string().regex(/^0x[0-9a-f]{40}$/i);
/** Numbers that the program keeps as such. */
const small = quantity.refine((text) => Number(text) <= Number.MAX_SAFE_INTEGER, "is no number that a chain reaches");

const header = z.looseObject({
  number: small,
  hash: word,
  parentHash: word,
  timestamp: small,
  baseFeePerGas: quantity.optional(),
  transactions: z.array(z.unknown()).default([]),
});

const log = z.looseObject({
  address,
  topics: z.array(word).max(4),
  data,
  blockNumber: small,
  blockHash: word,
  logIndex: small,
  transactionHash: word,
  transactionIndex: small,
});

const receipt = z.looseObject({
  transactionHash: word,
  blockHash: word,
  blockNumber: small,
  gasUsed: quantity,
  effectiveGasPrice: quantity.optional(),
  status: z.enum(["0x0", "0x1"]),
  logs: z.array(log),
});

const feeHistory = z.looseObject({
  oldestBlock: quantity,
  baseFeePerGas: z.array(quantity).min(1),
  reward: z.array(z.array(quantity)).nullish(),
});

const ANSWERS: Readonly<Record<string, z.ZodType>> = {
  eth_chainId: small,
  eth_blockNumber: small,
  eth_getBlockByNumber: header.nullable(),
  eth_getBlockByHash: header.nullable(),
  eth_getLogs: z.array(log),
  eth_getTransactionReceipt: receipt.nullable(),
  eth_getTransactionByHash: z.looseObject({ hash: word }).nullable(),
  eth_getTransactionCount: small,
  eth_getBalance: quantity,
  eth_getCode: data,
  eth_call: data,
  eth_estimateGas: quantity,
  eth_gasPrice: quantity,
  eth_feeHistory: feeHistory,
  eth_sendRawTransaction: word,
};

/** A node answered what no node should. */
export class MalformedAnswerError extends BaseError {
  constructor(method: string, node: string, problem: string) {
    super(`${node} answered ${method} with something malformed: ${problem}`, { name: "MalformedAnswerError" });
  }
}

/** @returns `answer`. Throws MalformedAnswerError; methods that are not known here may answer anything. */
export function checkAnswer(method: string, answer: unknown, node: string): unknown {
  const schema = ANSWERS[method];
  if (schema === undefined) return answer;
  const parsed = schema.safeParse(answer);
  if (parsed.success) return answer;
  const [issue] = parsed.error.issues;
  const place = issue?.path.join(".") ?? "";
  throw new MalformedAnswerError(
    method,
    node,
    `${place === "" ? "the answer" : place}: ${issue?.message ?? "unknown"}`,
  );
}
