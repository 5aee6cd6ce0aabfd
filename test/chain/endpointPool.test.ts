import { expect } from "chai";
import { describe, it } from "mocha";
import type { EndpointEvent } from "../../node/chain/endpoints/events.ts";
import { EndpointPool } from "../../node/chain/endpoints/pool.ts";
import { messageOf } from "../../node/core/errors.ts";
import { rejectionOf } from "../helpers/errors.ts";
import { FakeNode, rpcError } from "../helpers/fakeNode.ts";

const CALL = { method: "eth_call", params: [{}, "0x60"] };
const SEND = { method: "eth_sendRawTransaction", params: ["0x02"] };

const PATIENCE_MS = 20;

/** A pool of so many endpoints, by a clock that the test moves. */
function openPool(count: number, confirmations = 0) {
  const nodes = Array.from({ length: count }, (_, index) => new FakeNode(`node ${index}`));
  const events: EndpointEvent[] = [];
  const clock = { now: 1_000 };
  const pool = new EndpointPool(nodes, {
    chainId: 5,
    confirmations,
    onEvent: (event) => events.push(event),
    now: () => clock.now,
    patienceMs: PATIENCE_MS,
  });
  const told = (): string[] =>
    events.splice(0).map(({ name, facts }) => `${name} ${(facts["endpoint"] as string | undefined) ?? ""}`);
  return { pool, nodes: nodes as [FakeNode, FakeNode, ...FakeNode[]], clock, events, told };
}

const messageFrom = (promise: Promise<unknown>): Promise<string> => promise.then(String, messageOf);

describe("several endpoints that act as one", () => {
  it("reads from the first while it answers, at once from the next when it does not, and goes back later", async () => {
    const { pool, nodes, clock, told } = openPool(2);
    const [first, second] = nodes;
    [first.state, second.state] = ["0x0a", "0x0b"];
    expect(await pool.request(CALL)).to.equal("0x0a");
    expect(second.asked).to.deep.equal([]);
    first.isDown = true;
    expect(await pool.request(CALL)).to.equal("0x0b");
    expect(told()).to.deep.equal(["endpoint-down node 0"]);
    const tried = first.asked.length;
    expect(await pool.request(CALL)).to.equal("0x0b");
    expect(first.asked.length, "not asked again at once").to.equal(tried);
    first.isDown = false;
    clock.now += 1_001;
    second.isDown = true;
    expect(await pool.request(CALL)).to.equal("0x0a");
  });

  it("asks the next one beside one that takes a question and hangs, and that one first until the other answers again", async () => {
    const { pool, nodes, told } = openPool(2);
    const [first, second] = nodes;
    [first.state, second.state] = ["0x0a", "0x0b"];
    expect(await pool.request(CALL)).to.equal("0x0a");
    first.isSilent = true;
    expect(await pool.request(CALL)).to.equal("0x0b");
    expect(told()).to.deep.equal(["endpoint-down node 0"]);
    const tried = first.asked.length;
    expect(await pool.request(CALL)).to.equal("0x0b");
    expect(first.asked.length, "is not waited for again").to.equal(tried);
  });

  it("waits for the last one's own end, and for a log as long as it takes", async () => {
    const { pool, nodes } = openPool(2);
    const [first, second] = nodes;
    second.isDown = true;
    first.isSilent = true;
    first.state = "0x0a";
    const late = pool.request(CALL);
    await new Promise((resolve) => setTimeout(resolve, 3 * PATIENCE_MS));
    first.speak();
    expect(await late).to.equal("0x0a");
    second.isDown = false;
    first.isSilent = true;
    const log = pool.request({ method: "eth_getLogs", params: [{}] });
    await new Promise((resolve) => setTimeout(resolve, 3 * PATIENCE_MS));
    expect(second.asked).not.to.include("eth_getLogs");
    first.speak();
    expect(await messageFrom(log)).to.include("no such method");
  });

  it("waits longer with each failure before it tries an endpoint again, up to a minute", async () => {
    const { pool, nodes, clock } = openPool(2);
    nodes[0].isDown = true;
    const tries: number[] = [];
    for (let second = 0; second < 400; second++, clock.now += 1_000) {
      const before = nodes[0].asked.length;
      await pool.probe();
      if (nodes[0].asked.length > before) tries.push(second);
    }
    expect(tries.slice(0, 6)).to.deep.equal([0, 1, 3, 7, 15, 31]);
    expect(tries[8]! - tries[7]!).to.equal(60);
  });

  it("asks an endpoint that only just failed where no other is left", async () => {
    const { pool, nodes } = openPool(2);
    for (const node of nodes) node.isDown = true;
    expect(await messageFrom(pool.request(CALL))).to.contain("no connection");
    nodes[1].isDown = false;
    expect(await pool.request(CALL)).to.equal("0x01");
  });

  it("takes a contract's refusal for an answer, and asks elsewhere what a node has pruned or limits", async () => {
    const { pool, nodes } = openPool(2);
    nodes[0].state = rpcError(3, "execution reverted");
    expect(await messageFrom(pool.request(CALL))).to.contain("execution reverted");
    expect(nodes[1].asked).to.deep.equal([]);
    for (const problem of [rpcError(-32000, "missing trie node 1a"), rpcError(-32000, "header not found")]) {
      nodes[0].state = problem;
      expect(await pool.request(CALL)).to.equal("0x01");
    }
    nodes[0].state = rpcError(-32005, "limit exceeded");
    expect(await pool.request(CALL)).to.equal("0x01");
    nodes[0].state = "0x0a";
    expect(await pool.request(CALL), "the one that limits is left alone for a while").to.equal("0x01");
  });

  it("does not read from an endpoint that is more than 3 blocks behind", async () => {
    const { pool, nodes, told } = openPool(2);
    await pool.probe();
    nodes[1].height = 103;
    await pool.probe();
    expect((await pool.head()).number).to.equal(100);
    nodes[1].height = 104;
    await pool.probe();
    expect((await pool.head()).number).to.equal(104);
    expect(told()).to.deep.equal(["endpoint-lags node 0", "endpoint-used node 1"]);
    expect(pool.status().map(({ state }) => state)).to.deep.equal(["behind", "used"]);
  });

  it("does not let one of three lie itself far ahead of the others", async () => {
    const { pool, nodes } = openPool(3);
    nodes[2]!.height = 1_000_000;
    await pool.probe();
    expect((await pool.head()).number).to.equal(100);
  });

  it("sends transactions to all, and needs one that takes them", async () => {
    const { pool, nodes } = openPool(3);
    nodes[0].isDown = true;
    nodes[1].refusal = rpcError(-32000, "already known");
    await pool.request(SEND);
    expect(nodes[2]!.sent).to.deep.equal(["0x02"]);
  });

  it("takes a refusal for final only where no endpoint may have taken the transaction unheard", async () => {
    const { pool, nodes } = openPool(2);
    nodes[0].refusal = rpcError(-32000, "insufficient funds");
    nodes[1].isDown = true;
    expect(await messageFrom(pool.request(SEND)), "it may have come through").to.contain("no connection");
    expect(await messageFrom(pool.request(SEND)), "known to be down").to.contain("insufficient funds");
  });

  it("leaves who contradicts the majority until it no longer does", async () => {
    const { pool, nodes, events, told } = openPool(3);
    nodes[0].fork = 50;
    nodes[0].branch = 7;
    await pool.probe();
    expect(events[0]!.text).to.contain("disagree about block 97: node 0 says");
    expect(told()).to.deep.equal(["endpoints-disagree ", "endpoint-used node 1"]);
    await pool.request(CALL);
    await pool.request(SEND);
    expect(nodes[0].asked).to.not.include("eth_call");
    nodes[0].branch = 0;
    await pool.probe();
    expect(told()).to.deep.equal(["endpoints-agree node 0"]);
  });

  it("sends nothing either where the one that contradicts says that it is ahead of the other", async () => {
    const { pool, nodes, told } = openPool(2);
    nodes[1].height = 104;
    nodes[1].fork = 90;
    nodes[1].branch = 7;
    await pool.probe();
    expect(told()).to.include("endpoints-disagree ");
    expect(await messageFrom(pool.request(SEND))).to.match(/contradict|disagree/);
    nodes[1].branch = 0;
    await pool.probe();
    await pool.request(SEND);
  });

  it("sends nothing while two endpoints contradict each other, and says who says what", async () => {
    const { pool, nodes, events, told } = openPool(2);
    nodes[1].fork = 97;
    nodes[1].branch = 7;
    await pool.probe();
    expect(events, "differences in the newest three blocks are usual").to.deep.equal([]);
    nodes[1].fork = 96;
    await pool.probe();
    expect(events[0]!.text).to.contain(`node 0 says ${nodes[0].hashOf(97)}, node 1 says ${nodes[1].hashOf(97)}`);
    expect(await rejectionOf(pool.request(SEND))).to.equal("endpoints-disagree");
    expect(nodes.flatMap(({ sent }) => sent)).to.deep.equal([]);
    expect(await pool.request(CALL), "reads go on").to.equal("0x01");
    told();
    nodes[1].branch = 0;
    await pool.probe();
    await pool.request(SEND);
    expect(told()).to.deep.equal(["endpoints-agree "]);
  });

  it("notices an endpoint that has the right blocks and lies about what is in them", async () => {
    const { pool, nodes, events } = openPool(3);
    nodes[0].state = "0xbad0";
    pool.compareLater(CALL);
    await pool.probe();
    expect(events[0]!.text).to.contain("disagree about a job's state: node 0 says 0xbad0");
    expect(await pool.request(CALL)).to.equal("0x01");
  });

  it("does not use an endpoint that comes back with another chain", async () => {
    const { pool, nodes, clock, told } = openPool(2);
    await pool.probe();
    nodes[0].isDown = true;
    await pool.probe();
    told();
    nodes[0].isDown = false;
    nodes[0].chainId = 6;
    clock.now += 60_000;
    await pool.probe();
    expect(told()).to.deep.equal(["endpoints-disagree node 0"]);
    nodes[1].isDown = true;
    expect(await messageFrom(pool.request(CALL))).to.contain("no connection");
    expect(nodes[0].asked).to.not.include("eth_call");
    nodes[0].chainId = 5;
    clock.now += 60_000;
    expect(await pool.request(CALL)).to.equal("0x01");
  });
});
