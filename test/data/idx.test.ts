import { gzipSync } from "node:zlib";
import { join } from "node:path";
import { describe, it } from "mocha";
import { expect } from "chai";
import fc from "fast-check";
import { PacelineError } from "../../node/core/errors.ts";
import type { FittedImages } from "../../node/data/contract/images.ts";
import { openIdx, openIdxFolder } from "../../node/data/idx.ts";
import { readImages } from "../../node/data/images/readImages.ts";
import { publicData } from "./publicData.ts";
import { temporaryFolder } from "./temporaryFolder.ts";

const word = (value: number): number[] => [value >>> 24, (value >>> 16) & 255, (value >>> 8) & 255, value & 255];

/** Two images of 2 × 3 pixels. */
const PIXELS = [0, 51, 255, 1, 2, 3, 10, 20, 30, 40, 50, 60];
const images = (pixels = PIXELS, sizes = [2, 2, 3]): Buffer =>
  Buffer.from([...word(0x803), ...sizes.flatMap(word), ...pixels]);
const labels = (values = [3, 1]): Buffer => Buffer.from([...word(0x801), ...word(values.length), ...values]);

/** Two rows of three pixels, light as it stands. */
const CONTRACT: FittedImages = {
  kind: "images",
  height: 2,
  width: 3,
  channels: 1,
  classes: ["zero", "one", "two", "three"],
  scale: { mean: [0], stddev: [1] },
  resize: "reject",
};

describe("IDX files", () => {
  const folder = temporaryFolder();

  it("give pixels divided by 255, row by row, and labels", () => {
    const pictures = openIdx(folder.write("a-images", images()), folder.write("a-labels", labels()));
    expect(pictures).to.deep.include({ count: 2, classNames: ["0", "1", "2", "3"] });
    const data = readImages(CONTRACT, pictures);
    expect(data).to.include({ count: 2, classes: 4 });
    expect(data.inputs).to.deep.equal([
      { shape: [2, 3, 1], values: Float32Array.from(PIXELS, (pixel) => pixel / 255) },
    ]);
    expect(data.targets).to.deep.equal({ shape: [], values: Int32Array.of(3, 1) });
  });

  it("are refused with a label beyond the contract's classes, by file and record", () => {
    const pictures = openIdx(folder.write("b-images", images()), folder.write("b-labels", labels([3, 4])));
    expect(() => readImages(CONTRACT, pictures)).to.throw(
      PacelineError,
      /b-labels: row 2: class "4" is none of zero, /,
    );
  });

  it("are found in a folder, gzipped or not", () => {
    folder.write("train-images-idx3-ubyte.gz", gzipSync(images()));
    folder.write("train-labels-idx1-ubyte", labels([3, 1]));
    folder.write("t10k-images-idx3-ubyte", images());
    folder.write("t10k-labels-idx1-ubyte.gz", gzipSync(labels([0, 2])));
    const [train, test] = [openIdxFolder(folder.path, "train"), openIdxFolder(folder.path, "t10k")];
    expect([...train, ...test].map(({ label }) => label)).to.deep.equal([3, 1, 0, 2]);
    expect(readImages(CONTRACT, train).inputs).to.deep.equal(readImages(CONTRACT, test).inputs);
  });

  const good = labels();
  const malformed: readonly [string, Uint8Array, Uint8Array, RegExp][] = [
    ["labels where images should be", labels(), good, /bad-images: .*header of 16/],
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
      expect(() => openIdx(...files))
        .to.throw(PacelineError, message)
        .with.property("code", "bad-input");
    });
  }

  it("are refused when the gzip stream is cut short", () => {
    const cut = folder.write("cut.gz", gzipSync(images()).subarray(0, 20));
    expect(() => openIdx(cut, folder.write("cut-labels", labels())))
      .to.throw(PacelineError, /cut\.gz: not a gzip file/)
      .with.property("code", "bad-input");
  });

  it("are missed by name", () => {
    expect(() => openIdxFolder(join(folder.path, "nowhere"), "train"))
      .to.throw(PacelineError, /neither train-images-idx3-ubyte nor train-images-idx3-ubyte\.gz/)
      .with.property("code", "not-found");
  });

  it("never do worse than be refused, whatever bytes there are or a bad disk made of them", () => {
    const damaged = (good: Buffer): fc.Arbitrary<Uint8Array> =>
      fc
        .tuple(fc.array(fc.tuple(fc.nat(good.length - 1), fc.nat(255)), { maxLength: 3 }), fc.nat(40))
        .map(([changes, length]) => {
          const copy = Buffer.from(good);
          for (const [at, value] of changes) copy[at] = value;
          return copy.subarray(0, length < good.length ? length : undefined);
        });
    fc.assert(
      fc.property(
        fc.oneof(damaged(images()), fc.uint8Array()),
        fc.oneof(damaged(labels()), fc.uint8Array()),
        (a, b) => {
          try {
            const data = readImages(CONTRACT, openIdx(folder.write("any-images", a), folder.write("any-labels", b)));
            expect(data.inputs[0]?.values.length).to.equal(6 * data.count);
          } catch (error) {
            expect(error).to.be.instanceOf(PacelineError);
          }
        },
      ),
      { seed: 5, numRuns: 300 },
    );
  }).timeout(20_000);

  it("hold Fashion-MNIST's test set, 1,000 of each class", function () {
    const path = publicData(this, "fashion-mnist");
    const pictures = openIdxFolder(path, "t10k");
    expect(pictures).to.deep.include({ count: 10_000, classNames: "0123456789".split("") });
    const counts = new Array<number>(10).fill(0);
    for (const { label, raster } of pictures) {
      expect([raster.height, raster.width]).to.deep.equal([28, 28]);
      counts[label as number]!++;
    }
    expect(counts).to.deep.equal(new Array(10).fill(1000));
  }).timeout(20_000);
});
