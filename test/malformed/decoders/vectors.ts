import { keccakWords } from "../../../node/core/bytes.ts";
import { decodeAggregate, decodeUpdate, encodeAggregate, encodeUpdate } from "../../../node/core/fixedPoint.ts";
import { decodeVector, encodeVector } from "../../../node/core/scores.ts";
import { decodeCheckpoint, encodeCheckpoint } from "../../../node/daemon/model/checkpoint.ts";
import type { Decoder } from "../decoder.ts";

const LENGTH = 150;
const values = Array.from({ length: LENGTH }, (_, i) => 37 * i - 2_000);

export const vectorDecoders: readonly Decoder[] = [
  {
    name: "decodeUpdate",
    form: "bytes",
    samples: () => [encodeUpdate(Int16Array.from(values))],
    feed: (input) => decodeUpdate(input, LENGTH).length === LENGTH,
    codes: ["bad-blob"],
  },
  {
    name: "decodeAggregate",
    form: "bytes",
    samples: () => [encodeAggregate(Int32Array.from(values))],
    feed: (input) => decodeAggregate(input, LENGTH).length === LENGTH,
    codes: ["bad-blob"],
  },
  {
    name: "decodeVector",
    form: "bytes",
    samples: () => [encodeVector([1_000, 0, 2_000, 7_000]), encodeVector(undefined), encodeVector([10_000, 0, 0, 0])],
    feed: (input) => decodeVector(input, 4, 1)?.length !== 0,
    codes: ["bad-message"],
  },
  {
    name: "decodeCheckpoint",
    form: "bytes",
    samples: () => [
      encodeCheckpoint({ modelId: keccakWords(1), updates: 16, exponent: 9, params: Float32Array.from(values) }),
    ],
    feed: (input) => decodeCheckpoint(input, LENGTH).params.length === LENGTH,
    codes: ["bad-blob"],
  },
];
