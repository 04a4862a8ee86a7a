/**
 * What the notebooks have in common: shipped files as the library reads them, and outputs that a notebook keeps. Charts are
 * those of `src/report`, or are drawn in its theme; their data carry no more digits than can be seen, so that outputs stay small and
 * the same.
 */
import type { TopLevelSpec } from "vega-lite";
import { parse } from "yaml";
import { reportData } from "../src/cli/reporting.ts";
import {
  type Device,
  type Profile,
  parseDevice,
  parseTopology,
  profileSchema,
  report,
  store,
  type Topology,
} from "../src/index.ts";

export { bitRate, byteSize, duration, interval, percent, rounded } from "../src/report/format.ts";
export { against, bars, COLOURS, lines } from "./charts.ts";

/** A profile of the repository, such as "profiles/MODEL.json". */
export function readProfile(file: string): Profile {
  return profileSchema.parse(JSON.parse(store.readText(inRepository(file))));
}

export function readTopology(file: string): Topology {
  return parseTopology(store.readText(inRepository(file)), file);
}

export function readDevice(name: string): Device {
  const file = `devices/${name}.yaml`;
  return parseDevice(store.readText(inRepository(file)), file);
}

/** A YAML document as it is written, for `whatif` to change. */
export function readDocument(file: string): unknown {
  return parse(store.readText(inRepository(file)));
}

/** Everything that the report's charts show of a model in a world. */
export function reportOf(profile: Profile, topology: Topology): report.ReportData {
  return reportData([profile], topology, undefined, []);
}

/** The path of a file of the repository. */
export function inRepository(file: string): string {
  return new URL(`../${file}`, import.meta.url).pathname;
}

/** What a cell shows: content by MIME type, which the kernel asks for under `Symbol.for("Jupyter.display")`. */
export type Shown = Readonly<Record<symbol, () => Readonly<Record<string, string>>>>;

/** A chart, as SVG. One element a line, so that changes can be read. */
export async function chart(spec: TopLevelSpec): Promise<Shown> {
  const svg = (await report.toSvg(spec)).replaceAll("><", ">\n<");
  return shown({ "image/svg+xml": svg });
}

/** A table. Columns of numbers or quantities are written by the caller, with their units. */
export function table(head: readonly string[], rows: readonly (readonly (string | number)[])[]): Shown {
  const line = (cells: readonly (string | number)[]) =>
    `| ${cells.map((cell) => String(cell).replaceAll("|", "\\|").replaceAll("*", "\\*")).join(" | ")} |`;
  const numeric = head.map((_, column) => rows.every((row) => /^[−-]?[\d∞]|^–$/.test(String(row[column] ?? ""))));
  const rule = `|${numeric.map((right) => (right ? "---:" : ":---")).join("|")}|`;
  return shown({ "text/markdown": [line(head), rule, ...rows.map(line)].join("\n") });
}

/** A finding, in words. */
export function say(...sentences: readonly string[]): Shown {
  return shown({ "text/markdown": sentences.join(" ") });
}

function shown(content: Record<string, string>): Shown {
  return { [Symbol.for("Jupyter.display")]: () => content };
}
