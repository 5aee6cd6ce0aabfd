import type { Address } from "../../../core/bytes.ts";
import { PacelineError } from "../../../core/errors.ts";
import { CHECKPOINT_ROUNDS, isAttested, type Certificate } from "../../../protocol/checkpoint.ts";
import { checkpointShape, decodeCheckpoint } from "../../model/checkpoint.ts";
import type { ParticipantContext } from "../context.ts";
import type { GlobalModel } from "../../model/globalModel.ts";
import { certify } from "../../model/keptModels.ts";
import type { Lineage } from "../../model/lineage.ts";

/** Signs nothing. A member that was proven wrong vouches for nothing any more. */
const NOBODY: Address = `0x${"00".repeat(20)}`;
/**
 * Rounds that are replayed without looking for anything nearer. Not more: of what came before an attested checkpoint, others keep the
 * aggregate that led to it, and no other.
 */
const NEAR = 1;

/** Keeps a quorum's word with the checkpoint that it is about. */
export async function keepCheckpoint(context: ParticipantContext, certificate: Certificate): Promise<void> {
  await certify(context.storage, certificate);
  const { modelId, signatures } = certificate;
  context.dispatch({ type: "attested", modelId, signatures: signatures.length });
}

/**
 * An attested checkpoint between the model that is held and the one that is wanted, if neighbours tell of one, this participant
 * trusts a quorum, and it is nearer than what there is to replay.
 */
export async function findCheckpoint(
  context: ParticipantContext,
  lineage: Lineage,
  target: number,
): Promise<{ readonly model: GlobalModel; readonly certificate: Certificate } | undefined> {
  const updates = context.model.updates;
  const newest = target - (target % CHECKPOINT_ROUNDS);
  if (context.trust === "replay" || newest - updates <= NEAR || context.network.peers().length === 0) return undefined;
  const certificate = await context.checkpoints.ask({ updates: updates + NEAR, newest }, (one) =>
    isGood(context, lineage, one),
  );
  if (certificate === undefined) return undefined;
  try {
    return { model: await fetchCheckpoint(context, certificate), certificate };
  } catch (error) {
    if (context.signal.aborted) throw error;
    context.onProblem("checkpoint", error); // then what there is to replay
    return undefined;
  }
}

/** A model that the chain has had after just so many rounds, vouched for by those whom the chain drew to judge the last of them. */
function isGood({ domain, state }: ParticipantContext, lineage: Lineage, certificate: Certificate): boolean {
  const { modelId, round, updates } = certificate;
  const link = lineage.links[updates - 1];
  if (link?.modelId !== modelId || link.round !== round) return false;
  const { members } = state();
  const seats = link.seats.map((memberId) => {
    const member = members[memberId];
    return member === undefined || member.ejected ? NOBODY : member.operator;
  });
  return isAttested(domain, certificate, seats);
}

async function fetchCheckpoint(context: ParticipantContext, certificate: Certificate): Promise<GlobalModel> {
  const { chain, network, signal, spec, stopwatch } = context;
  const { checkpointRoot, modelId, updates } = certificate;
  const { vectorLength } = chain.terms;
  const shape = checkpointShape(checkpointRoot, vectorLength);
  const bytes = await stopwatch.measure("network", () => network.fetchBlob(shape, network.peers(), signal));
  const model = decodeCheckpoint(bytes, vectorLength);
  const { minExponent, maxExponent } = spec.encoding;
  const fits = model.exponent >= minExponent && model.exponent <= maxExponent;
  if (model.modelId !== modelId || model.updates !== updates || !fits)
    throw new PacelineError("bad-blob", "a quorum signed a checkpoint that is not what it says", { checkpointRoot });
  return model;
}
