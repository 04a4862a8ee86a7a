import type { Stay } from "./general.ts";

/** Microseconds, the trace format's unit. */
const MICROSECONDS = 1e6;

/**
 * Stays at stations in the Chrome trace event format, which Perfetto (ui.perfetto.dev) and chrome://tracing show: a
 * process per station, a row per request, a slice while it waits and one while it is served.
 */
export function chromeTrace(stays: readonly Stay[]): { traceEvents: object[]; displayTimeUnit: "ms" } {
  const stations = [...new Set(stays.map(({ station }) => station))].sort();
  const names = stations.map((name, pid) => ({ ph: "M", name: "process_name", pid, args: { name } }));
  const slices = stays.flatMap(({ request, class: kind, station, entered_s, started_s, left_s }) => {
    const slice = (name: string, from: number, to: number) => ({
      ph: "X",
      name,
      cat: kind,
      pid: stations.indexOf(station),
      tid: request,
      ts: from * MICROSECONDS,
      dur: (to - from) * MICROSECONDS,
      args: { request, class: kind },
    });
    const service = slice(kind, started_s, left_s);
    return started_s > entered_s ? [slice("waiting", entered_s, started_s), service] : [service];
  });
  return { traceEvents: [...names, ...slices], displayTimeUnit: "ms" };
}
