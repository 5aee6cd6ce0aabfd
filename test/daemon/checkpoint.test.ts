import { expect } from "chai";
import { describe, it } from "mocha";
import { keccakWords } from "../../node/core/bytes.ts";
import { PacelineError } from "../../node/core/errors.ts";
import { buildTree } from "../../node/core/merkle.ts";
import { checkpointShape, decodeCheckpoint, encodeCheckpoint } from "../../node/daemon/model/checkpoint.ts";
import type { GlobalModel } from "../../node/daemon/model/globalModel.ts";

const MODEL: GlobalModel = {
  modelId: keccakWords(7),
  updates: 0xfedcba98,
  exponent: -3,
  params: Float32Array.from({ length: 130 }, (_, i) => Math.fround(1.1 * (i - 60))),
};

const codeOf = (work: () => unknown): string => {
  try {
    work();
    return "nothing thrown";
  } catch (error) {
    return error instanceof PacelineError ? error.code : String(error);
  }
};

describe("a checkpoint's bytes", () => {
  it("hold the whole model, in leaves that can be fetched one by one", () => {
    const bytes = encodeCheckpoint(MODEL);
    const { root, leafBytes, leafCount } = checkpointShape(buildTree(bytes, 512).root, 130);
    expect([leafBytes * leafCount, leafCount]).to.deep.equal([bytes.length, 3]);
    expect(root).to.equal(buildTree(bytes, leafBytes).root);
    expect(decodeCheckpoint(bytes, 130)).to.deep.equal(MODEL);
  });

  it("are laid out as the documentation says", () => {
    const bytes = encodeCheckpoint(MODEL);
    expect(Buffer.from(bytes.subarray(0, 16)).toString("latin1")).to.equal("PACELINE\x01\0\0\0\0\0\0\0");
    expect(Buffer.from(bytes.subarray(16, 48)).toString("hex")).to.equal(MODEL.modelId.slice(2));
    expect(Buffer.from(bytes.subarray(48, 60)).toString("hex")).to.equal("fedcba98fffffffd00000082");
    expect(Buffer.from(bytes).readFloatLE(512 + 4 * 129)).to.equal(MODEL.params[129]);
  });

  it("are refused where a single bit is not as it must be", () => {
    const good = encodeCheckpoint(MODEL);
    const bad = (at: number, value: number): Uint8Array => {
      const bytes = good.slice();
      bytes[at] = value;
      return bytes;
    };
    const nan = good.slice();
    new DataView(nan.buffer).setFloat32(512, NaN, true);
    const cases = [good.subarray(512), new Uint8Array(0), bad(0, 0), bad(8, 2), bad(59, 129), bad(60, 1), bad(511, 1)];
    for (const bytes of [...cases, bad(512 + 4 * 130, 1), bad(good.length - 1, 1), nan])
      expect(codeOf(() => decodeCheckpoint(bytes, 130))).to.equal("bad-blob");
    expect(codeOf(() => decodeCheckpoint(good, 129))).to.equal("bad-blob");
  });
});
