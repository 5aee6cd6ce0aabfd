import { expect } from "chai";
import { zooModel, zooSchema } from "../../node/training/models/zooSpec.ts";
import { inVisitingOrder, isNarrow } from "../../node/training/visitingOrder.ts";

describe("the order of visits", () => {
  it("puts examples in their places, some of them twice, with all that belongs to them", () => {
    const examples = {
      count: 3,
      inputs: [
        { shape: [2], values: Int32Array.of(10, 11, 20, 21, 30, 31) },
        { shape: [], values: Float32Array.of(0.1, 0.2, 0.3) },
      ],
      targets: { shape: [], values: Float32Array.of(1.5, 2.5, 3.5) },
      classes: 0,
    };
    const found = inVisitingOrder(examples, Int32Array.of(2, 0, 1, 2));
    expect(found).to.deep.equal({
      count: 4,
      inputs: [
        { shape: [2], values: Int32Array.of(30, 31, 10, 11, 20, 21, 30, 31) },
        { shape: [], values: Float32Array.of(0.3, 0.1, 0.2, 0.3) },
      ],
      targets: { shape: [], values: Float32Array.of(3.5, 1.5, 2.5, 3.5) },
      classes: 0,
    });
  });

  it("is settled beforehand where an example and its target are eight numbers at most", () => {
    const narrow = (inputs: number): boolean =>
      isNarrow(zooModel(zooSchema.parse({ kind: "softmax-regression", inputs, classes: 3 })));
    expect(narrow(7)).to.equal(true);
    expect(narrow(8)).to.equal(false);
  });
});
