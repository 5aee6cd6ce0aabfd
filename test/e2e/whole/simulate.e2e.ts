import { expect } from "chai";
import { after, before, describe, it } from "mocha";
import { buildReport } from "../../../node/cli/simulation/buildReport.ts";
import { givenChain } from "../../../node/cli/simulation/chainProcess.ts";
import { openFederation } from "../../../node/cli/simulation/federation.ts";
import { DEFAULT_SETTINGS } from "../../../node/cli/simulation/settings.ts";
import { findAnvil, startAnvil, type Anvil } from "../../helpers/anvil.ts";

const NO_BASELINES = { alone: [] };

describe("a simulated federation on a chain that runs already", function () {
  this.timeout(180_000);
  let anvil: Anvil;

  before(async function () {
    const binary = findAnvil();
    if (binary === undefined) return this.skip();
    anvil = await startAnvil(binary, { blockTime: 1 });
  });
  after(() => anvil?.stop());

  it("settles its rounds with a block a second, accounts for every wei, and leaves the chain running", async () => {
    const settings = {
      ...DEFAULT_SETTINGS,
      participants: 3,
      committee: 3,
      rounds: 2,
      trainExamples: 300,
      testExamples: 50,
      hidden: [],
      signFlippers: 0,
      freeRiders: 0,
      liarRound: 0,
    };
    const federation = await openFederation(
      settings,
      () => undefined,
      () => Promise.resolve(givenChain(anvil.httpUrl)),
    );
    try {
      await federation.run({});
      const { money, rounds } = await buildReport(federation, NO_BASELINES, new Date(0), 0);
      expect(rounds.map(({ outcome }) => outcome)).to.deep.equal(["settled", "settled"]);
      expect(money.balanced).to.equal(true);
    } finally {
      await federation.stop();
    }
    expect(Number(await anvil.rpc("eth_blockNumber"))).to.be.above(0);
  });
});
