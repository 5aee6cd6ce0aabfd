import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { describe, it } from "mocha";
import { expect } from "chai";
import { encode } from "jpeg-js";
import { PacelineError } from "../../node/core/errors.ts";
import { fittedImages, imagesContractSchema, imagesShape, missingInImages } from "../../node/data/contract/images.ts";
import { openImageFolder } from "../../node/data/images/folder.ts";
import { fitImages } from "../../node/data/images/fitImages.ts";
import { readImages } from "../../node/data/images/readImages.ts";
import { pngFile } from "./pngFile.ts";
import { temporaryFolder } from "./temporaryFolder.ts";

/** Grey, 2 wide, 1 high. */
const grey = (left: number, right: number): Buffer =>
  pngFile({ width: 2, height: 1, rows: Uint8Array.of(0, left, right) });
const red = pngFile({ width: 2, height: 1, colour: 2, rows: Uint8Array.of(0, 255, 0, 0, 255, 0, 0) });
const open = imagesContractSchema.parse({ kind: "images" });

describe("folders of images", () => {
  const root = temporaryFolder();
  const classFolder = (...names: string[]): string => {
    const path = join(root.path, ...names);
    mkdirSync(path, { recursive: true });
    return path;
  };

  it("give size, grey, classes and the scale of their light to a contract that leaves them open", () => {
    const folder = classFolder("pets");
    classFolder("pets", "dog");
    classFolder("pets", "cat");
    root.write("pets/dog/1.png", grey(51, 255));
    root.write("pets/cat/b.PNG", grey(102, 0));
    root.write("pets/cat/a.png", grey(153, 204));
    root.write("pets/.notes", "of no account");
    expect(missingInImages(open)).to.deep.equal(["height", "width", "channels", "classes", "scale"]);
    expect(() => fittedImages(open)).to.throw(PacelineError, /no height, width, channels, classes, scale yet/);

    const fitted = fitImages(open, openImageFolder(folder));
    expect(fitted).to.include({ height: 1, width: 2, channels: 1 });
    expect(fitted.classes).to.deep.equal(["cat", "dog"]);
    // light 0.6 0.8 0.4 0 0.2 1: mean 0.5, mean square 2.2 / 6
    const stddev = Math.sqrt(2.2 / 6 - 0.25);
    expect(fitted.scale.mean[0]).to.be.closeTo(0.5, 1e-7);
    expect(fitted.scale.stddev[0]).to.be.closeTo(stddev, 1e-7);
    expect(imagesContractSchema.parse(JSON.parse(JSON.stringify(fitted)))).to.deep.equal(fitted);

    const data = readImages(fitted, openImageFolder(folder));
    expect(data).to.include({ count: 3, classes: 2 });
    expect([...data.targets.values]).to.deep.equal([0, 0, 1]);
    expect(data.inputs[0]?.shape).to.deep.equal([1, 2, 1]);
    const expected = [0.6, 0.8, 0.4, 0, 0.2, 1].map((light) => (light - 0.5) / stddev);
    expected.forEach((value, i) => expect(data.inputs[0]?.values[i]).to.be.closeTo(value, 1e-5));
    expect(imagesShape(fitted)).to.deep.equal({
      inputs: [{ type: "float32", shape: [1, 2, 1] }],
      targets: { type: "int32", shape: [] },
      classes: 2,
    });
  });

  it("are coloured where one picture is, and mix PNG and JPEG by what is in the file", () => {
    const folder = classFolder("mixed");
    classFolder("mixed", "a");
    classFolder("mixed", "b");
    root.write("mixed/a/1.png", grey(51, 51));
    root.write("mixed/a/2.jpg", red);
    const picture = { width: 2, height: 1, data: Buffer.from([0, 0, 255, 255, 0, 0, 255, 255]) };
    root.write("mixed/b/3.jpeg", encode(picture, 95).data);
    const fitted = fitImages(open, openImageFolder(folder));
    expect(fitted.channels).to.equal(3);
    const light = readImages({ ...fitted, scale: { mean: [0, 0, 0], stddev: [1, 1, 1] } }, openImageFolder(folder));
    const expected = [0.2, 0.2, 0.2, 0.2, 0.2, 0.2, 1, 0, 0, 1, 0, 0, 0, 0, 1, 0, 0, 1];
    expected.forEach((value, i) => expect(light.inputs[0]?.values[i]).to.be.closeTo(value, 0.03));
  });

  it("take a channel that never changes as it is", () => {
    const folder = classFolder("flat");
    classFolder("flat", "a");
    classFolder("flat", "b");
    root.write("flat/a/1.png", red);
    root.write("flat/b/2.png", red);
    expect(fitImages(open, openImageFolder(folder)).scale).to.deep.equal({ mean: [1, 0, 0], stddev: [1, 1, 1] });
  });

  it("are refused with a picture of another size, which is named, unless it may be resized", () => {
    const folder = classFolder("sizes");
    classFolder("sizes", "a");
    classFolder("sizes", "b");
    root.write("sizes/a/1.png", grey(51, 153));
    root.write("sizes/b/2.png", pngFile({ width: 4, height: 1, rows: Uint8Array.of(0, 0, 102, 255, 51) }));
    const pictures = openImageFolder(folder);
    expect(() => fitImages(open, pictures)).to.throw(PacelineError, /b\/2\.png: 1 × 4 pixels .* says 1 × 2/);
    const box = { ...open, resize: "box" as const, scale: { mean: [0], stddev: [1] } };
    const data = readImages(fitImages(box, pictures), pictures);
    expect([...(data.inputs[0]?.values ?? [])]).to.deep.equal([0.2, 0.6, 0.2, 0.6].map(Math.fround));
  });

  const faults: readonly [string, (path: string) => void, RegExp][] = [
    [
      "a class that the contract does not have",
      () => undefined,
      /fault0\/bird\/1\.png: class "bird" is none of cat, dog/,
    ],
    [
      "a file beside the classes",
      (path) => root.write(`${path}/x.png`, grey(1, 2)),
      /x\.png: a file beside the classes/,
    ],
    ["another kind of file", (path) => root.write(`${path}/bird/x.gif`, "GIF89a"), /x\.gif: only \.png, \.jpg, \.jpeg/],
    ["a file that is no picture", (path) => root.write(`${path}/bird/0.jpg`, "hello"), /0\.jpg: neither a PNG nor/],
    ["an empty picture", (path) => root.write(`${path}/bird/0.png`, ""), /0\.png: neither a PNG nor/],
  ];
  faults.forEach(([what, spoil, message], i) => {
    it(`are refused with ${what}`, () => {
      const folder = classFolder(`fault${i}`);
      classFolder(`fault${i}`, "bird");
      root.write(`fault${i}/bird/1.png`, grey(1, 2));
      spoil(`fault${i}`);
      const contract = { ...open, height: 1, width: 2, channels: 1, classes: ["cat", "dog"] } as const;
      const scale = { mean: [0], stddev: [1] };
      expect(() => readImages({ ...contract, classes: [...contract.classes], scale }, openImageFolder(folder)))
        .to.throw(PacelineError, message)
        .with.property("code", "bad-input");
    });
  });

  it("are refused with nothing in them or one class only, and missed by name", () => {
    const empty = classFolder("empty");
    expect(() => openImageFolder(empty)).to.throw(PacelineError, /empty: there are no pictures/);
    classFolder("empty", "only");
    root.write("empty/only/1.png", grey(1, 2));
    expect(() => fitImages(open, openImageFolder(empty))).to.throw(PacelineError, /one class only, only/);
    expect(() => openImageFolder(join(empty, "none")))
      .to.throw(PacelineError)
      .with.property("code", "not-found");
    expect(() => openImageFolder(join(empty, "only", "1.png"))).to.throw(PacelineError, /not a folder/);
  });

  it("are described by contracts without contradictions", () => {
    const refused = [
      { kind: "images", channels: 3, scale: { mean: [0.5], stddev: [0.25] } },
      { kind: "images", channels: 1, scale: { mean: [0.5], stddev: [0] } },
      { kind: "images", classes: ["a", "a"] },
      { kind: "images", height: 8192, width: 8192 },
      { kind: "images", hight: 28 },
    ];
    for (const contract of refused) expect(imagesContractSchema.safeParse(contract).success).to.equal(false);
  });
});
