import { expect } from "chai";
import { describe, it } from "mocha";
import { until } from "../helpers/until.ts";
import { World } from "./world.ts";

/** What keeps a process alive, counted by kind. */
function resources(): Record<string, number> {
  const kinds = process.getActiveResourcesInfo().filter((kind) => !/^(TTY|Pipe|FSReq|Immediate|Microtask)/.test(kind));
  return Object.fromEntries(
    Object.entries(Object.groupBy(kinds, (kind) => kind)).map(([kind, all]) => [kind, all?.length ?? 0]),
  );
}
const sockets = (): number => (resources()["TCPSocketWrap"] ?? 0) + (resources()["TCPServerWrap"] ?? 0);

describe("a stopped host", function () {
  this.timeout(30_000);

  it("leaves no socket open, and no timer that would keep the process", async () => {
    const world = new World();
    const relay = await world.join(1, {
      relayOthers: true,
      listen: ["/ip4/127.0.0.1/tcp/0", "/ip4/127.0.0.1/tcp/0/ws"],
    });
    const hidden = await world.join(2, { listen: [], relays: relay.network.contacts() });
    const other = await world.join(3, { bootstrap: relay.network.contacts() });
    await until(() => hidden.network.contacts().length > 0 && other.network.peers().length > 0);
    await other.network.connect(hidden.network.contacts());
    await world.stop();
    await until(() => sockets() === 0);
    // Timers of libp2p that were unref'ed or are running out are not counted; a second world must not add to what is left.
    const before = resources()["Timeout"] ?? 0;
    for (let i = 0; i < 3; i++) {
      const again = new World();
      const [a, b] = [await again.join(4), await again.join(5)];
      await a.network.connect(b.network.contacts());
      await again.stop();
    }
    await until(() => sockets() === 0 && (resources()["Timeout"] ?? 0) <= before + 1);
    expect(sockets()).to.equal(0);
  });
});
