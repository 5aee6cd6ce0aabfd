import { z } from "zod";

/** How the learning rate goes over the steps of local training, as in a job file. */

/** The rate grows evenly to its base over so many steps (Goyal et al., "Accurate, large minibatch SGD", 2017); then the schedule begins. */
const warmupSteps = z.number().int().min(0).max(1_000_000).optional();
/** The share of the base rate that is left at the end. */
const floor = z.number().min(0).max(1).optional();

export const scheduleSchema = z.discriminatedUnion("kind", [
  z.strictObject({ kind: z.literal("constant"), warmupSteps }),
  /** Times `factor` after every `everySteps` steps (PyTorch's `StepLR`). */
  z.strictObject({
    kind: z.literal("step"),
    everySteps: z.number().int().min(1).max(1_000_000_000),
    factor: z.number().positive().max(1),
    warmupSteps,
  }),
  /** Half a cosine from the base down to the floor (Loshchilov and Hutter, "SGDR", 2017, equation 5 without restarts). */
  z.strictObject({ kind: z.literal("cosine"), floor, warmupSteps }),
  /** Evenly from the base down to the floor, as BERT was trained (Devlin et al., 2019). */
  z.strictObject({ kind: z.literal("linear"), floor, warmupSteps }),
]);

export type ScheduleSpec = z.infer<typeof scheduleSchema>;
