import { elementCount, type Model } from "./models/model.ts";
import type { Examples, ExampleTensor } from "./trainer.ts";

/** Where an example is a few numbers, an engine's work to gather it is mostly to wait for the memory: it is put in its place before. */

const FEW_VALUES = 8;

/** Whether an example with its target is a few numbers. */
export function isNarrow({ graph, exampleInputs, targets }: Model): boolean {
  const inputs = graph.inputs.slice(0, exampleInputs).map(({ shape }) => elementCount(shape.slice(1) as number[]));
  return inputs.reduce((sum, size) => sum + size, elementCount(targets.shape)) <= FEW_VALUES;
}

/** The examples `order[0]`, `order[1]`, …; there may be some several times. */
export function inVisitingOrder(examples: Examples, order: Int32Array): Examples {
  const inOrder = (tensor: ExampleTensor): ExampleTensor => rowsInOrder(tensor, order);
  return {
    count: order.length,
    inputs: examples.inputs.map(inOrder),
    targets: inOrder(examples.targets),
    classes: examples.classes,
  };
}

function rowsInOrder({ shape, values }: ExampleTensor, order: Int32Array): ExampleTensor {
  const each = elementCount(shape);
  // floats are moved as the integers of their bits: a loop that sees one kind of array is several times faster
  const from = new Int32Array(values.buffer, values.byteOffset, values.length);
  const to = new Int32Array(order.length * each);
  for (let i = 0; i < order.length; i++) {
    const start = (order[i] as number) * each;
    for (let j = 0; j < each; j++) to[i * each + j] = from[start + j] as number;
  }
  return { shape, values: values instanceof Int32Array ? to : new Float32Array(to.buffer) };
}
