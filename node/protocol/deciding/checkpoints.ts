import { quorumOf } from "../../core/roundView.ts";
import { isCheckpointDue, type Certificate } from "../checkpoint.ts";
import type { Intent } from "../plan.ts";
import type { PeerState } from "../state.ts";

/** Nobody waits for it, and most arrive at the first time. */
const SLOW_REPEAT = 5;

/**
 * After every eighth settled round its seats say what the model is; who has heard a quorum of them say what it holds itself keeps
 * that with its checkpoint, to show it to those who come late. A seat repeats itself until then, or until the next round settles.
 */
export function decideCheckpoint({ attested, saved, settings, settled }: PeerState): Intent[] {
  if (saved === undefined || settled === undefined || saved.modelId !== settled.modelId) return [];
  if (!isCheckpointDue(saved.updates) || attested === saved.modelId) return [];
  const { round, seed } = settled;
  const checkpoint = { round, seed, ...saved };
  const agreeing = [...settled.checkpoints.values()].filter(
    ({ updates, checkpointRoot }) => updates === saved.updates && checkpointRoot === saved.checkpointRoot,
  );
  const quorum = quorumOf(settled.seats.length);
  if (agreeing.length >= quorum) {
    const signatures = agreeing.slice(0, quorum).map(({ signature }) => signature);
    const certificate: Certificate = { ...checkpoint, signatures };
    return [{ key: `keepCheckpoint:${saved.modelId}`, effect: { type: "keepCheckpoint", certificate } }];
  }
  if (!settled.seats.includes(settings.operator)) return [];
  const effect = { type: "publish", body: { type: "Checkpoint", ...checkpoint } } as const;
  return [{ key: `publish:checkpoint:${saved.modelId}`, effect, repeat: SLOW_REPEAT * settings.retrySeconds }];
}
