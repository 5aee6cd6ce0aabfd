import { z } from "zod";

/** Numbers that hashed features may become, padding's 0 included: a power of two. */
export const bucketCount = z
  .int()
  .min(2 ** 4)
  .max(2 ** 24)
  .refine((count) => Number.isInteger(Math.log2(count)), "a power of two");

export const DEFAULT_BUCKETS = 2 ** 15;
