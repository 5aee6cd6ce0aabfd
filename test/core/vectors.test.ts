import { describe, it } from "mocha";
import { expect } from "chai";
import { readdirSync } from "node:fs";
import { vectorFiles } from "../../scripts/generate/vectors.ts";
import { vectorText } from "../helpers/vectors.ts";

describe("test/vectors", () => {
  const fresh = vectorFiles();

  for (const [name, text] of fresh) {
    it(`has ${name} as scripts/generate/vectors.ts writes it today`, () => {
      // Compared as a boolean: a diff of a megabyte helps nobody.
      expect(vectorText(name) === text, "run: npm run generate:vectors").to.equal(true);
    });
  }

  it("has no file that is not generated", () => {
    const files = readdirSync(new URL("../vectors/", import.meta.url)).filter((name) => name.endsWith(".json"));
    expect(files.sort()).to.deep.equal([...fresh.keys()].sort());
  });
});
