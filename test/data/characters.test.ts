import { join } from "node:path";
import { describe, it } from "mocha";
import { expect } from "chai";
import fc from "fast-check";
import { PacelineError } from "../../node/core/errors.ts";
import { fitCharacters, loadCharacters } from "../../node/data/characters/load.ts";
import {
  type CharactersContract,
  charactersContractSchema,
  charactersShape,
  missingInCharacters,
} from "../../node/data/contract/characters.ts";
import type { Dataset } from "../../node/data/dataset.ts";
import { faultOf } from "./faultOf.ts";
import { publicData } from "./publicData.ts";
import { temporaryFolder } from "./temporaryFolder.ts";

const VOCABULARY = "\n abcd";
const contract = (change: object = {}): CharactersContract =>
  charactersContractSchema.parse({ kind: "characters", vocabulary: VOCABULARY, length: 4, ...change });

/** Each example as its text and what is to be told, padding as a dot. */
function shown({ inputs, targets, count }: Dataset, vocabulary = VOCABULARY): string[] {
  const characters = [...vocabulary.split(""), "."];
  const text = (values: ArrayLike<number>, i: number): string =>
    Array.from({ length: 4 }, (_, k) => characters.at(values[4 * i + k]!)).join("");
  return Array.from({ length: count }, (_, i) => `${text(inputs[0]!.values, i)}>${text(targets.values, i)}`);
}

describe("characters", () => {
  const folder = temporaryFolder();
  const lines = (text: string) => ({ format: "text", path: folder.write("t.txt", text) });

  it("are cut into stretches that do not overlap and ask for every character but the first once", async () => {
    const data = await loadCharacters(lines("abc\r\nd  abc"), contract());
    expect(shown(data)).to.deep.equal(["abc\n>bc\nd", "d  a>  ab", "bc\n\n>c\n.."]);
    expect(data).to.include({ classes: 6 }).and.not.have.property("groups");
    expect(data.inputs[0]?.shape).to.deep.equal([4]);
    expect(data.targets.shape).to.deep.equal([4]);
  });

  it("may overlap", async () => {
    const data = await loadCharacters(lines("abcdab"), contract({ stride: 2 }));
    expect(shown(data)).to.deep.equal(["abcd>bcda", "cdab>dab\n"]);
    const rest = await loadCharacters(lines("abcdabc"), contract({ stride: 2 }));
    expect(shown(rest).at(-1)).to.equal("abc\n>bc\n.");
  });

  it("lose nothing, however the text and the stretches are", async () => {
    const text = fc.string({ unit: fc.constantFrom(..."abcd ".split("")), minLength: 1, maxLength: 40 });
    await fc.assert(
      fc.asyncProperty(text, fc.integer({ min: 1, max: 7 }), async (any, length) => {
        const data = await loadCharacters(lines(any), contract({ length }));
        const told = [...data.targets.values].filter((target) => target >= 0).map((target) => VOCABULARY[target]);
        expect(told.join("")).to.equal(`${any}\n`.slice(1));
        expect(data.count).to.equal(Math.ceil(any.length / length));
      }),
      { seed: 8, numRuns: 50 },
    );
  }).timeout(20_000);

  it("of a play are a text and a group for each speaker, without the names", async () => {
    const play = "ANN:\nabc\n\nBOB OF D:\nd d\n\nANN:\ndcb\na\n\n\nEVE:\n\n";
    const data = await loadCharacters(lines(play), contract({ speakers: true }));
    expect(shown(data)).to.deep.equal(["abc\n>bc\nd", "dcb\n>cb\na", "a\n\n\n>\n...", "d d\n> d\n."]);
  });

  it("give their vocabulary to a contract that leaves it open", async () => {
    const open = contract({ vocabulary: undefined });
    expect(missingInCharacters(open)).to.deep.equal(["vocabulary"]);
    expect(() => charactersShape(open)).to.throw(PacelineError, /fit the contract/);
    const fitted = await fitCharacters(lines("b𝄞éa\nZb"), open);
    expect(fitted.vocabulary).to.equal("\nZabé𝄞");
    expect(charactersShape(fitted)).to.deep.equal({
      inputs: [{ type: "int32", shape: [4] }],
      targets: { type: "int32", shape: [4] },
      classes: 6,
    });
    const data = await loadCharacters(lines("a𝄞"), fitted);
    expect([...data.targets.values]).to.deep.equal([5, 0, -1, -1]);
    expect((await fitCharacters(lines("ANN:\nxy\n"), { ...open, speakers: true })).vocabulary).to.equal("\nxy");
  });

  it("that are unknown are a fault with its place, or left out", async () => {
    const source = lines("ab\nc\u00e9d\n");
    expect(await faultOf(loadCharacters(source, contract()))).to.equal(
      'bad-input: t.txt: row 2, column 2: the vocabulary does not have "é" (U+00E9)',
    );
    const data = await loadCharacters(source, contract({ unknown: "skip", length: 4 }));
    expect(shown(data)).to.deep.equal(["ab\nc>b\ncd", "d\n\n\n>\n..."]);
  });

  it("are refused where there are none, or a speech has no speaker", async () => {
    expect(await faultOf(loadCharacters(lines(""), contract()))).to.match(/t\.txt: there are less than two characters/);
    expect(await faultOf(fitCharacters(lines("\n"), contract({ vocabulary: undefined })))).to.match(/there is no text/);
    expect(await faultOf(loadCharacters(lines("ANN:\nab\n\ncd\n"), contract({ speakers: true })))).to.match(
      /^bad-input: t\.txt: row 4: a speech begins with a line such as "SPEAKER:", not with "cd"/,
    );
  });

  it("are described by contracts without contradictions", () => {
    for (const change of [{ vocabulary: "aa" }, { vocabulary: "a" }, { stride: 5 }, { length: 0 }])
      expect(() => contract(change), JSON.stringify(change)).to.throw();
  });

  it("are those of Shakespeare's plays: 65 different ones, and of 309 speakers 99 with at least 2,000", async function () {
    const source = { format: "text", path: join(publicData(this, "tinyshakespeare"), "input.txt") };
    const open = contract({ vocabulary: undefined, length: 80 });
    const fitted = await fitCharacters(source, open);
    expect(fitted.vocabulary).to.have.length(65);
    const data = await loadCharacters(source, fitted);
    expect(data.count).to.equal(Math.ceil((1_115_394 - 1) / 80));
    const spoken = await loadCharacters(source, { ...fitted, speakers: true });
    const characters = new Map<number, number>();
    spoken.targets.values.forEach((target: number, i: number) => {
      const speaker = spoken.groups![Math.floor(i / 80)]!;
      if (target >= 0) characters.set(speaker, 1 + (characters.get(speaker) ?? 1));
    });
    expect(characters.size).to.equal(309 - 10); // ten ghosts are named, but what they say stands under another name
    expect([...characters.values()].filter((count) => count >= 2000)).to.have.length(99);
  }).timeout(20_000);
});
