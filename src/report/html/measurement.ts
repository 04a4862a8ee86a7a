import type { ReportData } from "../data.ts";
import { byteSize, counted, percent } from "../format.ts";
import { type Markup, markup } from "./markup.ts";

/** How the profile was measured: what one must know to trust it, or to measure again. */
export function measurementFacts({ profile }: ReportData): Markup {
  const { host, model, settings, run } = profile;
  const whole = profile.kernels.slice(0, profile.whole_kernels);
  const samples = whole.map((kernel) => kernel.samples);
  const estimated = profile.kernels.filter((kernel) => kernel.estimated).length;
  const facts: [string, string][] = [
    ["Model", `${model.file}, ${byteSize(model.bytes)}, sha256 ${model.sha256.slice(0, 12)}`],
    ["Operator", model.operator],
    ["Host", `${host.cpu}, ${counted(host.cores, "core")}, ${byteSize(host.memory_bytes)}, ${host.platform}`],
    ["Runtime", `${host.runtime} on Node ${host.node}, optimisation ${settings.optimisation}`],
    ["Threads", String(settings.threads)],
    ["Load average", `${settings.load_average.toFixed(2)} before measuring`],
    ["Kernels", `${counted(whole.length, "kernel")} of the whole model, ${profile.kernels.length} with those of cuts`],
    ["Samples", samplesText(samples, run.request.samples, run.warmup_runs)],
    [
      "Converged",
      `${settings.converged ? "yes" : "no: the time budget ran out first"}; the run's median is known to ±${percent(settings.relative_ci)}`,
    ],
    ["Measured", profile.created],
  ];
  if (estimated > 0) facts.push(["Estimated", `${counted(estimated, "kernel")} from others of the same operator`]);
  return markup`<dl>${facts.map(([term, text]) => markup`<dt>${term}</dt><dd>${text}</dd>`)}</dl>`;
}

function samplesText(samples: readonly number[], requests: number, warmup: number): string {
  const runs = `${counted(requests, "whole run")} after ${warmup} to warm up`;
  if (samples.length === 0) return runs;
  const [least, most] = [Math.min(...samples), Math.max(...samples)];
  return `${runs}, each kernel ${least === most ? `${most}` : `${least} to ${most}`} times`;
}
