import { expect } from "chai";
import { describe, it } from "mocha";
import { mock } from "node:test";
import { parseTransaction, type Hex } from "viem";
import type { Endpoint } from "../../node/chain/endpoint.ts";
import { createSender } from "../../node/chain/sender.ts";
import { keccakWords, type Address } from "../../node/core/bytes.ts";
import { rejectionOf } from "../helpers/errors.ts";

const TO: Address = `0x${"0c".repeat(20)}`;

describe("a sender of transactions", () => {
  it("reuses the nonce of a transaction that the node has dropped, so that the next ones do not wait for ever", async () => {
    const nonces: (number | undefined)[] = [];
    let mined = false;
    const client = {
      getTransactionCount: () => Promise.resolve(7),
      getBlock: () => Promise.resolve({ baseFeePerGas: 1n }),
      sendRawTransaction: ({ serializedTransaction }: { serializedTransaction: Hex }) => {
        nonces.push(parseTransaction(serializedTransaction).nonce);
        return Promise.resolve(keccakWords(nonces.length));
      },
      getTransactionReceipt: () =>
        mined
          ? Promise.resolve({ status: "success", gasUsed: 21_000n, blockNumber: 3n })
          : Promise.reject(new Error("not found")),
    };
    const waiting: (() => void)[] = [];
    const onBlock = (listener: () => void): (() => void) => {
      waiting.push(listener);
      return () => undefined;
    };
    const sender = createSender({ chainId: 5, client, onBlock } as unknown as Endpoint, keccakWords(1));
    mock.timers.enable({ apis: ["setTimeout"] });
    try {
      const dropped = rejectionOf(sender.pay(TO, 1n));
      while (waiting.length === 0) await new Promise((resolve) => setImmediate(resolve));
      mock.timers.tick(120_000);
      expect(await dropped).to.equal("timeout");
    } finally {
      mock.timers.reset();
    }
    mined = true;
    await sender.pay(TO, 1n);
    await sender.pay(TO, 1n);
    expect(nonces).to.deep.equal([7, 7, 8]);
  });
});
