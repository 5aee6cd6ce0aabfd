import type { Hex } from "../core/bytes.ts";
import { PacelineError } from "../core/errors.ts";

/** @throws PacelineError `bad-argument` unless `root` is 0x and 64 lowercase hex digits; so no root can name a path of its own */
export function checkRoot(root: Hex): void {
  if (!/^0x[0-9a-f]{64}$/.test(root))
    throw new PacelineError("bad-argument", `${root} is no Merkle root (0x and 64 lowercase hex digits)`);
}
