import path from "node:path";
import { Command, Option } from "@commander-js/extra-typings";
import { transferByBench, transferByCatalogue, transferToVariant } from "../../devices/index.ts";
import type { Device, Figure } from "../../formats/device.ts";
import { Problem } from "../../formats/problem.ts";
import type { Profile } from "../../formats/profile.ts";
import { operatorOf } from "../../operators/index.ts";
import {
  type BenchRuntime,
  benchDevice,
  externalFolderOf,
  nativeRuntime,
  planModel,
  webAssemblyRuntime,
} from "../../profiler/index.ts";
import { openModel, writeAtomically } from "../../store/index.ts";
import { formatDuration, formatSize } from "../../units/index.ts";
import { collect, parseShapes, positiveInteger, positiveNumber } from "../arguments.ts";
import { catalogueNames, readDevice } from "../devices.ts";
import { note, print, table } from "../output.ts";
import { readProfile } from "../profiles.ts";
import { Progress } from "../progress.ts";

const bench = new Command("bench")
  .description("Measure this machine's micro-kernels, so that profiles can be transferred to it or from it.")
  .option("-o, --output <file>", "file for the device document", "device.json")
  .option("--name <name>", "name of the device; else made from its fingerprint")
  .option("-t, --threads <n>", "intra-op threads", positiveInteger, 1)
  .addOption(
    new Option("--runtime <runtime>", "what runs the kernels")
      .choices(["native", "wasm"] as const)
      .default("native" as const),
  )
  .option("--budget <seconds>", "time for repetitions", positiveNumber, 240)
  .option("--passes <n>", "times to go through all micro-kernels", positiveInteger, 3)
  .option("--every <n>", "take one micro-kernel of so many: faster, and coarser", positiveInteger, 1)
  .option("--json", "print one JSON document")
  .addHelpText("after", "\nExample:\n  $ tierwise device bench --budget 10 --passes 1 --every 8 -o device.json")
  .action(async (options) => {
    const runtime = await runtimeOf(options.runtime, options.threads);
    const progress = new Progress("device");
    let device: Device;
    try {
      const journal = path.join(path.dirname(options.output), `.${path.basename(options.output)}.partial`);
      device = await benchDevice(
        {
          runtime,
          budgetSeconds: options.budget,
          passes: options.passes,
          every: options.every,
          journal,
          onProgress: (done, total) => progress.report("timing micro-kernels", done, total),
        },
        options.name,
      );
    } finally {
      progress.stop();
    }
    writeAtomically(options.output, `${JSON.stringify(device)}\n`);
    print(options.json, device, () => `${options.output}: ${described(device)}`);
  });

async function runtimeOf(name: "native" | "wasm", threads: number): Promise<BenchRuntime> {
  if (name === "native") return nativeRuntime({ threads, optimisation: "all" });
  if (threads !== 1) throw new Problem("--threads: the WebAssembly runtime is benched with one thread only.");
  return webAssemblyRuntime();
}

const list = new Command("list")
  .description("List the shipped devices with their published figures.")
  .option("--json", "print one JSON document")
  .addHelpText("after", "\nExample:\n  $ tierwise device list")
  .action((options) => {
    const devices = catalogueNames().map(readDevice);
    print(options.json, { devices }, () =>
      table(
        ["name", "kind", "float32", "float16", "int8", "memory", "power", "what it is"],
        devices.map((device) => [
          device.name,
          device.kind,
          rate(device.peak_flops_per_s.float32),
          rate(device.peak_flops_per_s.float16),
          rate(device.peak_flops_per_s.int8),
          perSecond(device.memory_bandwidth_bytes_per_s),
          device.power_w ? `${device.power_w.value} W` : UNKNOWN,
          device.title,
        ]),
      ),
    );
  });

const show = new Command("show")
  .description("Show a device's figures, each with its source.")
  .argument("<name>", "one of those that `device list` shows, or a device file")
  .option("--json", "print one JSON document")
  .addHelpText("after", "\nExample:\n  $ tierwise device show raspberry-pi-5")
  .action((name, options) => {
    const device = readDevice(name);
    print(options.json, device, () => described(device));
  });

const transfer = new Command("transfer")
  .description("Predict a profile on another device, from both devices' micro-kernels or from published figures.")
  .argument("<profile>", "a profile, measured on the device of --from")
  .requiredOption("--from <device>", "the device that the profile was measured on: a file of `device bench`")
  .option("--to <device>", "the device to predict: a file of `device bench`, or a name that `device list` shows")
  .option("--variant <model>", "predict this variant of the model, on the same device; it is planned and not run")
  .option("-s, --shape <name=dims>", "shape of a free input of the variant", collect, [])
  .option("--cuts <n>", "plan at most so many cuts of the variant, evenly spread", positiveInteger, 100_000)
  .requiredOption("-o, --output <file>", "file for the predicted profile")
  .option("--json", "print one JSON document")
  .addHelpText(
    "after",
    "\nExample:\n  $ tierwise device transfer profile.json --from here.json --to raspberry-pi-5 -o on-a-pi.json",
  )
  .action(async (file, options) => {
    const profile = readProfile(file);
    const source = readDevice(options.from);
    if ((options.to === undefined) === (options.variant === undefined))
      throw new Problem("give --to, the device to predict, or --variant, the model to predict; one of them.");
    const predicted = options.variant
      ? transferToVariant(await planned(options.variant, profile, options.shape, options.cuts), profile, source)
      : transferTo(profile, source, readDevice(options.to!));
    writeAtomically(options.output, `${JSON.stringify(predicted)}\n`);
    const { median_s, low_s, high_s } = predicted.run.request;
    const { notes, ...transferred } = predicted.transferred!;
    if (!options.json) for (const text of notes) note(text);
    const document = {
      file: options.output,
      model: predicted.model.name,
      ...transferred,
      ...{ median_s, low_s, high_s, notes },
      measured_s: profile.run.request.median_s,
    };
    print(options.json, document, () =>
      [
        `${options.output}: ${document.model} on ${transferred.to}, from ${transferred.from}'s ${transferred.method === "bench" ? "micro-kernels" : "figures"}`,
        `a run ${formatDuration(median_s)} (${formatDuration(low_s)} … ${formatDuration(high_s)}); measured on ${transferred.from}: ${formatDuration(document.measured_s)}`,
      ].join("\n"),
    );
  });

function transferTo(profile: Profile, source: Device, target: Device): Profile {
  return target.bench ? transferByBench(profile, source, target) : transferByCatalogue(profile, source, target);
}

async function planned(file: string, profile: Profile, shapes: readonly string[], cuts: number): Promise<Profile> {
  const model = openModel(file);
  return planModel(file, model, externalFolderOf(model, file), {
    settings: { threads: profile.settings.threads, optimisation: profile.settings.optimisation },
    shapes: parseShapes(shapes),
    cuts,
    operator: operatorOf(model),
  });
}

export const device = new Command("device")
  .description("Devices: measure this one, look others up, and predict profiles on them.")
  .addHelpText("after", "\nExample:\n  $ tierwise device list")
  .addCommand(bench)
  .addCommand(list)
  .addCommand(show)
  .addCommand(transfer);

const UNKNOWN = "–";

function rate(figure: Figure | undefined): string {
  return figure ? `${short(figure.value)}FLOP/s` : UNKNOWN;
}

function perSecond(figure: Figure | undefined): string {
  return figure ? `${short(figure.value)}B/s` : UNKNOWN;
}

function short(value: number): string {
  const [scale, prefix] = value >= 1e12 ? [1e12, "T"] : value >= 1e9 ? [1e9, "G"] : [1e6, "M"];
  return `${Number((value / Number(scale)).toPrecision(3))} ${prefix}`;
}

function described(device: Device): string {
  const rows: [string, string, Figure | undefined][] = [
    ["cores", String(device.cores?.value), device.cores],
    ["float32", rate(device.peak_flops_per_s.float32), device.peak_flops_per_s.float32],
    ["float16", rate(device.peak_flops_per_s.float16), device.peak_flops_per_s.float16],
    ["int8", rate(device.peak_flops_per_s.int8), device.peak_flops_per_s.int8],
    ["memory bandwidth", perSecond(device.memory_bandwidth_bytes_per_s), device.memory_bandwidth_bytes_per_s],
    ["memory", formatSize(device.memory_bytes?.value ?? 0), device.memory_bytes],
    ["kernel overhead", formatDuration(device.kernel_overhead_s?.value ?? 0), device.kernel_overhead_s],
    ["session load", perSecond(device.session_load_bytes_per_s), device.session_load_bytes_per_s],
    ["power", `${device.power_w?.value} W`, device.power_w],
    ["price", `$${device.price_usd?.value}`, device.price_usd],
    ["price per hour", `$${device.price_usd_per_hour?.value}`, device.price_usd_per_hour],
  ];
  const measured = device.bench
    ? `\n${device.bench.kernels.length} micro-kernels, ${device.bench.threads} thread(s), ${device.bench.host.runtime}`
    : "";
  const scaling = device.thread_scaling?.map(({ threads, speedup }) => `${threads}: ${speedup.toFixed(2)}×`);
  const threads = scaling ? `\nby number of threads ${scaling.join(", ")}` : "";
  return `${device.name}: ${device.title} (${device.kind})${measured}${threads}\n${table(
    ["figure", "", "date", "source"],
    rows.map(([name, text, figure]) => [
      name,
      figure ? text : "unknown",
      figure?.date ?? "",
      figure
        ? `${figure.source}${figure.verified ? "" : " (not checked)"}${figure.note ? `; ${figure.note}` : ""}`
        : "",
    ]),
  )}`;
}
