import { expect } from "chai";
import { describe, it } from "mocha";
import { PacelineError } from "../../node/core/errors.ts";
import type { VirtualPeer } from "../../node/simulation/peer.ts";
import type { Storage } from "../../node/storage/storage.ts";
import { TestFederation } from "../helpers/virtual/federation.ts";
import { expectSound, settledRounds } from "./soundness.ts";

const WRITES = ["put", "delete", "putBlob", "deleteBlob", "transaction"] as const;
type Write = (typeof WRITES)[number];

/**
 * Cuts a peer's power at its `nth` write, before it has reached the disk or just after, and brings it up again later.
 * @returns counts its writes, and names the one at which it was cut
 */
function cutAt(
  federation: TestFederation,
  peer: VirtualPeer,
  nth: number,
  isAfter: boolean,
  downSeconds: number,
): { readonly writes: () => number; readonly at: () => string | undefined } {
  const { disk } = peer;
  let writes = 0;
  let at: string | undefined;
  const cut = (): void => {
    peer.stop();
    federation.world.clock.after(downSeconds, () => peer.start());
  };
  const wrap = (name: Write): void => {
    const write = (disk[name] as (...args: unknown[]) => unknown).bind(disk);
    const cuts = (...args: unknown[]): unknown => {
      if (writes++ !== nth) return write(...args);
      at = `${name} ${String(args[0]).slice(0, 10)}`;
      if (!isAfter) {
        cut();
        throw new PacelineError("closed", "the power is gone");
      }
      const result = write(...args);
      cut();
      return result;
    };
    Object.assign(disk, { [name]: cuts } as Partial<Storage>);
  };
  for (const name of WRITES) wrap(name);
  return { writes: () => writes, at: () => at };
}

describe("a federation in which a member's power is cut at any of its writes", function () {
  this.timeout(120_000);
  const ROUNDS = 2;

  async function play(
    member: number,
    nth: number,
    isAfter: boolean,
  ): Promise<{ writes: number; at: string | undefined }> {
    const federation = new TestFederation({ members: 4, seed: 5, terms: { rounds: ROUNDS } });
    const cut = cutAt(federation, federation.peers[member]!, nth, isAfter, 0.5);
    await federation.run();
    const what = `member ${member}, write ${nth} (${cut.at()}), ${isAfter ? "after" : "before"} it`;
    try {
      expectSound(federation);
      expect(settledRounds(federation)).to.equal(ROUNDS);
      expect(federation.history.slashes).to.deep.equal([]);
      const { members } = federation.snapshot();
      for (const [id, { credit }] of members.entries()) expect(credit > 0n, `credit of ${id}`).to.equal(true);
    } catch (error) {
      throw new Error(`${what}: ${String(error)}`, { cause: error });
    }
    return { writes: cut.writes(), at: cut.at() };
  }

  for (const isAfter of [false, true]) {
    it(`settles every round, pays everybody and slashes nobody, cut just ${isAfter ? "after" : "before"} it`, async () => {
      const { writes } = await play(1, Infinity, false);
      expect(writes).to.be.greaterThan(20);
      const cutIn = new Set<string>();
      for (let nth = 0; nth < writes; nth++) cutIn.add((await play(nth % 4, nth, isAfter)).at?.split(" ")[1] ?? "none");
      for (const kind of ["update", "scores", "signed", "judged", "model"]) expect([...cutIn]).to.include(kind);
    });
  }
});
