import { expect } from "chai";
import { afterEach, beforeEach, describe, it } from "mocha";
import type { JobChain } from "../../node/chain/chain.ts";
import type { Address } from "../../node/core/bytes.ts";
import { PacelineError } from "../../node/core/errors.ts";
import type { Member } from "../../node/core/roundView.ts";
import { contactOf } from "../../node/daemon/peers/announcedContact.ts";
import type { Clock } from "../../node/daemon/time/clock.ts";
import { keepConnected } from "../../node/daemon/peers/connections.ts";
import type { Network } from "../../node/network/network.ts";

const addressOf = (id: number): Address => `0x${id.toString(16).padStart(40, "0")}`;
const SELF = addressOf(5);
const member = (id: number, changes: Partial<Member> = {}): Member =>
  ({ operator: addressOf(id), active: true, ejected: false, ...changes }) as Member;

/** Time that passes when it is told to. */
class HandClock implements Clock {
  #now = 1_000;
  #due: { readonly at: number; readonly work: () => void }[] = [];

  now(): number {
    return this.#now;
  }

  after(seconds: number, work: () => void): () => void {
    const timer = { at: this.#now + seconds, work };
    this.#due.push(timer);
    return () => (this.#due = this.#due.filter((each) => each !== timer));
  }

  /** Runs what becomes due, one after another, and lets all that is asynchronous end in between. */
  async pass(seconds: number): Promise<void> {
    const end = this.#now + seconds;
    for (;;) {
      await new Promise((resolve) => setImmediate(resolve));
      const next = this.#due.toSorted((one, other) => one.at - other.at)[0];
      if (next === undefined || next.at > end) break;
      this.#due = this.#due.filter((each) => each !== next);
      this.#now = next.at;
      next.work();
    }
    this.#now = end;
  }
}

describe("keeping connected", () => {
  let clock: HandClock;
  let members: Member[];
  let drawn: number[];
  let own: string[];
  let registry: Map<Address, string>;
  let chainFails: boolean;
  let up: Set<Address>;
  let connected: Set<Address>;
  let dials: { readonly operator: Address; readonly at: number }[];
  let published: string[];
  let problems: string[];
  let stop = (): void => undefined;

  beforeEach(() => {
    clock = new HandClock();
    members = [member(1), member(5), member(9)];
    drawn = [];
    own = ["own"];
    registry = new Map([1, 9].map((id) => [addressOf(id), `at ${id}`]));
    chainFails = false;
    up = new Set([addressOf(1), addressOf(9)]);
    connected = new Set();
    dials = [];
    published = [];
    problems = [];
  });
  afterEach(() => stop());

  const start = (): void => {
    const chain = {
      contacts: async (operators: readonly Address[]) => {
        if (chainFails) throw new PacelineError("chain-unreachable", "no endpoint");
        return new Map(
          operators.flatMap((operator) => (registry.has(operator) ? [[operator, registry.get(operator)]] : [])),
        );
      },
      setContact: async (contact: string) => {
        published.push(contact);
        registry.set(SELF, contact);
      },
    } as unknown as JobChain;
    const network = {
      self: SELF,
      contacts: () => own,
      peers: () => [...connected],
      locate: async (operators: readonly Address[], announced: ReadonlyMap<Address, readonly string[]>) =>
        new Map(operators.map((operator) => [operator, [operator, ...(announced.get(operator) ?? [])]])),
      connect: async ([operator]: readonly Address[]) => {
        dials.push({ operator: operator!, at: clock.now() - 1_000 });
        if (!up.has(operator!)) throw new PacelineError("timeout", "nobody answers");
        connected.add(operator!);
      },
    } as unknown as Network;
    const onProblem = (error: unknown): void => void problems.push((error as PacelineError).code);
    stop = keepConnected({
      chain,
      network,
      members: () => members,
      drawn: () => drawn,
      onProblem,
      random: () => 0.5,
      clock,
    });
  };
  const dialled = (): Address[] => dials.map(({ operator }) => operator);

  it("dials members of lower address at once, and the others if they have not come", async () => {
    start();
    await clock.pass(0);
    expect(dialled()).to.deep.equal([addressOf(1)]);
    await clock.pass(1);
    expect(dialled()).to.deep.equal([addressOf(1), addressOf(9)]);
    expect(problems).to.deep.equal([]);
  });

  it("leaves out itself, and who has left or was ejected", async () => {
    members = [member(1, { active: false }), member(5), member(3, { ejected: true })];
    start();
    await clock.pass(60);
    expect(dials).to.deep.equal([]);
  });

  it("tries who does not answer ever more rarely, but within 15 s, and again from the start once it was there", async () => {
    up.clear();
    members = [member(1), member(5)];
    start();
    await clock.pass(300);
    const gaps = dials.slice(1).map(({ at }, i) => at - dials[i]!.at);
    expect(Math.max(...gaps)).to.be.within(11, 18);
    expect(dials.length).to.be.within(20, 40);
    up.add(addressOf(1));
    await clock.pass(20);
    expect([...connected]).to.deep.equal([addressOf(1)]);
    connected.clear();
    const before = dials.length;
    await clock.pass(4);
    expect(dials.length).to.equal(before + 1);
  });

  it("dials where peers were before while the chain cannot be asked", async () => {
    chainFails = true;
    start();
    await clock.pass(5);
    expect([...connected].sort()).to.deep.equal([addressOf(1), addressOf(9)]);
    expect(new Set(problems)).to.deep.equal(new Set(["chain-unreachable"]));
  });

  it("has connections to 160 of many members, and to all that the round has drawn", async () => {
    members = Array.from({ length: 500 }, (_, id) => member(id + 100));
    up = new Set(members.map(({ operator }) => operator));
    start();
    await clock.pass(60);
    expect(connected.size).to.be.within(160, 192);
    drawn = [480, 499];
    await clock.pass(5);
    expect(connected.has(addressOf(580)) && connected.has(addressOf(599))).to.equal(true);
  });

  it("publishes its address once, and again when it has changed, ever more rarely", async () => {
    start();
    await clock.pass(30);
    expect(published).to.deep.equal(["own"]);
    own = ["moved"];
    await clock.pass(20);
    expect(published).to.deep.equal(["own"]); // not within a minute: each costs gas
    await clock.pass(20);
    expect(published).to.deep.equal(["own", "moved"]);
    for (let i = 0; i < 100; i++) {
      own = [`moved ${i}`];
      await clock.pass(36);
    }
    expect(published.length).to.be.within(5, 9); // in an hour: after 1, 2, 4, 8, 16, 32 minutes
  });

  it("publishes nothing where that stands already, or while it has no address", async () => {
    registry.set(SELF, "own");
    start();
    await clock.pass(30);
    own = [];
    await clock.pass(300);
    expect(published).to.deep.equal([]);
  });
});

describe("the contact that is published", () => {
  it("has as many addresses as the registry takes, best first", () => {
    const long = (letter: string): string => `/dns4/${letter.repeat(180)}/tcp/1`;
    expect(contactOf([long("a"), long("b"), long("c"), "/ip4/192.0.2.1/tcp/1"])).to.equal(
      [long("a"), long("b"), "/ip4/192.0.2.1/tcp/1"].join(" "),
    );
    expect(contactOf([])).to.equal("");
  });
});
