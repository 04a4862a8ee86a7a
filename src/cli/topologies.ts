import { existsSync } from "node:fs";
import path from "node:path";
import { fileURLToPath } from "node:url";
import { parseTopology, type Topology } from "../formats/topology.ts";
import { readText } from "../store/index.ts";
import { formatBandwidth, formatDuration, formatSize } from "../units/index.ts";

/** Folder of the package itself: where shipped topologies and profiles lie. */
export const PACKAGE = fileURLToPath(new URL("../..", import.meta.url));

/** The file of a topology: as given, or a shipped one by its name. */
export function findTopology(file: string): string {
  const shipped = path.join(PACKAGE, "topologies", `${file}.yaml`);
  return !existsSync(file) && existsSync(shipped) ? shipped : file;
}

/**
 * Reads a topology file, or a shipped one by its name.
 * @throws Problem naming file and field.
 */
export function readTopology(file: string): Topology {
  const found = findTopology(file);
  return parseTopology(readText(found), found);
}

/** A topology's facts in words, as the report shows them. */
export function describeTopology({ name, tiers, links }: Topology) {
  return {
    name,
    tiers: tiers.map((tier) => ({
      name: tier.name,
      text: [
        tier.device === "host" ? "the profiled host" : `${tier.device}, ${tier.speed}× the profiled host's speed`,
        `${tier.threads} thread${tier.threads > 1 ? "s" : ""}`,
        tier.cpu_quota === null ? "" : `quota ${tier.cpu_quota} cores in ${formatDuration(tier.cpu_period_s)}`,
        tier.memory_bytes === null ? "" : formatSize(tier.memory_bytes),
        tier.note,
      ]
        .filter((part) => part !== "")
        .join(", "),
    })),
    links: links.map((link) => ({
      from: link.from,
      to: link.to,
      text: [
        formatBandwidth(link.bandwidth_bps),
        `${formatDuration(link.delay_s)} delay`,
        link.burst_bytes > 0 ? `burst ${formatSize(link.burst_bytes)}` : "",
        link.burst_s > 0 ? `burst ${formatDuration(link.burst_s)} at its rate` : "",
      ]
        .filter((part) => part !== "")
        .join(", "),
    })),
  };
}
