import { initialParams } from "../../../node/training/models/model.ts";
import { ModelBuilder } from "../../../node/training/models/modelBuilder.ts";
import { NORMAL, randomExamples } from "../gradients/operatorCase.ts";
import { expectGradientsAgree } from "../gradients/oracle.ts";

const CLASSES = 40;

describe("softmax cross-entropy of many classes", () => {
  for (const shape of [[], [3]]) {
    it(`has the gradient that tfjs and differences tell${shape.length > 0 ? ", padding and class weights included" : ""}`, async () => {
      const builder = new ModelBuilder();
      const x = builder.example("x", "float32", [...shape, 2]);
      const logits = builder.graph.node("MatMul", [x, builder.param("weight", [2, CLASSES], NORMAL)]);
      const classWeights = Array.from({ length: CLASSES }, (_, i) => 0.5 + (i % 3));
      const loss = { kind: "softmax-cross-entropy", ...(shape.length > 0 ? { classWeights } : {}) } as const;
      const model = builder.build(logits, loss, { type: "int32", shape, classes: CLASSES });
      const examples = randomExamples(model, 4);
      if (shape.length > 0) examples.targets.values[5] = -1;
      await expectGradientsAgree(model, initialParams(model, 2), examples);
    });
  }
});
