import { readFileSync } from "node:fs";
import { expect } from "chai";
import { describe, it } from "mocha";
import {
  EXIT_CHECK_FAILED,
  EXIT_CODES,
  EXIT_DIFFERS,
  EXIT_INCOMPLETE,
  EXIT_INTERRUPTED,
  EXIT_JOB_FAILED,
} from "../../node/cli/exitCodes.ts";
import { CLI_FILE, cliReference } from "../../scripts/generate/cli.ts";

describe("the command line's documentation", () => {
  it("is what the commands say of themselves (docs/cli.md, from scripts/generate/cli.ts)", async function () {
    this.timeout(20_000); // every command is loaded, and with them all that they use
    expect(readFileSync(CLI_FILE, "utf8")).to.equal(await cliReference());
  });

  it("lists every error code with the exit code that it has (docs/errors.md)", () => {
    const text = readFileSync(new URL("../../docs/errors.md", import.meta.url), "utf8");
    const rows = [...text.matchAll(/^\| `([a-z-]+)` +\| +(\d+) \|/gm)].map(([, code, exit]) => [code, Number(exit)]);
    expect(Object.fromEntries(rows)).to.deep.equal(EXIT_CODES);
    for (const exit of [EXIT_CHECK_FAILED, EXIT_JOB_FAILED, EXIT_DIFFERS, EXIT_INCOMPLETE, EXIT_INTERRUPTED])
      expect(text).to.match(new RegExp(`\\b${exit}\\b`));
  });

  it("gives different faults different exit codes, but for mistakes of the program", () => {
    const faults = Object.entries(EXIT_CODES).filter(([code]) => !["bad-argument", "internal"].includes(code));
    expect(new Set(faults.map(([, exit]) => exit)).size).to.equal(faults.length);
  });
});
