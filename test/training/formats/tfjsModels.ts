import * as tf from "@tensorflow/tfjs";

/** Models of plain tfjs, the oracle of what a model.json means. */

export interface SavedModel {
  readonly json: Uint8Array;
  readonly weights: Uint8Array;
}

/** The same backend on every machine. */
export async function useTfjs(): Promise<void> {
  await tf.setBackend("cpu");
  await tf.ready();
}

/** As `model.save` of tfjs writes it into a folder. */
export async function saved(model: tf.LayersModel): Promise<SavedModel> {
  let artifacts: tf.io.ModelArtifacts | undefined;
  await model.save(
    tf.io.withSaveHandler(async (given) => {
      artifacts = given;
      return { modelArtifactsInfo: { dateSaved: new Date(0), modelTopologyType: "JSON" } };
    }),
  );
  const { weightSpecs, weightData, modelTopology, format, generatedBy, convertedBy } = artifacts!;
  const json = {
    modelTopology,
    format,
    generatedBy,
    convertedBy,
    weightsManifest: [{ paths: ["weights.bin"], weights: weightSpecs }],
  };
  return {
    json: new TextEncoder().encode(JSON.stringify(json)),
    weights: new Uint8Array(tf.io.CompositeArrayBuffer.join(weightData)),
  };
}

/** Opens a model.json as a browser would. */
export async function opened(json: Uint8Array, weights: Uint8Array): Promise<tf.LayersModel> {
  const { modelTopology, weightsManifest } = JSON.parse(new TextDecoder().decode(json)) as tf.io.ModelJSON;
  const artifacts: tf.io.ModelArtifacts = {
    modelTopology,
    weightSpecs: weightsManifest.flatMap((group) => group.weights),
    weightData: new Uint8Array(weights).buffer,
  };
  return tf.loadLayersModel(tf.io.fromMemory(artifacts));
}

export function predictions(model: tf.LayersModel, inputs: readonly tf.Tensor[]): Float32Array {
  const result = model.predict(inputs.length === 1 ? inputs[0]! : [...inputs]) as tf.Tensor;
  return result.dataSync<"float32">();
}

/** Weights that no initialiser would give, so that a bias or statistic that is forgotten shows. */
export function unsettle(model: tf.LayersModel, seed: number): tf.LayersModel {
  const values = model.getWeights().map((weight, i) => {
    const noise = tf.randomNormal(weight.shape, 0, 0.4, "float32", seed + i);
    return model.weights[i]!.name.includes("variance") ? tf.add(tf.abs(noise), 0.5) : noise;
  });
  model.setWeights(values);
  return model;
}
