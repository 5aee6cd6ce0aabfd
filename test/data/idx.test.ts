import { gzipSync } from "node:zlib";
import { join } from "node:path";
import { describe, it } from "mocha";
import { expect } from "chai";
import { PacelineError } from "../../node/core/errors.ts";
import { loadIdx, loadIdxFolder } from "../../node/data/idx.ts";
import { publicData } from "./publicData.ts";
import { temporaryFolder } from "./temporaryFolder.ts";

const word = (value: number): number[] => [value >>> 24, (value >>> 16) & 255, (value >>> 8) & 255, value & 255];

/** Two images of 2 × 3 pixels. */
const PIXELS = [0, 51, 255, 1, 2, 3, 10, 20, 30, 40, 50, 60];
const images = (pixels = PIXELS, sizes = [2, 2, 3]): Buffer =>
  Buffer.from([...word(0x803), ...sizes.flatMap(word), ...pixels]);
const labels = (values = [3, 1]): Buffer => Buffer.from([...word(0x801), ...word(values.length), ...values]);

describe("IDX files", () => {
  const folder = temporaryFolder();

  it("give pixels divided by 255, row by row, and labels", () => {
    const data = loadIdx(folder.write("a-images", images()), folder.write("a-labels", labels()));
    expect(data).to.include({ count: 2, width: 6, classes: 4 });
    expect([...data.features]).to.deep.equal(PIXELS.map((pixel) => Math.fround(pixel / 255)));
    expect([...data.labels]).to.deep.equal([3, 1]);
  });

  it("are found in a folder, gzipped or not, and agree on the number of classes", () => {
    folder.write("train-images-idx3-ubyte.gz", gzipSync(images()));
    folder.write("train-labels-idx1-ubyte", labels([3, 1]));
    folder.write("t10k-images-idx3-ubyte", images());
    folder.write("t10k-labels-idx1-ubyte.gz", gzipSync(labels([0, 5])));
    const { train, test } = loadIdxFolder(folder.path);
    expect([...train.labels, ...test.labels]).to.deep.equal([3, 1, 0, 5]);
    expect([train.classes, test.classes]).to.deep.equal([6, 6]);
    expect(train.features).to.deep.equal(test.features);
  });

  const good = labels();
  const malformed: readonly [string, Uint8Array, Uint8Array, RegExp][] = [
    ["labels where images should be", labels(), good, /bad-images .*header of 16/],
    [
      "a wrong magic number",
      Buffer.from([...word(0xd03), ...word(2), ...word(2), ...word(3), ...PIXELS]),
      good,
      /magic number 0x00000d03, expected 0x00000803/,
    ],
    ["missing pixels", images(PIXELS.slice(1)), good, /27 bytes, but its header \(2 × 2 × 3\) asks for 28/],
    ["bytes behind the pixels", images([...PIXELS, 0]), good, /29 bytes/],
    ["a header that asks for more than there could be", images(PIXELS, [0xffffffff, 0xffff, 0xffff]), good, /asks for/],
    ["no images", images([], [0, 2, 3]), labels([]), /no images/],
    ["fewer labels than images", images(), labels([3]), /1 labels for the 2 images/],
    ["an empty file", new Uint8Array(0), good, /0 bytes are less/],
  ];
  for (const [what, imageBytes, labelBytes, message] of malformed) {
    it(`are refused with ${what}`, () => {
      const files = [folder.write("bad-images", imageBytes), folder.write("bad-labels", labelBytes)] as const;
      expect(() => loadIdx(...files))
        .to.throw(PacelineError, message)
        .with.property("code", "bad-input");
    });
  }

  it("are refused when the gzip stream is cut short", () => {
    const cut = folder.write("cut.gz", gzipSync(images()).subarray(0, 20));
    expect(() => loadIdx(cut, folder.write("cut-labels", labels())))
      .to.throw(PacelineError, /cut\.gz is not a usable IDX file: not a gzip file/)
      .with.property("code", "bad-input");
  });

  it("are missed by name", () => {
    expect(() => loadIdxFolder(join(folder.path, "nowhere")))
      .to.throw(PacelineError, /neither train-images-idx3-ubyte nor train-images-idx3-ubyte\.gz/)
      .with.property("code", "not-found");
  });

  it("hold Fashion-MNIST's test set, 1,000 of each class", function () {
    const path = publicData(this, "fashion-mnist");
    const data = loadIdx(join(path, "t10k-images-idx3-ubyte.gz"), join(path, "t10k-labels-idx1-ubyte.gz"));
    expect(data).to.include({ count: 10_000, width: 784, classes: 10 });
    for (let label = 0; label < 10; label++)
      expect(data.labels.filter((value) => value === label)).to.have.length(1000);
  });
});
