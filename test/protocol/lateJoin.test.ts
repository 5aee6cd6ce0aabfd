import { expect } from "chai";
import { describe, it } from "mocha";
import { newestCertificate } from "../../node/daemon/model/keptModels.ts";
import type { Phase } from "../../node/core/roundView.ts";
import type { VirtualPeer } from "../../node/simulation/peer.ts";
import { TestFederation, type FederationOptions } from "../helpers/virtual/federation.ts";
import { honest } from "../helpers/virtual/misbehaviour.ts";
import { expectSound, settledRounds } from "./soundness.ts";

/** Runs `work` when the round first stands in `phase`. */
function when(federation: TestFederation, round: number, phase: Phase, work: () => void): void {
  const { clock } = federation.world;
  const look = (): void => {
    const { view } = federation.snapshot();
    if (view.round > round || (view.round === round && view.phase === phase)) work();
    else clock.after(0.01, look);
  };
  clock.after(0, look);
}

/** A federation in which the last member comes up only in `round`. */
async function playWithLatecomer(
  round: number,
  terms: NonNullable<FederationOptions["terms"]>,
  disturb: (federation: TestFederation, late: VirtualPeer) => void = () => undefined,
): Promise<{ federation: TestFederation; late: VirtualPeer; received: number }> {
  const federation = new TestFederation({
    members: 4,
    seed: 3,
    behaviours: [undefined, undefined, undefined, { absent: true }],
    terms,
  });
  const late = federation.peers[3]!;
  disturb(federation, late);
  when(federation, round, "commit", () => late.start());
  await federation.run();
  return { federation, late, received: late.counters().bytesReceived };
}

describe("who comes late to a federation", function () {
  this.timeout(30_000);
  /** The round is not to end before the newcomer is there, and goes on without it. */
  const terms = {
    rounds: 21,
    commitSeconds: 30,
    shareSeconds: 30,
    slotSeconds: 15,
    demandSeconds: 20,
    challengeSeconds: 30,
    scoreSeconds: 20,
  };

  it("starts from a checkpoint that the committee of its round has signed, and ends with everybody's model", async () => {
    const { federation, late } = await playWithLatecomer(20, terms);
    const settled = settledRounds(federation);
    expect(settled).to.be.at.least(18);
    for (const peer of federation.peers) {
      expect(peer.model?.modelId, `peer ${peer.index}`).to.equal(federation.snapshot().view.modelId);
      const certificate = newestCertificate(peer.disk);
      expect(certificate?.updates, `peer ${peer.index}`).to.equal(settled - (settled % 8));
      expect(certificate?.signatures.length).to.be.within(2, 3);
    }
    // The checkpoint and what came after it; of the aggregates before it none.
    const aggregates = await Promise.all(
      federation.history.rounds.map(async ({ settled: one }) =>
        one === undefined ? undefined : (await late.disk.readBlob(one.aggregateRoot)) !== undefined,
      ),
    );
    expect(aggregates.slice(0, 14)).not.to.include(true);
    expect(aggregates.filter((held) => held === true).length).to.be.within(1, 8);
  });
});

describe("a federation whose chain is reorganised", function () {
  this.timeout(60_000);

  for (const phase of ["commit", "share", "propose", "challenge", "score"] as const) {
    it(`takes back what was done since ${phase}, and settles every round all the same`, async () => {
      for (const depth of [0.15, 1.5]) {
        const federation = new TestFederation({ members: 4, seed: 11, terms: { rounds: 4 } });
        const { chain, clock } = federation.world;
        for (const round of [2, 3]) {
          when(federation, round, phase, () => {
            const takeBack = chain.mark();
            clock.after(depth, () => {
              takeBack();
              federation.world.tellAll();
            });
          });
        }
        await federation.run();
        expect(federation.snapshot().generation).to.equal(2);
        expect(federation.behaviours.every((one) => one === honest)).to.equal(true);
        expectSound(federation);
        expect(settledRounds(federation)).to.equal(4);
        expect(federation.history.slashes).to.deep.equal([]);
      }
    });
  }
});
