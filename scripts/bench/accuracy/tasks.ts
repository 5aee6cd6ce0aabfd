import { FASHION_CNN, FASHION_MLP } from "./images.ts";
import { NCBI_DISEASE, SENTIMENT, SHAKESPEARE } from "./language.ts";
import { MOVIELENS } from "./ratings.ts";
import { BREAST_CANCER, CREDIT_DEFAULT } from "./tables.ts";
import type { AccuracyTask } from "./task.ts";

export const TASKS: readonly AccuracyTask[] = [
  FASHION_MLP,
  FASHION_CNN,
  BREAST_CANCER,
  CREDIT_DEFAULT,
  NCBI_DISEASE,
  MOVIELENS,
  SENTIMENT,
  SHAKESPEARE,
];
