import { expect } from "chai";
import { describe, it } from "mocha";
import { keccakWords, type Hex } from "../../node/core/bytes.ts";
import { includeHash, nextModelId } from "../../node/core/encoding.ts";
import { includedUpdates, type Member } from "../../node/core/roundView.ts";
import type { PeerEvent } from "../../node/protocol/events.ts";
import {
  aggregated,
  attestationOf,
  checked,
  COHORT,
  members,
  MODEL,
  operators,
  peer,
  RELAY,
  RETRY,
  RIGHT_ROOT,
  said,
  scoreCommitOf,
  scoresOf,
  see,
  viewIn,
  WRONG_ROOT,
  type Situation,
} from "./situation.ts";

// Seats: 0 is member 3, 1 is member 1, 2 is member 4, 3 is member 5 (who does not train). Members 0 and 2 only train.
const challenge = see(viewIn("challenge"));
const others = (id: number): PeerEvent[] => checked(...COHORT.filter((other) => other !== id));

describe("an include set that an update has left", () => {
  const included = { includedMask: 0b11101n };
  const smaller = viewIn("propose", included);
  const hash = includeHash(includedUpdates(smaller));

  it("is summed and scored anew, and what was judged over the old one is void", () => {
    const one = peer(3).after(
      challenge,
      ...others(3),
      aggregated(),
      said(1, attestationOf()),
      said(4, scoreCommitOf(4)),
    );
    one.after({ type: "scored", round: 4, scores: scoresOf(3) });
    expect(one.state.memory.aggregateRoot).to.equal(RIGHT_ROOT);
    one.after(see(smaller));
    const { aggregateRoot, attestations, scoreCommits, scores, checked: held } = one.state.memory;
    expect({ aggregateRoot, scores }).to.deep.equal({ aggregateRoot: undefined, scores: undefined });
    expect([attestations.size, scoreCommits.size, held.size]).to.deep.equal([0, 0, 4]);
    expect(one.types).to.include.members(["aggregate", "score"]);
    expect(one.only("aggregate")).to.deep.include({ includeHash: hash });
    expect(one.only("score")).to.deep.include({ includeHash: hash, own: 2 });
  });

  it("takes no sum and no scores of the old set for its own", () => {
    const one = peer(3).after(see(smaller), ...others(3), aggregated(), {
      type: "scored",
      round: 4,
      scores: scoresOf(3),
    });
    expect(one.state.memory.aggregateRoot).to.equal(undefined);
    expect(one.state.memory.scores).to.equal(undefined);
  });

  it("is proposed by the same seat again", () => {
    const one = peer(3).after(see(viewIn("propose")), ...others(3), aggregated());
    const end = one.ended("propose", true);
    one.after(challenge, end, see(smaller));
    const again: PeerEvent = { type: "aggregated", round: 4, includeHash: hash, aggregateRoot: keccakWords(72) };
    expect(one.after(again).only("propose").body).to.deep.include({ slot: 0, includeHash: hash });
  });

  it("has messages about it kept until the chain shows it", () => {
    const ahead = { ...attestationOf(), includeHash: hash } as ReturnType<typeof attestationOf>;
    const one = peer(1).after(challenge, said(4, ahead));
    expect(one.state.memory.attestations.size).to.equal(0);
    expect(one.after(see(viewIn("challenge", included))).state.memory.attestations.size).to.equal(1);
  });
});

describe("evidence against an equivocator", () => {
  const both = [said(4, attestationOf()), said(4, attestationOf(WRONG_ROOT))];
  const ready = (id: number): Situation => peer(id).after(challenge, ...others(id), aggregated(), ...both);

  it("goes to the court, by rank, from whoever heard both roots", () => {
    const effect = ready(3).only("proveEquivocation");
    expect(effect.memberId).to.equal(4);
    expect(effect.equivocation.operator).to.equal(operators[4]);
    expect([effect.equivocation.first, effect.equivocation.second].map((one) => one.aggregateRoot)).to.deep.equal([
      RIGHT_ROOT,
      WRONG_ROOT,
    ]);
    const member = peer(2).after(challenge, ...both);
    expect(member.at(6 * RELAY - 1).types).not.to.include("proveEquivocation");
    expect(member.at(6 * RELAY).types).to.include("proveEquivocation");
  });

  it("is none where the slots differ, or the same root is said twice", () => {
    const one = peer(3).after(
      challenge,
      ...others(3),
      said(4, attestationOf()),
      said(4, attestationOf(WRONG_ROOT, 1)),
      said(4, attestationOf()),
    );
    expect(one.state.equivocations.size).to.equal(0);
  });

  it("is found though attestations of other slots came in between", () => {
    const one = peer(3).after(challenge, both[0]!, said(4, attestationOf(WRONG_ROOT, 1)), both[1]!);
    expect([...one.state.equivocations.keys()]).to.deep.equal([4]);
  });

  it("is nobody's against itself", () => {
    expect(ready(4).at(100 * RELAY).types).not.to.include("proveEquivocation");
  });

  it("is kept beyond the round, until its author is ejected or has another operator", () => {
    const next = viewIn("commit", { round: 5, seed: keccakWords(8) });
    const change = (part: Partial<Member>): Member[] => members.with(4, { ...members[4]!, ...part });
    const one = peer(0).after(challenge, ...both);
    one.after(see(next));
    expect(one.at(10 * RELAY).types).to.include("proveEquivocation");
    for (const gone of [change({ ejected: true }), change({ operator: operators[6]! })]) {
      const other = peer(0).after(challenge, ...both, see(next, gone));
      expect(other.state.equivocations.size).to.equal(0);
    }
  });

  it("is not sent again once the seat is dead, though the members are read later", () => {
    const one = ready(3);
    const end = one.ended("proveEquivocation", true);
    one.after(see(viewIn("challenge", { liveSeats: 0b1011n })), end);
    expect(one.at(100 * RETRY).types).not.to.include("proveEquivocation");
  });
});

describe("a seat that holds what settled against what it made of the round", () => {
  const next = (modelId: Hex, round = 5): PeerEvent => see(viewIn("commit", { round, seed: keccakWords(8), modelId }));
  const after = (event: PeerEvent, root = RIGHT_ROOT): Situation =>
    peer(3).after(challenge, ...others(3), aggregated(root), event);

  it("asks for nothing where its own root has settled, or none", () => {
    expect(after(next(nextModelId(MODEL, RIGHT_ROOT))).types).not.to.include("audit");
    expect(after(next(MODEL)).types).not.to.include("audit");
    expect(after(next(MODEL)).state.judged).to.equal(undefined);
  });

  it("audits a round in which another root has settled, with the updates that were included, until it is settled", () => {
    const one = after(next(nextModelId(MODEL, WRONG_ROOT)));
    const effect = one.only("audit");
    expect(effect.judged).to.deep.equal({
      round: 4,
      modelId: MODEL,
      updates: includedUpdates(viewIn("challenge")),
      aggregateRoot: RIGHT_ROOT,
    });
    expect(effect.owners).to.deep.equal([0, 1, 2, 4].map((id) => operators[id]));
    expect(one.after({ type: "audited", round: 4 }).state.disputes).to.deep.equal([]);
  });

  it("audits the last round as well", () => {
    const ended = see(viewIn("finished", { modelId: nextModelId(MODEL, WRONG_ROOT) }));
    expect(after(ended).types).to.include("audit");
  });

  it("audits where it has seen nothing of the rounds in between, for the model's name tells nothing then", () => {
    const later = next(nextModelId(nextModelId(MODEL, RIGHT_ROOT), WRONG_ROOT), 6);
    expect(after(later).types).to.include("audit");
  });

  it("audits what a run before a restart had made of a round", () => {
    const judged = { round: 3, modelId: MODEL, updates: [], aggregateRoot: WRONG_ROOT };
    const one = peer(3).after({ type: "judged", judged }, next(MODEL));
    expect(one.only("audit").judged).to.deep.equal(judged);
  });

  it("remembers no more than the newest four disputes", () => {
    const one = peer(3);
    for (let round = 1; round <= 6; round++) {
      one.after({ type: "judged", judged: { round, modelId: MODEL, updates: [], aggregateRoot: WRONG_ROOT } });
    }
    expect(one.state.disputes.map(({ round }) => round)).to.deep.equal([3, 4, 5, 6]);
  });
});
