import type { Address } from "../../core/bytes.ts";
import { recoverSigner } from "../../core/signature.ts";
import { structDigest } from "../../core/typedData.ts";
import type { SignedRoot, Statement } from "../chain.ts";
import { revert, type Block } from "./block.ts";
import { faultMember } from "./courtDoor.ts";
import { operatorOf, type JobState } from "./jobStorage.ts";

/** `contracts/Court.sol`: two roots that one operator signed for one slot. */
export function proveEquivocation(
  job: JobState,
  { sender }: Block,
  statement: Statement,
  first: SignedRoot,
  second: SignedRoot,
): void {
  if (first.aggregateRoot === second.aggregateRoot) revert("SameRoot", first.aggregateRoot);
  const [signer, other] = [signerOf(job, statement, first), signerOf(job, statement, second)];
  if (signer === undefined) revert("BadSignature");
  if (signer !== other) revert("DifferentSigners", signer, other);
  const wallet = job.registry.walletOf(signer);
  const memberId = job.members.findIndex((member) => member.wallet === wallet);
  if (memberId < 0 || operatorOf(job, memberId) !== signer) revert("SignerIsNoMember", signer);
  faultMember(job, memberId, sender);
}

function signerOf(
  { domain }: JobState,
  { round, seed, slot, includeHash }: Statement,
  { aggregateRoot, signature }: SignedRoot,
): Address | undefined {
  const digest = structDigest(domain, { type: "Attestation", round, seed, slot, includeHash, aggregateRoot });
  return recoverSigner(digest, signature);
}
