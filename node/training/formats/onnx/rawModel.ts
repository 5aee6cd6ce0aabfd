import type { Attribute, Constant, ElementType } from "../../graph/graph.ts";

/** What an ONNX file says, before anything is made of it. Names are as the file has them. */

export interface RawModel {
  readonly producer: string;
  /** Version of the operator set, by domain; "" is ONNX's own. */
  readonly operatorSets: ReadonlyMap<string, number>;
  readonly metadata: Readonly<Record<string, string>>;
  readonly nodes: readonly RawNode[];
  readonly initialisers: readonly RawTensor[];
  readonly inputs: readonly RawValue[];
  readonly outputs: readonly RawValue[];
}

/** An initialiser, or the value of a constant. Texts are not kept, only that there are some. */
export type RawTensor = Constant | RawTexts;

export interface RawTexts {
  readonly name: string;
  readonly type: "string";
  readonly shape: readonly number[];
}

export interface RawNode {
  readonly operator: string;
  readonly domain: string;
  readonly name: string;
  /** "" is an optional input that is left out. */
  readonly inputs: readonly string[];
  readonly outputs: readonly string[];
  readonly attributes: Readonly<Record<string, RawAttribute>>;
}

/** Bodies of control-flow operators are not read: none of these is supported. */
export type RawAttribute = Exclude<Attribute, { kind: "graph" | "tensor" }> | RawTensorAttribute | { kind: "other" };

export interface RawTensorAttribute {
  readonly kind: "tensor";
  readonly value: RawTensor;
}

/** An input or output of the graph. */
export interface RawValue {
  readonly name: string;
  /** "none" for what is no tensor: a sequence, a map. */
  readonly type: ElementType | "string" | "none";
  /** A number, a name, or undefined where the file says nothing. Undefined as a whole: the file gives no shape. */
  readonly shape: readonly (number | string | undefined)[] | undefined;
}

/** How errors name a node. */
export function describeNode({ operator, domain, name, outputs }: RawNode): string {
  const label = name === "" ? (outputs[0] ?? "") : name;
  return `node "${label}" (${domain === "" ? operator : `${domain}.${operator}`})`;
}
