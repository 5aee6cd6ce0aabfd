import { intOf } from "../graph/attributes.ts";
import type { Lowerings } from "./emission.ts";
import { batchNormalisation } from "./lowerings/batchNormalisation.ts";
import { conv } from "./lowerings/conv.ts";
import { dropout } from "./lowerings/dropout.ts";
import { GRU } from "./lowerings/gru.ts";
import { GRU_RESET_BEHIND } from "./lowerings/gruResetBehind.ts";
import { groupNormalisation, instanceNormalisation } from "./lowerings/groupNormalisation.ts";
import { layerNormalisation } from "./lowerings/layerNormalisation.ts";
import { keepingLayout } from "./lowerings/layoutNodes.ts";
import { LSTM } from "./lowerings/lstm.ts";
import { globalMaxPool, maxPool } from "./lowerings/pool.ts";
import { averagePool, globalAveragePool } from "./lowerings/poolAverage.ts";
import { recurrentLowering } from "./lowerings/recurrent.ts";
import { simpleRecurrence } from "./lowerings/rnn.ts";

/** Operators that are trained as other nodes than they are in the model: faster ones, or ones that have gradients. */
export const LOWERINGS: Lowerings = keepingLayout({
  Conv: conv,
  MaxPool: maxPool,
  AveragePool: averagePool,
  GlobalMaxPool: globalMaxPool,
  GlobalAveragePool: globalAveragePool,
  Dropout: dropout,
  LayerNormalization: layerNormalisation,
  InstanceNormalization: instanceNormalisation,
  GroupNormalization: groupNormalisation,
  BatchNormalization: batchNormalisation,
  LSTM: recurrentLowering(() => LSTM),
  GRU: recurrentLowering(({ attributes }) =>
    intOf(attributes, "linear_before_reset", 0) === 1 ? GRU_RESET_BEHIND : GRU,
  ),
  RNN: recurrentLowering(simpleRecurrence),
});
