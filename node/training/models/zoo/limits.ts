import { z } from "zod";

/** Bounds of sizes in a job file. */

/** Largest layer, and largest number of inputs. */
export const UNITS = z.int().min(1).max(65_536);
export const CLASSES = z.int().min(2).max(10_000);
/** Rows of an embedding. */
export const ROWS = z
  .int()
  .min(1)
  .max(2 ** 24);
/** Steps of a sequence. */
export const LENGTH = z.int().min(1).max(4096);
