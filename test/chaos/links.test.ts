import { expect } from "chai";
import { once } from "node:events";
import { connect, createServer, type AddressInfo, type Server, type Socket } from "node:net";
import { afterEach, beforeEach, describe, it } from "mocha";
import { seededRandom } from "../../node/core/random.ts";
import { until } from "../helpers/until.ts";
import { lateness, Links } from "./links.ts";

/** Gives these numbers in turn, and then the last one for ever. */
function sequence(...numbers: readonly number[]): () => number {
  let next = 0;
  return () => numbers[Math.min(next++, numbers.length - 1)]!;
}

describe("a lossy line", () => {
  it("delays what is not lost by its delay alone", () => {
    expect(lateness(10_000, { delayMs: 100, loss: 0.3, uniform: () => 0.3 })).to.equal(100);
  });

  it("sends a lost segment again after 200 ms, then after twice as long", () => {
    const line = { delayMs: 100, loss: 0.3 };
    expect(lateness(1448, { ...line, uniform: sequence(0.29, 0.9) })).to.equal(300);
    expect(lateness(1448, { ...line, uniform: sequence(0, 0, 0, 0.9) })).to.equal(100 + 200 + 400 + 800);
  });

  it("is as late as the latest segment of a piece, for they are all under way at once", () => {
    const uniform = sequence(0.9, 0, 0.9, 0, 0, 0.9);
    expect(lateness(3 * 1448, { delayMs: 10, loss: 0.5, uniform })).to.equal(10 + 600);
  });
});

/** Not events.once: that rejects at the error before. */
const closed = (socket: Socket): Promise<void> => new Promise((resolve) => socket.once("close", () => resolve()));

describe("links between daemons", () => {
  let server: Server;
  let links: Links;
  let clients: Socket[];

  beforeEach(async () => {
    clients = [];
    server = createServer((socket) => socket.on("error", () => undefined).pipe(socket));
    server.listen(0, "127.0.0.1");
    await once(server, "listening");
    links = await Links.open([(server.address() as AddressInfo).port]);
  });
  afterEach(() => {
    for (const client of clients) client.destroy();
    links.close();
    server.close();
  });

  const dial = (member: number): Socket => {
    const options = { host: "127.0.0.1", port: links.portOf(0), localAddress: Links.sourceOf(member) };
    const client = connect(options).on("error", () => undefined);
    clients.push(client);
    return client;
  };
  const echoOf = async (client: Socket, text: string): Promise<string> => {
    client.write(text);
    let echo = "";
    while (echo.length < text.length) echo += String((await once(client, "data"))[0]);
    return echo;
  };

  it("carry bytes both ways, in order, also where some are delayed", async () => {
    const client = dial(1);
    expect(await echoOf(client, "one")).to.equal("one");
    const uniform = sequence(0, 0.9);
    links.set(() => ({ delayMs: 5, loss: 0.5, uniform }));
    const echo = echoOf(client, "twothree");
    links.set(() => "open");
    expect(await echo).to.equal("twothree");
  });

  it("keep the order of what is late by odd times", async () => {
    const client = dial(1);
    const random = seededRandom(1);
    links.set(() => ({ delayMs: 3.7, loss: 0, uniform: () => random.uniform() }));
    const pieces = Array.from({ length: 300 }, (_, index) => `${index} `);
    let echo = "";
    client.on("data", (data: Buffer) => (echo += data.toString()));
    for (const piece of pieces) {
      client.write(piece);
      await new Promise(setImmediate);
    }
    await until(() => echo.length >= pieces.join("").length);
    expect(echo).to.equal(pieces.join(""));
  });

  it("are cut for those that the test says, and for nobody else", async () => {
    const [one, two] = [dial(1), dial(2)];
    expect(await echoOf(one, "1")).to.equal("1");
    expect(await echoOf(two, "2")).to.equal("2");
    links.set((from) => (from === 1 ? "cut" : "open"));
    await closed(one);
    expect(await echoOf(two, "still here")).to.equal("still here");
    await closed(dial(1));
    links.set(() => "open");
    expect(await echoOf(dial(1), "back")).to.equal("back");
  });
});
