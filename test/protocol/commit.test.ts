import { expect } from "chai";
import { describe, it } from "mocha";
import { keccakWords } from "../../node/core/bytes.ts";
import { PASS } from "../../node/core/encoding.ts";
import { commits, trained } from "./messagesOfARound.ts";
import { commitOf, MODEL, peer, RELAY, RETRY, said, see, START, terms, updateOf, viewIn } from "./situation.ts";

// Seats: 0 is member 3, 1 is member 1, 2 is member 4, 3 is member 5 (who does not train). Members 0 and 2 only train.

describe("a peer in Commit", () => {
  const commit = see(viewIn("commit"));
  const late = (part: number): number => part * terms.commitSeconds;

  it("says what it commits to, once it is trained, and repeats it until it stands on the chain", () => {
    const one = peer(2).after(commit, trained(2));
    expect(one.types).to.deep.equal(["train", "publish Commit"]);
    expect(one.only("publish").body).to.deep.equal(commitOf(2));
    expect(one.at(5 * RETRY - 0.1).types).to.deep.equal([]);
    expect(one.at(5 * RETRY).types).to.deep.equal(["publish Commit"]);
    one.after(see(viewIn("commit", { committedMask: 0b100n })));
    expect(one.at(20 * RETRY).types).to.deep.equal([]);
  });

  it("as the first seat posts all commits in one transaction, the moment the cohort is complete", () => {
    const one = peer(3).after(commit, ...commits.slice(1));
    expect(one.types).not.to.include("commitBatch");
    const effect = one.after(commits[0]!).only("commitBatch");
    expect(effect.commits.map(({ position }) => position)).to.deep.equal([0, 1, 2, 3, 4]);
    expect(effect.commits[1]).to.deep.include({ commitment: updateOf(1).commitment });
  });

  it("counts those that stand on the chain already, and posts them no second time", () => {
    const some = see(viewIn("commit", { committedMask: 0b01101n }));
    const effect = peer(3).after(some, commits[1]!, commits[2]!, commits[4]!).only("commitBatch");
    expect(effect.commits.map(({ position }) => position)).to.deep.equal([1, 4]);
  });

  it("waits for its turn to post, the others in the order of the relays", () => {
    const one = peer(4).after(commit, ...commits);
    expect(one.at(2 * RELAY - 0.1).types).not.to.include("commitBatch");
    expect(one.at(2 * RELAY).types).to.include("commitBatch");
  });

  it("posts what there is when seven tenths of the phase are over", () => {
    const one = peer(1).after(commit, commits[0]!, commits[2]!);
    expect(one.at(late(0.7) + RELAY - 0.1).types).not.to.include("commitBatch");
    const effect = one.at(late(0.7) + RELAY).only("commitBatch");
    expect(effect.commits.map(({ position }) => position)).to.deep.equal([0, 2]);
  });

  it("commits by itself late in the phase, where nobody has posted its commit", () => {
    const one = peer(2).after(commit, trained(2));
    expect(one.at(late(0.85) - 1).types).not.to.include("commit");
    expect(one.at(late(0.85)).only("commit")).to.deep.equal({
      type: "commit",
      round: 4,
      seed: commitOf(2).seed,
      position: 2,
      commitment: updateOf(2).commitment,
    });
  });

  it("gives the relays two turns first, where it was trained later than that, but not beyond the phase", () => {
    const slow = peer(2).after(commit);
    slow.now = START + late(0.9);
    slow.after(trained(2));
    expect(slow.at(late(0.9) + 2 * RELAY - 0.1).types).not.to.include("commit");
    expect(slow.at(late(0.9) + 2 * RELAY).types).to.include("commit");
    const last = peer(2).after(commit);
    last.now = START + terms.commitSeconds - 4;
    last.after(trained(2));
    expect(last.at(terms.commitSeconds - 3).types).to.include("commit");
  });

  it("passes where training gave nothing", () => {
    const one = peer(2).after(commit, { type: "passed", round: 4 });
    expect(one.only("publish").body).to.deep.equal(commitOf(2, PASS));
    expect(one.at(late(0.85)).only("commit").commitment).to.equal(PASS);
  });

  it("passes at half-time where it still lacks the round's model, and stands by it when the model comes", () => {
    const behind = peer(0, keccakWords(1)).after(commit);
    expect(behind.types).to.deep.equal(["sync"]);
    expect(behind.at(late(0.5) - 1).types).to.deep.equal([]);
    expect(behind.at(late(0.5)).only("publish").body).to.deep.equal(commitOf(0, PASS));
    behind.after(said(0, commitOf(0, PASS)), { type: "model", modelId: MODEL });
    expect(behind.types).to.deep.equal([]);
  });

  it("opens nothing where its pass stands", () => {
    // The bit of a pass leaves the mask when Commit ends.
    const passed = see(viewIn("share", { committedMask: 0b11011n }));
    expect(peer(2).after(passed, { type: "passed", round: 4 }).types).to.deep.equal([]);
  });

  it("believes an author's first commit only, and nobody's but the cohort's", () => {
    const one = peer(3).after(commit, commits[1]!, said(1, commitOf(1, PASS)), said(5, commitOf(5, PASS)));
    expect([...one.state.memory.commits.keys()]).to.deep.equal([1]);
    expect(one.state.memory.commits.get(1)?.commitment).to.equal(updateOf(1).commitment);
  });

  it("keeps what is signed for another seed apart", () => {
    const other = { ...commitOf(1), seed: keccakWords(8) } as ReturnType<typeof commitOf>;
    const one = peer(3).after(commit, said(1, other));
    expect(one.state.memory.commits.size).to.equal(0);
    expect(one.after(see(viewIn("commit", { seed: keccakWords(8) }))).state.memory.commits.size).to.equal(1);
  });

  it("keeps to the update that it trained first, for that may be committed", () => {
    const other = { ...updateOf(2), salt: keccakWords(5), commitment: keccakWords(6) };
    const one = peer(2).after(see(viewIn("commit")), trained(2), { type: "trained", round: 4, update: other });
    expect(one.state.memory.update).to.deep.equal(updateOf(2));
  });

  it("takes the end of last round's training for nothing", () => {
    const one = peer(0).after(see(viewIn("commit")));
    const stale = one.ended("train", true);
    one.after(see(viewIn("commit", { round: 5, seed: keccakWords(8) })));
    expect(one.types).to.deep.equal(["train"]);
    one.after(stale, { type: "trained", round: 4, update: updateOf(0) });
    expect(one.types).to.deep.equal([]);
    expect(one.state.memory.update).to.equal(undefined);
    expect(one.at(10 * RETRY).types).to.deep.equal([]);
  });

  it("goes on with a sync over the draw of the next round, rather than starting it a second time", () => {
    const behind = peer(0, keccakWords(1)).after(see(viewIn("draw", { round: 5 })));
    expect(behind.types).to.include("sync");
    expect(behind.after(see(viewIn("commit", { round: 5, seed: keccakWords(8) }))).types).to.deep.equal([]);
  });
});
