import { getAbiItem, type Abi } from "viem";
import { toHex, type Address, type Hex } from "../core/bytes.ts";
import { compactSignature, type CompactSignature } from "../core/signature.ts";
import { courtAbi, jobAbi, registryAbi } from "./abi.ts";
import type { JobChain, LeafProof, Receipt, SendOptions, WrongLeafProof } from "./chain.ts";
import { readBond } from "./demands.ts";
import type { Endpoint } from "./endpoint.ts";
import type { Sender } from "./sender.ts";

/** What an operator sends, as the contracts take it. */

type Writes = Pick<
  JobChain,
  | "setContact"
  | "commit"
  | "commitBatch"
  | "share"
  | "propose"
  | "attest"
  | "openScores"
  | "proveWrongLeaf"
  | "proveSettledWrongLeaf"
  | "proveEquivocation"
  | "demand"
  | "answerDemand"
  | "resume"
  | "refreshOperator"
  | "advance"
>;

export function jobWrites(
  endpoint: Endpoint,
  addresses: { readonly job: Address; readonly registry: Address; readonly court: Address },
  sender: Sender,
): Writes {
  const { job, registry, court } = addresses;
  const call = (functionName: string, args: readonly unknown[], wanted?: SendOptions): Promise<Receipt> =>
    sender.send({ address: job, abi: jobAbi as Abi, functionName, args }, wanted);
  const sue = (functionName: string, args: readonly unknown[], value = 0n): Promise<Receipt> =>
    sender.send({ address: court, abi: COURT_ABI, functionName, args: [job, ...args], value });

  return {
    setContact: (contact) =>
      sender.send({ address: registry, abi: registryAbi as Abi, functionName: "setContact", args: [contact] }),
    commit: (position, commitment, wanted) => call("commit", [position, commitment], wanted),
    commitBatch: (commits, wanted) => call("commitBatch", [commits.map(compact)], wanted),
    share: (openings, bitmaps, wanted) => call("share", [openings, bitmaps.map(compact)], wanted),
    propose: (aggregateRoot, attestation, wanted) => call("propose", [aggregateRoot, compact(attestation)], wanted),
    attest: (attestations, scoreCommits, wanted) =>
      call("attest", [attestations.map(compact), scoreCommits.map(compact)], wanted),
    openScores: (openings, wanted) => call("openScores", [openings], wanted),
    proveWrongLeaf: (proof) => sue("proveWrongLeaf", [toWrongLeaf(proof)]),
    proveSettledWrongLeaf: (round, record, proof) => sue("proveSettledWrongLeaf", [round, record, toWrongLeaf(proof)]),
    proveEquivocation: (statement, first, second) =>
      sue("proveEquivocation", [statement, compact(first), compact(second)]),
    demand: async (updates, node, path) =>
      sue("demand", [updates, node, path.map(toHex)], await readBond(endpoint, addresses, sender.address)),
    answerDemand: (id, data) => sue("answer", [BigInt(id), toHex(data)]),
    resume: (memberId) => call("resume", [memberId]),
    refreshOperator: (memberId) => call("refreshOperator", [memberId]),
    advance: (wanted) => call("advance", [], wanted),
  };
}

function compact<Posted extends { readonly signature: Hex }>(posted: Posted): Posted & CompactSignature {
  return { ...posted, ...compactSignature(posted.signature) };
}

interface AbiWrongLeaf {
  readonly coordinate: bigint;
  readonly updates: WrongLeafProof["updates"];
  readonly updateLeaves: readonly AbiLeafProof[];
  readonly aggregateLeaf: AbiLeafProof;
}

interface AbiLeafProof {
  readonly leaf: Hex;
  readonly siblings: readonly Hex[];
}

function toWrongLeaf({ coordinate, updates, updateLeaves, aggregateLeaf }: WrongLeafProof): AbiWrongLeaf {
  const toAbi = ({ leaf, siblings }: LeafProof): AbiLeafProof => ({
    leaf: toHex(leaf),
    siblings: siblings.map(toHex),
  });
  return {
    coordinate: BigInt(coordinate),
    updates,
    updateLeaves: updateLeaves.map(toAbi),
    aggregateLeaf: toAbi(aggregateLeaf),
  };
}

/** With the errors that the job raises through the court, so that their names are known there too. */
const COURT_ABI = [
  ...courtAbi,
  ...jobAbi.filter(
    (item) => item.type === "error" && getAbiItem({ abi: courtAbi as Abi, name: item.name }) === undefined,
  ),
] as Abi;
