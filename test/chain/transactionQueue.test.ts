import { expect } from "chai";
import fc from "fast-check";
import { describe, it } from "mocha";
import { toHex, type Hex } from "viem";
import { privateKeyToAccount } from "viem/accounts";
import { callKey } from "../../node/chain/sender.ts";
import type { SenderEvent } from "../../node/chain/sending/events.ts";
import type { Landing } from "../../node/chain/sending/flight.ts";
import { createMemoryOutbox, type Outbox } from "../../node/chain/sending/outbox.ts";
import { TransactionQueue, type Wish } from "../../node/chain/sending/queue.ts";
import { Signer } from "../../node/chain/sending/signing.ts";
import { keccakWords, type Address } from "../../node/core/bytes.ts";
import { rejectionOf } from "../helpers/errors.ts";
import { ModelNode, type Reception } from "../helpers/modelNode.ts";

const TO: Address = `0x${"0c".repeat(20)}`;
const GWEI = 10n ** 9n;
const account = privateKeyToAccount(keccakWords(1));

/** A process with a queue that a test kills and starts anew, on one disk and one chain. */
class Process {
  readonly node = new ModelNode();
  outbox: Outbox = createMemoryOutbox();
  readonly events: SenderEvent[] = [];
  now = 1_000;
  readonly cap: bigint;
  readonly confirmations: number;
  readonly keepBlocks: number;
  queue: TransactionQueue;

  constructor({ cap = 1_000n * GWEI, confirmations = 0, keepBlocks = 6 } = {}) {
    [this.cap, this.confirmations, this.keepBlocks] = [cap, confirmations, keepBlocks];
    this.queue = this.restart();
  }

  restart(): TransactionQueue {
    const endpoint = this.node.endpoint(this.confirmations);
    const signer = new Signer(account, endpoint.chainId);
    const { outbox, keepBlocks } = this;
    const options = { endpoint, signer, outbox, keepBlocks, maxFeePerGas: this.cap, now: () => this.now };
    this.queue = new TransactionQueue({ ...options, onEvent: (event) => this.events.push(event) });
    return this.queue;
  }

  wish(data: Hex): Wish {
    const { client } = this.node.endpoint();
    const call = { name: `call ${data}`, to: TO, data, value: 0n };
    return {
      key: callKey(TO, data, 0n),
      call,
      estimate: () => client.estimateGas({ account: account.address, to: TO, data }),
    };
  }

  /** Sends without waiting; what becomes of it shows on the chain. */
  async send(data: Hex): Promise<Landing | Error | undefined> {
    const flight = await this.queue.board(this.wish(data));
    if (flight.isReported) return flight.landing;
    let outcome: Landing | Error | undefined;
    flight.waiters.add({ settle: (settled) => (outcome = settled) });
    return outcome;
  }

  /** So many seconds with a block at the end of each. */
  async pass(blocks: number, seconds = 12): Promise<void> {
    for (let block = 0; block < blocks; block++) {
      this.now += seconds;
      this.node.mine();
      await this.queue.look();
    }
  }

  names(): string[] {
    return this.events.map(({ name }) => name);
  }
}

describe("a queue of one account's transactions", () => {
  it("has many on their way at once, with nonces in the order of the calls", async () => {
    const process = new Process();
    await Promise.all(["0x01", "0x02", "0x03", "0x04"].map((data) => process.send(data as Hex)));
    expect(process.node.pool.map(({ nonce, data }) => `${nonce} ${data}`)).to.deep.equal([
      "0 0x01",
      "1 0x02",
      "2 0x03",
      "3 0x04",
    ]);
    process.node.mine();
    expect(process.node.landed).to.deep.equal(["0x01", "0x02", "0x03", "0x04"]);
  });

  it("joins a call that is on its way, and sends it again once it is in a block", async () => {
    const process = new Process();
    await process.send("0x01");
    await process.send("0x01");
    expect(process.node.pool.length).to.equal(1);
    process.node.mine();
    await process.send("0x01");
    process.node.mine();
    expect(process.node.landed).to.deep.equal(["0x01", "0x01"]);
  });

  it("offers an eighth more, or what is usual by then, for what three blocks have left out", async () => {
    const process = new Process();
    await process.send("0x01");
    expect(process.node.pool[0]!.maxFeePerGas).to.equal(3n * GWEI);
    process.node.baseFee = 3n * GWEI + 1n;
    await process.pass(2);
    expect(process.names()).to.deep.equal([]);
    await process.pass(1);
    expect(process.names()).to.deep.equal(["transaction-replaced"]);
    expect(process.node.pool[0]!.maxFeePerGas).to.equal(7n * GWEI + 2n);
    expect(process.node.pool[0]!.maxPriorityFeePerGas).to.equal((GWEI * 1125n) / 1000n);
    await process.pass(1);
    expect(process.node.landed).to.deep.equal(["0x01"]);
  });

  it("offers more once, and not again and again, while the chain makes no block", async () => {
    const process = new Process();
    await process.send("0x01");
    const { maxPriorityFeePerGas } = process.node.pool[0]!;
    for (let seconds = 0; seconds < 3600; seconds += 2) {
      process.now += 2;
      await process.queue.look();
    }
    expect(process.names()).to.deep.equal(["transaction-replaced"]);
    expect(process.node.pool[0]!.maxPriorityFeePerGas).to.equal((maxPriorityFeePerGas * 1125n) / 1000n);
    await process.pass(1);
    expect(process.node.landed).to.deep.equal(["0x01"]);
  });

  it("has a version on the disk before any node, or sends the one before again", async () => {
    const process = new Process();
    await process.send("0x01");
    const first = process.node.pool[0]!.hash;
    const { put } = process.outbox;
    process.outbox.put = () => {
      throw new Error("the disk is full");
    };
    process.node.baseFee = 50n * GWEI;
    for (let block = 0; block < 8; block++) await process.pass(1).catch(() => undefined);
    expect(process.node.pool.map(({ hash }) => hash)).to.deep.equal([first]);
    process.outbox.put = put;
    await process.pass(40);
    expect(process.node.landed).to.deep.equal(["0x01"]);
  });

  it("sends nothing by an endpoint's word for a nonce that is far ahead", async () => {
    const process = new Process();
    process.node.pendingLies.push(1_000_000);
    expect(await rejectionOf(process.queue.board(process.wish("0x01")))).to.equal("chain-unreachable");
    await process.send("0x01");
    await process.pass(1);
    expect(process.node.landed).to.deep.equal(["0x01"]);
    expect(process.names()).to.deep.equal([]);
  });

  it("gives up what has a nonce that is far ahead, and pays for no nonce before it", async () => {
    const process = new Process();
    const sent = await process.queue.board(process.wish("0x01"));
    process.outbox.remove(0);
    const signer = new Signer(account, process.node.chainId);
    process.outbox.put(await signer.call({ ...sent.transaction, nonce: 500 }));
    process.node.emptyPool();
    process.restart();
    await process.pass(4);
    expect(process.names()).to.deep.equal(["transaction-overtaken"]);
    expect(process.outbox.entries()).to.deep.equal([]);
    expect(process.node.landed).to.deep.equal([]);
  });

  it("stops at the cap, says so once, and lands when gas is cheaper", async () => {
    const process = new Process({ cap: 4n * GWEI });
    await process.send("0x01");
    process.node.baseFee = 50n * GWEI;
    await process.pass(60);
    expect(process.names()).to.deep.equal(["transaction-replaced", "fee-cap"]);
    expect(process.node.pool[0]!.maxFeePerGas).to.equal(4n * GWEI);
    process.node.baseFee = 3n * GWEI;
    await process.pass(1);
    expect(process.node.landed).to.deep.equal(["0x01"]);
    expect(process.queue.flights.filter(({ isReported }) => !isReported)).to.deep.equal([]);
  });

  it("frees the nonce of a call that the contract would refuse by now, and tells who waits", async () => {
    const process = new Process();
    const flight = await process.queue.board(process.wish("0x01"));
    const outcomes: unknown[] = [];
    flight.waiters.add({ settle: (outcome) => outcomes.push((outcome as { code?: string }).code) });
    await process.send("0x02");
    process.node.baseFee = 4n * GWEI;
    process.node.refused.add("0x01");
    await process.pass(5);
    expect(outcomes[0]).to.equal("rejected");
    expect(process.names()).to.include("transaction-cancelled");
    expect(process.node.landed).to.deep.equal(["0x", "0x02"]);
  });

  it("frees the nonce of a call that nobody wants any more, unless it lands first or is wanted again", async () => {
    for (const again of [false, true]) {
      const process = new Process();
      const flight = await process.queue.board(process.wish("0x01"));
      flight.isUnwanted = true;
      process.node.baseFee = 4n * GWEI;
      if (again) await process.send("0x01");
      await process.pass(5);
      expect(process.node.landed).to.deep.equal([again ? "0x01" : "0x"]);
    }
  });

  it("cancels rather than pays more for what is stuck beyond its time, after a restart as before, unless it is wanted for longer", async () => {
    for (const again of [undefined, 1_001, 2_000]) {
      const process = new Process();
      await process.queue.board({ ...process.wish("0x01"), wantedUntil: 1_010 });
      if (again !== undefined) await process.queue.board({ ...process.wish("0x01"), wantedUntil: again });
      process.restart();
      process.node.baseFee = 4n * GWEI;
      await process.pass(5);
      expect(process.node.landed, String(again)).to.deep.equal([again === 2_000 ? "0x01" : "0x"]);
    }
  });

  it("waits for as many confirmations as are set, and forgets a transaction after as many blocks as it is told", async () => {
    const process = new Process({ confirmations: 2, keepBlocks: 4 });
    const flight = await process.queue.board(process.wish("0x01"));
    const outcomes: unknown[] = [];
    flight.waiters.add({ settle: (outcome) => outcomes.push(outcome) });
    await process.pass(2);
    expect(outcomes.length).to.equal(0);
    await process.send("0x01");
    expect(process.queue.flights.length, "the same call joins it until then").to.equal(1);
    await process.pass(1);
    expect(outcomes.length).to.equal(1);
    expect(process.outbox.entries().length).to.equal(1);
    await process.pass(2);
    expect(process.outbox.entries()).to.deep.equal([]);
  });

  it("fills the nonce of a transaction that nothing is known of, so that later ones do not wait for ever", async () => {
    const process = new Process();
    await process.send("0x01");
    await process.send("0x02");
    process.node.emptyPool();
    process.outbox.remove(0);
    process.restart();
    await process.pass(4);
    expect(process.names()).to.deep.equal(["nonce-filled"]);
    expect(process.node.landed).to.deep.equal(["0x", "0x02"]);
  });

  it("passes a nonce that another process has used, and gives up what was overtaken", async () => {
    const process = new Process();
    await process.send("0x01");
    const other = new TransactionQueue({
      endpoint: process.node.endpoint(),
      signer: new Signer(account, 5),
      outbox: createMemoryOutbox(),
      keepBlocks: 0,
      maxFeePerGas: 1_000n * GWEI,
      now: () => process.now,
      onEvent: () => undefined,
    });
    process.node.emptyPool();
    await other.board(process.wish("0x0f"));
    process.node.mine();
    await process.pass(3);
    expect(process.names()).to.deep.equal(["transaction-overtaken"]);
    await process.send("0x01");
    await process.pass(1);
    expect(process.node.landed).to.deep.equal(["0x0f", "0x01"]);
  });

  it("says how much is missing", async () => {
    const process = new Process();
    process.node.balance = 10n ** 14n;
    const gas = (50_000n * 5n) / 4n + 30_000n;
    const thrown = (await process.queue.board(process.wish("0x01")).catch((error: unknown) => error)) as Error;
    expect(thrown.message).to.contain(`at least ${gas * 3n * GWEI - 10n ** 14n} wei`);
    expect(process.outbox.entries()).to.deep.equal([]);
    process.node.balance = 10n ** 18n;
    await process.send("0x01");
    expect(process.node.pool.map(({ nonce }) => nonce)).to.deep.equal([0]);
  });

  it("keeps nothing of a call that the contract refuses at once", async () => {
    const process = new Process();
    process.node.refused.add("0x01");
    expect(await rejectionOf(process.queue.board(process.wish("0x01")))).to.equal("rejected");
    expect(process.outbox.entries()).to.deep.equal([]);
  });
});

/** An outbox on a disk that outlives its process, which dies at the n-th access from now on. */
class DyingOutbox implements Outbox {
  readonly #disk: Outbox;
  left = Infinity;

  constructor(disk: Outbox) {
    this.#disk = disk;
  }

  entries(): ReturnType<Outbox["entries"]> {
    return this.#disk.entries();
  }

  put(...[transaction]: Parameters<Outbox["put"]>): void {
    this.#live();
    this.#disk.put(transaction);
    this.#live();
  }

  remove(nonce: number): void {
    this.#live();
    this.#disk.remove(nonce);
    this.#live();
  }

  #live(): void {
    if (this.left-- <= 0) throw new Error("killed");
  }
}

type Step =
  | { readonly type: "send"; readonly call: number; readonly reception: Reception }
  | { readonly type: "block"; readonly most: number; readonly seconds: number }
  | { readonly type: "fee"; readonly gwei: number }
  | { readonly type: "drop" }
  | { readonly type: "reorganise"; readonly depth: number; readonly lost: boolean }
  | { readonly type: "kill"; readonly accesses: number };

const CALLS = 6;
const step: fc.Arbitrary<Step> = fc.oneof(
  {
    weight: 4,
    arbitrary: fc.record({
      type: fc.constant("send" as const),
      call: fc.integer({ min: 1, max: CALLS }),
      reception: fc.constantFrom<Reception>(
        "takes it",
        "takes it",
        "takes it and does not answer",
        "loses it",
        "does not answer",
      ),
    }),
  },
  {
    weight: 4,
    arbitrary: fc.record({
      type: fc.constant("block" as const),
      most: fc.constantFrom(0, 1, 2, Infinity),
      seconds: fc.constantFrom(1, 5, 12),
    }),
  },
  fc.record({ type: fc.constant("fee" as const), gwei: fc.constantFrom(1, 2, 5, 20) }),
  fc.record({ type: fc.constant("drop" as const) }),
  fc.record({ type: fc.constant("reorganise" as const), depth: fc.integer({ min: 1, max: 4 }), lost: fc.boolean() }),
  fc.record({ type: fc.constant("kill" as const), accesses: fc.integer({ min: 0, max: 3 }) }),
);

describe("whatever chain and process do", () => {
  /** Wants each call until it has landed, as the protocol does: looks at the chain, and sends what is not there. */
  async function live(steps: readonly Step[]): Promise<Process> {
    const process = new Process({ keepBlocks: 8 });
    const disk = createMemoryOutbox();
    const wanted = new Set<Hex>();
    const boot = (left: number): void => {
      const outbox = new DyingOutbox(disk);
      process.outbox = outbox;
      process.restart();
      outbox.left = left;
    };
    boot(Infinity);
    /** Dying is all that may go wrong. */
    const survive = async (work: () => Promise<unknown>): Promise<void> => {
      try {
        await work();
      } catch (error) {
        if (!/killed|socket hang up/.test(String(error))) throw error;
        boot(Infinity);
      }
    };
    const ask = (data: Hex): Promise<void> =>
      survive(async () => (process.node.landed.includes(data) ? undefined : process.send(data)));
    for (const one of steps) {
      if (one.type === "send") {
        wanted.add(toHex(one.call, { size: 1 }));
        process.node.receive(one.reception);
        await ask(toHex(one.call, { size: 1 }));
      } else if (one.type === "block") {
        process.now += one.seconds;
        process.node.mine(one.most);
        await survive(() => process.queue.look());
      } else if (one.type === "fee") process.node.baseFee = BigInt(one.gwei) * GWEI;
      else if (one.type === "drop") process.node.emptyPool();
      else if (one.type === "reorganise") process.node.reorganise(one.depth, one.lost ? "are lost" : "wait again");
      else boot(one.accesses);
    }
    boot(Infinity);
    for (let block = 0; block < 40; block++) {
      for (const data of wanted) await ask(data);
      process.now += 12;
      process.node.mine();
      await process.queue.look();
    }
    expect([...process.node.landed].filter((data) => data !== "0x").sort()).to.deep.equal([...wanted].sort());
    expect(process.queue.flights).to.deep.equal([]);
    expect(disk.entries()).to.deep.equal([]);
    return process;
  }

  it("lands every wanted call once, and forgets it, in 40 blocks after the last fault", async function () {
    this.timeout(60_000);
    await fc.assert(
      fc.asyncProperty(fc.array(step, { maxLength: 30 }), async (steps) => void (await live(steps))),
      { seed: 5, numRuns: 300 },
    );
  });
});
