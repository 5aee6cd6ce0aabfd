import { expect } from "chai";
import { describe, it } from "mocha";
import { InferenceSession, Tensor } from "onnxruntime-node";
import { encodeModel } from "../../../node/training/graph/encode.ts";
import { tensorSlots } from "../../../node/training/models/model.ts";
import { TFJS_BACKENDS, type TfjsBackend } from "../../../node/training/tfjs/backends.ts";
import { TFJS_OPERATORS } from "../../../node/training/tfjs/interpret.ts";
import { TfjsTrainer } from "../../../node/training/tfjs/tfjsTrainer.ts";
import { type Case, operatorCase } from "../gradients/operatorCase.ts";
import { UNARY } from "./cases/elementwise.ts";
import { BROADCASTING } from "./cases/broadcasting.ts";
import { STRUCTURE } from "./cases/structure.ts";
import { LAYERS } from "./cases/layers.ts";
import { RECURRENT } from "./cases/recurrent.ts";

/** Operators as the tfjs engine does them, against ONNX Runtime's kernels. */

const FAMILIES = {
  "of one input": UNARY,
  "of several inputs": BROADCASTING,
  "of structure": STRUCTURE,
  "of layers": LAYERS,
  "of recurrence and normalisation": RECURRENT,
};

/** What ONNX Runtime makes of the model's own graph. */
async function runtimeOutputs({ model, params, examples }: Case): Promise<Float32Array> {
  const session = await InferenceSession.create(encodeModel(model.graph), { logSeverityLevel: 3 });
  const feeds = examples.inputs.map(({ shape, values }) => {
    const dims = [examples.count, ...shape];
    return values instanceof Int32Array ? new Tensor("int32", values, dims) : new Tensor("float32", values, dims);
  });
  const tensors = tensorSlots(model.tensors).map(
    ({ shape, offset, length }) => new Tensor("float32", params.subarray(offset, offset + length), shape),
  );
  const named = model.graph.inputs.map(({ name }, i) => [name, [...feeds, ...tensors][i]!] as const);
  const { outputs } = await session.run(Object.fromEntries(named));
  await session.release();
  return outputs!.data as Float32Array;
}

const present = TFJS_BACKENDS.filter((name) => name !== "tensorflow");

describe("tfjs operators against ONNX Runtime's", () => {
  it("are all here", () => {
    const models = Object.values(FAMILIES).flatMap((cases) =>
      Object.values(cases).map((build) => operatorCase(build).model),
    );
    const tried = new Set(models.flatMap(({ graph }) => graph.nodes.map(({ operator }) => operator)));
    expect(TFJS_OPERATORS.filter((operator) => !tried.has(operator))).to.deep.equal([]);
  });

  for (const [family, cases] of Object.entries(FAMILIES)) {
    describe(family, () => {
      for (const [name, build] of Object.entries(cases)) {
        it(name, async () => {
          const each = operatorCase(build);
          const expected = await runtimeOutputs(each);
          for (const backend of present) await expectOutputs(backend, each, expected);
        });
      }
    });
  }
});

async function expectOutputs(backend: TfjsBackend, each: Case, expected: Float32Array): Promise<void> {
  if (backend === "wasm" && each.model.graph.nodes.some(({ operator }) => operator === "Conv")) return;
  const found = await new TfjsTrainer(each.model, { backend }).predict(each.params, each.examples);
  expect(found.length, backend).to.equal(expected.length);
  expected.forEach((value, i) => {
    expect(found[i], `${backend}, output ${i}`).to.be.closeTo(value, 1e-5 * Math.max(1, Math.abs(value)));
  });
}
