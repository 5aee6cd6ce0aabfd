import { readFileSync, writeFileSync } from "node:fs";
import { format, resolveConfig } from "prettier";

const PAGE = new URL("../../docs/benchmarks.md", import.meta.url);

/** Writes a file as the project formats such files. */
export async function writeFormatted(file: URL, text: string): Promise<void> {
  const path = decodeURIComponent(file.pathname);
  writeFileSync(file, await format(text, { ...(await resolveConfig(path)), filepath: path }));
}

/** Puts `table` between the marks of `name` in docs/benchmarks.md, in place of what is there. */
export async function writeToPage(name: string, table: string): Promise<void> {
  const page = readFileSync(PAGE, "utf8");
  const [begin, end] = [`<!-- ${name}: begin -->`, `<!-- ${name}: end -->`];
  const [before, after] = [page.indexOf(begin), page.indexOf(end)];
  if (before < 0 || after < 0) throw new Error(`docs/benchmarks.md has no ${begin} … ${end}`);
  await writeFormatted(PAGE, `${page.slice(0, before + begin.length)}\n\n${table}\n\n${page.slice(after)}`);
}
