import { after, before, describe } from "mocha";
import { describeChallenges } from "./chain/challenges.ts";
import { describeCourt } from "./chain/court.ts";
import { describeDemands } from "./chain/demands.ts";
import { describeDraws } from "./chain/draws.ts";
import { Game, type ChainUnderTest, type Open } from "./chain/game.ts";
import { describeMembership } from "./chain/membership.ts";
import { describeMoney } from "./chain/money.ts";
import { describeRounds } from "./chain/rounds.ts";
import { describeSharing } from "./chain/sharing.ts";

/**
 * What every chain must do. `start` is called once for the whole suite.
 * @param describeMore tests of what was played
 */
export function describeChainConformance<Chain extends ChainUnderTest>(
  name: string,
  start: () => Promise<Chain>,
  describeMore: (chain: () => Chain) => void = () => undefined,
): void {
  describe(`${name}: conformance of a chain`, function () {
    this.timeout(60_000);
    let chain: Chain;
    before(async function () {
      this.timeout(180_000);
      chain = await start();
    });
    after(() => chain.stop());
    const open: Open = async (change) => new Game(await chain.openJob(change));
    describeRounds(open);
    describeDraws(open);
    describeMembership(open);
    describeSharing(open);
    describeChallenges(open);
    describeCourt(open);
    describeDemands(open);
    describeMoney(open);
    describeMore(() => chain);
  });
}
