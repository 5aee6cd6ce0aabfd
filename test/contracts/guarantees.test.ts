import { readFileSync } from "node:fs";
import { expect } from "chai";
import { describe, it } from "mocha";

/** docs/contracts.md promises tests by name: each must be there, and under that name. */

const root = new URL("../../", import.meta.url);
const read = (path: string): string => readFileSync(new URL(path, root), "utf8");
const page = read("docs/contracts.md");

/** Rows of the form "| what holds | `file`: name of the test |" and "| what holds | `file`: `function` |". */
const PROMISE = /^\|[^|]+\| `(\w+)`: (.+?) *\|$/gm;

describe("docs/contracts.md", () => {
  const promises = [...page.matchAll(PROMISE)].map(([, file, name]) => ({ file: file!, name: name! }));

  it("names a test for each of its guarantees", () => {
    expect(promises.length).to.be.at.least(40);
  });

  for (const { file, name } of promises) {
    it(`is right that ${file} has "${name}"`, () => {
      const solidity = /^`(\w+)`$/.exec(name);
      if (solidity === null) expect(read(`test/contracts/${file}.test.ts`)).to.include(`"${name}"`);
      else expect(read(`test/solidity/${file}.t.sol`)).to.include(`function ${solidity[1]}(`);
    });
  }
});
