import { expect } from "chai";
import { afterEach, describe, it } from "mocha";
import { BAN_MS, Bans } from "../../node/network/bans.ts";
import { PeerScores } from "../../node/network/peerScores.ts";
import { rejectionOf } from "../helpers/errors.ts";
import { until } from "../helpers/until.ts";
import { bytesOf, World } from "./world.ts";

const [MISBEHAVED, OTHER] = [`0x${"0a".repeat(20)}`, `0x${"0b".repeat(20)}`] as const;

describe("a ban", () => {
  it("keeps an operator out for ten minutes, and nobody else", () => {
    let now = 5_000;
    const bans = new Bans(() => now);
    bans.ban(MISBEHAVED);
    expect([bans.isBanned(MISBEHAVED), bans.isBanned(OTHER)]).to.deep.equal([true, false]);
    now += BAN_MS - 1;
    expect(bans.isBanned(MISBEHAVED)).to.equal(true);
    now += 1;
    expect(bans.isBanned(MISBEHAVED)).to.equal(false);
  });

  it("comes with the fourth rejected message within seconds, and not with one a minute", () => {
    let now = 0;
    const scores = new PeerScores(() => now);
    const quick = Array.from({ length: 5 }, () => ((now += 500), scores.reject("quick")));
    expect(quick).to.deep.equal([false, false, false, true, true]);
    for (let minute = 0; minute < 50; minute++) expect(((now += 60_000), scores.reject("slow"))).to.equal(false);
  });
});

describe("peers whose messages are rejected", function () {
  this.timeout(20_000);
  const world = new World();
  afterEach(() => world.stop());

  it("are dropped and not let in again, while others stay", async () => {
    const a = await world.join(1, {}, { onMessage: async (data) => (data[0] === 0xbb ? "rejected" : "accepted") });
    const [liar, honest] = [await world.join(2), await world.join(3)];
    await liar.network.connect(a.network.contacts());
    await honest.network.connect(a.network.contacts());
    for (let i = 0; i < 4; i++) await liar.network.publish(Uint8Array.of(0xbb, i));
    await until(() => a.host.connected().length === 1 && liar.host.connected().length === 0);
    expect(a.host.connected()).to.deep.equal([honest.network.self]);
    expect(await rejectionOf(liar.network.connect(a.network.contacts()))).to.equal("not-registered");
    expect(await rejectionOf(a.network.connect(liar.network.contacts()))).to.equal("not-registered");
    await honest.network.publish(bytesOf("still here"));
    expect(a.network.peers()).to.deep.equal([honest.network.self]);
  });
});
