import { expect } from "chai";
import { ZeroAddress } from "ethers";
import { describe, it } from "mocha";
import type { JobTerms } from "../../node/core/jobTerms.ts";
import { deployConsortium, openAJob, send, setBounds } from "./consortiumWorld.ts";
import { startingFrom } from "./startingFrom.ts";
import { addressOf, as, deploy, ETHER, POOL } from "./world.ts";

const WEEK_SECONDS = 7 * 86_400;
/** The terms of these tests keep to them. */
const BOUNDS = { minStake: 50n * ETHER, maxSlashPermille: 600, minCommitteeSize: 5, maxPhaseSeconds: 3_600 };

describe("a consortium's bounds of new jobs", () => {
  const state = startingFrom(async () => ({ world: await deployConsortium(BOUNDS) }));
  const MAX_UINT96 = 2n ** 96n - 1n;
  type BadTerm = readonly [field: string, value: bigint, min: bigint, max: bigint];
  const CASES: readonly (readonly [string, Partial<JobTerms>, BadTerm])[] = [
    [
      "a smaller stake",
      { stake: 50n * ETHER - 1n, faultSlash: 0n, missSlash: 0n, proofReward: 0n },
      ["stake", 50n * ETHER - 1n, 50n * ETHER, MAX_UINT96],
    ],
    [
      "a fault that costs more of the stake",
      { faultSlash: 60n * ETHER + 1n },
      ["faultSlash", 60n * ETHER + 1n, 0n, 60n * ETHER],
    ],
    ["a smaller committee", { committeeSize: 4 }, ["committeeSize", 4n, 5n, 65_535n]],
    ["a longer wait for members", { joinSeconds: 3_601 }, ["joinSeconds", 3_601n, 0n, 3_600n]],
    ["a longer phase", { commitSeconds: 3_601 }, ["commitSeconds", 3_601n, 10n, 3_600n]],
    ["a longer window", { challengeSeconds: 3_601, unbondSeconds: 50_000 }, ["challengeSeconds", 3_601n, 10n, 3_600n]],
  ];
  const opening = async (changes: Partial<JobTerms>): Promise<unknown> => {
    const { world } = state();
    return send(await openAJob(world, changes), world.sponsor);
  };
  const expectRefused = (changes: Partial<JobTerms>, badTerm: BadTerm): Promise<unknown> =>
    expect(opening(changes))
      .to.be.revertedWithCustomError(state().world.factory, "BadTerm")
      .withArgs(...badTerm);
  const expectOpened = (changes: Partial<JobTerms>): Promise<unknown> =>
    expect(opening(changes)).to.emit(state().world.factory, "JobCreated");

  for (const [what, changes, badTerm] of CASES) {
    it(`refuse ${what}`, () => expectRefused(changes, badTerm));
  }

  for (const field of ["token", "stakeToken"] as const) {
    it(`refuse another ${field}`, async () => {
      const other = "0x00000000000000000000000000000000000070ce";
      const own = BigInt(await state().world.token.getAddress());
      await expectRefused({ [field]: other }, [field, 0x70cen, own, own]);
    });
  }

  it("let a job pass that keeps to each of them exactly", async () => {
    const money = { stake: 50n * ETHER, faultSlash: 30n * ETHER, proofReward: 15n * ETHER };
    await expectOpened({ ...money, committeeSize: 5, joinSeconds: 3_600, commitSeconds: 3_600 });
  });

  it("bound the shortest phase, when the admin lengthens it", async () => {
    await setBounds(state().world, { minPhaseSeconds: 101n });
    await expectRefused({}, ["slotSeconds", 100n, 101n, 3_600n]);
    await expectOpened({ slotSeconds: 101, unbondSeconds: 9_000 });
  });

  it("bound what a missed duty costs", async () => {
    await setBounds(state().world, { maxSlashPermille: 5n });
    const half = ETHER / 2n;
    await expectRefused({ faultSlash: half, proofReward: 0n }, ["missSlash", ETHER, 0n, half]);
    await expectOpened({ faultSlash: half, proofReward: 0n, missSlash: half });
  });

  it("allow any token once the admin names none, and never go beyond the factory's hard caps", async () => {
    const { world } = state();
    const coin = await deploy(world.ethers, "PaceToken", world.sponsor, POOL);
    await as(coin, world.sponsor).getFunction("approve")(world.treasury, POOL);
    const token = await addressOf(coin);
    await setBounds(world, { token: ZeroAddress, maxPhaseSeconds: 2n ** 32n - 1n });
    const week = BigInt(WEEK_SECONDS);
    await expectRefused({ token, commitSeconds: WEEK_SECONDS + 1 }, ["commitSeconds", week + 1n, 10n, week]);
    await expectOpened({ token });
  });

  it("are refused where they contradict each other", async () => {
    const { world } = state();
    await expect(setBounds(world, { minPhaseSeconds: 3_601n }))
      .to.be.revertedWithCustomError(world.factory, "BadTerm")
      .withArgs("minPhaseSeconds", 3_601n, 0n, 3_600n);
    await expect(setBounds(world, { maxSlashPermille: 1_001n }))
      .to.be.revertedWithCustomError(world.factory, "BadTerm")
      .withArgs("maxSlashPermille", 1_001n, 0n, 1_000n);
  });
});
