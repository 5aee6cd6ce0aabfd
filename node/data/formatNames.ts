/** What sources are written with, `csv:FILE`, by what is read from them; apart from the readers, which are loaded when they are needed. */

/** Rows of named columns, whatever the rows are about. */
export const ROW_FORMATS = ["csv", "tsv", "jsonl", "parquet"] as const;
/** `idx:` has a training part and a test part; the former is what is read. */
export const IMAGE_FORMATS = ["images", "idx"] as const;
export const CHARACTER_FORMATS = ["text"] as const;
export const ARRAY_FORMATS = ["npy"] as const;
export const TAG_FORMATS = ["conll"] as const;
