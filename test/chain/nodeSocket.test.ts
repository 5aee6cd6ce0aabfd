import { expect } from "chai";
import { afterEach, beforeEach, describe, it } from "mocha";
import { createNodeSocket, type NodeSocket } from "../../node/chain/endpoints/nodeSocket.ts";
import { until } from "../helpers/until.ts";
import { openWebSocketServer, type TextSocket, type WebSocketServer } from "../helpers/webSocketServer.ts";

describe("a node's socket", function () {
  this.timeout(5_000);
  let server: WebSocketServer;
  let socket: NodeSocket;
  let asked: string[];
  let block: number;
  let subscriber: TextSocket | undefined;

  beforeEach(async () => {
    asked = [];
    block = 7;
    server = await openWebSocketServer((text, client) => {
      const { id, method } = JSON.parse(text) as { id: number; method: string };
      asked.push(method);
      if (method === "eth_subscribe") subscriber = client;
      client.send(JSON.stringify({ jsonrpc: "2.0", id, result: `0x${block.toString(16)}` }));
    });
    socket = createNodeSocket(server.url, 2_000, 20);
  });
  afterEach(() => {
    socket.close();
    server.close();
  });

  const mine = (notifies: boolean): void => {
    block++;
    const notification = { jsonrpc: "2.0", method: "eth_subscription", params: { subscription: "0x1", result: {} } };
    if (notifies) subscriber?.send(JSON.stringify(notification));
  };
  const count = (method: string): number => asked.filter((each) => each === method).length;

  it("subscribes again, and tells of a block, where the node has forgotten the subscription", async () => {
    let blocks = 0;
    socket.onBlock(
      () => blocks++,
      (error) => expect.fail(error.message),
    );
    await until(() => count("eth_blockNumber") >= 2);
    const before = blocks;
    mine(false);
    await until(() => count("eth_subscribe") === 2);
    expect(blocks).to.be.at.least(before + 1);
    const told = blocks;
    mine(true);
    await until(() => blocks > told);
  });

  it("subscribes once where notifications come, and where nothing happens", async () => {
    socket.onBlock(
      () => undefined,
      (error) => expect.fail(error.message),
    );
    await until(() => count("eth_blockNumber") >= 1);
    mine(true);
    await until(() => count("eth_blockNumber") >= 5);
    expect(count("eth_subscribe")).to.equal(1);
  });
});
