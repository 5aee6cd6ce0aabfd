import { equal, deepEqual, throws } from "node:assert/strict";
import { Writable } from "node:stream";
import type { MessageStream } from "@libp2p/interface";
import { Uint8ArrayList } from "uint8arraylist";
import { bundle, cork } from "../../node/network/sendingByTurns.ts";

type Connection = Pick<MessageStream, "send" | "status" | "writableNeedsDrain">;

/** What a connection below a muxer was given, as libp2p's own behaves: it refuses to send once it closes. */
class Below implements Connection {
  isBroken = false;
  status: Connection["status"] = "open";
  writableNeedsDrain = false;
  readonly sent: Uint8Array[] = [];

  send(data: Uint8Array | Uint8ArrayList): boolean {
    if (this.isBroken || this.status !== "open") throw new Error(`the connection is ${this.status}`);
    this.sent.push(data.subarray().slice());
    return !this.writableNeedsDrain;
  }
}

const nextTurn = (): Promise<void> =>
  new Promise((resolve) => {
    setImmediate(resolve);
  });

const bytes = (...values: number[]): Uint8Array => Uint8Array.from(values);

describe("sending by turns", () => {
  it("sends as one piece and in order what is given in one turn, microtasks included", async () => {
    const below = new Below();
    bundle(below);
    equal(below.send(bytes(1, 2)), true);
    below.send(new Uint8ArrayList(bytes(3), bytes(4)));
    await Promise.resolve();
    below.send(bytes(5));
    deepEqual(below.sent, []);
    await nextTurn();
    deepEqual(below.sent, [bytes(1, 2, 3, 4, 5)]);
    below.send(bytes(6));
    await nextTurn();
    deepEqual(below.sent, [bytes(1, 2, 3, 4, 5), bytes(6)]);
  });

  it("lets large data go at once, behind what waits already, and not a second time", async () => {
    const below = new Below();
    bundle(below);
    below.send(bytes(1));
    below.send(new Uint8Array(65_519).fill(2));
    equal(below.sent.length, 1);
    equal(below.sent[0]?.length, 65_520);
    equal(below.sent[0][0], 1);
    await nextTurn();
    equal(below.sent.length, 1);
  });

  it("holds the muxer back for as long as the connection is full", async () => {
    const below = new Below();
    bundle(below);
    below.writableNeedsDrain = true;
    equal(below.send(bytes(1)), false);
    await nextTurn();
    below.writableNeedsDrain = false;
    equal(below.send(bytes(2)), true);
  });

  it("sends what waits when it is told that the end has come, and then says what is wrong with sending more", async () => {
    const below = new Below();
    const flush = bundle(below);
    below.send(bytes(1));
    flush();
    below.status = "closed";
    deepEqual(below.sent, [bytes(1)]);
    throws(() => below.send(bytes(2)), /closed/);
    await nextTurn();
    deepEqual(below.sent, [bytes(1)]);
  });

  it("drops what waits when the connection, or what is below it, ends in the same turn", async () => {
    const below = new Below();
    bundle(below);
    below.send(bytes(1));
    below.isBroken = true;
    await nextTurn();
    below.isBroken = false;
    below.send(bytes(2));
    below.status = "aborted";
    await nextTurn();
    deepEqual(below.sent, []);
  });

  it("writes the buffers of a turn by one call of the system, and those of the next by another", async () => {
    const calls: number[] = [];
    const socket = new Writable({
      write(_chunk, _encoding, done) {
        calls.push(1);
        done();
      },
      writev(chunks, done) {
        calls.push(chunks.length);
        done();
      },
    });
    cork(socket as unknown as Parameters<typeof cork>[0]);
    for (let i = 0; i < 3; i++) socket.write(bytes(i));
    deepEqual(calls, []);
    await nextTurn();
    deepEqual(calls, [3]);
    socket.write(bytes(4));
    await nextTurn();
    deepEqual(calls, [3, 1]);
  });

  it("tells of a full socket while it is corked", () => {
    const socket = new Writable({ highWaterMark: 4, write: (_chunk, _encoding, done) => done() });
    cork(socket as unknown as Parameters<typeof cork>[0]);
    equal(socket.write(bytes(1, 2)), true);
    equal(socket.write(bytes(3, 4)), false);
  });
});
