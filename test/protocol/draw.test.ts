import { expect } from "chai";
import { describe, it } from "mocha";
import { keccakWords } from "../../node/core/bytes.ts";
import type { Member } from "../../node/core/roundView.ts";
import { members, peer, RELAY, see, START, terms, viewIn } from "./situation.ts";

// Seats: 0 is member 3, 1 is member 1, 2 is member 4, 3 is member 5 (who does not train). Members 0 and 2 only train.

describe("a peer before the draw", () => {
  const without = (...ids: readonly number[]): Member[] =>
    members.map((member, id) => (ids.includes(id) ? { ...member, weight: 0 } : member));

  it("takes its turn by its id, another first one each round", () => {
    const waits = (round: number): number[] =>
      members.map((_, id) => {
        const one = peer(id).after(see(viewIn("draw", { round })));
        return one.types.includes("advance") ? 0 : (one.wakeAt - START) / RELAY;
      });
    expect(waits(4)).to.deep.equal([2, 3, 4, 5, 0, 1]);
    expect(waits(5)).to.deep.equal([1, 2, 3, 4, 5, 0]);
    expect(waits(12)).to.deep.equal([0, 1, 2, 3, 4, 5]);
  });

  it("waits for candidates as long as members had to join, where fewer than three are left", () => {
    const suspended = without(0, 1, 2, 3).map((member) =>
      member.weight === 0 ? { ...member, ejected: true } : member,
    );
    const one = peer(4).after(see(viewIn("draw"), suspended));
    expect(one.types).to.deep.equal([]);
    expect(one.wakeAt).to.equal(START + terms.joinSeconds);
    expect(one.at(terms.joinSeconds).types).to.deep.equal(["advance"]);
  });

  it("draws at once where three are left, or where those who wait in the queues make three", () => {
    const three = without(0, 1, 2).map((member) => ({ ...member, active: member.weight > 0 }));
    // Of 3, 4 and 5 it is the second, and its turn is the first one in round 4.
    expect(peer(4).after(see(viewIn("draw"), three)).types).to.deep.equal(["advance"]);
    const waiting = peer(5).after(see(viewIn("draw"), without(0, 1, 2, 3)));
    expect(waiting.types).to.deep.equal([]);
    expect(waiting.at(RELAY).types).to.deep.equal(["advance"]);
  });

  it("that was ejected only follows the model", () => {
    const ejected = members.with(4, { ...members[4]!, ejected: true, weight: 0 });
    expect(
      peer(4)
        .after(see(viewIn("draw"), ejected))
        .at(100_000).types,
    ).to.deep.equal([]);
    expect(peer(4, keccakWords(1)).after(see(viewIn("draw"), ejected)).types).to.deep.equal(["sync"]);
  });
});

describe("a member that missed something", () => {
  const suspended = (until: number, weight = 1): Member[] =>
    members.with(0, { ...members[0]!, suspendedUntil: until, weight });

  it("comes back once its draws are over", () => {
    const phase = { cohort: [1, 2, 3], committedMask: 0n } as const;
    expect(peer(0).after(see(viewIn("commit", phase), suspended(5))).types).to.deep.equal([]);
    expect(peer(0).after(see(viewIn("commit", { ...phase, round: 5 }), suspended(5))).types).to.deep.equal([]);
    const one = peer(0).after(see(viewIn("commit", { ...phase, round: 5 }), suspended(5, 0)));
    expect(one.only("resume")).to.deep.equal({ type: "resume", memberId: 0 });
    expect(one.after(see(viewIn("commit", { ...phase, round: 5 }), suspended(0, 0))).types).to.deep.equal([]);
  });

  it("comes back at once where fewer than three are left to draw from", () => {
    const few = suspended(9, 0).map((member, id) => (id > 2 ? { ...member, weight: 0, ejected: true } : member));
    expect(peer(0).after(see(viewIn("draw"), few)).types).to.include("resume");
    expect(peer(3).after(see(viewIn("draw"), few)).types).to.deep.equal([]);
  });

  it("does not come back once it has left, or when the job is over", () => {
    const left = suspended(3).with(0, { ...suspended(3)[0]!, active: false });
    expect(peer(0).after(see(viewIn("commit"), left)).types).not.to.include("resume");
    expect(peer(0).after(see(viewIn("finished"), suspended(3))).types).to.deep.equal([]);
  });
});
