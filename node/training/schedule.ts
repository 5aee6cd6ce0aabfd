import { PacelineError } from "../core/errors.ts";
import type { ScheduleSpec } from "./scheduleSpec.ts";

/**
 * The learning rate of a step, above 0 and at most `base`, or 0 where the floor is 0 or a double holds nothing smaller. Warm-up
 * takes (step + 1) / warmupSteps of the base, so that no step stands still and the last one is at the base; a schedule then
 * counts from the step after it, and would reach its floor at step `totalSteps`, one after the last.
 * @param base a positive rate
 * @param step 0 …; from `totalSteps` on, cosine and linear stay at their floor
 * @param totalSteps at least 1, warm-up included
 * @throws PacelineError `bad-argument` where one of them is out of range
 */
export function learningRateAt(schedule: ScheduleSpec, base: number, step: number, totalSteps: number): number {
  checkRange(base, step, totalSteps);
  const { warmupSteps: warmup = 0 } = schedule;
  if (step < warmup) return (base * (step + 1)) / warmup;
  const progress = Math.min(1, (step - warmup) / Math.max(1, totalSteps - warmup));
  switch (schedule.kind) {
    case "constant":
      return base;
    case "step":
      return base * schedule.factor ** Math.floor((step - warmup) / schedule.everySteps);
    case "cosine":
      return between(schedule.floor, base, (1 + Math.cos(Math.PI * progress)) / 2);
    case "linear":
      return between(schedule.floor, base, 1 - progress);
  }
}

/** @param share of the way from the floor, 0, up to the base, 1 */
function between(floorShare = 0, base: number, share: number): number {
  return base * (floorShare + (1 - floorShare) * share);
}

function checkRange(base: number, step: number, totalSteps: number): void {
  const refuse = (what: string): never => {
    throw new PacelineError("bad-argument", what);
  };
  if (!(base > 0 && base < Infinity)) refuse(`a learning rate is above 0, got ${base}`);
  if (!(Number.isInteger(step) && step >= 0)) refuse(`steps count from 0, got ${step}`);
  if (!(Number.isInteger(totalSteps) && totalSteps >= 1)) refuse(`there is 1 step or more, got ${totalSteps}`);
}
