import type { Bench, MicroKernel } from "../formats/device.ts";
import { LEAST_S, Rooflines } from "./roofline.ts";
import { Places, rootMeanSquare, SHAPES, Smoother } from "./smoother.ts";
import { keyOf, type Work } from "./work.ts";

/** What a kernel takes on the target, in seconds, and how well that is known: a standard deviation of its logarithm. */
export interface Estimate {
  readonly seconds: number;
  readonly deviation: number;
}

/** How much of a kernel's deviation from its class on the source it keeps on the target: what is tried. */
const KEPT = [1, 0.75, 0.5, 0.25, 0];

/** One class of kernels on both devices. */
interface Bridge {
  readonly smoother: Smoother;
  /** Share of the source's efficiency that is carried over; 0 where only the target's own micro-kernels speak. */
  readonly kept: number;
  readonly deviation: number;
}

/**
 * From one benched device to another, kernel by kernel.
 *
 * A kernel's efficiency is the time that the roofline of its class allows over the time that it takes. The logarithm of
 * the efficiency on the target is taken to be `kept` times that on the source, plus a smooth function of the kernel's
 * sizes. Both are fitted to the micro-kernels that both devices ran: the function by kriging, `kept` by what predicts
 * each micro-kernel best when it is left out. With `kept` at 1 this is Habitat's scaling of a measured kernel (Yu et al.,
 * USENIX ATC 2021), with sizes in the place of its learned ratio; with 0 it is nn-Meter's prediction from sizes alone.
 * A device to itself gives `kept` 1 and no function, and so every time unchanged.
 */
export class Pair {
  readonly #source: Rooflines;
  readonly #target: Rooflines;
  readonly #bridges = new Map<string, Bridge | undefined>();

  constructor(source: Bench, target: Bench) {
    this.#source = new Rooflines(source);
    this.#target = new Rooflines(target);
  }

  /** Whether the target runs kernels of a class at all: layout changes, for one, are only some runtimes'. */
  runs(kind: string): boolean {
    return this.#target.kernels.has(kind);
  }

  /**
   * @param work what the target is to do
   * @param measured what took how long on the source; of another class where a variant computes in integers
   * @returns undefined where neither the class nor one like it was measured on the target
   */
  estimate(work: Work, measured?: { readonly work: Work; readonly seconds: number }): Estimate | undefined {
    const sourceKind = measured?.work.kind ?? "";
    const bridge = this.#bridge(work.kind, sourceKind) ?? this.#bridge(work.kind, "");
    if (bridge) return this.#through(bridge, work, coordinates(work), measured);
    const general = this.#bridge(GENERAL, measured ? GENERAL : "");
    return general && this.#through(general, work, generalCoordinates(work), measured);
  }

  #through(
    { smoother, kept, deviation }: Bridge,
    work: Work,
    place: readonly number[],
    measured: { readonly work: Work; readonly seconds: number } | undefined,
  ): Estimate {
    const { value, variance } = smoother.at(place);
    const peculiar = measured ? kept * excess(this.#source, measured.work, measured.seconds) : 0;
    // What is too short to be told from nothing stays so.
    const share = measured ? Math.min(1, measured.seconds / LEAST_S) : 1;
    return {
      seconds: this.#target.seconds(work) * Math.exp(peculiar + value) * share,
      deviation: Math.sqrt(deviation ** 2 + variance),
    };
  }

  #bridge(kind: string, sourceKind: string): Bridge | undefined {
    const key = `${kind} ${sourceKind}`;
    if (!this.#bridges.has(key)) this.#bridges.set(key, this.#build(kind, sourceKind));
    return this.#bridges.get(key);
  }

  #build(kind: string, sourceKind: string): Bridge | undefined {
    const general = kind === GENERAL;
    const place = general ? generalCoordinates : coordinates;
    const targets = general ? moved(this.#target) : (this.#target.kernels.get(kind) ?? []);
    const sources = new Map(
      (general ? moved(this.#source) : (this.#source.kernels.get(sourceKind) ?? [])).map((kernel) => [
        keyOf({ kind: general ? kernel.kind : "", dims: kernel.dims }),
        kernel,
      ]),
    );
    const points = targets.flatMap((target) => {
      const twin = sources.get(keyOf({ kind: general ? target.kind : "", dims: target.dims }));
      if (!twin && sourceKind !== "") return [];
      return [
        {
          x: place(target),
          source: twin ? excess(this.#source, twin, twin.median_s) : 0,
          target: excess(this.#target, target, target.median_s),
        },
      ];
    });
    if (points.length === 0) return undefined;
    return best(points, sourceKind === "" ? [0] : KEPT);
  }
}

/** Classes that no micro-kernel covers are held against all kernels that mostly move memory. */
const GENERAL = "*";

interface Point {
  readonly x: readonly number[];
  readonly source: number;
  readonly target: number;
}

function best(points: readonly Point[], shares: readonly number[]): Bridge {
  let found: Bridge | undefined;
  const x = points.map((point) => point.x);
  for (const shape of SHAPES) {
    const places = new Places(x, shape);
    for (const kept of shares) {
      const smoother = new Smoother(
        places,
        points.map(({ source, target }) => target - kept * source),
      );
      const deviation = points.length > 1 ? rootMeanSquare(smoother.errors) : kept === 1 ? 0 : LONE_DEVIATION;
      if (!found || deviation < found.deviation) found = { smoother, kept, deviation };
    }
    // No difference at all needs no other shape.
    if (found!.deviation === 0) break;
  }
  return found!;
}

/** What a class of a single micro-kernel says of another kernel: within a factor of about two. */
const LONE_DEVIATION = 0.35;

/** Logarithm of a kernel's time over its roofline's. */
function excess(rooflines: Rooflines, work: Work | MicroKernel, seconds: number): number {
  return Math.log(Math.max(seconds, LEAST_S) / rooflines.seconds(work));
}

/** Sizes count in octaves. */
function coordinates({ dims }: Pick<Work, "dims">): number[] {
  return Object.values(dims).map((size) => Math.log2(1 + size));
}

function generalCoordinates({ flops, bytes }: Pick<Work, "flops" | "bytes">): number[] {
  return [Math.log2(1 + bytes), bytes > 0 ? flops / bytes : 0];
}

/** Kernels that mostly move memory, from small to large; not more of them than are quickly fitted. */
function moved(rooflines: Rooflines): MicroKernel[] {
  const kernels = [...rooflines.kernels.values()]
    .flat()
    .filter(({ dtype, flops, bytes }) => dtype === "float32" && flops <= 4 * bytes)
    .sort((a, b) => a.bytes - b.bytes || keyOf(a).localeCompare(keyOf(b)));
  const step = Math.max(1, kernels.length / MOST_GENERAL);
  return Array.from({ length: Math.min(kernels.length, MOST_GENERAL) }, (_, i) => kernels[Math.floor(i * step)]!);
}

const MOST_GENERAL = 80;
