import { freeBuffer } from "../profiler/index.ts";
import type { Peers } from "./client.ts";
import type { Engine } from "./engine.ts";
import { headerJson, PLAN_HEADER, type Plan, parseAs, REPORT_HEADER, type Report, reportSchema } from "./protocol.ts";
import { Refusal } from "./refusal.ts";
import { StageClock } from "./stages.ts";
import type { Stop } from "./stops.ts";
import { now, pause } from "./waiting.ts";

/** Each tier waits less than the one before, so that the one that does not answer is told from those that wait for it. */
const PATIENCE = 0.95;

/** What an agent serves runs with. */
export interface House {
  readonly engine: Engine;
  readonly peers: Peers;
}

/** A run's outcome: the message to send back, if any, and what happened on the way. */
export interface Served {
  readonly message: Uint8Array;
  readonly report: Report;
}

/**
 * Serves one run: the first step of its plan here, the rest by the next tier, and the answer back the same way. The
 * tier's own work (decode, load, infer, encode) is one stop at its engine, the answer's decoding another; messages wait
 * for other tiers outside of it.
 *
 * @param body the message; empty where the plan names an input that lies here
 * @param began when its last byte had come
 */
export async function serveRun(
  plan: Plan,
  body: Uint8Array,
  began: number,
  { engine, peers }: House,
  signal: AbortSignal,
): Promise<Served> {
  const clock = new StageClock();
  const [here, ...rest] = plan.steps as [Plan["steps"][number], ...Plan["steps"]];
  const { tier, segment, session } = here;
  const { codec, input } = plan;
  const stop = async (asked: Pick<Stop, "from" | "segment" | "out">): Promise<Uint8Array> => {
    const { message, stages } = await engine.stop({ tier, codec, session, ...asked }, signal);
    clock.merge({ stages, bytes: {} });
    return message;
  };
  const answer = plan.answer ? "answer" : "nothing";
  if (rest.length === 0 && segment === undefined)
    throw new Refusal(400, `tier "${tier}" is the last of the plan and has no segment to run`);

  let message = body;
  const works = segment !== undefined || input !== undefined;
  if (works) {
    const from = input === undefined ? { body } : { input };
    // The last tier's answer stays where it is asked for.
    message = await stop({ from, segment, out: rest.length === 0 && input !== undefined ? answer : "message" });
  } else clock.add(`${tier}_relay`, now() - began);
  if (rest.length > 0) {
    const passed = message;
    message = await forward({ ...plan, steps: rest }, tier, passed, peers, clock, signal);
    const came = now();
    // It has been sent.
    freeBuffer(passed);
    if (input !== undefined) message = await stop({ from: { body: message }, segment: undefined, out: answer });
    else clock.add(`${tier}_relay`, now() - came);
  }
  return { message, report: { residence_s: now() - began, stages: clock.stages, bytes: clock.bytes } };
}

/** Sends a message to the next tier and takes its answer; what is not the receiver's residence is the link's. */
async function forward(
  plan: Plan,
  from: string,
  message: Uint8Array,
  peers: Peers,
  clock: StageClock,
  signal: AbortSignal,
): Promise<Uint8Array> {
  const next = plan.steps[0]!;
  if (next.url === undefined) throw new Refusal(400, `the plan does not say where tier "${next.tier}" is`);
  const { tier, url, token, delay_s, return_delay_s } = next;
  // Only the entering tier holds the input; the next agent's token is its key, and needs no copy in its plan.
  const { input: _, ...onwards } = { ...plan, answer: false, timeout_s: plan.timeout_s * PATIENCE };
  const steps = [{ ...next, token: undefined }, ...plan.steps.slice(1)];
  const began = now();
  await pause(delay_s, signal);
  const { headers, body } = await peers.send(
    { tier, url, token },
    {
      method: "POST",
      path: "/v1/run",
      headers: { "content-type": "application/octet-stream", [PLAN_HEADER]: headerJson({ ...onwards, steps }) },
      body: message,
      timeout_s: plan.timeout_s,
      signal,
    },
  );
  await pause(return_delay_s, signal);
  const round_trip_s = now() - began;
  const report = parseAs(reportSchema, String(headers[REPORT_HEADER] ?? ""), `the report of tier "${tier}"`);
  clock.merge(report);
  clock.add(`${from}_${tier}_transfer`, round_trip_s - report.residence_s);
  clock.sent(`${from}>${tier}`, message.length);
  clock.sent(`${tier}>${from}`, body.length);
  return body;
}
