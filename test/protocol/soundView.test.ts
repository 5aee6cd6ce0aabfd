import { expect } from "chai";
import { describe, it } from "mocha";
import { PHASES, type RoundView } from "../../node/core/roundView.ts";
import { flawOf } from "../../node/protocol/soundView.ts";
import { seededRandom } from "../../node/core/random.ts";
import { initialState, step } from "../../node/protocol/round.ts";
import { keccakWords } from "../../node/core/bytes.ts";
import { domain, members, MODEL, operators, see, terms, viewIn } from "./situation.ts";

const flaw = (change: object, list: unknown = members): string | undefined =>
  flawOf({ view: { ...viewIn("share"), ...change } as RoundView, members: list as typeof members, demands: [] }, terms);

describe("a view of the chain", () => {
  it("is taken as it is in every phase", () => {
    for (const phase of PHASES)
      expect(flawOf({ view: viewIn(phase), members, demands: [] }, terms)).to.equal(undefined);
  });

  it("is refused where something in it cannot be", () => {
    const changes: [string, object][] = [
      ["phase", { phase: undefined }],
      ["phase", { phase: "paused" }],
      ["round", { round: NaN }],
      ["round", { round: -1 }],
      ["round", { round: terms.rounds + 1 }],
      ["phaseStart", { phaseStart: 2 ** 60 }],
      ["blockTime", { blockTime: "now" }],
      ["seed", { seed: "0x" }],
      ["modelId", { modelId: undefined }],
      ["cohort", { cohort: null }],
      ["cohort", { cohort: [0, 0] }],
      ["cohort", { cohort: [0, 6] }],
      ["cohort", { cohort: [1.5] }],
      ["committee", { seats: [-1] }],
      ["committee", { seats: Array.from({ length: 40 }, (_, i) => i) }],
      ["committedMask", { committedMask: 1n << 5n }],
      ["openedMask", { openedMask: -1n }],
      ["includedMask", { includedMask: 3 }],
      ["liveSeats", { liveSeats: 1n << 4n }],
      ["attestedMask", { attestedMask: undefined }],
      ["bitmaps", { bitmaps: [] }],
      ["bitmap", { bitmaps: [1n << 5n, 0n, 0n, 0n] }],
      ["updates", { updateRoots: [] }],
      ["root", { updateRoots: ["0x", "0x", "0x", "0x", "0x"] }],
      ["counts", { exampleCounts: undefined }],
      ["count", { exampleCounts: [1, 2, 3, 4, -1] }],
    ];
    for (const [what, change] of changes) expect(flaw(change), JSON.stringify(Object.keys(change))).to.contain(what);
    expect(flaw({}, null)).to.contain("members");
    expect(flaw({}, members.slice(0, 4))).to.contain("cohort");
  });

  it("harms no peer, whatever is changed in it: it is refused, or it is acted upon", () => {
    const random = seededRandom(5);
    const odd = [undefined, null, NaN, -1, 0, 2 ** 53, 1n << 300n, -5n, "0x", "", [], [[]], [99], {}, [undefined], 0n];
    let taken = 0;
    for (let i = 0; i < 3000; i++) {
      const view: Record<string, unknown> = { ...viewIn(PHASES[random.below(PHASES.length)]!) };
      const names = Object.keys(view);
      for (let k = 0; k <= random.below(3); k++)
        view[names[random.below(names.length)]!] = odd[random.below(odd.length)];
      const seen = { view: view as unknown as RoundView, members, demands: [] };
      if (flawOf(seen, terms) !== undefined) continue;
      taken++;
      const settings = { operator: operators[i % 7]!, domain, terms, relaySeconds: 1, retrySeconds: 1 };
      const state = initialState({ ...settings, watchSecret: keccakWords(i) }, MODEL);
      const next = step(state, see(seen.view), 1_000_000);
      step(next.state, { type: "tick" }, 2_000_000);
    }
    expect(taken).to.be.greaterThan(20);
  });
});
