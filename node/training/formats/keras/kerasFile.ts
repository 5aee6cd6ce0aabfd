import { z } from "zod";
import { PacelineError } from "../../../core/errors.ts";
import { elementCount } from "../../models/model.ts";

/**
 * A `model.json` of TensorFlow.js in the format "layers-model", and its weights: what `model.save` of tfjs and the converter of Keras
 * models write (tfjs-core `io/types.ts`, `ModelJSON`).
 */
export interface KerasFile {
  /** The file but for the manifest. */
  readonly json: Readonly<Record<string, unknown>>;
  /** In the order of the manifest. */
  readonly weights: readonly KerasWeight[];
}

export interface KerasWeight {
  readonly name: string;
  readonly shape: readonly number[];
  readonly dtype: "float32" | "int32" | "bool";
  /** Little-endian. */
  readonly data: Uint8Array;
}

const MAX_JSON_BYTES = 2 ** 26;

/** The manifest's files lie beside the model.json. */
const path = z
  .string()
  .regex(/^(\.\/)?[A-Za-z0-9_][A-Za-z0-9_.-]{0,199}$/, "expected the name of a file beside the model.json");

const weight = z.looseObject({
  name: z.string().min(1).max(1000),
  shape: z
    .array(
      z
        .int()
        .min(0)
        .max(2 ** 31),
    )
    .max(8),
  dtype: z.string(),
  quantization: z.unknown().optional(),
});

const manifest = z
  .array(z.looseObject({ paths: z.array(path).max(10_000), weights: z.array(weight).max(100_000) }))
  .max(10_000);

const modelJson = z.looseObject({ modelTopology: z.record(z.string(), z.unknown()), weightsManifest: manifest });

/** Names of the weight files that a model.json wants, in the order in which they are to be given. */
export function weightFilesOf(json: Uint8Array): readonly string[] {
  const { weightsManifest } = parseModelJson(json);
  return weightsManifest.flatMap(({ paths }) => paths.map((each) => each.replace(/^\.\//, "")));
}

/**
 * @param files the contents of `weightFilesOf`
 * @throws PacelineError `bad-input` where it is no such file or the weights do not have the manifest's sizes; `unsupported` for
 * quantised weights
 */
export function readKerasFile(json: Uint8Array, files: readonly Uint8Array[]): KerasFile {
  const { weightsManifest, ...rest } = parseModelJson(json);
  const wanted = weightsManifest.reduce((sum, { paths }) => sum + paths.length, 0);
  if (files.length !== wanted)
    throw new PacelineError("bad-input", `the model.json has ${wanted} weight files, ${files.length} were given`);
  const weights: KerasWeight[] = [];
  let next = 0;
  for (const { paths, weights: specs } of weightsManifest) {
    const bytes = new Uint8Array(Buffer.concat(files.slice(next, next + paths.length)));
    next += paths.length;
    weights.push(...cut(bytes, specs));
  }
  const names = new Set(weights.map(({ name }) => name));
  if (names.size !== weights.length) throw new PacelineError("bad-input", "the model.json has two weights of one name");
  return { json: rest, weights };
}

function parseModelJson(bytes: Uint8Array): z.infer<typeof modelJson> {
  if (bytes.length > MAX_JSON_BYTES)
    throw new PacelineError(
      "bad-input",
      `the model.json has ${bytes.length} bytes; at most ${MAX_JSON_BYTES} are read`,
    );
  const parsed = modelJson.safeParse(parseJson(bytes));
  if (parsed.success) return parsed.data;
  const [issue] = parsed.error.issues;
  throw new PacelineError(
    "bad-input",
    `the file is no model.json of TensorFlow.js Layers: ${issue?.path.join(".") ?? ""}: ${issue?.message ?? ""}`,
  );
}

function parseJson(bytes: Uint8Array): unknown {
  try {
    return JSON.parse(new TextDecoder("utf-8", { fatal: true }).decode(bytes));
  } catch (error) {
    throw new PacelineError("bad-input", "the model.json is damaged or cut short: it is no JSON", {}, error);
  }
}

const BYTES = { float32: 4, int32: 4, bool: 1 } as const;

function cut(bytes: Uint8Array, specs: readonly z.infer<typeof weight>[]): readonly KerasWeight[] {
  let offset = 0;
  const weights = specs.map(({ name, shape, dtype, quantization }) => {
    if (quantization !== undefined)
      throw new PacelineError(
        "unsupported",
        `the weight "${name}" is quantised: convert the model without quantisation`,
      );
    if (dtype !== "float32" && dtype !== "int32" && dtype !== "bool")
      throw new PacelineError("unsupported", `the weight "${name}" is of ${dtype}, which is not supported`);
    const length = BYTES[dtype] * elementCount(shape);
    const data = bytes.subarray(offset, (offset += length));
    return { name, shape, dtype, data } as const;
  });
  if (offset !== bytes.length)
    throw new PacelineError(
      "bad-input",
      `the weight files have ${bytes.length} bytes, the model.json's manifest has ${offset}: they are damaged, cut short, or of another model`,
    );
  return weights;
}
