import { expect } from "chai";
import { after, before, describe, it } from "mocha";
import type { ChainSnapshot, JobChain } from "../../node/chain/chain.ts";
import { openEndpoint, type Endpoint } from "../../node/chain/endpoint.ts";
import { createJobWatcher } from "../../node/chain/jobWatcher.ts";
import { createSender, type Sender } from "../../node/chain/sender.ts";
import type { SenderEvent } from "../../node/chain/sending/events.ts";
import { createMemoryOutbox } from "../../node/chain/sending/outbox.ts";
import { createJobChain } from "../../node/chain/viemJob.ts";
import { parseJobSpec } from "../../node/daemon/job/jobSpec.ts";
import { findAnvil, startAnvil, type Anvil } from "../helpers/anvil.ts";
import { until } from "../helpers/until.ts";
import { openRelay } from "./relay.ts";
import { openJob, openTestChain, smallJob, type OpenJob, type TestChain } from "./testChain.ts";

const MEMBERS = 3;
const PHASES = {
  join: 600,
  commit: 60,
  share: 60,
  slot: 10,
  demand: 10,
  challenge: 30,
  score: 30,
  unbond: 300,
  blocks: 2,
};

const anvilBinary = findAnvil();
const absence = anvilBinary === undefined ? " (skipped: no anvil here; npm has one for Linux on x64)" : "";

describe(`a job's chain that is reorganised${absence}`, function () {
  this.timeout(60_000);
  let anvil: Anvil;
  let chain: TestChain;
  let job: OpenJob;
  const opened: Endpoint[] = [];

  /** The job as its first member sees it, through two ways to one node. */
  async function view(
    confirmations = 0,
  ): Promise<{ job: JobChain; sender: Sender; snapshots: ChainSnapshot[]; events: SenderEvent[] }> {
    const urls = `${anvil.httpUrl},${anvil.socketUrl}`;
    const endpoint = await openEndpoint(urls, 31337, { confirmations });
    opened.push(endpoint);
    const events: SenderEvent[] = [];
    const options = {
      outbox: createMemoryOutbox(),
      keepBlocks: 8,
      onEvent: (event: SenderEvent) => events.push(event),
    };
    const sender = createSender(endpoint, job.accounts[0]!.operatorKey, options);
    const watcher = createJobWatcher(endpoint, job.addresses);
    const seen = createJobChain(endpoint, job.addresses, job.terms, sender, watcher);
    const snapshots: ChainSnapshot[] = [];
    seen.watch(
      (snapshot) => snapshots.push(snapshot),
      () => undefined,
    );
    await until(() => snapshots.length > 0);
    return { job: seen, sender, snapshots, events };
  }

  before(async function () {
    if (anvilBinary === undefined) return this.skip();
    anvil = await startAnvil(anvilBinary);
    chain = await openTestChain(() => Promise.resolve(anvil));
    job = await openJob(chain, parseJobSpec(smallJob(MEMBERS, 1, PHASES)), MEMBERS, 5);
  });
  after(async () => {
    for (const endpoint of opened) await endpoint.close();
    await chain?.stop();
  });

  it("rolls snapshots back, and mends a call that was taken back without being asked again", async () => {
    const { job: seen, snapshots, events } = await view();
    const { phase: before } = snapshots.at(-1)!.view;
    await seen.advance();
    await until(() => snapshots.at(-1)!.view.phase !== before);
    const { view: after } = snapshots.at(-1)!;
    await anvil.rpc("anvil_reorg", 1, []);
    await until(() => snapshots.at(-1)!.generation === 1);
    const back = snapshots.find(({ generation }) => generation === 1)!;
    expect(back.view.phase).to.equal(before);
    expect(back.view.blockNumber).to.equal(after.blockNumber);
    await until(() => snapshots.at(-1)!.view.phase === after.phase);
    expect(events.map(({ name }) => name)).to.deep.equal(["transaction-taken-back"]);
    const heights = snapshots.map(({ view: { blockNumber } }) => blockNumber);
    expect(heights).to.deep.equal(heights.toSorted((left, right) => left - right));
  });

  it("shows and tells at a depth of confirmations what has them, in spite of a shallower reorganisation", async () => {
    const newest = async (): Promise<number> => Number(await anvil.rpc("eth_blockNumber"));
    const shown = async (): Promise<void> => {
      const head = await newest();
      await until(() => snapshots.at(-1)!.view.blockNumber === head - 2);
    };
    await anvil.rpc("anvil_mine", "0x3");
    const { job: seen, snapshots } = await view(2);
    await shown();
    const start = await newest();
    let isSent = false;
    const sent = seen.setContact("/ip4/127.0.0.1/tcp/4001").finally(() => (isSent = true));
    while ((await newest()) === start) await new Promise((resolve) => setTimeout(resolve, 10));
    await shown();
    expect(await anvil.reorganise(1, "wait again")).to.equal(1);
    await anvil.rpc("evm_mine");
    await shown();
    expect(isSent).to.equal(false);
    await anvil.rpc("evm_mine");
    expect((await sent).blockNumber).to.equal(start + 2);
    await shown();
    expect(snapshots.at(-1)!.generation).to.equal(0);
  });

  it("is followed and sent to without a break while one of two endpoints is gone, and read there again later", async () => {
    const relay = await openRelay(Number(new URL(anvil.httpUrl).port));
    const events: string[] = [];
    const endpoint = await openEndpoint(`http://127.0.0.1:${relay.port},${anvil.socketUrl}`, 31337, {
      onEvent: ({ name }) => events.push(name),
    });
    opened.push(endpoint);
    const heads: number[] = [];
    endpoint.onBlock(
      ({ number }) => heads.push(number),
      () => heads.push(-1),
    );
    const sender = createSender(endpoint, job.accounts[1]!.operatorKey);
    await until(() => heads.length > 0);
    relay.cut();
    const { blockNumber } = await sender.pay(job.accounts[0]!.operator, 1n);
    await until(() => heads.at(-1) === blockNumber);
    expect(heads).to.not.include(-1);
    expect(events).to.deep.equal(["endpoint-down", "endpoint-used"]);
    expect(endpoint.status().map(({ state }) => state)).to.deep.equal(["down", "used"]);
    relay.mend();
    await until(() => events.includes("endpoint-back"));
    relay.close();
  });
});
