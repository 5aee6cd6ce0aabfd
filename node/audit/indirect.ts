import { encodeFunctionData } from "viem";
import { jobAbi, treasuryAbi } from "../chain/abi.ts";
import type { Endpoint } from "../chain/endpoint.ts";
import type { JobEvent } from "../chain/memory/eventLog.ts";
import { toAddress, type Hex } from "../core/bytes.ts";
import { plain } from "./compareEvents.ts";
import type { RecordedCall } from "./record.ts";
import { targetOf, type AuditedJob } from "./source.ts";

/** Calls that came through another contract: a wallet that is one, or somebody's batch. */

interface Inside {
  readonly calls: readonly RecordedCall[];
  /** The endpoint does not trace, so that the calls are guessed from the log. */
  readonly indirect: boolean;
}

/** From a trace where the endpoint offers one; otherwise what the log tells of memberships, which name the wallet that called. */
export async function callsInside(
  { client }: Endpoint,
  source: AuditedJob,
  hash: Hex,
  events: readonly JobEvent[],
): Promise<Inside> {
  try {
    const request = { method: "debug_traceTransaction", params: [hash, { tracer: "callTracer" }] };
    const frame: unknown = await client.request(request as never);
    if (isFrame(frame)) return { calls: outermost(source, frame), indirect: false };
  } catch {
    // refused, or not known: most public endpoints offer no traces
  }
  return { calls: membershipCalls(source, events), indirect: true };
}

/** A call as `callTracer` tells of it. */
interface Frame {
  readonly type: string;
  readonly from: string;
  readonly to?: string;
  readonly input: Hex;
  readonly error?: string;
  readonly calls?: readonly Frame[];
}

function isFrame(value: unknown): value is Frame {
  return typeof value === "object" && value !== null && "from" in value && "input" in value && "type" in value;
}

/** Calls of the contracts from outside of them, in order; what was reverted has not happened. */
function outermost(source: AuditedJob, frame: Frame): RecordedCall[] {
  if (frame.error !== undefined) return [];
  const target = frame.type === "CALL" ? targetOf(source, frame.to ?? "") : undefined;
  if (target !== undefined) return [{ target, sender: toAddress(frame.from), input: frame.input }];
  return (frame.calls ?? []).flatMap((inner) => outermost(source, inner));
}

function membershipCalls({ job }: AuditedJob, events: readonly JobEvent[]): RecordedCall[] {
  const amount = events.find(({ name }) => name === "StakeLocked")?.args["amount"] as bigint | undefined;
  const locker = events.find(({ name }) => name === "StakeLocked")?.args["wallet"];
  const calls = events.map(({ name, args }): RecordedCall | undefined => {
    const wallet = toAddress(plain(args["wallet"] ?? locker ?? job));
    const id = args["memberId"] as number;
    const call = (input: Hex, target: RecordedCall["target"] = "job"): RecordedCall => ({
      target,
      sender: wallet,
      input,
    });
    switch (name) {
      case "Joined":
        return call(encodeFunctionData({ abi: jobAbi, functionName: "join", args: [amount ?? 0n] }));
      case "StakeAdded":
        return call(encodeFunctionData({ abi: jobAbi, functionName: "addStake", args: [args["amount"] as bigint] }));
      case "Left":
        return call(encodeFunctionData({ abi: jobAbi, functionName: "leaveJob" }));
      case "Resumed":
        return call(encodeFunctionData({ abi: jobAbi, functionName: "resume", args: [id] }));
      case "OperatorChanged":
        return call(encodeFunctionData({ abi: jobAbi, functionName: "refreshOperator", args: [id] }));
      case "CreditClaimed":
        return call(encodeFunctionData({ abi: jobAbi, functionName: "claim", args: [id] }));
      case "StakeWithdrawn":
        return call(encodeFunctionData({ abi: treasuryAbi, functionName: "withdraw", args: [job] }), "treasury");
      default:
        return undefined;
    }
  });
  return calls.filter((call) => call !== undefined);
}
