import type { Device, PeakDtype } from "../formats/device.ts";
import { Problem } from "../formats/problem.ts";
import type { Profile, ProfileKernel } from "../formats/profile.ts";
import { assembleTransferred, type KernelEstimate, type Surroundings } from "./rewrite.ts";
import { checkSource, refuseTransferred } from "./transfer.ts";

/** What is taken of a device's published or measured figures. */
interface Sheet {
  readonly peak: Readonly<Partial<Record<PeakDtype, number>>>;
  readonly bytes_per_s: number;
}

/** The slowest and the fastest tenth of kernels, by efficiency, are left out of the interval. */
const TAIL = 0.1;
const INTEGER = /(^|\.)(QLinear|QGemm|MatMulInteger|ConvInteger|DynamicQuantizeMatMul)/;

/**
 * Predicts a profile on a device of which only published figures are known.
 *
 * A kernel is held against the roofline of the source (Williams et al., 2009): what the peak rate of its element type and
 * the memory bandwidth allow. The efficiency that this leaves is taken to be the same on the target, which is the
 * assumption that makes the interval wide: it reaches from what the kernel would take at the efficiency of the profile's best
 * kernels to what it would at that of its worst.
 * @param source the device of the profile: benched, or a sheet of figures for its processor
 * @throws Problem naming the figure that is unknown
 */
export function transferByCatalogue(profile: Profile, source: Device, target: Device): Profile {
  refuseTransferred(profile);
  if (source.bench) checkSource(profile, source, source.bench);
  const [from, to] = [sheetOf(source, profile), sheetOf(target, profile)];
  const notes = [
    "from published figures: its interval assumes kernels as efficient as the best and as the worst of those measured",
    "around kernels, coding tensors: as on the profiled host",
  ];
  const efficiencies = profile.kernels
    .slice(0, profile.whole_kernels)
    .flatMap((kernel) => {
      const roof = seconds(kernel, from);
      return roof > 0 && kernel.median_s > 0 ? [{ efficiency: roof / kernel.median_s, weight: kernel.median_s }] : [];
    })
    .sort((a, b) => a.efficiency - b.efficiency);
  const [worst, best] = [quantile(efficiencies, TAIL), quantile(efficiencies, 1 - TAIL)];
  const overhead = target.kernel_overhead_s?.value;
  if (overhead === undefined)
    notes.push(`the overhead of a kernel on ${target.name} is unknown: kernels that compute nothing keep their time`);
  const estimates = profile.kernels.map((kernel): KernelEstimate => {
    const [before, after] = [seconds(kernel, from), seconds(kernel, to)];
    if (before === 0 || kernel.median_s === 0) {
      const kept = overhead ?? kernel.median_s;
      return { seconds: kept, deviation: 0, bounds: [Math.min(kept, kernel.low_s), Math.max(kept, kernel.high_s)] };
    }
    const expected = after / (before / kernel.median_s);
    const bounds = [Math.min(expected, after / best), Math.max(expected, after / worst)] as const;
    return { seconds: expected, deviation: 0, bounds };
  });
  const load = target.session_load_bytes_per_s?.value;
  if (load === undefined) notes.push(`how fast ${target.name} loads sessions is unknown: as on the profiled host`);
  const around: Surroundings = { run: profile.run, session: fitted(profile), codecs: profile.codecs };
  return assembleTransferred(profile, profile, estimates, {
    host: {
      id: `catalogue-${target.name}`,
      cpu: target.title,
      cores: target.cores?.value ?? 0,
      cpu_features: [],
      memory_bytes: target.memory_bytes?.value ?? 0,
      platform: "unknown",
      node: "unknown",
      runtime: "unknown",
    },
    threads: profile.settings.threads,
    source: around,
    target: load === undefined ? around : { ...around, session: { ...fitted(profile), per_weight_byte_s: 1 / load } },
    from: source.name,
    to: target.name,
    method: "catalogue",
    notes,
  });
}

/** The session's fit without what was measured directly. */
function fitted({ session }: Profile): Surroundings["session"] {
  const { base_s, per_kernel_s, per_weight_byte_s } = session;
  return { base_s, per_kernel_s, per_weight_byte_s };
}

/** @throws Problem naming the first figure that the profile's kernels need and the device has not */
function sheetOf(device: Device, profile: Profile): Sheet {
  const needed = new Set(profile.kernels.filter(({ flops }) => flops > 0).map(dtypeOf));
  for (const dtype of needed)
    if (!device.peak_flops_per_s[dtype])
      throw new Problem(
        `device "${device.name}": its peak rate in ${dtype} is unknown, and ${profile.model.name} computes in ${dtype}`,
      );
  const bandwidth = device.memory_bandwidth_bytes_per_s;
  if (!bandwidth) throw new Problem(`device "${device.name}": its memory bandwidth is unknown`);
  return {
    peak: Object.fromEntries(Object.entries(device.peak_flops_per_s).map(([dtype, figure]) => [dtype, figure.value])),
    bytes_per_s: bandwidth.value,
  };
}

function dtypeOf({ op }: Pick<ProfileKernel, "op">): PeakDtype {
  return INTEGER.test(op) ? "int8" : "float32";
}

function seconds(kernel: ProfileKernel, { peak, bytes_per_s }: Sheet): number {
  const rate = peak[dtypeOf(kernel)];
  return Math.max(rate ? kernel.flops / rate : 0, kernel.bytes / bytes_per_s);
}

/** The efficiency below which a share of the time is spent; 1 where there is nothing to go by. */
function quantile(sorted: readonly { readonly efficiency: number; readonly weight: number }[], share: number): number {
  const total = sorted.reduce((sum, { weight }) => sum + weight, 0);
  let below = 0;
  for (const { efficiency, weight } of sorted) {
    below += weight;
    if (below >= share * total) return efficiency;
  }
  return 1;
}
