import { z } from "zod";
import { quantity } from "./common.ts";
import { STAGES } from "./prediction.ts";
import { Problem } from "./problem.ts";

/**
 * One measured request: a row of a table of measured runs. `latency_s` is null where the request failed, and `error`
 * then says how. What a table's columns leave unknown is absent.
 */
export const measuredRunSchema = z.object({
  model: z.string().min(1),
  operator: z.string().min(1).describe("deployment operator: identity, sptq, distilled+sptq, …"),
  placement: z.string().min(1).describe('tiers of the segments: "edge", or "mobile>edge"'),
  links: z
    .record(z.string(), z.object({ bandwidth_bps: quantity.optional(), delay_s: quantity.optional() }))
    .describe('the network of the run, by link: "mobile>edge"'),
  tiers: z
    .record(z.string(), z.object({ cpus: quantity.optional(), threads: quantity.optional() }))
    .describe("processor quota in cores and threads of the tiers, where known"),
  request: z.number().int().nonnegative().describe("which of the inputs"),
  repeat: z.number().int().nonnegative().describe("which repetition; 0 is the first of its configuration"),
  latency_s: quantity.nullable(),
  cut: z.string().optional(),
  codec: z.string().optional(),
  session: z.enum(["warm", "cold"]).optional(),
  rate: quantity.optional().describe("requests per second offered; absent where one at a time was in flight"),
  sent_s: quantity
    .optional()
    .describe("of a stream: seconds from its start to the moment at which the request was sent"),
  error: z.string().optional().describe("how the request failed"),
  stages: z.record(z.string(), quantity).describe('seconds by stage: "edge_infer", "mobile_edge_transfer"'),
  processor_s: z
    .record(z.string(), quantity)
    .optional()
    .describe("of a stream: processor seconds of each tier's process, all its threads, over the stream's requests"),
  stolen_s: z
    .record(z.string(), quantity)
    .optional()
    .describe(
      "of a stream: seconds for which the hypervisor ran others on processors of each tier's host, over the stream's requests",
    ),
  bytes: z.record(z.string(), quantity).describe('bytes sent by link: "mobile>edge"'),
});
export type MeasuredRun = z.infer<typeof measuredRunSchema>;

/** The columns that every table of measured runs has. */
export const REQUIRED_COLUMNS = ["model", "operator", "placement", "request", "repeat", "latency_s"] as const;

const TEXTS = ["cut", "codec", "session", "error"] as const;
const STAGE_COLUMN = new RegExp(`^(.+_(?:${STAGES.join("|")}))_s$`);
const LINK_COLUMN = /^(.+)_(.+)_(mbps|delay_s|bytes)$/;
const PROCESSOR_COLUMN = /^(.+)_cpu_s$/;
const STOLEN_COLUMN = /^(.+)_stolen_s$/;
const TIER_COLUMN = /^(.+)_(cpus|threads)$/;

/**
 * One record of a CSV table as a measured run. Empty cells are unknown; columns of other names are left alone.
 *
 * @param where names the record, for messages: "runs.csv, line 3"
 * @throws Problem naming the column
 */
export function measuredRunOf(record: Readonly<Record<string, string>>, where: string): MeasuredRun {
  const links: MeasuredRun["links"] = {};
  const tiers: MeasuredRun["tiers"] = {};
  const stages: MeasuredRun["stages"] = {};
  const bytes: MeasuredRun["bytes"] = {};
  const processor_s: Record<string, number> = {};
  const stolen_s: Record<string, number> = {};
  const numberOf = (column: string) => {
    const cell = record[column] ?? "";
    const value = Number(cell);
    if (cell.trim() === "" || !Number.isFinite(value)) {
      throw new Problem(`${where}: ${column}: '${cell}' is not a number`);
    }
    return value;
  };
  for (const [column, cell] of Object.entries(record)) {
    if (cell === "") continue;
    const stage = STAGE_COLUMN.exec(column);
    const link = LINK_COLUMN.exec(column);
    const tier = TIER_COLUMN.exec(column);
    const processor = PROCESSOR_COLUMN.exec(column);
    const stolen = STOLEN_COLUMN.exec(column);
    if (stage) stages[stage[1]!] = numberOf(column);
    else if (processor) processor_s[processor[1]!] = numberOf(column);
    else if (stolen) stolen_s[stolen[1]!] = numberOf(column);
    else if (link) {
      const [, from, to, kind] = link;
      const name = `${from}>${to}`;
      if (kind === "bytes") bytes[name] = numberOf(column);
      else if (kind === "mbps") links[name] = { ...links[name], bandwidth_bps: numberOf(column) * 1e6 };
      else links[name] = { ...links[name], delay_s: numberOf(column) };
    } else if (tier) tiers[tier[1]!] = { ...tiers[tier[1]!], [tier[2]!]: numberOf(column) };
  }
  const texts = Object.fromEntries(TEXTS.filter((column) => record[column]).map((column) => [column, record[column]]));
  const run = {
    model: record.model,
    operator: record.operator,
    placement: record.placement,
    links,
    tiers,
    request: numberOf("request"),
    repeat: numberOf("repeat"),
    latency_s: record.latency_s === "" && record.error ? null : numberOf("latency_s"),
    ...texts,
    ...(record.rate ? { rate: numberOf("rate") } : {}),
    ...(record.sent_s ? { sent_s: numberOf("sent_s") } : {}),
    stages,
    bytes,
    ...(Object.keys(processor_s).length > 0 ? { processor_s } : {}),
    ...(Object.keys(stolen_s).length > 0 ? { stolen_s } : {}),
  };
  const parsed = measuredRunSchema.safeParse(run);
  if (parsed.success) return parsed.data;
  const issue = parsed.error.issues[0]!;
  throw new Problem(`${where}: ${issue.path.join(".")}: ${issue.message}`);
}

/** A measured run as a record of a table: the inverse of {@link measuredRunOf}. */
export function recordOf(run: MeasuredRun): Record<string, string> {
  const record: Record<string, string> = {
    model: run.model,
    operator: run.operator,
    placement: run.placement,
  };
  const put = (column: string, value: number | undefined) => {
    if (value !== undefined) record[column] = String(value);
  };
  const columns = (link: string) => link.replace(">", "_");
  for (const [link, { bandwidth_bps, delay_s }] of Object.entries(run.links)) {
    put(`${columns(link)}_mbps`, bandwidth_bps === undefined ? undefined : bandwidth_bps / 1e6);
    put(`${columns(link)}_delay_s`, delay_s);
  }
  for (const [tier, { cpus, threads }] of Object.entries(run.tiers)) {
    put(`${tier}_cpus`, cpus);
    put(`${tier}_threads`, threads);
  }
  put("request", run.request);
  put("repeat", run.repeat);
  record.latency_s = run.latency_s === null ? "" : String(run.latency_s);
  for (const column of TEXTS) if (run[column] !== undefined) record[column] = run[column];
  put("rate", run.rate);
  put("sent_s", run.sent_s);
  for (const [stage, seconds] of Object.entries(run.stages)) put(`${stage}_s`, seconds);
  for (const [tier, seconds] of Object.entries(run.processor_s ?? {})) put(`${tier}_cpu_s`, seconds);
  for (const [tier, seconds] of Object.entries(run.stolen_s ?? {})) put(`${tier}_stolen_s`, seconds);
  for (const [link, amount] of Object.entries(run.bytes)) put(`${columns(link)}_bytes`, amount);
  return record;
}
