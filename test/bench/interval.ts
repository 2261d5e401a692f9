/** A mean and the interval that holds the true one with 95 % confidence. */
export interface Interval {
  readonly mean: number;
  readonly low: number;
  readonly high: number;
}

/** Standard errors on each side of the mean: Student's t for 95 % and some twenty values or more. */
const STANDARD_ERRORS = 2.1;

/** The mean of independent values and its interval, from their spread. At least two values; for a true 95 % at least twenty. */
export function meanInterval(values: readonly number[]): Interval {
  const mean = values.reduce((sum, value) => sum + value, 0) / values.length;
  const variance = values.reduce((sum, value) => sum + (value - mean) ** 2, 0) / (values.length - 1);
  const half = STANDARD_ERRORS * Math.sqrt(variance / values.length);
  return { mean, low: mean - half, high: mean + half };
}
