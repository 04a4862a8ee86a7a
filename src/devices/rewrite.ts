import type { CodecCost, Host, Profile, ProfileKernel } from "../formats/profile.ts";
import type { Estimate } from "./pair.ts";

const RUN_FIELDS = ["request_base_s", "request_per_kernel_s", "request_per_byte_s"] as const;
const SESSION_FIELDS = ["base_s", "per_kernel_s", "per_weight_byte_s"] as const;
export interface Surroundings {
  readonly run: Pick<Profile["run"], (typeof RUN_FIELDS)[number]>;
  readonly session: Pick<Profile["session"], (typeof SESSION_FIELDS)[number]>;
  readonly codecs: readonly CodecCost[];
}

/** A kernel's time on the target. Bounds where they are not a deviation's: published figures give both ends. */
export interface KernelEstimate extends Pick<Estimate, "seconds" | "deviation"> {
  readonly bounds?: readonly [low_s: number, high_s: number];
}

/** What there is on the target beside kernels. */
export interface TargetFacts {
  readonly host: Host;
  readonly threads: number;
  /** Work around kernels and coding, as both devices' benches have it. */
  readonly source: Surroundings;
  readonly target: Surroundings;
  readonly from: string;
  readonly to: string;
  readonly method: "bench" | "catalogue";
  readonly notes: readonly string[];
  readonly fromModel?: string;
}

/** Standard normal quantile of a two-sided 95 % interval. */
const Z95 = 1.959964;

/**
 * The profile with other times: what the model is, where it can be cut and what its segments hold stays.
 * @param plan which kernels there are; their times do not count
 * @param measured where what is not predicted is taken from: skew, memory, lengths of JSON
 * @param estimates one for each kernel of the plan
 */
export function assembleTransferred(
  plan: Profile,
  measured: Profile,
  estimates: readonly KernelEstimate[],
  facts: TargetFacts,
): Profile {
  const certainty = pooled(plan, estimates);
  const kernels = plan.kernels.map((kernel, index) => withTime(kernel, estimates[index]!, certainty));
  const run = shifted(RUN_FIELDS, measured.run, facts.source.run, facts.target.run);
  const session = shifted(SESSION_FIELDS, measured.session, facts.source.session, facts.target.session);
  const skew = plan === measured ? measured.run.skew : 1;
  const sum = (of: (kernel: ProfileKernel) => number) =>
    skew * kernels.slice(0, plan.whole_kernels).reduce((total, kernel) => total + of(kernel), 0);
  const inside = { median_s: sum((k) => k.median_s), low_s: sum((k) => k.low_s), high_s: sum((k) => k.high_s) };
  const outputs = plan.model.outputs.reduce((bytes, index) => bytes + plan.tensors[index]!.bytes, 0);
  const around = run.request_base_s + run.request_per_kernel_s * plan.whole_kernels + run.request_per_byte_s * outputs;
  const request = {
    median_s: inside.median_s + around,
    low_s: inside.low_s + around,
    high_s: inside.high_s + around,
  };
  const load =
    session.base_s + session.per_kernel_s * plan.whole_kernels + session.per_weight_byte_s * plan.model.weight_bytes;
  const { cold_load, first_load_s, resident_bytes } = measured.session;
  const { request_samples_s: _, ...kept } = measured.run;
  return {
    ...plan,
    host: facts.host,
    settings: {
      ...plan.settings,
      threads: facts.threads,
      converged: false,
      relative_ci: request.median_s > 0 ? (request.high_s - request.low_s) / 2 / request.median_s : 1,
    },
    session: {
      ...session,
      cold_load: { median_s: load, low_s: load, high_s: load, samples: 0 },
      // What libraries add to the first session is taken to grow as sessions do.
      first_load_s: cold_load.median_s > 0 ? (first_load_s * load) / cold_load.median_s : load,
      resident_bytes,
    },
    run: {
      ...kept,
      ...run,
      skew,
      kernels: { ...inside, samples: 0 },
      request: { ...request, samples: 0 },
    },
    kernels,
    anchors: (plan === measured ? (measured.anchors ?? []) : []).map((anchor) =>
      scaledAnchor(anchor, measured, kernels),
    ),
    codecs: measured.codecs.map((codec) => scaledCodec(codec, facts.source.codecs, facts.target.codecs)),
    transferred: {
      from: facts.from,
      to: facts.to,
      method: facts.method,
      ...(facts.fromModel === undefined ? {} : { from_model: facts.fromModel }),
      notes: [...facts.notes],
    },
  };
}

/** The measured coefficients plus what the target's bench has more of each than the source's; none below 0. */
function shifted<Key extends string>(
  keys: readonly Key[],
  measured: Readonly<Record<Key, number>>,
  source: Readonly<Record<Key, number>>,
  target: Readonly<Record<Key, number>>,
): Record<Key, number> {
  return Object.fromEntries(keys.map((key) => [key, Math.max(0, measured[key] + target[key] - source[key])])) as Record<
    Key,
    number
  >;
}

function withTime(kernel: ProfileKernel, { seconds, deviation, bounds }: KernelEstimate, share: number): ProfileKernel {
  if (bounds) return { ...kernel, median_s: seconds, low_s: bounds[0], high_s: bounds[1], estimated: true };
  const own = kernel.median_s > 0;
  const reach = Math.exp(Z95 * deviation * share);
  return {
    ...kernel,
    median_s: seconds,
    low_s: (seconds * (own ? kernel.low_s / kernel.median_s : 1)) / reach,
    high_s: seconds * (own ? kernel.high_s / kernel.median_s : 1) * reach,
    estimated: true,
  };
}

/**
 * By how much all kernels' intervals are to shrink so that a whole model's, which takes all of them at one end at once, is
 * as wide as it should be when kernels of one operator err alike, and those of different ones do not.
 */
function pooled(plan: Profile, estimates: readonly KernelEstimate[]): number {
  const byOperator = new Map<string, number>();
  let together = 0;
  for (const [index, kernel] of plan.kernels.slice(0, plan.whole_kernels).entries()) {
    const { seconds, deviation } = estimates[index]!;
    byOperator.set(kernel.op, (byOperator.get(kernel.op) ?? 0) + seconds * deviation);
    together += seconds * deviation;
  }
  const squares = [...byOperator.values()].reduce((sum, value) => sum + value ** 2, 0);
  return together > 0 ? Math.sqrt(squares) / together : 1;
}

/** An anchor's sides keep what they took beyond their kernels, relative to these. */
function scaledAnchor(
  anchor: NonNullable<Profile["anchors"]>[number],
  measured: Profile,
  kernels: readonly ProfileKernel[],
): NonNullable<Profile["anchors"]>[number] {
  const cut = measured.cuts.find(({ id }) => id === anchor.cut);
  if (!cut) return anchor;
  const ratio = (text: string) => {
    const sum = (list: readonly ProfileKernel[]) => indices(text).reduce((total, i) => total + list[i]!.median_s, 0);
    const before = sum(measured.kernels);
    return before > 0 ? sum(kernels) / before : 1;
  };
  return {
    cut: anchor.cut,
    head_s: anchor.head_s * ratio(cut.head.kernels),
    tail_s: anchor.tail_s * ratio(cut.tail.kernels),
  };
}

/** The indices that a segment's text stands for: "0-2,5" is 0, 1, 2, 5. */
function indices(text: string): number[] {
  return text === ""
    ? []
    : text.split(",").flatMap((range) => {
        const [first = 0, last = first] = range.split("-").map(Number);
        return Array.from({ length: last - first + 1 }, (_, i) => first + i);
      });
}

/** Costs as measured on the model's own values, times what the target takes for random numbers over what the source does. */
function scaledCodec(codec: CodecCost, from: readonly CodecCost[], to: readonly CodecCost[]): CodecCost {
  const [before, after] = [from, to].map((list) => list.find((other) => other.codec === codec.codec));
  if (!before || !after) return codec;
  const times = (seconds: number, here: number, there: number) => (here > 0 ? seconds * (there / here) : seconds);
  const scaled = (field: Exclude<keyof CodecCost, "codec" | "bytes_per_element" | "integers">) =>
    times(codec[field], before[field], after[field]);
  // Integers change as floats do where a bench has none of them.
  const perByte = (way: "encode" | "decode") => {
    const seconds = codec.integers![`${way}_s_per_byte`];
    return before.integers && after.integers
      ? times(seconds, before.integers[`${way}_s_per_byte`], after.integers[`${way}_s_per_byte`])
      : times(seconds, before[`${way}_s_per_element`], after[`${way}_s_per_element`]);
  };
  return {
    ...codec,
    encode_s_per_element: scaled("encode_s_per_element"),
    decode_s_per_element: scaled("decode_s_per_element"),
    encode_base_s: scaled("encode_base_s"),
    decode_base_s: scaled("decode_base_s"),
    ...(codec.integers && { integers: { encode_s_per_byte: perByte("encode"), decode_s_per_byte: perByte("decode") } }),
  };
}
