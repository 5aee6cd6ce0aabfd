import { createHash, randomBytes, timingSafeEqual } from "node:crypto";
import { existsSync } from "node:fs";
import { join } from "node:path";
import { PacelineError } from "../../core/errors.ts";
import { createPrivateFile, readTextFile, requirePrivate } from "../home/files.ts";

/** What whoever wants to change something of a running daemon must show: that it can read the home. */

const file = (folder: string): string => join(folder, "api-token");

/**
 * The home's token, 32 random bytes in hexadecimal; made when there is none.
 * @throws PacelineError `bad-input` where other users can read it, or it is no token
 */
export function readToken(folder: string): string {
  if (!existsSync(file(folder))) createPrivateFile(file(folder), `${randomBytes(32).toString("hex")}\n`);
  requirePrivate(file(folder), "API's token");
  const token = readTextFile(file(folder), "API's token", 4096).trim();
  if (/^[0-9a-f]{64}$/.test(token)) return token;
  throw new PacelineError("bad-input", `${file(folder)} holds no token: remove it, and the daemon makes another one`);
}

/** Whether a header `Authorization` shows the token. How long it takes tells nothing about how much of it was right. */
export function isAuthorised(header: string, token: string): boolean {
  const digest = (text: string): Buffer => createHash("sha256").update(text).digest();
  return timingSafeEqual(digest(header), digest(`Bearer ${token}`));
}
