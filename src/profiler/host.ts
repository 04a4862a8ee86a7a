import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import os from "node:os";
import type { Host } from "../formats/profile.ts";
import { RUNTIME } from "./runtime.ts";

/** Instruction sets that decide which kernels an inference runtime picks. */
const FEATURES =
  /^(sse4_2|avx|avx2|fma|f16c|avx512\w*|avx_vnni\w*|amx_\w+|asimd|asimddp|asimdhp|fphp|i8mm|bf16|sve2?)$/;

/** What this machine is, as far as it decides how long kernels take. */
export function describeHost(): Host {
  const cpus = os.cpus();
  const facts = {
    cpu: cpus[0]?.model.trim() || "unknown",
    cores: os.availableParallelism(),
    cpu_features: cpuFeatures(),
    memory_bytes: os.totalmem(),
    platform: `${os.platform()}-${os.arch()}`,
    node: process.version,
    runtime: RUNTIME,
  };
  const { cpu, cores, cpu_features, platform, runtime } = facts;
  const id = createHash("sha256")
    .update(JSON.stringify([cpu, cores, cpu_features, platform, runtime]))
    .digest("hex");
  return { id: id.slice(0, 12), ...facts };
}

function cpuFeatures(): string[] {
  if (os.platform() !== "linux") return [];
  const line = readFileSync("/proc/cpuinfo", "utf8").match(/^(?:flags|Features)\s*:\s*(.*)$/m);
  return [...new Set(line?.[1]?.split(" ").filter((flag) => FEATURES.test(flag)) ?? [])].sort();
}
