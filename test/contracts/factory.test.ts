import { expect } from "chai";
import { describe, it } from "mocha";
import { keccakWords, ZERO_WORD } from "../../node/core/bytes.ts";
import type { JobTerms } from "../../node/core/jobTerms.ts";
import type { View } from "./player.ts";
import { startingFrom } from "./startingFrom.ts";
import {
  account,
  as,
  createJob,
  deployWorld,
  ETHER,
  jobAt,
  makeParticipants,
  MIN_PHASE_SECONDS,
  POOL,
  read,
  termsOf,
} from "./world.ts";

const DAY = 86_400;
/** With phases of about a week and 32 seats: what a round may last after its commits, and 90 days. */
const MOST_UNBOND_SECONDS = 7 * DAY - 2 + 32 * 2 * (7 * DAY - 3) + (7 * DAY - 5) + 90 * DAY;

/** A change of the terms that is just out of bounds, and the field that the factory names. */
const REFUSED: readonly (readonly [Partial<JobTerms>, string])[] = [
  [{ rounds: 0 }, "rounds"],
  [{ rounds: 100_001 }, "rounds"],
  [{ vectorLength: 0 }, "vectorLength"],
  [{ vectorLength: 2 ** 28 + 1 }, "vectorLength"],
  [{ cohortSize: 2 }, "cohortSize"],
  [{ cohortSize: 65 }, "cohortSize"],
  [{ committeeSize: 2 }, "committeeSize"],
  [{ committeeSize: 33 }, "committeeSize"],
  [{ startMembers: 2 }, "startMembers"],
  [{ minCommits: 2 }, "minCommits"],
  [{ cohortSize: 8, minCommits: 9 }, "minCommits"],
  [{ weightCap: 0 }, "weightCap"],
  [{ cohortSize: 64, weightCap: 2 ** 23 + 1 }, "weightCap"],
  [{ cohortSize: 8, weightCap: 2 ** 24 }, "weightCap"],
  [{ rule: 3 }, "rule"],
  [{ rule: 0, trimPermille: 1 }, "trimPermille"],
  [{ rule: 1, trimPermille: 500 }, "trimPermille"],
  [{ rule: 2, trimPermille: 1 }, "trimPermille"],
  [{ minExponent: -31 }, "minExponent"],
  [{ maxExponent: 31 }, "maxExponent"],
  [{ minExponent: 5, maxExponent: 4 }, "maxExponent"],
  [{ initialExponent: 3 }, "initialExponent"],
  [{ initialExponent: 21 }, "initialExponent"],
  [{ joinSeconds: 0 }, "joinSeconds"],
  [{ commitSeconds: 7 * DAY + 1 }, "commitSeconds"],
  [{ commitSeconds: MIN_PHASE_SECONDS - 1 }, "commitSeconds"],
  [{ shareSeconds: MIN_PHASE_SECONDS - 1 }, "shareSeconds"],
  [{ slotSeconds: MIN_PHASE_SECONDS - 1 }, "slotSeconds"],
  [{ demandSeconds: MIN_PHASE_SECONDS - 1 }, "demandSeconds"],
  [{ challengeSeconds: 199 }, "challengeSeconds"],
  [{ challengeSeconds: 7 * DAY + 1 }, "challengeSeconds"],
  [{ scoreSeconds: MIN_PHASE_SECONDS - 1 }, "scoreSeconds"],
  [{ unbondSeconds: 5_699 }, "unbondSeconds"],
  [{ committeeSize: 8 }, "unbondSeconds"],
  [{ unbondSeconds: 5_701 + 90 * DAY }, "unbondSeconds"],
  [{ phaseBlocks: 1_001 }, "phaseBlocks"],
  [{ token: `0x${"00".repeat(20)}` }, "token"],
  [{ stakeToken: `0x${"00".repeat(20)}` }, "stakeToken"],
  [{ faultSlash: 101n * 10n ** 18n }, "faultSlash"],
  [{ missSlash: 25n * 10n ** 18n + 1n }, "missSlash"],
  [{ stake: 0n, faultSlash: 0n, missSlash: 0n, proofReward: 0n, stakeWeighted: true }, "stake"],
  [{ proofReward: 30n * 10n ** 18n + 1n }, "proofReward"],
  [{ keepersBps: 499 }, "contributorsBps+aggregatorBps+committeeBps+keepersBps"],
];

describe("the factory", () => {
  const state = startingFrom(async () => ({ world: await deployWorld() }));

  it("makes a job with its terms, and escrows the pool", async () => {
    const { world } = state();
    const terms = await termsOf(world);
    const job = await createJob(world);
    expect(await read<boolean>(world.factory, "isJob", job)).to.equal(true);
    expect(await read(world.treasury, "poolOf", job)).to.equal(POOL);
    expect(await read(world.token, "balanceOf", world.treasury)).to.equal(POOL);
    expect(await read<string>(job, "sponsor")).to.equal(await world.sponsor.getAddress());
    const stored = (await read<{ toObject(): Record<string, unknown> }>(job, "terms")).toObject();
    for (const [name, value] of Object.entries(terms) as [string, string | number | bigint | boolean][]) {
      const given = stored[name];
      if (typeof value === "string") expect(String(given).toLowerCase(), name).to.equal(value);
      else if (typeof value === "boolean") expect(given, name).to.equal(value);
      else expect(given, name).to.equal(BigInt(value));
    }
  });

  it("keeps every term apart from its neighbours, at the largest values that fit", async () => {
    const { world } = state();
    const terms: JobTerms = {
      ...(await termsOf(world)),
      rounds: 100_000,
      vectorLength: 2 ** 28,
      weightCap: 2 ** 23,
      startMembers: 65_535,
      committeeSize: 32,
      minCommits: 64,
      rule: 1,
      trimPermille: 499,
      minExponent: -30,
      maxExponent: 30,
      initialExponent: -7,
      stakeWeighted: true,
      suspendDraws: 255,
      joinSeconds: 7 * DAY,
      commitSeconds: 7 * DAY - 1,
      shareSeconds: 7 * DAY - 2,
      slotSeconds: 7 * DAY - 3,
      demandSeconds: 7 * DAY - 4,
      challengeSeconds: 7 * DAY - 3,
      scoreSeconds: 7 * DAY - 5,
      unbondSeconds: MOST_UNBOND_SECONDS,
      phaseBlocks: 1_000,
      stake: 2n ** 96n - 1n,
      faultSlash: 2n ** 96n - 2n,
      missSlash: 2n ** 94n - 1n,
      proofReward: 2n ** 95n - 1n,
      contributorsBps: 2_501,
      aggregatorBps: 2_500,
      committeeBps: 2_499,
      keepersBps: 2_500,
    };
    const stored = (await read<{ toObject(): object }>(await createJob(world, terms), "terms")).toObject();
    const words = (value: unknown): string => String(value).toLowerCase();
    expect(Object.fromEntries(Object.entries(stored).map(([name, value]) => [name, words(value)]))).to.deep.equal(
      Object.fromEntries(Object.entries(terms).map(([name, value]) => [name, words(value)])),
    );
  });

  it("starts the model id from the terms, and the seed with the first draw", async () => {
    const { world } = state();
    const view = await read<View>(await createJob(world), "roundView");
    expect([view.modelId, view.seed]).to.deep.equal([keccakWords(2), ZERO_WORD]);
  });

  it("gives a job the address that was predicted, which follows from sponsor, terms and salt", async () => {
    const { world } = state();
    const terms = await termsOf(world);
    const salt = keccakWords(55);
    const other = (await account(world, 3)).signer;
    const predict = (changes: Partial<JobTerms>, sponsor = world.sponsor, by = salt): Promise<string> =>
      read<string>(world.factory, "predictJob", { ...terms, ...changes }, sponsor, by);
    const address = await predict({});
    const addresses = [
      address,
      await predict({ rounds: 4 }),
      await predict({}, other),
      await predict({}, other, keccakWords(56)),
    ];
    expect(new Set(addresses).size).to.equal(4);
    await expect(world.factory.createJob(terms, POOL, salt))
      .to.emit(world.factory, "JobCreated")
      .withArgs(address, world.sponsor, terms.specHash, POOL);
    await expect(world.factory.createJob(terms, POOL, salt)).to.be.revertedWithCustomError(
      world.factory,
      "FailedDeployment",
    );
    expect(await read<boolean>(world.factory, "isJob", addresses[1])).to.equal(false);
  });

  it("allows terms at their bounds, where they fit each other", async () => {
    const { world } = state();
    await createJob(world, {
      rounds: 100_000,
      vectorLength: 2 ** 28,
      cohortSize: 64,
      weightCap: 2 ** 23,
      committeeSize: 32,
      unbondSeconds: 23_200,
    });
    await createJob(world, {
      cohortSize: 8,
      weightCap: 2 ** 24 - 1,
      minCommits: 8,
      unbondSeconds: 5_700,
      phaseBlocks: 0,
    });
    await createJob(world, {
      minExponent: -30,
      initialExponent: -30,
      maxExponent: -30,
      stake: 0n,
      faultSlash: 0n,
      missSlash: 0n,
      proofReward: 0n,
    });
  });

  for (const [change, name] of REFUSED) {
    it(`refuses terms with ${Object.entries(change)
      .map(([field, value]) => `${field} = ${value}`)
      .join(", ")}`, async () => {
      const { world } = state();
      const error = await createJob(world, change).then(
        () => undefined,
        (reason: unknown) => reason as Error,
      );
      expect(error?.message).to.include(`BadTerm("${name}"`);
    });
  }

  it("refuses an empty pool", async () => {
    const { world } = state();
    await expect(createJob(world, {}, 0n))
      .to.be.revertedWithCustomError(world.factory, "BadTerm")
      .withArgs("pool", 0, 1, 2n ** 96n - 1n);
  });

  it("makes jobs that nobody can initialise again, and an implementation that nobody can", async () => {
    const { world } = state();
    const job = await createJob(world);
    const implementation = await read<string>(world.factory, "IMPLEMENTATION");
    for (const target of [job, jobAt(world, implementation)]) {
      await expect(target.initialize()).to.be.revertedWithCustomError(job, "OnlyFactory").withArgs(world.sponsor);
    }
  });

  it("makes an implementation and a desk that hold nothing: who calls them alone reaches no job and no stake", async () => {
    const { world } = state();
    const [one] = await makeParticipants(world, 1);
    const implementation = jobAt(world, await read<string>(world.factory, "IMPLEMENTATION"));
    await expect(as(implementation, one!.wallet).join(100n * ETHER)).to.be.revert(world.ethers);
    await expect(implementation.advance()).to.be.revert(world.ethers);
    const job = await createJob(world);
    await expect(world.sponsor.sendTransaction({ to: job, value: 1n })).to.be.revert(world.ethers);
    await expect(job.advance({ value: 1n })).to.be.revert(world.ethers);
    await expect(job.resume(0, { value: 1n })).to.be.revert(world.ethers);
  });
});
