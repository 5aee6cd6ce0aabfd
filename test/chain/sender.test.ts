import { expect } from "chai";
import { describe, it } from "mocha";
import { mock } from "node:test";
import { parseAbi, type Abi } from "viem";
import { createSender, type Call, type Sender, type SenderOptions } from "../../node/chain/sender.ts";
import { createMemoryOutbox } from "../../node/chain/sending/outbox.ts";
import { keccakWords, type Address } from "../../node/core/bytes.ts";
import { rejectionOf } from "../helpers/errors.ts";
import { ModelNode } from "../helpers/modelNode.ts";
import { until } from "../helpers/until.ts";

const TO: Address = `0x${"0c".repeat(20)}`;
const CALL: Call = { address: TO, abi: parseAbi(["function advance()"]) as Abi, functionName: "advance", args: [] };
const KEY = keccakWords(1);

function open(options: SenderOptions = {}): { sender: Sender; node: ModelNode } {
  const node = new ModelNode();
  return { sender: createSender(node.endpoint(), KEY, options), node };
}

describe("a sender of transactions", () => {
  it("tells the block, the gas and the fee once a call is in a block", async () => {
    const { sender, node } = open();
    const sent = sender.send(CALL);
    await until(() => node.pool.length === 1);
    node.mine();
    expect(await sent).to.deep.equal({ gasUsed: 21_000, blockNumber: 1, fee: 21_000n * node.baseFee });
  });

  it("sends one transaction for one call that two want, and two for two payments", async () => {
    const { sender, node } = open();
    const sent = [sender.send(CALL), sender.send(CALL), sender.pay(TO, 1n), sender.pay(TO, 1n)];
    await until(() => node.pool.length === 3);
    node.mine();
    await Promise.all(sent);
    expect(node.landed.length).to.equal(3);
  });

  it("goes on looking after a call that is in no block after two minutes, and joins it when it is wanted again", async () => {
    const { sender, node } = open();
    mock.timers.enable({ apis: ["setTimeout"] });
    try {
      const late = rejectionOf(sender.send(CALL));
      while (node.pool.length === 0) await new Promise((resolve) => setImmediate(resolve));
      await new Promise((resolve) => setImmediate(resolve));
      mock.timers.tick(120_000);
      expect(await late).to.equal("timeout");
    } finally {
      mock.timers.reset();
    }
    const again = sender.send(CALL);
    await new Promise((resolve) => setTimeout(resolve, 20));
    node.mine();
    expect((await again).blockNumber).to.equal(1);
    expect(node.landed.length).to.equal(1);
  });

  it("stops waiting where nobody wants the call any more, and where its time is over", async () => {
    let now = 1_000;
    const { sender, node } = open({ now: () => now });
    const purpose = new AbortController();
    const wanted = rejectionOf(sender.send(CALL, { signal: purpose.signal }));
    await until(() => node.pool.length === 1);
    purpose.abort();
    expect(await wanted).to.equal("closed");
    expect(await rejectionOf(sender.send(CALL, { signal: purpose.signal }))).to.equal("closed");
    expect(await rejectionOf(sender.pay(TO, 5n, { deadline: 1_000.05 }))).to.equal("timeout");
    now = 1_001;
    expect(await rejectionOf(sender.pay(TO, 6n, { deadline: 1_000.5 }))).to.equal("timeout");
    expect(node.pool.length, "what was too late was not sent").to.equal(2);
    sender.close();
  });

  it("leaves what is on its way to the next process, which joins it", async () => {
    const outbox = createMemoryOutbox();
    const { sender, node } = open({ outbox });
    const sent = rejectionOf(sender.send(CALL));
    await until(() => node.pool.length === 1);
    await new Promise((resolve) => setImmediate(resolve));
    sender.close();
    expect(await sent).to.equal("closed");
    const next = createSender(node.endpoint(), KEY, { outbox });
    const again = next.send(CALL);
    await new Promise((resolve) => setTimeout(resolve, 20));
    expect(node.pool.length).to.equal(1);
    node.mine();
    await until(() => outbox.entries().length === 0);
    expect((await again).blockNumber).to.equal(1);
  }).timeout(5_000);
});
