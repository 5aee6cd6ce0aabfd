import { z } from "zod";
import type { PartitionScheme } from "../../data/partition.ts";
import { EXECUTION_PROVIDERS } from "../../training/onnx/sessionSettings.ts";

/** Forms of what a home remembers of `paceline start`. */

/** What a newcomer believes: a checkpoint that a quorum of a drawn committee has signed, or only what it has replayed itself. */
export const TRUSTS = ["checkpoint", "replay"] as const;
export type Trust = (typeof TRUSTS)[number];

/** Which examples a daemon trains on. */
export interface DataSettings {
  /** `digits`, or a format and a path such as csv:FILE */
  readonly source: string;
  /** Takes one of several parts, where a federation is tried out with one set. */
  readonly part: { readonly index: number; readonly of: number; readonly scheme: PartitionScheme } | undefined;
  /** Decides what digits are drawn, the parts, and the validation split. */
  readonly seed: number;
}

const count = z.int().min(1);

const partition = z.discriminatedUnion("kind", [
  z.strictObject({ kind: z.literal("iid") }),
  z.strictObject({ kind: z.literal("dirichlet"), alpha: z.number().positive() }),
  z.strictObject({ kind: z.literal("shards"), shardsPerParticipant: count }),
  z.strictObject({ kind: z.literal("quantity"), beta: z.number().positive() }),
  z.strictObject({ kind: z.literal("group") }),
  z.strictObject({ kind: z.literal("blocks") }),
]);

export const dataSchema = z
  .strictObject({
    source: z.string().min(1),
    part: z
      .strictObject({ index: z.int().min(0), of: count, scheme: partition })
      .refine(({ index, of }) => index < of, "a part's index is below their number")
      .optional(),
    seed: z.int().min(0).max(0xffffffff),
  })
  .transform(({ part, ...rest }) => ({ ...rest, part }));

export const engineSchema = z.discriminatedUnion("engine", [
  z.strictObject({
    engine: z.literal("onnx"),
    threads: count.max(256),
    provider: z.enum(EXECUTION_PROVIDERS).exactOptional(),
  }),
  z.strictObject({ engine: z.literal("tfjs") }),
]);

export const apiSchema = z.union([z.int().min(0).max(65_535), z.literal("off")]);

export const keepRoundsSchema = z.union([z.int().min(2), z.literal("all")]);

const rates = z.strictObject({
  total: z.number().positive().exactOptional(),
  perPeer: z.number().positive().exactOptional(),
});

const addresses = z.array(z.string().max(512)).max(16);

/** How the daemon reaches others and is reached, as far as it was told. */
export const networkSchema = z.strictObject({
  listen: addresses.exactOptional(),
  announce: addresses.exactOptional(),
  bootstrap: addresses.exactOptional(),
  relays: z.union([addresses, z.literal("any")]).exactOptional(),
  relayOthers: z.boolean().exactOptional(),
  mdns: z.boolean().exactOptional(),
  serveStrangers: z.boolean().exactOptional(),
});

export const transfersSchema = z.strictObject({
  upload: rates.exactOptional(),
  download: rates.exactOptional(),
  compression: z.enum(["auto", "off"]).exactOptional(),
});
