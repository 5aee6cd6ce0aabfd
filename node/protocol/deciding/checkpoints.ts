import { quorumOf } from "../../core/roundView.ts";
import { isCheckpointDue, type Certificate } from "../checkpoint.ts";
import type { Intent } from "../plan.ts";
import type { PeerState } from "../state.ts";

/** Nobody waits for it, and most arrive at the first time. */
const SLOW_REPEAT = 5;

/**
 * After every eighth settled round its seats say what the model is; who has heard a quorum of them say what it holds itself keeps
 * that with its checkpoint, to show it to those who come late. A seat repeats itself until then, or until the next round settles.
 * What is heard beyond a quorum is kept as well: a newcomer counts those only whose keys are in force when it comes.
 */
export function decideCheckpoint({ attested, saved, settings, settled }: PeerState): Intent[] {
  if (saved === undefined || settled === undefined || saved.modelId !== settled.modelId) return [];
  if (!isCheckpointDue(saved.updates)) return [];
  const { round, seed } = settled;
  const checkpoint = { round, seed, ...saved };
  const agreeing = [...settled.checkpoints.values()].filter(
    ({ updates, checkpointRoot }) => updates === saved.updates && checkpointRoot === saved.checkpointRoot,
  );
  const isQuorum = agreeing.length >= quorumOf(settled.seats.length);
  const kept = attested?.modelId === saved.modelId ? attested.signatures : 0;
  const intents: Intent[] = [];
  if (isQuorum && agreeing.length > kept) {
    const certificate: Certificate = { ...checkpoint, signatures: agreeing.map(({ signature }) => signature) };
    const key = `keepCheckpoint:${saved.modelId}:${agreeing.length}`;
    intents.push({ key, effect: { type: "keepCheckpoint", certificate } });
  }
  const seat = settled.seats.indexOf(settings.operator);
  if (seat >= 0 && !(isQuorum && settled.checkpoints.has(seat))) {
    const effect = { type: "publish", body: { type: "Checkpoint", ...checkpoint } } as const;
    intents.push({ key: `publish:checkpoint:${saved.modelId}`, effect, repeat: SLOW_REPEAT * settings.retrySeconds });
  }
  return intents;
}
