import { expect } from "chai";
import { describe, it } from "mocha";
import { keccakWords, type Hex } from "../../node/core/bytes.ts";
import { nextModelId } from "../../node/core/encoding.ts";
import { includedUpdates, type RoundView } from "../../node/core/roundView.ts";
import { turnToWatch } from "../../node/protocol/deciding/watching.ts";
import type { PeerEvent } from "../../node/protocol/events.ts";
import type { PeerState } from "../../node/protocol/state.ts";
import { TestFederation } from "../helpers/virtual/federation.ts";
import { liar } from "../helpers/virtual/misbehaviour.ts";
import { expectConserved } from "./soundness.ts";
import {
  aggregated,
  checked,
  COHORT,
  MODEL,
  OUTSIDER,
  peer,
  RIGHT_ROOT,
  see,
  SEATS,
  SEED,
  terms,
  updateOf,
  viewIn,
  WRONG_ROOT,
  type Situation,
} from "./situation.ts";

/** Members 0 and 2 train and have no seat. */
const WATCHERS: readonly (readonly [who: string, id: number])[] = [
  ["a member without a seat", 0],
  ["who is no member", OUTSIDER],
];
const othersOf = (id: number): number[] => COHORT.filter((other) => other !== id);
const wrong = viewIn("challenge", { aggregateRoot: WRONG_ROOT });
/** It has computed the aggregate, and heard of another one. */
const disagrees = (id: number, view: RoundView = wrong): Situation =>
  peer(id).after(see(viewIn("propose")), ...checked(...othersOf(id)), aggregated(), see(view));
const gone = (id: number, reached = true): PeerEvent => ({
  type: "unavailable",
  round: 4,
  root: updateOf(id).updateRoot,
  ...(reached ? {} : { reached }),
});

/** A watcher that the lot has given `turn` in this round. */
function withTurn(id: number, turn: number, view: RoundView): Situation {
  const situation = peer(id).after(see(view));
  const state: PeerState = {
    ...situation.state,
    memory: { ...situation.state.memory, turnToWatch: turn },
    tasks: new Map(),
  };
  situation.state = state;
  return situation;
}

for (const [who, id] of WATCHERS) {
  describe(`${who}, as a watcher`, () => {
    it("fetches what was included and computes its sum, once the include set is fixed", () => {
      const watcher = peer(id).after(see(viewIn("share")));
      expect(watcher.types).to.deep.equal([]);
      expect(watcher.after(see(viewIn("propose"))).types).to.deep.equal(othersOf(id).map(() => "fetchUpdate"));
      expect(watcher.after(...checked(...othersOf(id))).types).to.deep.equal(["aggregate"]);
      expect(watcher.only("aggregate").updates).to.deep.equal(includedUpdates(viewIn("propose")));
    });

    it("posts nothing where the proposal is right, and no proposal of its own", () => {
      const watcher = disagrees(id, viewIn("challenge"));
      const posts = ["propose", "attest", "prove", "demand", "share", "score", "publish"];
      for (const seconds of [0, 10, 100, 500]) {
        for (const type of watcher.at(seconds).types) expect(posts).not.to.include(type.split(" ")[0]);
      }
    });

    it("proves a wrong proposal after the seats had their turns, and before a quorum of liars has its window", () => {
      const watcher = disagrees(id, viewIn("challenge", { aggregateRoot: WRONG_ROOT, attestedMask: 0b1111n }));
      const provesAt = (seconds: number): boolean => watcher.at(seconds).types.includes("prove");
      expect(provesAt(SEATS.length - 1)).to.equal(false);
      expect(provesAt(0.3 * terms.demandSeconds)).to.equal(true);
    });

    it("asks the chain for an update that was refused, and not for one whose holders it does not reach", () => {
      const watches = (event: PeerEvent): Situation =>
        peer(id).after(see(viewIn("challenge")), ...checked(...othersOf(id).slice(1)), event);
      const withheld = othersOf(id)[0]!;
      expect(watches(gone(withheld)).at(0.49 * terms.demandSeconds).types).not.to.include("demand");
      const asks = watches(gone(withheld)).at(0.81 * terms.demandSeconds);
      expect(asks.only("demand").root).to.equal(updateOf(withheld).updateRoot);
      expect(watches(gone(withheld, false)).at(0.9 * terms.demandSeconds).types).not.to.include("demand");
    });

    it("shows what it holds when somebody demands it", () => {
      const node = { tree: 2, level: 3, index: 0, hash: keccakWords(5) };
      const demand = { id: 7, demander: keccakWords(1).slice(0, 42) as Hex, deadline: 2_000_000, node };
      const view = viewIn("challenge", { openDemands: 1 });
      const watcher = peer(id)
        .after(see(view), ...checked(1), see(view, undefined, [demand]))
        .at(900);
      expect(watcher.types).to.include("answer");
    });

    it("looks at a round that was faster than it, once it is over", () => {
      const next = viewIn("commit", { round: 5, seed: keccakWords(9), modelId: nextModelId(MODEL, WRONG_ROOT) });
      const watcher = peer(id).after(see(viewIn("challenge")), see(viewIn("score")), see(next));
      const { judged, owners } = watcher.only("audit");
      expect(judged).to.deep.equal({
        round: 4,
        modelId: MODEL,
        updates: includedUpdates(viewIn("score")),
        aggregateRoot: undefined,
      });
      expect(owners).to.have.length(othersOf(id).length);
      const skipped = viewIn("commit", { round: 5, seed: keccakWords(9) });
      expect(peer(id).after(see(viewIn("challenge")), see(skipped)).types).not.to.include("audit");
    });

    it("gives up on a round whose updates nobody keeps any more", () => {
      const after = (round: number): PeerEvent =>
        see(viewIn("draw", { round, seed: keccakWords(round), modelId: keccakWords(round) }));
      const watcher = peer(id).after(see(viewIn("score")), after(5));
      expect(watcher.state.disputes).to.have.length(1);
      expect(watcher.after(after(6)).state.disputes).to.have.length(1);
      expect(watcher.after(after(7)).state.disputes).to.have.length(0);
    });
  });
}

describe("a seat that was slower than its round", () => {
  it("looks at it when it is over", () => {
    const next = viewIn("draw", { round: 5, modelId: nextModelId(MODEL, RIGHT_ROOT) });
    expect(
      peer(3)
        .after(see(viewIn("score")), see(next))
        .only("audit").judged.aggregateRoot,
    ).to.equal(undefined);
  });
});

describe("the lot by which members watch", () => {
  it("draws four of many on average, each round others, and a wider circle for when there is no quorum", () => {
    const rounds = 300;
    const others = 200;
    let [drawn, wide] = [0, 0];
    for (let member = 0; member < others; member++) {
      for (let round = 0; round < rounds / others + 3; round++) {
        const turn = turnToWatch(keccakWords(member), keccakWords(round, 77), others);
        if (turn === 0) drawn++;
        if (turn < Infinity) wide++;
      }
    }
    const draws = Math.ceil(rounds / others + 3);
    expect(drawn / draws).to.be.within(1, 9);
    expect(wide / draws).to.be.within(22, 42);
  });

  it("is drawn by everybody where there are few", () => {
    for (let member = 0; member < 20; member++)
      for (const others of [0, 1, 4]) expect(turnToWatch(keccakWords(member), SEED, others)).to.equal(0);
  });

  it("leaves alone who was not drawn, unless half of the window passes without a quorum", () => {
    const view = viewIn("challenge", { aggregateRoot: WRONG_ROOT });
    expect(withTurn(0, Infinity, view).at(0.9 * terms.challengeSeconds).types).not.to.include("fetchUpdate");
    const late = withTurn(0, 0.5, view);
    expect(late.at(0.49 * terms.challengeSeconds).types).not.to.include("fetchUpdate");
    expect(late.wakeAt).to.be.at.most(view.phaseStart + 0.5 * terms.challengeSeconds);
    expect(late.at(0.51 * terms.challengeSeconds).types).to.include("fetchUpdate");
    const agreed = withTurn(0, 0.5, { ...view, attestedMask: 0b111n });
    expect(agreed.at(0.9 * terms.challengeSeconds).types).not.to.include("fetchUpdate");
  });
});

describe("a federation whose whole committee lies", function () {
  this.timeout(30_000);

  it("is found out by one honest watcher without a seat, in the window or after it", async () => {
    const HONEST = 7;
    const behaviours = [liar, liar, liar, liar, liar, liar, liar, undefined];
    const terms = { rounds: 2, committeeSize: 3, cohortSize: 8 };
    const found: string[] = [];
    for (let seed = 0; seed < 4; seed++) {
      const federation = new TestFederation({ members: 8, seed, behaviours, terms });
      const sat = new Set<number>();
      const { clock } = federation.world;
      const look = (): void => {
        const { round, seats } = federation.snapshot().view;
        if (seats.includes(HONEST)) sat.add(round);
        clock.after(0.5, look);
      };
      clock.after(0, look);
      await federation.run();
      expectConserved(federation);
      for (const { memberId, prover, round } of federation.history.slashes) {
        if (prover === undefined) continue;
        expect(memberId).not.to.equal(HONEST);
        expect(prover).to.equal(federation.peers[HONEST]!.account.operator);
        found.push(sat.has(round) ? "with a seat" : "without");
      }
      for (const { settled } of federation.history.rounds)
        if (settled !== undefined) expect(settled.faulty, `seed ${seed}`).to.equal(true);
    }
    expect(found).to.include("without");
  });
});
