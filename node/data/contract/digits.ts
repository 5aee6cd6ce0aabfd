import type { ImagesContract } from "./images.ts";

/** What `generateDigits` draws: the contract of jobs on them. */
export const DIGITS_CONTRACT: ImagesContract = {
  kind: "images",
  height: 28,
  width: 28,
  channels: 1,
  classes: ["0", "1", "2", "3", "4", "5", "6", "7", "8", "9"],
  scale: { mean: [0], stddev: [1] },
  resize: "reject",
};
