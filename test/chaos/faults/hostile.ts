import type { Fault } from "../fault.ts";
import { badFrames, flood, replay, stallMidChunk, wrongBytes, type Attack } from "../hostile/attacks.ts";

/** A member of the job turns against the others until the round is over, and comes back under another key. */
function attack(name: string, what: string, begin: Attack): Fault {
  return {
    name,
    what: `a member ${what}`,
    needs: { attacker: true },
    async strike({ ground, round }) {
      const attacker = ground.attacker!;
      const end = await begin(attacker.node, ground.federation.openJob.terms.vectorLength);
      // Its next key counts from the next draw on: nobody waits for the old one in a round after this.
      const rotating = ground.log
        .until("RoundDrawn", (drawn) => drawn.round === round, ground.longestRound)
        .then(() => attacker.rotate());
      rotating.catch(() => undefined); // heal() tells
      return {
        members: [ground.size],
        async heal() {
          await end();
          await attacker.comeBack(await rotating);
        },
      };
    },
  };
}

export const stallingPeer = attack("stalling peer", "sends half of each chunk that it is asked for", stallMidChunk);

export const wrongBytesPeer = attack("wrong bytes", "answers with noise of the right length", wrongBytes);

export const malformed = attack(
  "malformed frames",
  "answers and asks with oversized and malformed frames, and gossips oversized, cut and random messages",
  badFrames,
);

export const floodingPeer = attack("flood", "sends some thousand well-formed messages and requests a second", flood);

export const replayingPeer = attack("replay", "says again and again what anybody has said", replay);
