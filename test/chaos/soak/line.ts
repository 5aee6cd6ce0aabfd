/** A straight line through points, by least squares. */
export interface Line {
  readonly slope: number;
  readonly intercept: number;
  /** Of the slope, from the points' distances to the line; 0 for two points. */
  readonly standardError: number;
}

/** @param points at least two, not all at one x */
export function fitLine(points: readonly (readonly [x: number, y: number])[]): Line {
  const mean = (values: readonly number[]): number => values.reduce((sum, value) => sum + value, 0) / values.length;
  const meanX = mean(points.map(([x]) => x));
  const meanY = mean(points.map(([, y]) => y));
  const covariance = mean(points.map(([x, y]) => (x - meanX) * (y - meanY)));
  const spread = mean(points.map(([x]) => (x - meanX) ** 2));
  const slope = covariance / spread;
  const intercept = meanY - slope * meanX;
  const freedom = points.length - 2;
  const rest = points.reduce((sum, [x, y]) => sum + (y - intercept - slope * x) ** 2, 0);
  const standardError = freedom > 0 ? Math.sqrt(rest / freedom / (spread * points.length)) : 0;
  return { slope, intercept, standardError };
}
