import { expect } from "chai";
import { describe, it } from "mocha";
import { createMemoryOutbox, type PendingTransaction } from "../../node/chain/sending/outbox.ts";
import { keccakWords, type Address } from "../../node/core/bytes.ts";
import { openOutbox } from "../../node/daemon/account/outbox.ts";
import { createMemoryStorage } from "../../node/storage/memory.ts";
import { codeOf } from "../helpers/errors.ts";

const ACCOUNT: Address = `0x${"0a".repeat(20)}`;
const OTHER: Address = `0x${"0b".repeat(20)}`;

function transaction(nonce: number): PendingTransaction {
  return {
    nonce,
    key: keccakWords(nonce),
    name: "commit",
    to: OTHER,
    data: "0xc0ffee",
    value: 10n ** 30n + 1n,
    gas: 92_500n,
    fees: { maxFeePerGas: 2n ** 70n, maxPriorityFeePerGas: 1_000_000n },
    raw: "0x02ab",
    hashes: [keccakWords(1, nonce), keccakWords(2, nonce)],
    cancelHashes: [keccakWords(3, nonce)],
    firstSent: 1_700_000_000.25,
    lastSent: 1_700_000_040.5,
    sentAtBlock: 77,
  };
}

describe("an operator's outbox on the disk", () => {
  it("gives back what was put, by nonce as numbers are ordered, and to its own account and chain alone", () => {
    const storage = createMemoryStorage();
    const outbox = openOutbox(storage, 5, ACCOUNT);
    for (const nonce of [10, 9, 100]) outbox.put(transaction(nonce));
    outbox.put({ ...transaction(11), wantedUntil: 1_700_000_100.5 });
    expect(openOutbox(storage, 5, ACCOUNT).entries()[2]?.wantedUntil).to.equal(1_700_000_100.5);
    outbox.remove(11);
    openOutbox(storage, 6, ACCOUNT).put(transaction(1));
    openOutbox(storage, 5, OTHER).put(transaction(2));
    expect(openOutbox(storage, 5, ACCOUNT).entries()).to.deep.equal([9, 10, 100].map(transaction));
    outbox.remove(10);
    outbox.put({ ...transaction(9), sentAtBlock: 78 });
    expect(outbox.entries()).to.deep.equal([{ ...transaction(9), sentAtBlock: 78 }, transaction(100)]);
  });

  it("does as the one in memory", () => {
    const outboxes = [createMemoryOutbox(), openOutbox(createMemoryStorage(), 5, ACCOUNT)];
    const seen = outboxes.map((outbox) => {
      for (const nonce of [3, 1, 2]) outbox.put(transaction(nonce));
      outbox.remove(1);
      outbox.remove(7);
      return outbox.entries();
    });
    expect(seen[0]).to.deep.equal(seen[1]);
  });

  it("says which record is damaged", () => {
    const storage = createMemoryStorage();
    const outbox = openOutbox(storage, 5, ACCOUNT);
    outbox.put(transaction(4));
    const [[key]] = storage.entries("transaction") as [[string, unknown]];
    storage.put("transaction", key, { nonce: 4 });
    expect(codeOf(() => outbox.entries())).to.equal("storage-failed");
  });
});
