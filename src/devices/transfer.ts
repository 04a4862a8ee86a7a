import type { Bench, Device } from "../formats/device.ts";
import { Problem } from "../formats/problem.ts";
import type { Profile, ProfileKernel, ProfileNode } from "../formats/profile.ts";
import { NO_FUSIONS, plainFusions } from "./fusion.ts";
import { type Estimate, Pair } from "./pair.ts";
import { assembleTransferred, type KernelEstimate } from "./rewrite.ts";
import { type Executed, type Work, workOf } from "./work.ts";

/**
 * Predicts a profile on another device from both devices' micro-kernels.
 * @param profile measured on the source
 * @throws Problem when a device was not benched, or the profile holds no shapes
 */
export function transferByBench(profile: Profile, source: Device, target: Device): Profile {
  const [from, to] = [benchOf(source), benchOf(target)];
  checkSource(profile, source, from);
  const pair = Pair.of(from, to);
  const notes = new Set<string>();
  const { absorbed, summing, activated } = pair.unblocks ? plainFusions(profile) : NO_FUSIONS;
  if (absorbed.size > 0) notes.add(`${target.name}'s runtime fuses ${absorbed.size} more kernels into convolutions`);
  const estimates = profile.kernels.map((kernel, index): KernelEstimate => {
    const work = requireWork(profile, executed(profile, kernel));
    if (kernel.nodes.length === 0 && !pair.runs(work.kind)) {
      notes.add(`${kernel.op} is a layout change that ${target.name}'s runtime does not make`);
      return { seconds: 0, deviation: 0 };
    }
    if (absorbed.has(index)) return { seconds: 0, deviation: 0 };
    const more = { ...(summing.has(index) ? { sum: 1 } : {}), ...(activated.has(index) ? { activation: 1 } : {}) };
    const become = { ...work, dims: { ...work.dims, ...more } };
    return require(pair.estimate(become, { work, seconds: kernel.median_s }), kernel.op, target, notes);
  });
  return assembleTransferred(profile, profile, estimates, {
    host: to.host,
    threads: to.threads,
    source: from,
    target: to,
    from: source.name,
    to: target.name,
    method: "bench",
    notes: [...notes],
  });
}

/**
 * Predicts the profile of a variant, such as a quantised one, on the device on which the model it was made from was
 * measured. The variant was planned, and never run.
 * @param plan the variant's profile without times, as the profiler's planning gives it
 * @param profile the measured model
 * @throws Problem when the device was not benched, or a profile holds no shapes
 */
export function transferToVariant(plan: Profile, profile: Profile, device: Device): Profile {
  const bench = benchOf(device);
  checkSource(profile, device, bench);
  const pair = Pair.of(bench, bench);
  const notes = new Set<string>();
  const measured = new Map<string, ProfileKernel>();
  for (const kernel of profile.kernels.slice(0, profile.whole_kernels))
    for (const index of kernel.nodes) measured.set(profile.nodes[index]!.name, kernel);
  const estimates = plan.kernels.map((kernel): KernelEstimate => {
    const work = requireWork(plan, executed(plan, kernel));
    const twin = kernel.nodes
      .map((index) => measured.get(plan.nodes[index]!.name))
      .find((found) => found !== undefined);
    const twinWork = twin && requireWork(profile, executed(profile, twin));
    const alike = twinWork && (twinWork.kind === work.kind || twinWork.kind === integerTwin(work));
    return require(pair.estimate(
      work,
      alike ? { work: twinWork, seconds: twin!.median_s } : undefined,
    ), kernel.op, device, notes);
  });
  return assembleTransferred(plan, profile, estimates, {
    host: bench.host,
    threads: bench.threads,
    source: bench,
    target: bench,
    from: device.name,
    to: device.name,
    method: "bench",
    notes: [...notes],
    fromModel: profile.model.name,
  });
}

/** The class that computes in floats, on the same sizes, what an integer class does. */
function integerTwin({ kind }: Work): string | undefined {
  if (kind.startsWith("qmatmul:")) return "matmul";
  return /^q[a-z]/.test(kind) ? kind.slice(1) : undefined;
}

/** @throws Problem when the device has no micro-kernels */
export function benchOf(device: Device): Bench {
  if (!device.bench)
    throw new Problem(
      `device "${device.name}" has published figures only; measure one with: tierwise device bench -o FILE`,
    );
  if (device.bench.kernels.some(({ kind, dims }) => kind === "conv" && dims.width === undefined))
    throw new Problem(
      `device "${device.name}" was benched with an earlier version, which did not note how wide maps are; ` +
        "bench it again: tierwise device bench -o FILE",
    );
  return device.bench;
}

/** @throws Problem when the profile was not measured on the device */
export function checkSource(profile: Profile, device: Device, bench: Bench): void {
  refuseTransferred(profile);
  if (profile.host.id !== bench.host.id || profile.settings.threads !== bench.threads)
    throw new Problem(
      `the profile of ${profile.model.name} is of host ${profile.host.id} with ${profile.settings.threads} thread(s), ` +
        `device "${device.name}" of host ${bench.host.id} with ${bench.threads}; ` +
        "bench the device on which the profile was taken, with its number of threads",
    );
}

/** @throws Problem when nothing in the profile was measured */
export function refuseTransferred({ model, transferred }: Profile): void {
  if (transferred)
    throw new Problem(
      `the profile of ${model.name} was itself transferred from ${transferred.from}; take a measured one`,
    );
}

/** A kernel with the nodes themselves. */
function executed(profile: Profile, kernel: ProfileKernel): Executed {
  return { ...kernel, nodes: kernel.nodes.map((index): ProfileNode => profile.nodes[index]!) };
}

function requireWork(profile: Profile, kernel: Executed): Work {
  const work = workOf(kernel);
  if (work) return work;
  throw new Problem(
    `the profile of ${profile.model.name} holds no shapes, as it was taken with an earlier version; ` +
      "take it again: tierwise profile MODEL --force",
  );
}

function require(found: Estimate | undefined, op: string, device: Device, notes: Set<string>): Estimate {
  if (!found) throw new Problem(`nothing like ${op} was measured on device "${device.name}"; bench it again`);
  if (found.beyond > FAR)
    notes.add(`${op} is larger or smaller than all micro-kernels by a factor of ${(2 ** found.beyond).toPrecision(2)}`);
  else if (found.deviation > WIDE) notes.add(`${op} is unlike the micro-kernels: its time is only roughly known`);
  return found;
}

/** Octaves beyond the micro-kernels from which on an estimate is worth a note. */
const FAR = 1;
/** A standard deviation of the logarithm from which on an estimate is worth a note. */
const WIDE = 0.7;
