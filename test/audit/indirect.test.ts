import { expect } from "chai";
import { describe, it } from "mocha";
import { createPublicClient, custom, encodeFunctionData } from "viem";
import { decodeCall } from "../../node/audit/calls.ts";
import { callsInside } from "../../node/audit/indirect.ts";
import type { AuditedJob } from "../../node/audit/source.ts";
import { jobAbi } from "../../node/chain/abi.ts";
import type { Endpoint } from "../../node/chain/endpoint.ts";
import type { JobEvent } from "../../node/chain/memory/eventLog.ts";
import { keccakWords, type Address } from "../../node/core/bytes.ts";

const address = (byte: string): Address => `0x${byte.repeat(20)}`;
const [JOB, COURT, TREASURY, REGISTRY, SAFE, OTHER] = ["a1", "c0", "7e", "4e", "5a", "99"].map(address) as [
  Address,
  Address,
  Address,
  Address,
  Address,
  Address,
];
const SOURCE = { job: JOB, court: COURT, treasury: TREASURY, registry: REGISTRY, fromBlock: 3 } as AuditedJob;
const HASH = keccakWords(1);

function endpoint(trace: unknown): Endpoint {
  const request = (): Promise<unknown> =>
    trace === undefined ? Promise.reject(new Error("the method does not exist")) : Promise.resolve(trace);
  return { client: createPublicClient({ transport: custom({ request }, { retryCount: 0 }) }) } as unknown as Endpoint;
}

describe("calls that came through another contract", () => {
  const advance = encodeFunctionData({ abi: jobAbi, functionName: "advance" });
  const join = encodeFunctionData({ abi: jobAbi, functionName: "join", args: [1_500n] });
  const call = (
    from: string | undefined,
    to: string | undefined,
    input: string,
    calls: unknown[] = [],
    error?: string,
  ) => ({
    ...{ type: "CALL", from, to, input, calls },
    ...(error === undefined ? {} : { error }),
  });

  it("are the outermost ones of a trace, in order, without what was reverted or delegated", async () => {
    const trace = call(OTHER, SAFE, "0x", [
      call(SAFE, JOB, join, [
        call(JOB, TREASURY, "0x12345678"),
        { ...call(JOB, COURT, advance), type: "DELEGATECALL" },
      ]),
      call(SAFE, JOB, advance, [], "execution reverted"),
      { ...call(SAFE, JOB, advance), type: "STATICCALL" },
      call(SAFE, OTHER, "0x", [call(OTHER, JOB.toUpperCase().replace("0X", "0x"), advance)]),
    ]);
    expect(await callsInside(endpoint(trace), SOURCE, HASH, [])).to.deep.equal({
      calls: [
        { target: "job", sender: SAFE, input: join },
        { target: "job", sender: OTHER, input: advance },
      ],
      indirect: false,
    });
  });

  it("are taken from the log where the endpoint does not trace, as far as it names the wallet", async () => {
    const events: JobEvent[] = [
      { name: "Joined", args: { memberId: 4, wallet: SAFE, operator: OTHER } },
      { name: "StakeLocked", args: { wallet: SAFE, amount: 1_500n } },
      { name: "CreditClaimed", args: { memberId: 2, wallet: SAFE, amount: 7n } },
      { name: "PhaseEntered", args: { round: 1, phase: 2 } },
    ];
    const { calls, indirect } = await callsInside(endpoint(undefined), SOURCE, HASH, events);
    expect(indirect).to.equal(true);
    expect(calls.map(({ sender, target }) => [target, sender])).to.deep.equal([
      ["job", SAFE],
      ["job", SAFE],
    ]);
    const decoded = calls.map((each) => decodeCall(each)!);
    expect(decoded.map(({ functionName, args }) => [functionName, args])).to.deep.equal([
      ["join", [1_500n]],
      ["claim", [2]],
    ]);
  });
});
