import { expect } from "chai";
import { after, before, describe, it } from "mocha";
import { auditJob, type AuditOptions, type AuditResult } from "../../node/audit/audit.ts";
import type { Difference } from "../../node/audit/difference.ts";
import type { Endpoint } from "../../node/chain/endpoint.ts";
import type { Hex } from "../../node/core/bytes.ts";
import { startRealChain, type RealChain } from "../conformance/chain/real.ts";
import { playEventfulJob, sourceOf, type PlayedJob } from "./eventfulJob.ts";
import { flipped, inBlocks, inCalldata, inLog, remembering, tampered, type Tampering } from "./tampering.ts";

/** Of a blob of 300 values: three leaves. */
const UPDATE_BYTES = 768;

type Entries = readonly Record<string, unknown>[];

describe("the audit of an eventful job", function () {
  this.timeout(60_000);
  let chain: RealChain;
  let played: PlayedJob;
  let endpoint: Endpoint;
  let whole: AuditResult;

  const audit = (options: Partial<AuditOptions> = {}): Promise<AuditResult> =>
    auditJob({
      endpoint,
      source: { ...chain.deployment, ...played.job.addresses },
      blobs: sourceOf(played.blobs),
      genesis: { params: played.params, clipNorm: 1e6 },
      signal: new AbortController().signal,
      ...options,
    });

  before(async function () {
    this.timeout(180_000);
    chain = await startRealChain();
    played = await playEventfulJob(chain);
    endpoint = remembering(chain.endpoint);
    whole = await audit();
  });
  after(() => chain?.stop());

  it("reproduces it from its first block to its last, model and money included", () => {
    expect(whole.difference).to.equal(undefined);
    expect(whole).to.deep.include({
      phase: "finished",
      settled: 7,
      skipped: 1,
      aggregates: { recomputed: 7, read: 0, notRead: 0 },
      missing: [],
      unverified: 0,
      stateCompared: true,
    });
    expect(whole.paramsHash).to.match(/^0x[0-9a-f]{64}$/);
  });

  it("stops where it is told to, in the middle of a round", async () => {
    const toBlock = whole.toBlock - 12;
    const part = await audit({ toBlock });
    expect(part).to.deep.include({ difference: undefined, toBlock, stateCompared: true });
    expect(part.settled).to.be.lessThan(whole.settled);
  });

  describe("with one byte changed", () => {
    const differenceOf = async (tampering: Tampering): Promise<Difference> => {
      const { difference } = await audit({ endpoint: tampered(endpoint, tampering) });
      return difference!;
    };
    /** In the first entries of `list`, the field of entry `index`. */
    const entry = (args: unknown[], list: number, index: number): Record<string, unknown> =>
      (args[list] as Entries)[index] as Record<string, unknown>;
    const flip = (of: Record<string, unknown>, field: string): void => void (of[field] = flipped(of[field]));

    const cases: readonly (readonly [
      what: string,
      tampering: Tampering,
      round: number,
      phase: string,
      item: RegExp,
    ])[] = [
      ["a seed in the log", inLog("RoundDrawn", 5, (args) => flip(args, "seed")), 5, "draw", /^seed$/],
      [
        "a drawn seat",
        inLog("RoundDrawn", 6, (args) => void (args["seats"] = [...(args["seats"] as number[])].reverse())),
        6,
        "draw",
        /^committee, seat 0$/,
      ],
      [
        "a commitment of a batch",
        inCalldata("commitBatch", 1, (args) => flip(entry(args, 0, 3), "commitment")),
        2,
        "commit",
        /^commit of member 3$/,
      ],
      [
        "an opening's salt",
        inCalldata("share", 0, (args) => flip(entry(args, 0, 2), "salt")),
        1,
        "share",
        /^opening of member 2$/,
      ],
      [
        "an opening's root",
        inCalldata("share", 4, (args) => flip(entry(args, 0, 1), "updateRoot")),
        6,
        "share",
        /^opening of member \d$/,
      ],
      [
        "a bitmap",
        inCalldata("share", 0, (args) => {
          const it = entry(args, 1, 4);
          it["bits"] = (it["bits"] as bigint) ^ 2n;
        }),
        1,
        "share",
        /^bitmap of seat 4 \(member \d\)$/,
      ],
      [
        "an update's root in the log",
        inLog("IncludeSetFixed", 2, ({ updates }) =>
          flip((updates as Entries)[2] as Record<string, unknown>, "updateRoot"),
        ),
        2,
        "share",
        /^update root of member 2$/,
      ],
      [
        "an example count in the log",
        inLog("IncludeSetFixed", 1, ({ updates }) => {
          (updates as { exampleCount: number }[])[4]!.exampleCount++;
        }),
        1,
        "share",
        /^example count of member 4$/,
      ],
      [
        "a proposed root",
        inCalldata("propose", 0, (args) => void (args[0] = flipped(args[0]))),
        1,
        "propose",
        /^propose$/,
      ],
      [
        "an attestation",
        inCalldata("attest", 0, (args) => flip(entry(args, 0, 5), "r")),
        1,
        "challenge",
        /^attestation of seat 5 \(member \d\)$/,
      ],
      [
        "a score commitment",
        inCalldata("attest", 0, (args) => flip(entry(args, 1, 5), "commitment")),
        1,
        "challenge",
        /^score commitment of seat 5 \(member \d\)$/,
      ],
      [
        "a score in an opened vector",
        inCalldata("openScores", 3, (args) => flip(entry(args, 0, 1), "vector")),
        5,
        "score",
        /^score vector of seat \d \(member \d\)$/,
      ],
      [
        "a score in the log",
        inLog("ScoreOpened", 5, (args) => flip(args, "vector")),
        5,
        "score",
        /^score that seat \d \(member \d\) gave member 7$/,
      ],
      [
        "a median score",
        inLog("RoundSettled", 6, ({ scores }) => {
          (scores as bigint[])[2]! ^= 1n;
        }),
        6,
        "score",
        /^score of member \d$/,
      ],
      [
        "a contributor's pay",
        inLog("RoundSettled", 2, ({ contributorsPay }) => {
          (contributorsPay as bigint[])[3]! += 1n;
        }),
        2,
        "score",
        /^pay of member 3 for its update$/,
      ],
      [
        "a judge's pay",
        inLog("RoundSettled", 8, ({ judgesPay }) => {
          (judgesPay as bigint[])[3]! -= 1n;
        }),
        8,
        "score",
        /^pay of seat 3 \(member \d\)$/,
      ],
      [
        "the sum of a round's pay",
        inLog("RoundSettled", 1, (args) => {
          args["paid"] = (args["paid"] as bigint) + 1n;
        }),
        1,
        "score",
        /^sum of the round's pay$/,
      ],
      [
        "a keeper's credit",
        inLog("Credited", undefined, (args) => {
          args["amount"] = (args["amount"] as bigint) + 1n;
        }),
        1,
        "score",
        /^credit of 0x/,
      ],
      ["a model's name", inLog("RoundSettled", 7, (args) => flip(args, "modelId")), 7, "score", /^modelId$/],
      [
        "what a fault cost",
        inLog("StakeSlashed", undefined, (args) => {
          args["taken"] = (args["taken"] as bigint) - 1n;
        }),
        2,
        "challenge",
        /^stake taken of member \d$/,
      ],
      [
        "the refund",
        inLog("JobEnded", undefined, (args) => {
          args["refunded"] = (args["refunded"] as bigint) + 1n;
        }),
        8,
        "score",
        /^refund of the sponsor$/,
      ],
    ];
    for (const [what, tampering, round, phase, item] of cases)
      it(`names ${what}`, async () => {
        const difference = await differenceOf(tampering);
        expect(difference).to.deep.include({ round, phase });
        expect(difference.item).to.match(item);
        expect(difference.chain).not.to.equal(difference.replay);
      });

    it("names the seed where the hash of an entropy block is another", async () => {
      let last: Hex | undefined;
      const difference = await differenceOf(
        inBlocks((block) => {
          last ??= block.hash;
          if (Number(block.number) > played.job.addresses.fromBlock + 8) block.hash = flipped(block.hash);
        }),
      );
      expect(difference).to.deep.include({ round: 1, phase: "draw", item: "seed" });
    });

    it("names a call that came too early by the block's time", async () => {
      const difference = await differenceOf(
        inBlocks((block) => void (block.timestamp = `0x${(1_000_000_000 + Number(block.number)).toString(16)}`)),
      );
      expect(difference).to.deep.include({ round: 3, phase: "challenge", item: "advance" });
      expect(difference.replay).to.contain("DemandsOpen");
    });

    it("names the round and the member of a blob, wherever the byte is", async () => {
      const updates = [...played.blobs].filter(([, bytes]) => bytes.length === UPDATE_BYTES);
      for (const [index, [root, bytes]] of updates.entries()) {
        if (index % 9 !== 4) continue;
        const changed = Uint8Array.from(bytes);
        changed[(index * 131) % UPDATE_BYTES]! ^= 1 << (index % 8);
        const { difference } = await audit({ blobs: sourceOf(new Map([...played.blobs, [root, changed]])) });
        expect(difference).to.deep.include({ phase: "share", chain: root });
        expect(difference?.item).to.match(/^update of member \d$/);
        expect(difference?.replay).to.contain("has the root 0x");
      }
    });
  });

  it("reads the aggregates where updates are missing, and says which", async () => {
    const aggregates = new Map([...played.blobs].filter(([, bytes]) => bytes.length !== UPDATE_BYTES));
    const result = await audit({ blobs: sourceOf(aggregates) });
    expect(result).to.deep.include({
      difference: undefined,
      aggregates: { recomputed: 0, read: 7, notRead: 0 },
      paramsHash: whole.paramsHash,
    });
    expect(result.missing[0]).to.deep.include({ round: 1, item: "update of member 0" });
    const [root, bytes] = [...aggregates][2]!;
    const changed = Uint8Array.from(bytes);
    changed[9]! ^= 4;
    const { difference } = await audit({ blobs: sourceOf(new Map([...aggregates, [root, changed]])) });
    expect(difference).to.deep.include({ round: 3, phase: "propose", item: "aggregate", chain: root });
  });

  it("follows the chain alone where there are no blobs", async () => {
    const result = await audit({ blobs: undefined, genesis: undefined });
    expect(result).to.deep.include({
      difference: undefined,
      missing: [],
      aggregates: { recomputed: 0, read: 0, notRead: 7 },
      paramsHash: undefined,
    });
    expect(result.modelId).to.equal(whole.modelId);
  });
});
