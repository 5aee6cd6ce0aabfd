import { createRequire } from "node:module";

/** The version of an installed package. */
export function versionOf(name: string): string {
  return (createRequire(import.meta.url)(`${name}/package.json`) as { version: string }).version;
}
