import type { Bench, MicroKernel } from "../formats/device.ts";
import { LEAST_S, Rooflines } from "./roofline.ts";
import { Places, rootMeanSquare, SHAPES, Smoother } from "./smoother.ts";
import { keyOf, partsOf, type Work } from "./work.ts";

/** What a kernel takes on the target, in seconds, and how well that is known: a standard deviation of its logarithm. */
export interface Estimate {
  readonly seconds: number;
  readonly deviation: number;
  /** Octaves by which one of its sizes lies beyond those of all micro-kernels of its class. */
  readonly beyond: number;
}

/** How much of a kernel's deviation from its class on the source it keeps on the target: what is tried. */
const KEPT = [1, 0.75, 0.5, 0.25, 0];

const PAIRS = new WeakMap<Bench, WeakMap<Bench, Pair>>();

/** Kernels that only a runtime with a blocked layout has. */
const BLOCKING = "reorder:ReorderInput";

/** One class of kernels on both devices. */
interface Bridge {
  readonly smoother: Smoother;
  /** Share of the source's efficiency that is carried over; 0 where only the target's own micro-kernels speak. */
  readonly kept: number;
  readonly deviation: number;
  /** Least and greatest of each size, in octaves; what sizes leave over has no outside. */
  readonly hull: readonly (readonly [least: number, greatest: number])[];
}

/**
 * What an octave beyond the micro-kernels adds to the deviation: times that grow with a size's square root where its own power was
 * expected, or the other way round.
 */
const PER_OCTAVE = 0.35;

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

  /** The pair of two benches, fitted once for all profiles. */
  static of(source: Bench, target: Bench): Pair {
    const known = PAIRS.get(source)?.get(target);
    if (known) return known;
    const pair = new Pair(source, target);
    if (!PAIRS.has(source)) PAIRS.set(source, new WeakMap());
    PAIRS.get(source)!.set(target, pair);
    return pair;
  }

  /** Whether the target runs kernels of a class at all: layout changes, for one, are only some runtimes'. */
  runs(kind: string): boolean {
    return this.#target.kernels.has(kind);
  }

  /** Whether the source has a blocked layout for convolutions, and the target has none. */
  get unblocks(): boolean {
    return this.#source.kernels.has(BLOCKING) && !this.#target.kernels.has(BLOCKING);
  }

  /**
   * @param work what the target is to do
   * @param measured what took how long on the source; of another class where a variant computes in integers
   * @returns undefined where neither the class nor one like it was measured on the target
   */
  estimate(work: Work, measured?: { readonly work: Work; readonly seconds: number }): Estimate | undefined {
    const parts = this.runs(work.kind) ? undefined : partsOf(work);
    if (parts) return this.#together(parts, measured?.seconds);
    const sourceKind = measured?.work.kind ?? "";
    const bridge = this.#bridge(work.kind, sourceKind) ?? this.#bridge(work.kind, "");
    if (bridge) return this.#through(bridge, work, coordinates(work), measured);
    const general = this.#bridge(GENERAL, measured ? GENERAL : "");
    return general && this.#through(general, work, generalCoordinates(work), measured);
  }

  /** A kernel that only the source has, as those that the target has in its place. */
  #together(parts: readonly Work[], measured_s: number | undefined): Estimate | undefined {
    if (measured_s !== undefined && measured_s <= 0) return { seconds: 0, deviation: 0, beyond: 0 };
    const found = parts.map((part) => this.estimate(part));
    if (found.some((estimate) => !estimate)) return undefined;
    const all = found as Estimate[];
    return {
      seconds: all.reduce((sum, { seconds }) => sum + seconds, 0),
      deviation: Math.max(...all.map(({ deviation }) => deviation)),
      beyond: Math.max(...all.map(({ beyond }) => beyond)),
    };
  }

  #through(
    { smoother, kept, deviation, hull }: Bridge,
    work: Work,
    place: readonly number[],
    measured: { readonly work: Work; readonly seconds: number } | undefined,
  ): Estimate {
    const { value, variance } = smoother.at(place);
    const peculiar = measured ? kept * excess(this.#source, measured.work, measured.seconds) : 0;
    // What is too short to be told from nothing stays so.
    const share = measured ? Math.min(1, measured.seconds / LEAST_S) : 1;
    const beyond = Math.max(
      0,
      ...hull.map(([least, greatest], i) => Math.max(least - place[i]!, place[i]! - greatest)),
    );
    return {
      seconds: this.#target.seconds(work) * Math.exp(peculiar + value) * share,
      deviation: Math.sqrt(deviation ** 2 + variance + (PER_OCTAVE * beyond) ** 2),
      beyond,
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
    const targets = general ? moved(this.#target) : thinned(this.#target.kernels.get(kind) ?? []);
    // Integers have no activation that takes time of its own: the float kernel of their sizes may have one, or not.
    const twinKey = ({ kind: own, dims }: MicroKernel) => {
      const { activation, ...sizes } = dims;
      const same = general || kind === sourceKind || activation === undefined;
      return keyOf({ kind: general ? own : "", dims: same ? dims : sizes });
    };
    const sources = new Map(
      (general ? moved(this.#source) : (this.#source.kernels.get(sourceKind) ?? [])).map((kernel) => [
        twinKey(kernel),
        kernel,
      ]),
    );
    const points = targets.flatMap((target) => {
      const twin = sources.get(twinKey(target));
      if (!twin && sourceKind !== "") return [];
      return [
        {
          x: place(target),
          source: twin ? excess(this.#source, twin, twin.median_s) : 0,
          target: excess(this.#target, target, target.median_s),
          error: Math.hypot(ownError(target), twin ? ownError(twin) : 0),
        },
      ];
    });
    if (points.length === 0) return undefined;
    const sizes = general ? points[0]!.x.length : Object.keys(targets[0]!.dims).length;
    return best(points, sourceKind === "" ? [0] : KEPT, sizes);
  }
}

/** Classes that no micro-kernel covers are held against all kernels that mostly move memory. */
const GENERAL = "*";

interface Point {
  readonly x: readonly number[];
  readonly source: number;
  readonly target: number;
  /** Standard deviation of the two measurements' logarithms. */
  readonly error: number;
}

function best(points: readonly Point[], shares: readonly number[], sizes: number): Bridge {
  let found: Bridge | undefined;
  const x = points.map((point) => point.x);
  const errors = points.map(({ error }) => (error / SCATTER) ** 2);
  const weights = errors.map((error) => 1 / (1 + error));
  const hull = x[0]!
    .slice(0, sizes)
    .map((_, i) => [Math.min(...x.map((place) => place[i]!)), Math.max(...x.map((place) => place[i]!))] as const);
  for (const shape of SHAPES) {
    const places = new Places(x, shape, errors);
    for (const kept of shares) {
      const smoother = new Smoother(
        places,
        points.map(({ source, target }) => target - kept * source),
      );
      const deviation = points.length > 1 ? rootMeanSquare(smoother.errors, weights) : kept === 1 ? 0 : LONE_DEVIATION;
      if (!found || deviation < found.deviation) found = { smoother, kept, deviation, hull };
    }
    // No difference at all needs no other shape.
    if (found!.deviation === 0) break;
  }
  return found!;
}

/** How far times of a class scatter about its roofline, as a deviation of the logarithm: what measurements' errors are held against. */
const SCATTER = 0.2;

/** Standard deviation of a measured time's logarithm, by its 95 % interval. */
function ownError({ low_s, high_s }: MicroKernel): number {
  return Math.log(Math.max(high_s, LEAST_S) / Math.max(low_s, LEAST_S)) / (2 * 1.96);
}

/** What a class of a single micro-kernel says of another kernel: within a factor of about two. */
const LONE_DEVIATION = 0.35;

/** Logarithm of a kernel's time over its roofline's. */
function excess(rooflines: Rooflines, work: Work | MicroKernel, seconds: number): number {
  return Math.log(Math.max(seconds, LEAST_S) / rooflines.seconds(work));
}

/** Sizes count in octaves, and so does what they leave over when they are dealt into vectors: kernels do the rest one by one. */
function coordinates({ dims }: Pick<Work, "dims">): number[] {
  const entries = Object.entries(dims);
  const rests = entries.flatMap(([name, size]) => {
    const dealt = DEALT[name];
    return dealt ? [dealt.weight * Math.log2(1 + (size % dealt.vector))] : [];
  });
  return [...entries.map(([, size]) => Math.log2(1 + size)), ...rests];
}

/** Chosen by how well micro-kernels of a class predict each other: channels of depthwise kernels lie across, other sizes along vectors. */
const DEALT: Readonly<Record<string, { readonly vector: number; readonly weight: number }>> = {
  channels: { vector: 16, weight: 1 },
  in: { vector: 4, weight: 2 },
  out: { vector: 4, weight: 2 },
  k: { vector: 4, weight: 2 },
  n: { vector: 4, weight: 2 },
};

function generalCoordinates({ flops, bytes }: Pick<Work, "flops" | "bytes">): number[] {
  return [Math.log2(1 + bytes), bytes > 0 ? flops / bytes : 0];
}

/** Kernels that mostly move memory; not more of them than are quickly fitted. */
function moved(rooflines: Rooflines): MicroKernel[] {
  const kernels = [...rooflines.kernels.values()].flat();
  return spread(
    kernels.filter(({ dtype, flops, bytes }) => dtype === "float32" && flops <= 4 * bytes),
    MOST_GENERAL,
  );
}

/** A class of one or two sizes needs no more than so many of them: what lies between chains comes along with every chain. */
function thinned(kernels: readonly MicroKernel[]): readonly MicroKernel[] {
  const sizes = Object.keys(kernels[0]?.dims ?? {}).length;
  return sizes > 2 ? kernels : spread(kernels, MOST_PLAIN);
}

/** At most so many kernels, from small to large. */
function spread(kernels: readonly MicroKernel[], most: number): MicroKernel[] {
  const sorted = kernels.toSorted((a, b) => a.bytes - b.bytes || keyOf(a).localeCompare(keyOf(b)));
  const step = Math.max(1, sorted.length / most);
  return Array.from({ length: Math.min(sorted.length, most) }, (_, i) => sorted[Math.floor(i * step)]!);
}

const MOST_GENERAL = 80;
const MOST_PLAIN = 100;
