import { expect } from "chai";
import { createSocket } from "node:dgram";
import { networkInterfaces } from "node:os";
import { afterEach, beforeEach, describe, it } from "mocha";
import { until } from "../helpers/until.ts";
import { World } from "./world.ts";

/** Whether a multicast datagram of this machine comes back to it, on the port of multicast DNS. */
function hearsItself(): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = createSocket({ type: "udp4", reuseAddr: true });
    const settle = (heard: boolean): void => {
      clearTimeout(timer);
      socket.close();
      resolve(heard);
    };
    const timer = setTimeout(() => settle(false), 1_000);
    const probe = `paceline ${process.pid}`;
    socket.on("error", () => settle(false));
    socket.on("message", (message) => message.toString() === probe && settle(true));
    socket.bind(5353, () => {
      try {
        socket.addMembership("224.0.0.251");
        socket.setMulticastLoopback(true);
        socket.send(probe, 5353, "224.0.0.251", (error) => error !== null && settle(false));
      } catch {
        settle(false);
      }
    });
  });
}

/** Multicast DNS tells private addresses only. */
const privateAddress = Object.values(networkInterfaces())
  .flat()
  .find((each) => each?.family === "IPv4" && !each.internal && /^(10|172|192)\./.test(each.address))?.address;
const works = privateAddress !== undefined && (await hearsItself());

describe("multicast DNS", function () {
  this.timeout(20_000);
  let world: World;
  beforeEach(() => (world = new World()));
  afterEach(() => world.stop());

  if (!works) {
    it.skip("finds registered operators on the local network: multicast does not work on this machine");
    return;
  }

  it("finds registered operators on the local network, and nobody else", async () => {
    const settings = { listen: [`/ip4/${privateAddress}/tcp/0`], mdns: true };
    const a = await world.join(1, settings);
    const stranger = await world.join(2, settings);
    world.unregistered.add(stranger.network.self);
    const b = await world.join(3, settings);
    const silent = await world.join(4, { ...settings, mdns: false });
    let found: ReadonlyMap<string, readonly string[]> = new Map();
    const all = [b, stranger, silent].map(({ network }) => network.self);
    const look = setInterval(() => void a.network.locate(all).then((located) => (found = located)), 50);
    await until(() => found.size > 0).finally(() => clearInterval(look));
    expect([...found]).to.deep.equal([[b.network.self, b.network.contacts()]]);
    await a.network.connect(found.get(b.network.self) ?? []);
  });
});
