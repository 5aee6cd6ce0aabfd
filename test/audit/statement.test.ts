import { expect } from "chai";
import { describe, it } from "mocha";
import { privateKeyToAccount } from "viem/accounts";
import canonicalize from "canonicalize";
import type { AuditResult } from "../../node/audit/audit.ts";
import { readStatement, signStatement, statementOf } from "../../node/audit/statement.ts";
import { fromHex, keccakWords } from "../../node/core/bytes.ts";
import { PacelineError } from "../../node/core/errors.ts";

const KEY = keccakWords(5, 77);

const RESULT: AuditResult = {
  difference: undefined,
  chainId: 31_337,
  job: `0x${"1b".repeat(20)}`,
  specHash: keccakWords(1),
  rounds: 60,
  fromBlock: 12,
  toBlock: 3456,
  blockHash: keccakWords(2),
  phase: "commit",
  settled: 49,
  skipped: 1,
  provenWrong: [17],
  modelId: keccakWords(3),
  aggregates: { recomputed: 49, read: 0, notRead: 0 },
  missing: [],
  paramsHash: keccakWords(4),
  blobBytes: 9,
  transactions: 500,
  skippedEntries: 2,
  unverified: 0,
  stateCompared: true,
};
const STATEMENT = statementOf(RESULT, "paceline 0.1.0", "2026-05-04T13:07:59Z");

/** The file as it is read again. */
const written = (value: unknown): unknown => JSON.parse(JSON.stringify(value)) as unknown;

function refusal(value: unknown): string {
  try {
    readStatement(value);
  } catch (error) {
    if (error instanceof PacelineError) return `${error.code}: ${error.message}`;
    throw error;
  }
  return "read";
}

describe("an auditor's statement", () => {
  it("is refused, and is no bug of the program, where its job is no address or its text is no Unicode", () => {
    const signed = signStatement(STATEMENT, fromHex(KEY));
    const wrong = [{ job: "0x1b" }, { tool: "paceline \ud800" }, { date: "\udc00" }];
    for (const change of wrong)
      expect(refusal({ ...signed, statement: { ...STATEMENT, ...change } })).to.match(/^bad-input: no statement/);
    expect(refusal({ ...signed, signer: "nobody" })).to.match(/^bad-input: no statement/);
  });

  it("counts the rounds that are over, not those that the job promises", () => {
    expect(STATEMENT).to.deep.include({ rounds: 50, settled: 49, skipped: 1, provenWrong: [17] });
  });

  it("is signed as any wallet signs a text", async () => {
    const signed = signStatement(STATEMENT, fromHex(KEY));
    const wallet = privateKeyToAccount(KEY);
    expect(signed.signer).to.equal(wallet.address.toLowerCase());
    expect(signed.signature).to.equal(await wallet.signMessage({ message: canonicalize(STATEMENT)! }));
    expect(readStatement(written(signed))).to.deep.equal(signed);
  });

  it("is read without a signature too, and then names no signer", () => {
    expect(readStatement(written({ statement: STATEMENT })).signer).to.equal(undefined);
  });

  it("is refused where a single field was changed, or another is named as its signer", () => {
    const signed = signStatement(STATEMENT, fromHex(KEY));
    const changes = { settled: 50, skipped: 0, modelId: keccakWords(9), paramsHash: null, provenWrong: [], chainId: 1 };
    for (const [field, value] of Object.entries(changes))
      expect(refusal(written({ ...signed, statement: { ...STATEMENT, [field]: value } })), field).to.match(
        /^bad-input: the signature is not of/,
      );
    expect(refusal(written({ ...signed, signer: `0x${"22".repeat(20)}` }))).to.match(/^bad-input: the signature/);
    expect(refusal(written({ statement: STATEMENT, signature: signed.signature }))).to.match(/^bad-input/);
    expect(refusal(written({ statement: STATEMENT, signer: signed.signer }))).to.match(/^bad-input/);
  });

  it("is refused where it is something else", () => {
    for (const value of [null, 7, {}, { statement: {} }, { statement: { ...STATEMENT, more: 1 } }])
      expect(refusal(written(value))).to.match(/^bad-input: no statement of an audit/);
  });
});
