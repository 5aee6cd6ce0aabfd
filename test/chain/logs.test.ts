import { expect } from "chai";
import { describe, it } from "mocha";
import { getAbiItem, type Log } from "viem";
import { jobAbi } from "../../node/chain/abi.ts";
import type { Endpoint } from "../../node/chain/endpoint.ts";
import { findLastLog, readLogs } from "../../node/chain/logs.ts";
import type { Address } from "../../node/core/bytes.ts";
import { PacelineError } from "../../node/core/errors.ts";
import { rejectionOf } from "../helpers/errors.ts";

const JOB: Address = `0x${"0b".repeat(20)}`;
const NEWEST = 90_000;
const QUERY = { address: JOB, events: [getAbiItem({ abi: jobAbi, name: "RoundSettled" })] };

/** An endpoint with logs in some blocks, which refuses more than `mostBlocks` at once. */
function endpointWith(blocks: readonly number[], mostBlocks: number, refusal = "block range is too wide") {
  const asked: [number, number][] = [];
  const client = {
    getBlockNumber: () => Promise.resolve(BigInt(NEWEST)),
    getLogs: ({ fromBlock, toBlock }: { fromBlock: bigint; toBlock: bigint | "latest" }) => {
      const [from, to] = [Number(fromBlock), toBlock === "latest" ? NEWEST : Number(toBlock)];
      asked.push([from, to]);
      if (to - from >= mostBlocks) return Promise.reject(new Error(refusal));
      const found = blocks.filter((block) => block >= from && block <= to);
      return Promise.resolve(found.map((block) => ({ blockNumber: BigInt(block) }) as Log));
    },
  };
  return { endpoint: { url: "http://127.0.0.1:1", client } as unknown as Endpoint, asked };
}

const numbersOf = (logs: readonly Log[]): number[] => logs.map(({ blockNumber }) => Number(blockNumber));

describe("readLogs", () => {
  it("asks once where the endpoint takes it", async () => {
    const { endpoint, asked } = endpointWith([3, 70_000, NEWEST], Infinity);
    expect(numbersOf(await readLogs(endpoint, QUERY, 3))).to.deep.equal([3, 70_000, NEWEST]);
    expect(asked).to.deep.equal([[3, NEWEST]]);
  });

  it("asks for parts, in order and without a gap, where the endpoint refuses the whole", async () => {
    const blocks = [1, 2, 11_250, 11_251, 22_501, 45_000, 45_001, 89_999, NEWEST];
    const { endpoint } = endpointWith(blocks, 12_000);
    expect(numbersOf(await readLogs(endpoint, QUERY, 1))).to.deep.equal(blocks);
    expect(numbersOf(await readLogs(endpoint, QUERY, 45_001, 89_999))).to.deep.equal([45_001, 89_999]);
  });

  it("does not ask again and again where something else is wrong", async () => {
    for (const refusal of ["fetch failed", "rate limit exceeded"]) {
      const { endpoint, asked } = endpointWith([], 1_000, refusal);
      expect(await rejectionOf(readLogs(endpoint, QUERY, 0))).to.equal("chain-unreachable");
      expect(asked.length).to.equal(1);
    }
  });

  it("gives up at a single block", async () => {
    const { endpoint } = endpointWith([], 0);
    const error = await readLogs(endpoint, QUERY, 7, 7).catch((thrown: unknown) => thrown);
    expect(error).to.be.instanceOf(PacelineError);
  });
});

describe("findLastLog", () => {
  it("finds the newest, looking back no farther than it must", async () => {
    const { endpoint, asked } = endpointWith([20, 60_000, 89_500], Infinity);
    expect((await findLastLog(endpoint, QUERY, NEWEST, 0))?.blockNumber).to.equal(89_500n);
    expect(asked).to.deep.equal([[89_001, NEWEST]]);
    expect((await findLastLog(endpoint, QUERY, 89_499, 0))?.blockNumber).to.equal(60_000n);
  });

  it("looks at every block down to the oldest, and says where there is none", async () => {
    const { endpoint, asked } = endpointWith([20], Infinity);
    expect((await findLastLog(endpoint, QUERY, NEWEST, 20))?.blockNumber).to.equal(20n);
    const [first, ...rest] = asked as [[number, number], ...[number, number][]];
    expect(first[1]).to.equal(NEWEST);
    rest.forEach(([, to], index) => expect(to).to.equal(asked[index]![0] - 1));
    expect(await findLastLog(endpoint, QUERY, NEWEST, 21)).to.equal(undefined);
  });
});
