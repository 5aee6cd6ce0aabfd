import { existsSync } from "node:fs";
import { join } from "node:path";
import type { Context } from "mocha";

/** The folder of public data sets that may lie beside the repository. */
const FOLDER = join(import.meta.dirname, "..", "..", "..", "shared", "data");

/** The path of a public data set; the test is skipped where it is not there. */
export function publicData(test: Context, name: string): string {
  const path = join(FOLDER, name);
  if (!existsSync(path)) {
    console.log(`      skipped: data set not present (${name})`);
    test.skip();
  }
  return path;
}
