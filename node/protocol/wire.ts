import { z } from "zod";
import type { Hex } from "../core/bytes.ts";

/** Fields of what peers say to each other and write down, as JSON has them. */

export const word = z.custom<Hex>((value) => typeof value === "string" && /^0x[0-9a-f]{64}$/.test(value));
/** r, s and v: 65 bytes. */
export const signature = z.custom<Hex>((value) => typeof value === "string" && /^0x[0-9a-f]{130}$/.test(value));
/** At most 512 of them. */
export const bytes = z.custom<Hex>((value) => typeof value === "string" && /^0x([0-9a-f]{2}){0,512}$/.test(value));
export const uint8 = z.int().min(0).max(255);
export const uint32 = z.int().min(0).max(0xffffffff);
/** At most 256 of them, in hexadecimal, as JSON has no large integers. */
export const bits = z
  .string()
  .regex(/^0x[0-9a-f]{1,64}$/)
  .transform((text) => BigInt(text));
