import { expect } from "chai";
import { after, afterEach, before, describe, it } from "mocha";
import { readRound } from "../../../node/chain/snapshots.ts";
import type { Hex } from "../../../node/core/bytes.ts";
import { misbehaviourOf, type Misbehaviour } from "../../../node/daemon/learning/behaviours.ts";
import { ownSeat } from "../../../node/protocol/places.ts";
import type { PeerState } from "../../../node/protocol/state.ts";
import type { Storage } from "../../../node/storage/storage.ts";
import { LocalFederation, type Part } from "../localFederation.ts";
import { smallJob, type TestChain } from "../testChain.ts";
import type { Stage } from "./chains.ts";
import { expectConserved } from "./money.ts";
import { sits, together } from "./roles.ts";

const PARTICIPANTS = 5;
const ROUNDS = 2;
/** By seat: they hold together. */
const FRIENDS = [0, 1, 2, 3];
const OWNER = 1;
const HONEST = 4;

/** An update of the first round that friends hand to one another outside the network, and certify. */
class Secret {
  root: Hex | undefined;
  readonly #disks = new Map<number, Storage>();

  /** Before anything else follows from the state: nobody has asked for the update yet. */
  see(state: PeerState, storage: Storage): void {
    if (state.view?.round !== 1) return;
    const seat = ownSeat(state);
    if (FRIENDS.includes(seat)) this.#disks.set(seat, storage);
    const { update } = state.memory;
    if (seat !== OWNER || update === undefined || this.root !== undefined) return;
    this.root = update.updateRoot;
    void this.#hand(update.updateRoot, storage);
  }

  async #hand(root: Hex, from: Storage): Promise<void> {
    const bytes = await from.readBlob(root);
    for (const disk of this.#disks.values()) if (disk !== from) await disk.putBlob(root, bytes!);
  }
}

/** A quorum of the committee against one honest seat: it gets what it is not shown out of the round, and comes late with a proof. */
export function playCollusion(stage: Stage): void {
  describe(`one honest daemon among five, on ${stage.title}`, function () {
    this.timeout(4 * stage.patience * 1000);
    const secret = new Secret();
    const conspires: Misbehaviour = {
      hides: (state, root) => root === secret.root && state.view?.round === 1,
      omits: (state, { type }) => type === "answer" && sits(1, ...FRIENDS)(state),
    };
    let chain: TestChain;
    let federation: LocalFederation;
    let away: string | undefined;

    const partOf = (member: number): Part => ({
      misbehaviour: together(conspires, misbehaviourOf("lie", sits(2, ...FRIENDS))),
      onState: (state, storage) => secret.see(state, storage),
      // It knows the right aggregate, and is gone before it could prove the other one wrong.
      stopsWhen: (state) => {
        if (!sits(2, HONEST)(state) || state.memory.aggregateRoot === undefined) return false;
        away = `p${member}`;
        return true;
      },
    });

    before(async () => {
      chain = await stage.open();
      const spec = smallJob(PARTICIPANTS, ROUNDS, stage.phases);
      const members = { ...spec.members, suspendDraws: 0 }; // the certifiers' miss would leave too few to draw from
      federation = await LocalFederation.open(
        chain,
        { ...spec, members },
        {
          participants: PARTICIPANTS,
          seed: 13,
          relaySeconds: stage.relaySeconds,
        },
      );
      await stage.begin();
      await federation.startAll(partOf);
    });
    after(async () => {
      await federation?.close();
      await chain?.stop();
    });
    afterEach(function () {
      if (this.currentTest?.state !== "failed") return;
      console.error(`${federation.log.tail()}\n${federation.problems.slice(-20).join("\n")}`);
    });

    it("leaves out an update that the committee certified and nobody shows, at its owner's and certifiers' cost", async () => {
      await federation.log.settled(1, 2 * stage.patience);
      const { seats } = federation.log.of("RoundDrawn", 1)[0]!;
      const [first] = federation.log.of("IncludeSetFixed", 1);
      expect(first?.updates.map(({ memberId }) => memberId)).to.include(seats[OWNER]);
      const withheld = federation.log.of("UpdateWithheld", 1);
      expect(withheld.map(({ memberId }) => memberId)).to.deep.equal([seats[OWNER]]);
      const { faultSlash, missSlash } = federation.job.terms;
      const missed = federation.log
        .of("MemberMissed", 1)
        .map(({ memberId, asked }) => [seats.indexOf(memberId), asked]);
      expect(missed).to.have.deep.members(FRIENDS.map((seat) => [seat, seat === OWNER ? faultSlash : missSlash]));
      expect(new Set(federation.log.of("Proposed", 1).map(({ slot }) => slot))).to.deep.equal(new Set([0]));
    });

    it("proves a lie that a quorum has settled, once the honest daemon is back", async () => {
      const { record } = await federation.log.settled(2, 2 * stage.patience);
      const { seats } = federation.log.of("RoundDrawn", 2)[0]!;
      const liars = FRIENDS.map((seat) => seats[seat]!);
      expect(record.attesters).to.deep.equal(liars);
      const honest = seats[HONEST]!;
      expect(away).to.equal(`p${honest}`);
      await federation.start(honest);
      const { prover } = await federation.log.until("RoundFaulty", ({ round }) => round === 2, stage.patience);
      expect(prover.toLowerCase()).to.equal(federation.job.accounts[honest]!.operator);
      const faulted = federation.log.all("MemberFaulted").map(({ args }) => args);
      expect(faulted.map(({ memberId }) => memberId)).to.have.members(liars);
      expect(faulted.every(({ taken }) => taken > 0n)).to.equal(true);
      expect((await federation.log.calls()).map(({ name }) => name)).to.include("proveSettledWrongLeaf");
    });

    it("leaves every daemon with the chain's model, and every wei accounted for", async () => {
      const { view } = await readRound(chain.endpoint, federation.job.addresses.job);
      expect(view.phase).to.equal("finished");
      await federation.agree(view.modelId, stage.patience);
      await expectConserved(federation);
    });
  });
}
