import { deflateSync } from "node:zlib";
import { describe, it } from "mocha";
import { expect } from "chai";
import { encode } from "fast-png";
import fc from "fast-check";
import { PacelineError } from "../../node/core/errors.ts";
import { decodeJpeg } from "../../node/data/images/jpeg.ts";
import { decodePng } from "../../node/data/images/png.ts";
import { type Raster, toLight } from "../../node/data/images/raster.ts";
import { resizeByBox } from "../../node/data/images/resize.ts";
import { pngChunk, pngFile } from "./pngFile.ts";

const png = (bytes: Buffer): Raster => decodePng(bytes, "a.png");

describe("PNG pictures", () => {
  const palette = pngChunk("PLTE", Buffer.from([10, 20, 30, 40, 50, 60, 70, 80, 90]));
  const kinds: readonly [string, Buffer, Partial<Raster> & { pixels: readonly number[] }][] = [
    [
      "grey, with each of the five filters (none, sub, up, average, Paeth)",
      pngFile({
        width: 2,
        height: 5,
        // undone by hand: sub adds the left, up the upper, average half their sum, Paeth the nearest to left + upper − corner
        rows: Uint8Array.of(0, 10, 20, 1, 5, 7, 2, 1, 2, 3, 100, 50, 4, 3, 4),
      }),
      { channels: 1, maximum: 255, pixels: [10, 20, 5, 12, 6, 14, 103, 108, 106, 112] },
    ],
    [
      "of 16 bits, coloured",
      pngFile({ width: 1, height: 1, depth: 16, colour: 2, rows: Uint8Array.of(0, 1, 2, 255, 255, 0, 9) }),
      { channels: 3, maximum: 65535, pixels: [258, 65535, 9] },
    ],
    [
      "of 1 bit, rows filled up to whole bytes",
      pngFile({ width: 9, height: 2, depth: 1, rows: Uint8Array.of(0, 0b10100000, 0x80, 0, 0b00000001, 0x7f) }),
      { channels: 1, pixels: [255, 0, 255, 0, 0, 0, 0, 0, 255, 0, 0, 0, 0, 0, 0, 0, 255, 0] },
    ],
    [
      "of 4 bits",
      pngFile({ width: 3, height: 1, depth: 4, rows: Uint8Array.of(0, 0x0f, 0x30) }),
      { pixels: [0, 255, 51] },
    ],
    [
      "with a palette",
      pngFile({ width: 3, height: 1, depth: 2, colour: 3, rows: Uint8Array.of(0, 0b10000100), between: [palette] }),
      { channels: 3, pixels: [70, 80, 90, 10, 20, 30, 40, 50, 60] },
    ],
    [
      "with a palette that is partly transparent",
      pngFile({
        width: 2,
        height: 1,
        colour: 3,
        rows: Uint8Array.of(0, 0, 1),
        between: [palette, pngChunk("tRNS", Uint8Array.of(51))],
      }),
      // a fifth of the colour, four fifths of white
      { channels: 3, pixels: [206, 208, 210, 40, 50, 60] },
    ],
    [
      "grey with opacity",
      pngFile({ width: 3, height: 1, colour: 4, rows: Uint8Array.of(0, 100, 255, 100, 0, 0, 102) }),
      { channels: 1, pixels: [100, 255, 153] },
    ],
    [
      "coloured with opacity",
      pngFile({ width: 1, height: 1, colour: 6, rows: Uint8Array.of(0, 0, 100, 255, 51) }),
      { channels: 3, pixels: [204, 224, 255] },
    ],
    [
      "with one transparent grey",
      pngFile({
        width: 3,
        height: 1,
        depth: 4,
        rows: Uint8Array.of(0, 0x35, 0x30),
        between: [pngChunk("tRNS", Uint8Array.of(0, 3))],
      }),
      { pixels: [255, 85, 255] },
    ],
    [
      "interlaced: the eight pixels of a row of eight come in the order 0, 4, 2, 6, 1, 3, 5, 7",
      pngFile({ width: 8, height: 1, interlace: 1, rows: Uint8Array.of(0, 10, 0, 14, 0, 12, 16, 0, 11, 13, 15, 17) }),
      { pixels: [10, 11, 12, 13, 14, 15, 16, 17] },
    ],
  ];
  for (const [what, bytes, { pixels, ...rest }] of kinds) {
    it(`are read ${what}`, () => {
      const raster = png(bytes);
      expect([...raster.values]).to.deep.equal(pixels);
      expect(raster).to.include(rest);
    });
  }

  it("keep no more than the picture: a profile that would unpack without end is not touched", () => {
    const profile = Buffer.concat([Buffer.from("p\0\0"), deflateSync(new Uint8Array(2 ** 20))]);
    const bytes = pngFile({ width: 1, height: 1, rows: Uint8Array.of(0, 7), between: [pngChunk("iCCP", profile)] });
    expect([...png(bytes).values]).to.deep.equal([7]);
  });

  const one = pngFile({ width: 1, height: 1, rows: Uint8Array.of(0, 7) });
  const broken = Buffer.from(one);
  broken[45] = (broken[45] as number) ^ 1;
  const malformed: readonly [string, Buffer, RegExp][] = [
    ["cut short", one.subarray(0, one.length - 5), /a\.png: it ends too early, after 62 bytes/],
    ["with a wrong checksum", broken, /a\.png: it is damaged: the checksum of its part "IDAT" is wrong/],
    [
      "with too many pixels",
      pngFile({ width: 8000, height: 8000, rows: new Uint8Array(9) }),
      /8000 × 8000 pixels are too many/,
    ],
    ["with no pixels", pngFile({ width: 0, height: 3, rows: new Uint8Array(0) }), /0 × 3 pixels/],
    [
      "with fewer rows than it says",
      pngFile({ width: 2, height: 2, rows: new Uint8Array(5) }),
      /5 bytes, less than the 6/,
    ],
    [
      "that unpack to far more",
      pngFile({ width: 2, height: 2, rows: new Uint8Array(2 ** 20) }),
      /do not unpack to the 6 bytes/,
    ],
    [
      "with a colour it has not",
      pngFile({
        width: 1,
        height: 1,
        colour: 3,
        rows: Uint8Array.of(0, 1),
        between: [palette.subarray(0, 0), pngChunk("PLTE", Uint8Array.of(1, 2, 3))],
      }),
      /not a PNG picture that can be read/,
    ],
    [
      "of a depth that does not go with the colour",
      pngFile({ width: 1, height: 1, depth: 4, colour: 2, rows: Uint8Array.of(0, 1, 2) }),
      /colour type 2 with 4 bits/,
    ],
    [
      "interlaced below 8 bits",
      pngFile({ width: 1, height: 1, depth: 1, interlace: 1, rows: Uint8Array.of(0, 1) }),
      /save it without/,
    ],
    ["without a header", Buffer.concat([one.subarray(0, 8), one.subarray(33)]), /has one header/],
  ];
  for (const [what, bytes, message] of malformed) {
    it(`are refused ${what}`, () => {
      expect(() => png(bytes))
        .to.throw(PacelineError, message)
        .with.property("code", "bad-input");
    });
  }

  it("agree with another encoder's, and never do worse than be refused where bytes are changed", () => {
    const data = Uint8Array.from({ length: 5 * 7 * 3 }, (_, i) => (i * 37) % 256);
    const good = Buffer.from(encode({ width: 7, height: 5, channels: 3, data }));
    expect([...png(good).values]).to.deep.equal([...data]);
    neverWorseThanRefused(good, (bytes) => decodePng(bytes, "a.png"));
  }).timeout(20_000);
});

function neverWorseThanRefused(good: Buffer, decode: (bytes: Buffer) => Raster): void {
  const changes = fc.array(fc.tuple(fc.nat(good.length - 1), fc.nat(255)), { minLength: 1, maxLength: 3 });
  fc.assert(
    fc.property(changes, fc.nat(2 * good.length), (changed, length) => {
      const bytes = Buffer.from(good);
      for (const [at, value] of changed) bytes[at] = value;
      try {
        const { values, height, width, channels } = decode(bytes.subarray(0, length));
        expect(values.length).to.equal(height * width * channels);
      } catch (error) {
        expect(error).to.be.instanceOf(PacelineError);
      }
    }),
    { seed: 6, numRuns: 300 },
  );
}

describe("JPEG pictures", () => {
  /** 24 × 16 pixels written by Pillow 12, quality 90; red grows by 10 a column, green by 15 a row, blue falls. */
  const FILES = {
    baseline:
      "/9j/4AAQSkZJRgABAQAAAQABAAD/2wBDAAMCAgMCAgMDAwMEAwMEBQgFBQQEBQoHBwYIDAoMDAsKCwsNDhIQDQ4RDgsLEBYQERMUFRUVDA8XGBYUGBIUFRT/2wBDAQMEBAUEBQkFBQkUDQsNFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBT/wAARCAAQABgDAREAAhEBAxEB/8QAFgABAQEAAAAAAAAAAAAAAAAABgcI/8QAGRAAAQUAAAAAAAAAAAAAAAAAAAUHIzGh/8QAGAEBAAMBAAAAAAAAAAAAAAAABwUGCAn/xAAZEQACAwEAAAAAAAAAAAAAAAAABQYhMSL/2gAMAwEAAhEDEQA/AMsJTa1Fht5rJN6KKmdZYySm1qLAbayTeh1TOssYpTa1FgNtZJvQ6pnWWUtKbWosJ5rJN6OTKZ1ljFKbWosBtrJN6HVM6yxilNrUWA21km9DqmdZZ//Z",
    progressive:
      "/9j/4AAQSkZJRgABAQAAAQABAAD/2wBDAAMCAgMCAgMDAwMEAwMEBQgFBQQEBQoHBwYIDAoMDAsKCwsNDhIQDQ4RDgsLEBYQERMUFRUVDA8XGBYUGBIUFRT/2wBDAQMEBAUEBQkFBQkUDQsNFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBT/wgARCAAQABgDAREAAhEBAxEB/8QAFgABAQEAAAAAAAAAAAAAAAAABQYH/8QAGAEBAAMBAAAAAAAAAAAAAAAABgQFBwj/2gAMAwEAAhADEAAAAcr2+iZGumRruln8mMjXTA13/8QAFhAAAwAAAAAAAAAAAAAAAAAAAAMF/9oACAEBAAEFAlTRU0VNFTRU0VNP/8QAFREBAQAAAAAAAAAAAAAAAAAABAD/2gAIAQMBAT8BG2G2G2G2G2G2/8QAFxEAAwEAAAAAAAAAAAAAAAAAAAQFYf/aAAgBAgEBPwFqlo1S0apaNUtGqWjVLT//xAAVEAEBAAAAAAAAAAAAAAAAAAAAMf/aAAgBAQAGPwKIiIj/xAAUEAEAAAAAAAAAAAAAAAAAAAAg/9oACAEBAAE/IUkkl//aAAwDAQACAAMAAAAQlEM//8QAFhEAAwAAAAAAAAAAAAAAAAAAACEx/9oACAEDAQE/EJMkyTJMkyTP/8QAFREBAQAAAAAAAAAAAAAAAAAAADH/2gAIAQIBAT8QsWLFixY//8QAFhAAAwAAAAAAAAAAAAAAAAAAADHB/9oACAEBAAE/EFSKkVIqRUipP//Z",
    grey: "/9j/4AAQSkZJRgABAQAAAQABAAD/2wBDAAMCAgMCAgMDAwMEAwMEBQgFBQQEBQoHBwYIDAoMDAsKCwsNDhIQDQ4RDgsLEBYQERMUFRUVDA8XGBYUGBIUFRT/wAALCAAQABgBAREA/8QAFgABAQEAAAAAAAAAAAAAAAAABgcI/8QAGRAAAQUAAAAAAAAAAAAAAAAAAAUHIzGh/9oACAEBAAA/AMsJTa1FgySm1qLBilNrUWFLSm1qLBilNrUWDFKbWosP/9k=",
  };

  for (const [kind, text] of Object.entries(FILES)) {
    it(`are read ${kind}, near to what Pillow makes of them`, () => {
      const { width, height, channels, values } = decodeJpeg(Buffer.from(text, "base64"), "a.jpg");
      expect([width, height, channels]).to.deep.equal([24, 16, 3]);
      const at = (row: number, column: number): number[] => [
        ...values.subarray(3 * (24 * row + column)).subarray(0, 3),
      ];
      const expected: [number, number, number[]][] =
        kind === "grey"
          ? [
              [3, 5, [65, 65, 65]],
              [12, 20, [173, 173, 173]],
            ]
          : [
              [3, 5, [50, 45, 207]],
              [12, 20, [200, 180, 65]],
            ];
      for (const [row, column, colours] of expected)
        at(row, column).forEach((value, i) => expect(value).to.be.closeTo(colours[i]!, 2));
    });
  }

  it("are refused wherever they are cut short", () => {
    const whole = Buffer.from(FILES.baseline, "base64");
    for (let length = 3; length < whole.length - 2; length += 5) {
      expect(() => decodeJpeg(whole.subarray(0, length), "cut.jpg"))
        .to.throw(PacelineError, /cut\.jpg: not a JPEG/)
        .with.property("code", "bad-input");
    }
  });

  it("are refused with too many pixels before they are decoded, and with too many scans", () => {
    const huge = Buffer.from(FILES.baseline, "base64");
    const frame = huge.indexOf("ffc0", 0, "hex");
    huge.writeUInt16BE(60_000, frame + 5);
    huge.writeUInt16BE(60_000, frame + 7);
    expect(() => decodeJpeg(huge, "huge.jpg")).to.throw(
      PacelineError,
      /huge\.jpg: more pixels than the 390144 that are taken of 381 bytes/,
    );
    const scans = Buffer.concat([huge, Buffer.from("ffda".repeat(101), "hex")]);
    expect(() => decodeJpeg(scans, "long.jpg")).to.throw(PacelineError, /long\.jpg: 102 scans are too many/);
  });

  it("never do worse than be refused where bytes are changed", () => {
    for (const text of Object.values(FILES))
      neverWorseThanRefused(Buffer.from(text, "base64"), (bytes) => decodeJpeg(bytes, "a.jpg"));
  }).timeout(20_000);
});

describe("light", () => {
  it("of colours becomes luma, and grey is the same in every colour", () => {
    const colour: Raster = {
      height: 1,
      width: 2,
      channels: 3,
      maximum: 255,
      values: Uint8Array.of(255, 0, 0, 10, 20, 30),
    };
    const luma = toLight(colour, 1);
    expect(luma[0]).to.be.closeTo(0.299, 1e-6);
    expect(luma[1]).to.be.closeTo((2.99 + 11.74 + 3.42) / 255, 1e-6);
    const grey: Raster = { height: 1, width: 2, channels: 1, maximum: 65535, values: Uint16Array.of(13107, 65535) };
    expect([...toLight(grey, 3)]).to.deep.equal([0.2, 0.2, 0.2, 1, 1, 1].map(Math.fround));
  });

  it("is averaged over what a smaller or larger pixel covers", () => {
    // three columns to two: each new one is a whole old one and half of the middle
    const row = resizeByBox(Float32Array.of(3, 6, 12), { height: 1, width: 3 }, { height: 1, width: 2 }, 1);
    expect([...row]).to.deep.equal([4, 10]);
    const square = Float32Array.of(1, 10, 2, 20, 3, 30, 4, 40, 5, 50, 6, 60, 7, 70, 8, 80);
    const half = resizeByBox(square, { height: 4, width: 2 }, { height: 2, width: 1 }, 2);
    expect([...half]).to.deep.equal([2.5, 25, 6.5, 65]);
    const wider = resizeByBox(Float32Array.of(2, 8), { height: 1, width: 2 }, { height: 1, width: 3 }, 1);
    expect([...wider]).to.deep.equal([2, 5, 8]);
  });
});
