import { expect } from "chai";
import fc from "fast-check";
import { describe, it } from "mocha";
import { exportSafetensors } from "../../../node/training/formats/exportSafetensors.ts";
import { readSafetensors, writeSafetensors } from "../../../node/training/formats/safetensors.ts";
import { initialParams } from "../../../node/training/models/model.ts";
import { zooModel } from "../../../node/training/models/zooSpec.ts";
import { codeOf } from "../../helpers/errors.ts";
import { SEEDED } from "../../helpers/seeded.ts";

/** Written by hand from the format's description: two tensors and a text. */
function byHand(): Uint8Array {
  const header =
    '{"__metadata__":{"format":"pt"},"a.bias":{"dtype":"F32","shape":[2],"data_offsets":[8,16]},' +
    '"a.weight":{"dtype":"F32","shape":[1,2],"data_offsets":[0,8]}}';
  const length = Buffer.alloc(8);
  length.writeBigUInt64LE(BigInt(header.length));
  const data = Buffer.alloc(16);
  [1.5, -2, 3.25, 4].forEach((value, i) => data.writeFloatLE(value, 4 * i));
  return new Uint8Array(Buffer.concat([length, Buffer.from(header), data]));
}

describe("a safetensors file", () => {
  it("is read as the format says, in the order of the data", () => {
    const { tensors, metadata } = readSafetensors(byHand());
    expect(metadata).to.deep.equal({ format: "pt" });
    expect(tensors).to.deep.equal([
      { name: "a.weight", shape: [1, 2], values: Float32Array.of(1.5, -2) },
      { name: "a.bias", shape: [2], values: Float32Array.of(3.25, 4) },
    ]);
  });

  it("is read from a Buffer as from other bytes", () => {
    expect(readSafetensors(Buffer.from(byHand()))).to.deep.equal(readSafetensors(byHand()));
  });

  it("has tensors of names that every object has", () => {
    const tensors = ["__proto__", "constructor"].map((name, i) => ({
      name,
      shape: [1],
      values: Float32Array.of(i + 2),
    }));
    expect(readSafetensors(writeSafetensors({ tensors, metadata: {} })).tensors).to.deep.equal(tensors);
  });

  it("is written so that a reader of plain JSON and bytes finds everything", () => {
    const file = writeSafetensors({
      tensors: [
        { name: "w", shape: [2, 2], values: Float32Array.of(1, 2, 3, 4) },
        { name: "scale", shape: [], values: Float32Array.of(0.5) },
      ],
      metadata: { round: "12" },
    });
    const length = Number(Buffer.from(file).readBigUInt64LE(0));
    expect(length % 8).to.equal(0);
    const header = JSON.parse(new TextDecoder().decode(file.subarray(8, 8 + length))) as unknown;
    expect(header).to.deep.equal({
      __metadata__: { round: "12" },
      w: { dtype: "F32", shape: [2, 2], data_offsets: [0, 16] },
      scale: { dtype: "F32", shape: [], data_offsets: [16, 20] },
    });
    expect(Buffer.from(file).readFloatLE(8 + length + 12)).to.equal(4);
    expect(Buffer.from(file).readFloatLE(8 + length + 16)).to.equal(0.5);
    expect(file).to.have.length(8 + length + 20);
  });

  it("of a model has its params by name, and says where they come from", () => {
    const model = zooModel({ kind: "mlp", inputs: 3, hidden: [4], classes: 2 });
    const params = initialParams(model, 7);
    const file = exportSafetensors(model, params, { round: 12, job: "0xab on 31337", modelId: "0xcd" });
    const { tensors, metadata } = readSafetensors(file);
    expect(tensors.map(({ name, shape }) => [name, shape])).to.deep.equal([
      ["dense1.weight", [3, 4]],
      ["dense1.bias", [4]],
      ["dense2.weight", [4, 2]],
      ["dense2.bias", [2]],
    ]);
    expect(tensors.flatMap(({ values }) => [...values])).to.deep.equal([...params]);
    expect(metadata).to.deep.equal({ producer: "paceline", round: "12", job: "0xab on 31337", modelId: "0xcd" });
  });

  it("that is damaged is told so, whatever the damage", () => {
    const damage = fc.array(fc.tuple(fc.nat(200), fc.nat(255)), { minLength: 1, maxLength: 4 });
    fc.assert(
      fc.property(damage, fc.nat(300), (changes, length) => {
        const file = byHand().slice(0, length);
        for (const [at, byte] of changes) if (at < file.length) file[at] = byte;
        expect(["none", "bad-input", "unsupported"]).to.include(codeOf(() => readSafetensors(file)));
      }),
      SEEDED,
    );
  });

  it("is refused where tensors leave gaps, overlap or have another size than their shape", () => {
    const header = (changed: string, to: string): Uint8Array => {
      const text = Buffer.from(byHand()).toString("latin1").replace(changed, to);
      return new Uint8Array(Buffer.from(text, "latin1"));
    };
    expect(codeOf(() => readSafetensors(header("[8,16]", "[0,8] ")))).to.equal("bad-input");
    expect(codeOf(() => readSafetensors(header("[8,16]", "[9,17]")))).to.equal("bad-input");
    expect(codeOf(() => readSafetensors(header("[1,2]", "[1,3]")))).to.equal("bad-input");
    expect(codeOf(() => readSafetensors(header('"F32"', '"F16"')))).to.equal("unsupported");
    expect(codeOf(() => readSafetensors(byHand().subarray(0, 150)))).to.equal("bad-input");
  });
});
