import { expect } from "chai";
import { describe, it } from "mocha";
import { keccakWords } from "../../node/core/bytes.ts";
import type { JobTerms } from "../../node/core/jobTerms.ts";
import { firstSeed } from "../../node/core/sortition.ts";
import type { View } from "./round.ts";
import { startingFrom } from "./startingFrom.ts";
import { addressOf, createJob, deployWorld, POOL, read, termsOf } from "./world.ts";

const DAY = 86_400;

/** A change of the terms that is just out of bounds, and the field that the factory names. */
const REFUSED: readonly (readonly [Partial<JobTerms>, string])[] = [
  [{ rounds: 0 }, "rounds"],
  [{ rounds: 100_001 }, "rounds"],
  [{ vectorLength: 0 }, "vectorLength"],
  [{ vectorLength: 2 ** 30 + 1 }, "vectorLength"],
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
  [{ rule: 1 }, "rule"],
  [{ minExponent: -31 }, "minExponent"],
  [{ maxExponent: 31 }, "maxExponent"],
  [{ minExponent: 5, maxExponent: 4 }, "maxExponent"],
  [{ initialExponent: 3 }, "initialExponent"],
  [{ initialExponent: 21 }, "initialExponent"],
  [{ joinSeconds: 0 }, "joinSeconds"],
  [{ commitSeconds: 7 * DAY + 1 }, "commitSeconds"],
  [{ shareSeconds: 0 }, "shareSeconds"],
  [{ slotSeconds: 0 }, "slotSeconds"],
  [{ attestSeconds: 0 }, "attestSeconds"],
  [{ challengeSeconds: 0 }, "challengeSeconds"],
  [{ scoreSeconds: 0 }, "scoreSeconds"],
  [{ unbondSeconds: 5_699 }, "unbondSeconds"],
  [{ committeeSize: 8 }, "unbondSeconds"],
  [{ phaseBlocks: 10_001 }, "phaseBlocks"],
  [{ token: `0x${"00".repeat(20)}` }, "token"],
  [{ stakeToken: `0x${"00".repeat(20)}` }, "stakeToken"],
  [{ faultSlash: 101n * 10n ** 18n }, "faultSlash"],
  [{ missSlash: 101n * 10n ** 18n }, "missSlash"],
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
    for (const [name, value] of Object.entries(terms) as [string, string | number | bigint][]) {
      const given = stored[name];
      if (typeof value === "string") expect(String(given).toLowerCase(), name).to.equal(value);
      else expect(given, name).to.equal(BigInt(value));
    }
  });

  it("starts the seed and the model id from the terms and the job's address", async () => {
    const { world } = state();
    const job = await createJob(world);
    const view = await read<View>(job, "roundView");
    expect(view.modelId).to.equal(keccakWords(2));
    expect(view.seed).to.equal(firstSeed(world.chainId, await addressOf(job), keccakWords(2)));
  });

  it("allows terms at their bounds, where they fit each other", async () => {
    const { world } = state();
    await createJob(world, {
      rounds: 100_000,
      vectorLength: 2 ** 30,
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

  it("refuses an empty pool and one beyond 128 bits", async () => {
    const { world } = state();
    for (const pool of [0n, 2n ** 128n]) {
      await expect(createJob(world, {}, pool))
        .to.be.revertedWithCustomError(world.factory, "BadTerm")
        .withArgs("pool", pool, 1, 2n ** 128n - 1n);
    }
  });

  it("makes jobs that nobody can initialise again, and an implementation that nobody can", async () => {
    const { world } = state();
    const job = await createJob(world);
    const implementation = await read<string>(world.factory, "IMPLEMENTATION");
    for (const target of [job, job.attach(implementation) as typeof job]) {
      await expect(target.initialize(world.sponsor))
        .to.be.revertedWithCustomError(job, "OnlyFactory")
        .withArgs(world.sponsor);
    }
    await expect((job.attach(implementation) as typeof job).join()).to.be.revertedWithCustomError(job, "NotRegistered");
  });
});
