import { decodeFunctionData, getAbiItem, type DecodeFunctionDataReturnType } from "viem";
import { courtAbi, jobAbi, treasuryAbi } from "../chain/abi.ts";
import type { LeafProof, WrongLeafProof } from "../chain/chain.ts";
import type { Block } from "../chain/memory/block.ts";
import { proveEquivocation } from "../chain/memory/court.ts";
import { answer, demand } from "../chain/memory/demands.ts";
import { isDrawn, type JobState } from "../chain/memory/jobStorage.ts";
import { attest, openScores, propose } from "../chain/memory/judging.ts";
import { addStake, claim, join, leaveJob, refreshOperator, resume, unbond } from "../chain/memory/membership.ts";
import { commit, commitBatch, share } from "../chain/memory/posting.ts";
import { advance } from "../chain/memory/transitions.ts";
import { proveSettledWrongLeaf, proveWrongLeaf } from "../chain/memory/wrongLeaves.ts";
import { fromHex, type Hex } from "../core/bytes.ts";
import { expandSignature, type CompactSignature } from "../core/signature.ts";
import type { RecordedCall } from "./record.ts";

/** What calldata says, and what the contracts' rules make of it. */

/** Of the treasury's calls only this one is of a job, and comes from outside. */
const WITHDRAW = getAbiItem({ abi: treasuryAbi, name: "withdraw" });
const ABI = [...jobAbi, ...courtAbi, WITHDRAW] as const;

export type Call = DecodeFunctionDataReturnType<typeof ABI>;

/** Undefined for what is no call of the contracts'. */
export function decodeCall({ input }: Pick<RecordedCall, "input">): Call | undefined {
  try {
    return decodeFunctionData({ abi: ABI, data: input });
  } catch {
    return undefined;
  }
}

/** Carries a call out. Throws `Revert` where the contracts' rules refuse it. Calls that change nothing of a job are left out. */
export function applyCall(job: JobState, block: Block, call: Call): void {
  switch (call.functionName) {
    case "advance":
      return advance(job, block);
    case "commit":
      return commit(job, block, ...call.args);
    case "commitBatch":
      return commitBatch(job, block, call.args[0].map(signed));
    case "share":
      return share(job, block, call.args[0], call.args[1].map(signed));
    case "propose":
      return propose(job, block, call.args[0], signed(call.args[1]));
    case "attest":
      return attest(job, block, call.args[0].map(signed), call.args[1].map(signed));
    case "openScores":
      return openScores(job, block, call.args[0]);
    default:
      return applyMembership(job, block, call);
  }
}

function applyMembership(job: JobState, block: Block, call: Call): void {
  switch (call.functionName) {
    case "join":
      fund(job, block, call.args[0]);
      join(job, block, call.args[0]);
      return;
    case "addStake":
      fund(job, block, call.args[0]);
      return addStake(job, block, call.args[0]);
    case "leaveJob":
      return leaveJob(job, block);
    case "unbond":
      return unbond(job, block, call.args[0]);
    case "resume":
      return resume(job, call.args[0]);
    case "refreshOperator":
      return refreshOperator(job, call.args[0]);
    case "claim":
      claim(job, call.args[0]);
      return;
    case "withdraw":
      return withdraw(job, block);
    default:
      return applyCourt(job, block, call);
  }
}

function applyCourt(job: JobState, block: Block, call: Call): void {
  switch (call.functionName) {
    case "proveWrongLeaf":
      return proveWrongLeaf(job, block, toProof(call.args[1]));
    case "proveSettledWrongLeaf":
      return proveSettledWrongLeaf(job, block, call.args[1], call.args[2], toProof(call.args[3]));
    case "proveEquivocation":
      return proveEquivocation(job, block, call.args[1], signed(call.args[2]), signed(call.args[3]));
    case "demand":
      return demand(job, block, call.args[1], call.args[2], call.args[3].map(fromHex));
    case "answer":
      return answer(job, block, Number(call.args[1]), fromHex(call.args[2]));
    default:
      return; // bonds of demands are no matter of the job's
  }
}

/** Whether the wallet could pay is the token's matter: it has what it locks. */
function fund({ ledgers, terms }: JobState, { sender }: Block, amount: bigint): void {
  ledgers.balances.add(amount, terms.stakeToken, sender);
}

function withdraw(job: JobState, { sender, time }: Block): void {
  const memberId = job.members.findIndex(({ wallet }) => wallet === sender);
  job.ledgers.withdraw(job.domain.job, sender, time, memberId >= 0 && isDrawn(job, memberId));
}

function signed<Posted extends CompactSignature>(posted: Posted): Posted & { readonly signature: Hex } {
  return { ...posted, signature: expandSignature(posted) };
}

interface AbiLeafProof {
  readonly leaf: Hex;
  readonly siblings: readonly Hex[];
}

interface AbiWrongLeaf {
  readonly coordinate: bigint;
  readonly updates: WrongLeafProof["updates"];
  readonly updateLeaves: readonly AbiLeafProof[];
  readonly aggregateLeaf: AbiLeafProof;
}

function toProof({ coordinate, updates, updateLeaves, aggregateLeaf }: AbiWrongLeaf): WrongLeafProof {
  const toLeaf = ({ leaf, siblings }: AbiLeafProof): LeafProof => ({
    leaf: fromHex(leaf),
    siblings: siblings.map(fromHex),
  });
  return {
    coordinate: Number(coordinate),
    updates,
    updateLeaves: updateLeaves.map(toLeaf),
    aggregateLeaf: toLeaf(aggregateLeaf),
  };
}
