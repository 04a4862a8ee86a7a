import type { Bench, MicroKernel } from "../formats/device.ts";
import { type Amounts, amountsOf } from "./amounts.ts";
import type { Work } from "./work.ts";

/** The fastest that a device was seen to do a class of kernels: the roof under which each of them has its efficiency. */
interface Roof {
  readonly flops_per_s: number;
  readonly bytes_per_s: number;
}

/**
 * A benched device's rooflines (Williams, Waterman & Patterson, "Roofline", CACM 52(4), 2009), one per class of kernels:
 * the best rate of arithmetic and the best rate of bytes that any micro-kernel of the class reached, and the time of the
 * shortest kernel of all. A kernel's efficiency is the roofline's time over its own.
 */
export class Rooflines {
  readonly #roofs = new Map<string, Roof>();
  readonly #all: Roof;
  readonly overhead_s: number;
  readonly kernels: ReadonlyMap<string, readonly MicroKernel[]>;

  constructor({ kernels }: Bench) {
    this.kernels = grouped(kernels, ({ kind }) => kind);
    for (const [kind, members] of this.kernels) this.#roofs.set(kind, roofOf(members, amountsOf));
    this.#all = roofOf(
      kernels.filter(({ dtype }) => dtype === "float32"),
      (kernel) => kernel,
    );
    this.overhead_s = Math.min(...kernels.map(({ median_s }) => Math.max(median_s, LEAST_S)));
  }

  /** Seconds that the roofline of its class allows for the work. */
  seconds(work: Pick<Work, "kind" | "dims" | "flops" | "bytes">): number {
    const own = this.#roofs.get(work.kind);
    const { flops, bytes } = own ? amountsOf(work) : work;
    const { flops_per_s, bytes_per_s } = own ?? this.#all;
    return this.overhead_s + Math.max(flops / flops_per_s, bytes / bytes_per_s);
  }
}

/** Shorter times are noise of the runtime's clock, which counts microseconds. */
export const LEAST_S = 2e-7;

function roofOf(kernels: readonly MicroKernel[], of: (kernel: MicroKernel) => Amounts): Roof {
  const best = (amount: keyof Amounts) =>
    Math.max(...kernels.map((kernel) => of(kernel)[amount] / Math.max(kernel.median_s, LEAST_S))) ||
    Number.POSITIVE_INFINITY;
  return { flops_per_s: best("flops"), bytes_per_s: best("bytes") };
}

/** The items by what `keyOf` says of them, in their order. */
export function grouped<T>(items: readonly T[], keyOf: (item: T) => string): Map<string, T[]> {
  const groups = new Map<string, T[]>();
  for (const item of items) {
    const group = groups.get(keyOf(item));
    if (group) group.push(item);
    else groups.set(keyOf(item), [item]);
  }
  return groups;
}
