import { readFileSync } from "node:fs";

/** The text of test/vectors/`name`. */
export function vectorText(name: string): string {
  return readFileSync(new URL(`../vectors/${name}`, import.meta.url), "utf8");
}

/** The cases of one group of a vector file, as the caller says they are laid out. */
export function vectorCases<Case>(name: string, group: string): readonly Case[] {
  const groups = JSON.parse(vectorText(name)) as Record<string, readonly Case[]>;
  const cases = groups[group];
  if (cases === undefined || cases.length === 0) throw new Error(`test/vectors/${name} has no cases "${group}"`);
  return cases;
}
