import { fcnnlsVector } from "ml-fcnnls";
import { Matrix } from "ml-matrix";

/** One measured segment, as far as the request model is concerned. */
export interface RequestPoint {
  /** A window of a few kernels around a cut, not the whole or an anchor's head or tail. */
  readonly window?: boolean;
  readonly request_s: number;
  readonly kernels_s: number;
  readonly kernels: number;
  readonly outputBytes: number;
}

/** One measured session creation. */
export interface LoadPoint {
  readonly load_s: number;
  readonly kernels: number;
  readonly weightBytes: number;
}

/**
 * Weight of a window's error against that of a long segment. Windows tell the parts apart; but run in quick succession, their
 * outputs cost more per byte than those of segments that compute for long, which are what is predicted.
 */
const WINDOW_WEIGHT = 0.25;

/**
 * What a request takes beyond its kernels: a fixed part, a part per kernel, and a part per output byte, which the
 * runtime's JavaScript binding copies into newly allocated memory. Relative errors are minimised: long segments are
 * measured with larger absolute noise.
 *
 * Points that do not tell the parts apart (a model with few cuts may give only one) must not blame the few bytes of a
 * classifier's answer: heads hand over megabytes. So a cost per byte or per kernel is held against an error, so lightly
 * that it only decides where the points do not: 1 ns a byte and 1 µs a kernel each weigh as much as 0.001 % of a request.
 */
export function fitRequest(points: readonly RequestPoint[]) {
  const [request_base_s, request_per_kernel_s, request_per_byte_s] = nonNegative(
    [...points.map((point) => [1, point.kernels, point.outputBytes]), [0, 10, 0], [0, 0, 1e4]],
    [...points.map((point) => Math.max(0, point.request_s - point.kernels_s)), 0, 0],
    [...points.map(({ request_s, window }) => request_s / (window ? WINDOW_WEIGHT : 1)), 1, 1],
  ) as [number, number, number];
  return { request_base_s, request_per_kernel_s, request_per_byte_s };
}

/**
 * Session creation: a fixed part, a part per kernel (graph rewriting) and a part per weight byte.
 * @param points segments, each loaded once
 * @param whole the whole model, loaded repeatedly: the parts are scaled to meet it, since single loads scatter by a factor of two
 */
export function fitLoad(points: readonly LoadPoint[], whole?: LoadPoint) {
  if (points.length === 0) return { base_s: 0, per_kernel_s: 0, per_weight_byte_s: 0 };
  const parts = nonNegative(
    points.map((point) => [1, point.kernels, point.weightBytes]),
    points.map((point) => point.load_s),
    points.map((point) => point.load_s),
  ) as [number, number, number];
  const fitted = whole ? parts[0] + parts[1] * whole.kernels + parts[2] * whole.weightBytes : 0;
  const scale = whole && fitted > 0 ? whole.load_s / fitted : 1;
  const [base_s, per_kernel_s, per_weight_byte_s] = parts.map((part) => part * scale) as [number, number, number];
  return { base_s, per_kernel_s, per_weight_byte_s };
}

/**
 * Coefficients ≥ 0 that minimise Σ ((y − X·b)/scale)² (non-negative least squares; Bro & de Jong, "A fast
 * non-negativity-constrained least squares algorithm", J. Chemometrics 11, 1997).
 * @param rows one row of X per observation
 */
function nonNegative(rows: readonly (readonly number[])[], y: readonly number[], scale: readonly number[]): number[] {
  // Columns of like magnitude keep the normal equations well conditioned.
  const columns = rows[0]!.map((_, column) => Math.max(...rows.map((row) => Math.abs(row[column]!))) || 1);
  const x = new Matrix(rows.map((row, index) => row.map((value, column) => value / columns[column]! / scale[index]!)));
  const target = y.map((value, index) => value / scale[index]!);
  return fcnnlsVector(x, target)
    .K.to1DArray()
    .map((value, column) => value / columns[column]!);
}
