import { expect } from "chai";
import { after, before, describe, it } from "mocha";
import { playCell } from "./cell.ts";
import type { Fault, StruckPhase } from "./fault.ts";
import { wrongBytesPeer } from "./faults/hostile.ts";
import { deadAggregator, kill } from "./faults/processes.ts";
import { Ground, SHORT_PHASES } from "./ground.ts";

const DAEMONS = 4;
const FIRST_ROUND_SECONDS = 90;

/** The table in short: `npm run -s test:chaos` plays all of it. */
describe("four daemons as processes and a hostile peer", function () {
  this.timeout(240_000);
  let ground: Ground;

  before(async () => {
    ground = await Ground.open(DAEMONS, { attacker: true }, SHORT_PHASES);
    await ground.log.settled(1, FIRST_ROUND_SECONDS);
  });
  after(() => ground?.close());

  const cells: readonly (readonly [Fault, StruckPhase])[] = [
    [kill, "commit"],
    [deadAggregator, "propose"],
    [wrongBytesPeer, "share"],
  ];
  for (const [fault, phase] of cells) {
    it(`go on with the next round after this, in ${phase}: ${fault.what}`, async () => {
      const { outcome, problems } = await playCell(ground, fault, phase);
      expect(problems).to.deep.equal([]);
      expect(outcome).to.equal("settled");
    });
  }
});
