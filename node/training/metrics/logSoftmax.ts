/**
 * The logarithm of the softmax of a row at one class: never above 0. The largest logit is taken off before the exponentials,
 * and its own exponential, 1, is left to `log1p`, so that neither large logits overflow nor small losses round to 0 (Blanchard,
 * Higham and Higham, "Accurately computing the log-sum-exp and softmax functions", 2021).
 * @param outputs [rows, width] finite logits, row-major
 */
export function logSoftmaxAt(outputs: Float32Array, row: number, width: number, index: number): number {
  const start = row * width;
  let largest = 0;
  for (let i = 1; i < width; i++)
    if ((outputs[start + i] as number) > (outputs[start + largest] as number)) largest = i;
  const top = outputs[start + largest] as number;
  let others = 0;
  for (let i = 0; i < width; i++) if (i !== largest) others += Math.exp((outputs[start + i] as number) - top);
  return (outputs[start + index] as number) - top - Math.log1p(others);
}

/** log(1 / (1 + e^−logit)) for any finite logit. */
export function logSigmoid(logit: number): number {
  return Math.min(logit, 0) - Math.log1p(Math.exp(-Math.abs(logit)));
}

/** −log of the probability that a row gives to the target, in nats; a row of width 1 is the logit of class 1 against 0. */
export function negativeLogLikelihood(outputs: Float32Array, row: number, width: number, target: number): number {
  if (width > 1) return -logSoftmaxAt(outputs, row, width, target);
  const logit = outputs[row] as number;
  return -logSigmoid(target === 1 ? logit : -logit);
}
