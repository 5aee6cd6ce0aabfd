import { expect } from "chai";
import { describe, it } from "mocha";
import { keccakWords, type Address } from "../../node/core/bytes.ts";
import { CheckpointExchange } from "../../node/daemon/model/checkpointExchange.ts";
import type { Network } from "../../node/network/network.ts";
import { encodeTalk, type Certificate } from "../../node/protocol/checkpoint.ts";

const word = keccakWords(1);
const certificate = (updates: number): Certificate => ({
  round: updates,
  seed: word,
  modelId: word,
  updates,
  checkpointRoot: keccakWords(updates),
  signatures: [`0x${"11".repeat(65)}`],
});
const neighbour = (index: number): Address => `0x${index.toString(16).padStart(40, "0")}`;

/** Peers that are all neighbours, on a clock that the test moves. */
class Neighbourhood {
  now = 1000;
  readonly peers: CheckpointExchange[] = [];
  published = 0;
  readonly #due: { at: number; work: () => void }[] = [];

  join(held: () => Certificate | undefined): CheckpointExchange {
    const self = this.peers.length;
    const network = {
      publish: (data: Uint8Array) => {
        this.published++;
        for (const [index, peer] of this.peers.entries()) if (index !== self) peer.receive(data, neighbour(self));
        return Promise.resolve();
      },
    } as unknown as Network;
    const clock = {
      now: () => this.now,
      after: (seconds: number, work: () => void) => {
        const entry = { at: this.now + seconds, work };
        this.#due.push(entry);
        return () => void this.#due.splice(this.#due.indexOf(entry), this.#due.includes(entry) ? 1 : 0);
      },
    };
    const exchange = new CheckpointExchange({ network: () => network, clock, randomAttempt: () => 1, held });
    this.peers.push(exchange);
    return exchange;
  }

  pass(seconds: number): void {
    this.now += seconds;
    for (const entry of this.#due.filter(({ at }) => at <= this.now)) {
      this.#due.splice(this.#due.indexOf(entry), 1);
      entry.work();
    }
  }
}

const anything = (): boolean => true;

describe("asking neighbours for an attested checkpoint", () => {
  it("ends at once with the newest that there can be", async () => {
    const town = new Neighbourhood();
    const newcomer = town.join(() => undefined);
    town.join(() => certificate(8));
    town.join(() => certificate(16));
    expect((await newcomer.ask({ updates: 0, newest: 16 }, anything))?.updates).to.equal(16);
    expect(town.published).to.equal(3);
  });

  it("takes the best of what is good, when the time is over", async () => {
    const town = new Neighbourhood();
    const newcomer = town.join(() => undefined);
    for (const updates of [8, 16, 24, 40]) town.join(() => certificate(updates));
    const asked = newcomer.ask({ updates: 0, newest: 32 }, ({ updates }) => updates !== 24);
    town.pass(5);
    expect((await asked)?.updates).to.equal(16);
  });

  it("ends with nothing where nobody has anything newer", async () => {
    const town = new Neighbourhood();
    const newcomer = town.join(() => undefined);
    town.join(() => certificate(8));
    const asked = newcomer.ask({ updates: 8, newest: 16 }, anything);
    for (let second = 0; second < 8; second++) town.pass(1);
    expect(await asked).to.equal(undefined);
    expect(town.published).to.equal(4);
  });

  it("asks again, for neighbours answer all who asked within two seconds at once, and some connect late", async () => {
    const town = new Neighbourhood();
    const [first, second] = [town.join(() => undefined), town.join(() => undefined)];
    town.join(() => certificate(16));
    await first.ask({ updates: 0, newest: 16 }, anything);
    const late = second.ask({ updates: 0, newest: 16 }, anything);
    town.pass(2);
    expect((await late)?.updates).to.equal(16);
    expect(town.published).to.equal(5);
    const town2 = new Neighbourhood();
    const lone = town2.join(() => undefined).ask({ updates: 0, newest: 16 }, anything);
    town2.pass(5);
    town2.join(() => certificate(16));
    town2.pass(2);
    expect((await lone)?.updates).to.equal(16);
  });

  it("looks at one answer of each neighbour, and at none that it has not asked for", async () => {
    const town = new Neighbourhood();
    const newcomer = town.join(() => undefined);
    const held = (updates: number): Uint8Array => encodeTalk({ type: "held", certificate: certificate(updates) }, 1);
    let looked = 0;
    const look = (): boolean => ++looked < 0;
    expect(newcomer.receive(held(8), neighbour(1))).to.equal(true);
    const asked = newcomer.ask({ updates: 0, newest: 64 }, look);
    for (let i = 0; i < 40; i++) newcomer.receive(held(8 + (i % 8)), neighbour(i >> 1));
    for (let second = 0; second < 8; second++) town.pass(1);
    await asked;
    expect(looked).to.equal(20);
    expect(newcomer.receive(Uint8Array.of(1, 2), neighbour(1))).to.equal(false);
  });

  it("is not kept from the answer by any number of neighbours that tell of what is too old or too new", async () => {
    const town = new Neighbourhood();
    const newcomer = town.join(() => undefined);
    const held = (updates: number): Uint8Array => encodeTalk({ type: "held", certificate: certificate(updates) }, 1);
    const asked = newcomer.ask({ updates: 8, newest: 16 }, anything);
    for (let i = 0; i < 600; i++) newcomer.receive(held(i % 2 === 0 ? 8 : 24), neighbour(i));
    newcomer.receive(held(16), neighbour(5));
    for (let second = 0; second < 8; second++) town.pass(1);
    expect((await asked)?.updates).to.equal(16);
  });
});
