import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { expect } from "chai";
import fc from "fast-check";
import { after, before, describe, it } from "mocha";
import { BaseError, createPublicClient, custom } from "viem";
import { checkAnswer } from "../../node/chain/endpoints/answers.ts";
import { openEndpoint, type Endpoint } from "../../node/chain/endpoint.ts";
import { toHead, type Head } from "../../node/chain/endpoints/head.ts";
import { openNode } from "../../node/chain/endpoints/node.ts";
import { readTerms } from "../../node/chain/viemJob.ts";
import { readHistory } from "../../node/chain/history.ts";
import { readRound } from "../../node/chain/snapshots.ts";
import { readMembership } from "../../node/chain/accounts.ts";
import { keccakWords } from "../../node/core/bytes.ts";
import { PacelineError } from "../../node/core/errors.ts";
import { openSocketServer } from "../helpers/socketServer.ts";

const JOB = `0x${"0b".repeat(20)}` as const;
const quantity = fc.bigInt({ min: 0n, max: 2n ** 300n }).map((value) => `0x${value.toString(16)}`);
const bytes = fc.uint8Array({ maxLength: 200 }).map((data) => `0x${Buffer.from(data).toString("hex")}`);
const anything = fc.oneof(fc.jsonValue(), quantity, bytes, fc.constant("0x"), fc.constant("0x0"));
const header = fc.record(
  { number: anything, hash: anything, parentHash: anything, timestamp: anything, baseFeePerGas: anything },
  { requiredKeys: [] },
);
const log = fc.record(
  {
    address: anything,
    topics: fc.array(anything),
    data: anything,
    blockNumber: anything,
    blockHash: anything,
    logIndex: anything,
  },
  { requiredKeys: [] },
);
const result = fc.oneof(anything, header, log, fc.array(log));
const error = fc.oneof(fc.jsonValue(), fc.record({ code: anything, message: anything, data: anything }));
const envelope = fc.oneof(
  { weight: 5, arbitrary: fc.record({ jsonrpc: fc.constant("2.0"), id: fc.constant(1), result }) },
  fc.record({ id: fc.jsonValue(), error }),
  fc.jsonValue(),
);
const body = fc.oneof(
  { weight: 9, arbitrary: envelope.map((value) => JSON.stringify(value)) },
  fc.string(),
  envelope.map((value) => JSON.stringify(value).slice(0, -1)),
);

describe("an endpoint that answers anything", () => {
  let server: Server;
  let next = { status: 200, type: "application/json", text: "" };
  let endpoint: Endpoint;
  let url: string;

  before(async () => {
    server = createServer((request, response) => {
      request.resume();
      response.writeHead(next.status, { "content-type": next.type }).end(next.text);
    });
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
    next.text = JSON.stringify({ jsonrpc: "2.0", id: 1, result: "0x5" });
    endpoint = await openEndpoint(url);
  });
  after(async () => {
    await endpoint.close();
    server.close();
  });

  it("is told by an error of viem's or Paceline's, whatever it says, and the next right answer is read", async function () {
    this.timeout(20_000);
    const node = openNode(url, 5_000);
    const methods = ["eth_getBlockByNumber", "eth_getLogs", "eth_call", "eth_getTransactionReceipt", "eth_feeHistory"];
    const asked = fc.record({
      method: fc.constantFrom(...methods),
      status: fc.constantFrom(200, 200, 200, 429, 500),
      type: fc.constantFrom("application/json", "text/html"),
      text: body,
    });
    await fc.assert(
      fc.asyncProperty(asked, async ({ method, ...answer }) => {
        next = answer;
        await node.request(method, []).catch((thrown: unknown) => {
          if (!(thrown instanceof BaseError)) throw thrown;
        });
      }),
      { seed: 5, numRuns: 400 },
    );
    next = { status: 200, type: "application/json", text: JSON.stringify({ id: 1, result: "0x07" }) };
    expect(await node.request("eth_call", [])).to.equal("0x07");
  });

  it("fails every read of a job as an error that has a name, and never returns what has not the right form", async function () {
    this.timeout(20_000);
    const reads: ((endpoint: Endpoint) => Promise<unknown>)[] = [
      (one) => readTerms(one, JOB),
      (one) => readRound(one, JOB),
      (one) => readHistory(one, { job: JOB, fromBlock: 0 }, 1),
      (one) => readMembership(one, JOB, JOB),
    ];
    const node = openNode(url, 5_000);
    // Without the pool's pauses between its passes.
    const request = ({ method, params }: { method: string; params: unknown }): Promise<unknown> =>
      node.request(method, params);
    const client = createPublicClient({ transport: custom({ request }, { retryCount: 0 }), cacheTime: 0 });
    const head = async (): Promise<Head> => toHead(await node.request("eth_getBlockByNumber", ["latest", false]));
    const direct: Endpoint = { ...endpoint, head, client: client as Endpoint["client"] };
    await fc.assert(
      fc.asyncProperty(fc.constantFrom(...reads), envelope, async (read, answer) => {
        next = { status: 200, type: "application/json", text: JSON.stringify(answer) };
        await read(direct).catch((thrown: unknown) => {
          if (!(thrown instanceof BaseError) && !(thrown instanceof PacelineError)) throw thrown;
        });
      }),
      { seed: 6, numRuns: 200 },
    );
  });

  it("is told by an error over a WebSocket too, which is opened anew after what is no JSON-RPC", async function () {
    this.timeout(20_000);
    let text = "";
    const sockets = await openSocketServer((id) => text.replaceAll('"ID"', String(id)));
    const node = openNode(sockets.url, 200);
    const answer = fc.oneof(
      fc.record({ id: fc.constant("ID"), result }).map((value) => JSON.stringify(value)),
      fc.record({ id: fc.constant("ID"), error }).map((value) => JSON.stringify(value)),
      fc.jsonValue().map((value) => JSON.stringify(value)),
      fc.string(),
    );
    await fc.assert(
      fc.asyncProperty(
        fc.constantFrom("eth_call", "eth_getLogs", "eth_getBlockByNumber"),
        answer,
        async (method, one) => {
          text = one.slice(0, 10_000);
          await node.request(method, []).catch((thrown: unknown) => {
            if (!(thrown instanceof BaseError)) throw thrown;
          });
        },
      ),
      { seed: 7, numRuns: 60 },
    );
    text = '{"id":"ID","result":"0x07"}';
    const once = (): Promise<unknown> => node.request("eth_call", []).catch(() => undefined);
    const answers = [await once(), await once(), await once()];
    node.close();
    sockets.close();
    expect(answers[2]).to.equal("0x07");
  });

  it("does not hold a caller longer than its timeout when it stalls in the middle of an answer", async () => {
    const stalling = createServer((request, response) => {
      request.resume();
      response.writeHead(200, { "content-type": "application/json" }).write('{"jsonrpc":"2.0",');
    });
    await new Promise<void>((resolve) => stalling.listen(0, "127.0.0.1", resolve));
    const { port } = stalling.address() as AddressInfo;
    const thrown: unknown = await openNode(`http://127.0.0.1:${port}/key-of-a-provider`, 100)
      .request("eth_chainId", [])
      .catch((error_: unknown) => error_);
    stalling.closeAllConnections();
    stalling.close();
    expect((thrown as Error).name).to.equal("TimeoutError");
    expect((thrown as Error).message).to.not.contain("key-of-a-provider");
  });
});

describe("the form of answers", () => {
  const word = keccakWords(3);
  const right = { number: "0x10", hash: word, parentHash: word, timestamp: "0x65" };

  it("lets through what nodes say", () => {
    expect(checkAnswer("eth_getBlockByNumber", right, "node")).to.equal(right);
    expect(checkAnswer("eth_getBlockByNumber", null, "node")).to.equal(null);
    expect(checkAnswer("eth_call", "0x", "node")).to.equal("0x");
    expect(checkAnswer("anvil_reorg", { any: 1 }, "node")).to.deep.equal({ any: 1 });
  });

  it("names node, method and field of what it does not", () => {
    const wrong = { ...right, number: "0xffffffffffffffff" };
    expect(() => checkAnswer("eth_getBlockByNumber", wrong, "node")).to.throw(
      /node answered eth_getBlockByNumber .* number: /,
    );
    expect(() => checkAnswer("eth_call", "0x1", "node")).to.throw(/the answer: /);
    expect(() => checkAnswer("eth_getTransactionReceipt", { ...right, status: "0x2" }, "node")).to.throw();
  });
});
