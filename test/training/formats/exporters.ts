import { seededRandom } from "../../../node/core/random.ts";
import {
  DOUBLE,
  FLOAT,
  INT64,
  type OnnxFile,
  type OnnxTensor,
  STRING,
  floats,
  longs,
  node,
  value,
} from "./onnxWriter.ts";

/** Graphs as the exporters of PyTorch, Keras (tf2onnx) and scikit-learn (skl2onnx) write them, with seeded weights. */

export function normals(count: number, seed: number, scale = 0.5): Float32Array {
  const random = seededRandom(seed);
  return Float32Array.from({ length: count }, () => scale * random.normal());
}

const weights = (name: string, dims: readonly number[], seed: number): OnnxTensor =>
  floats(
    name,
    dims,
    normals(
      dims.reduce((product, size) => product * size, 1),
      seed,
    ),
  );

const long = (name: string, number: number): OnnxTensor => longs(name, [number], []);

/** torch.onnx.export of Linear, ReLU, Linear: Gemm with transposed weights. */
export function torchPerceptron(operatorSet = 17, batch: string | number = "batch_size"): OnnxFile {
  return {
    operatorSets: { "": operatorSet },
    nodes: [
      node("Gemm", "x fc1.weight fc1.bias", "/fc1/Gemm_output_0", attributesOfGemm, { name: "/fc1/Gemm" }),
      node("Relu", "/fc1/Gemm_output_0", "/act/Relu_output_0", {}, { name: "/act/Relu" }),
      node("Gemm", "/act/Relu_output_0 fc2.weight fc2.bias", "y", attributesOfGemm, { name: "/fc2/Gemm" }),
    ],
    initialisers: [
      weights("fc1.weight", [7, 5], 1),
      weights("fc1.bias", [7], 2),
      weights("fc2.weight", [3, 7], 3),
      weights("fc2.bias", [3], 4),
    ],
    inputs: [value("x", [batch, 5])],
    outputs: [value("y", [batch, 3])],
  };
}

const attributesOfGemm = { alpha: { float: 1 }, beta: { float: 1 }, transB: { int: 1 } };

const convolution = (kernel: number, pad: number): Parameters<typeof node>[3] => ({
  dilations: { ints: [1, 1] },
  group: { int: 1 },
  kernel_shape: { ints: [kernel, kernel] },
  pads: { ints: [pad, pad, pad, pad] },
  strides: { ints: [1, 1] },
});

/** A CNN with x.view(x.size(0), -1): the shape is computed from the shape of the activation. */
export function torchCnn(operatorSet = 14): OnnxFile {
  return {
    operatorSets: { "": operatorSet },
    nodes: [
      node("Conv", "image conv.weight conv.bias", "c", convolution(3, 1), { name: "/conv/Conv" }),
      node("BatchNormalization", "c bn.weight bn.bias bn.running_mean bn.running_var", "n", {
        epsilon: { float: 1e-5 },
        momentum: { float: 0.9 },
        ...(operatorSet < 14 ? {} : { training_mode: { int: 0 } }),
      }),
      node("Relu", "n", "r"),
      node("MaxPool", "r", "p", {
        ceil_mode: { int: 0 },
        kernel_shape: { ints: [2, 2] },
        strides: { ints: [2, 2] },
      }),
      node("Shape", "p", "/Shape_output_0"),
      node("Constant", [], "/Constant_output_0", { value: { tensor: long("", 0) } }),
      node("Gather", "/Shape_output_0 /Constant_output_0", "/Gather_output_0", { axis: { int: 0 } }),
      node("Constant", [], "/Constant_1_output_0", { value: { tensor: longs("", [0]) } }),
      node("Unsqueeze", "/Gather_output_0 /Constant_1_output_0", "/Unsqueeze_output_0"),
      node("Constant", [], "/Constant_2_output_0", { value: { tensor: longs("", [-1]) } }),
      node("Concat", "/Unsqueeze_output_0 /Constant_2_output_0", "/Concat_output_0", { axis: { int: 0 } }),
      node("Reshape", "p /Concat_output_0", "f", operatorSet < 14 ? {} : { allowzero: { int: 0 } }),
      node("Dropout", "f ratio training", "d"),
      node("Gemm", "d fc.weight fc.bias", "logits", attributesOfGemm),
      node("LogSoftmax", "logits", "log_probabilities", { axis: { int: 1 } }),
    ],
    initialisers: [
      weights("conv.weight", [4, 2, 3, 3], 1),
      weights("conv.bias", [4], 2),
      floats("bn.weight", [4], [0.8, 1.2, 0.5, 1.5]),
      floats("bn.bias", [4], [0.1, -0.2, 0.3, 0]),
      floats("bn.running_mean", [4], [0.2, -0.1, 0.4, 0.05]),
      floats("bn.running_var", [4], [0.6, 1.4, 0.9, 2]),
      floats("ratio", [], [0.25]),
      { name: "training", dims: [], dataType: 9, raw: Uint8Array.of(0) },
      weights("fc.weight", [3, 4 * 3 * 4], 3),
      weights("fc.bias", [3], 4),
    ],
    inputs: [value("image", ["batch", 2, 6, 8])],
    outputs: [value("log_probabilities", ["batch", 3])],
  };
}

/** nn.Embedding and nn.LSTM(batch_first=True) with zeros of the batch's size as initial states; the last step is classified. */
export function torchLstm(): OnnxFile {
  const hidden = 4;
  return {
    operatorSets: { "": 17 },
    nodes: [
      node("Gather", "embedding.weight tokens", "e"),
      node("Shape", "e", "s"),
      node("Gather", "s zero", "batch_size", { axis: { int: 0 } }),
      node("Unsqueeze", "batch_size axis0", "batch_vector"),
      node("Concat", "one batch_vector units", "state_shape", { axis: { int: 0 } }),
      node("ConstantOfShape", "state_shape", "zeros", { value: { tensor: floats("", [1], [0]) } }),
      node("Transpose", "e", "time_major", { perm: { ints: [1, 0, 2] } }),
      node("LSTM", ["time_major", "onnx::LSTM_1", "onnx::LSTM_2", "onnx::LSTM_3", "", "zeros", "zeros"], "Y h c", {
        hidden_size: { int: hidden },
      }),
      node("Squeeze", "Y axis1", "states"),
      node("Transpose", "states", "batch_major", { perm: { ints: [1, 0, 2] } }),
      node("Gather", "batch_major minus_one", "last", { axis: { int: 1 } }),
      node("Gemm", "last fc.weight fc.bias", "logits", attributesOfGemm),
    ],
    initialisers: [
      long("zero", 0),
      longs("axis0", [0]),
      longs("axis1", [1]),
      longs("one", [1]),
      longs("units", [hidden]),
      long("minus_one", -1),
      weights("embedding.weight", [11, 3], 1),
      weights("onnx::LSTM_1", [1, 4 * hidden, 3], 2),
      weights("onnx::LSTM_2", [1, 4 * hidden, hidden], 3),
      weights("onnx::LSTM_3", [1, 8 * hidden], 4),
      weights("fc.weight", [5, hidden], 5),
      weights("fc.bias", [5], 6),
    ],
    inputs: [value("tokens", ["batch", 6], INT64)],
    outputs: [value("logits", ["batch", 5])],
  };
}

/** One attention head: reshapes by computed sizes, a scale by the root of a size, a decomposed layer normalisation. */
export function torchAttention(): OnnxFile {
  const projection = (name: string): OnnxFile["nodes"] => [
    node("MatMul", ["x", `${name}.weight`], `${name}_p`),
    node("Add", [`${name}.bias`, `${name}_p`], `${name}_a`),
    node("Reshape", [`${name}_a`, "heads_shape"], `${name}_r`),
    node("Transpose", `${name}_r`, name, { perm: { ints: [0, 2, 1, 3] } }),
  ];
  return {
    operatorSets: { "": 13 },
    nodes: [
      node("Shape", "x", "sx"),
      node("Slice", "sx zero_v one_v", "batch"),
      node("Gather", "sx one", "steps"),
      node("Unsqueeze", "steps zero_v", "steps_v"),
      node("Div", "width heads", "head_width"),
      node("Unsqueeze", "head_width zero_v", "head_width_v"),
      node("Concat", "batch steps_v heads_v head_width_v", "heads_shape", { axis: { int: 0 } }),
      ...["q", "k", "v"].flatMap(projection),
      node("Transpose", "k", "kt", { perm: { ints: [0, 1, 3, 2] } }),
      node("Cast", "head_width", "head_width_f", { to: { int: FLOAT } }),
      node("Sqrt", "head_width_f", "root"),
      node("MatMul", "q kt", "qk"),
      node("Div", "qk root", "scores"),
      node("Softmax", "scores", "attention", { axis: { int: -1 } }),
      node("MatMul", "attention v", "mixed"),
      node("Transpose", "mixed", "mixed_t", { perm: { ints: [0, 2, 1, 3] } }),
      node("Mul", "heads head_width", "together"),
      node("Unsqueeze", "together zero_v", "together_v"),
      node("Concat", "batch steps_v together_v", "flat_shape", { axis: { int: 0 } }),
      node("Reshape", "mixed_t flat_shape", "flat"),
      node("Add", "x flat", "residual"),
      node("ReduceMean", "residual", "mean", { axes: { ints: [-1] } }),
      node("Sub", "residual mean", "centred"),
      node("Pow", "centred two", "squared"),
      node("ReduceMean", "squared", "variance", { axes: { ints: [-1] } }),
      node("Add", "variance eps", "safe"),
      node("Sqrt", "safe", "deviation"),
      node("Div", "centred deviation", "normal"),
      node("Mul", "normal ln.weight", "scaled"),
      node("Add", "scaled ln.bias", "layer"),
      node("Split", "layer", "left right", { axis: { int: 2 } }),
      node("Mul", "left right", "gated"),
      node("ReduceMean", "gated", "pooled", { axes: { ints: [1] }, keepdims: { int: 0 } }),
      node("MatMul", "pooled out.weight", "product"),
      node("Add", "product out.bias", "sum"),
      node("Sigmoid", "sum", "probability"),
      node("Squeeze", "probability axis_1", "y"),
    ],
    initialisers: [
      longs("zero_v", [0]),
      longs("one_v", [1]),
      longs("axis_1", [1]),
      long("one", 1),
      long("width", 6),
      long("heads", 2),
      longs("heads_v", [2]),
      floats("two", [], [2]),
      floats("eps", [], [1e-5]),
      ...["q", "k", "v"].flatMap((name, i) => [
        weights(`${name}.weight`, [6, 6], 10 + i),
        weights(`${name}.bias`, [6], 20 + i),
      ]),
      floats("ln.weight", [6], [1, 0.5, 1.5, 0.7, 1.2, 0.9]),
      weights("ln.bias", [6], 31),
      weights("out.weight", [3, 1], 32),
      floats("out.bias", [1], [0.3]),
    ],
    inputs: [value("x", ["n", 4, 6])],
    outputs: [value("y", ["n"])],
  };
}

/** tf2onnx: channels last at the border, transposed inside; biases added; named as TensorFlow names. */
export function kerasCnn(): OnnxFile {
  return {
    operatorSets: { "": 15, "ai.onnx.ml": 2 },
    nodes: [
      node("Transpose", "input_1", "in_nchw", { perm: { ints: [0, 3, 1, 2] } }),
      node("Conv", "in_nchw sequential/conv2d/kernel:0 sequential/conv2d/bias:0", "conv", {
        auto_pad: { text: "SAME_UPPER" },
        strides: { ints: [1, 1] },
        kernel_shape: { ints: [3, 3] },
      }),
      node("Relu", "conv", "relu"),
      node("MaxPool", "relu", "pool", { kernel_shape: { ints: [2, 2] }, strides: { ints: [2, 2] } }),
      node("Transpose", "pool", "pool_nhwc", { perm: { ints: [0, 2, 3, 1] } }),
      node("Reshape", "pool_nhwc const_fold_opt__21", "flatten"),
      node("MatMul", "flatten dense/kernel:0", "matmul"),
      node("Add", "matmul dense/bias:0", "biased"),
      node("Softmax", "biased", "dense", { axis: { int: -1 } }),
    ],
    initialisers: [
      weights("sequential/conv2d/kernel:0", [3, 1, 3, 3], 1),
      weights("sequential/conv2d/bias:0", [3], 2),
      longs("const_fold_opt__21", [-1, 36]),
      weights("dense/kernel:0", [36, 4], 3),
      weights("dense/bias:0", [4], 4),
    ],
    inputs: [value("input_1", ["unk__30", 6, 8, 1])],
    outputs: [value("dense", ["unk__30", 4])],
  };
}

const ml = { domain: "ai.onnx.ml" };

/** StandardScaler and LogisticRegression: a label and a map of probabilities. */
export function sklearnLogisticRegression(classes: 2 | 3): OnnxFile {
  const rows = classes === 2 ? opposite([0.7, -0.4, 0.2, 1.1]) : [...normals(12, 5)];
  const intercepts = classes === 2 ? opposite([0.35]) : [0.1, -0.3, 0.2];
  return {
    operatorSets: { "ai.onnx.ml": 1, "": 9 },
    nodes: [
      node(
        "Scaler",
        "float_input",
        "variable",
        { offset: { floats: [1, 2, 3, 4] }, scale: { floats: [0.5, 2, 1, 0.25] } },
        ml,
      ),
      node(
        "LinearClassifier",
        "variable",
        "label probability_tensor",
        {
          classlabels_ints: { ints: Array.from({ length: classes }, (_, i) => i) },
          coefficients: { floats: rows },
          intercepts: { floats: intercepts },
          multi_class: { int: 1 },
          post_transform: { text: classes === 2 ? "LOGISTIC" : "SOFTMAX" },
        },
        { ...ml, name: "LinearClassifier" },
      ),
      node("Normalizer", "probability_tensor", "probabilities", { norm: { text: "L1" } }, ml),
      node("Cast", "label", "output_label", { to: { int: INT64 } }),
      node(
        "ZipMap",
        "probabilities",
        "output_probability",
        { classlabels_int64s: { ints: Array.from({ length: classes }, (_, i) => i) } },
        ml,
      ),
    ],
    inputs: [value("float_input", [null, 4])],
    outputs: [value("output_label", [null], INT64), { ...value("output_probability", undefined), isMap: true }],
  };
}

const opposite = (values: readonly number[]): number[] => [...values.map((each) => -each), ...values];

export function sklearnLinearRegression(): OnnxFile {
  return {
    operatorSets: { "": 9, "ai.onnx.ml": 1 },
    nodes: [
      node(
        "LinearRegressor",
        "X",
        "variable",
        { coefficients: { floats: [0.5, -2, 0.25] }, intercepts: { floats: [1.5] } },
        { ...ml, name: "LinearRegressor" },
      ),
    ],
    inputs: [value("X", [null, 3])],
    outputs: [value("variable", [null, 1])],
  };
}

/** MLPClassifier with texts as labels: of two classes (a sigmoid and its complement) or three. */
export function sklearnPerceptron(classes: 2 | 3): OnnxFile {
  const outputs = classes === 2 ? 1 : 3;
  const end: OnnxFile["nodes"] =
    classes === 2
      ? [
          node("Sigmoid", "add_result1", "out_activations_result"),
          node("Sub", "unity out_activations_result", "negative_class_proba"),
          node("Concat", "negative_class_proba out_activations_result", "probabilities", { axis: { int: 1 } }),
        ]
      : [node("Softmax", "add_result1", "probabilities", { axis: { int: 1 } })];
  return {
    operatorSets: { "": 15, "ai.onnx.ml": 1 },
    nodes: [
      node("Cast", "X", "cast_input", { to: { int: FLOAT } }),
      node("MatMul", "cast_input coefficient", "mul_result"),
      node("Add", "mul_result intercepts", "add_result"),
      node("Relu", "add_result", "next_activations"),
      node("MatMul", "next_activations coefficient1", "mul_result1"),
      node("Add", "mul_result1 intercepts1", "add_result1"),
      ...end,
      node("ArgMax", "probabilities", "argmax_output", { axis: { int: 1 } }),
      node("ArrayFeatureExtractor", "classes argmax_output", "extracted", {}, ml),
      node("Reshape", "extracted shape_tensor", "output_label"),
      node("ZipMap", "probabilities", "output_probability", { classlabels_strings: { texts: ["no", "yes"] } }, ml),
    ],
    initialisers: [
      weights("coefficient", [4, 6], 1),
      weights("intercepts", [1, 6], 2),
      weights("coefficient1", [6, outputs], 3),
      weights("intercepts1", [1, outputs], 4),
      ...(classes === 2 ? [floats("unity", [], [1])] : []),
      { name: "classes", dims: [classes], dataType: STRING },
      longs("shape_tensor", [-1]),
    ],
    inputs: [value("X", [null, 4], DOUBLE)],
    outputs: [value("output_label", [null], STRING), { ...value("output_probability", undefined), isMap: true }],
  };
}
