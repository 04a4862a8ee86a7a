import { decode, encode, type Tensor } from "../codecs/index.ts";
import { type Feeds, reason } from "../profiler/index.ts";
import type { Peers } from "./client.ts";
import type { Part, Parts } from "./parts.ts";
import { headerJson, PLAN_HEADER, type Plan, parseAs, REPORT_HEADER, type Report, reportSchema } from "./protocol.ts";
import type { WorkQueue } from "./queue.ts";
import { Refusal } from "./refusal.ts";
import type { Sessions } from "./sessions.ts";
import { StageClock } from "./stages.ts";
import { feedsOf, tensorsOf } from "./tensors.ts";
import { now, pause } from "./waiting.ts";

/** Each tier waits less than the one before, so that the one that does not answer is told from those that wait for it. */
const PATIENCE = 0.95;

/** What an agent serves runs with. */
export interface House {
  readonly queue: WorkQueue;
  readonly parts: Parts;
  readonly sessions: Sessions;
  readonly inputs: ReadonlyMap<string, readonly Tensor[]>;
  readonly peers: Peers;
}

/** A run's outcome: the message to send back, if any, and what happened on the way. */
export interface Served {
  readonly message: Uint8Array;
  readonly report: Report;
}

/**
 * Serves one run: the first step of its plan here, the rest by the next tier, and the answer back the same way. The
 * tier's own work (decode, load, infer, encode) is one stop at the tier's queue, the answer's decoding another; messages
 * wait for other tiers outside the queue.
 *
 * @param body the message; empty where the plan names an input that lies here
 * @param began when its last byte had come
 */
export async function serveRun(
  plan: Plan,
  body: Uint8Array,
  began: number,
  house: House,
  signal: AbortSignal,
): Promise<Served> {
  const clock = new StageClock();
  const [here, ...rest] = plan.steps as [Plan["steps"][number], ...Plan["steps"]];
  const { tier } = here;
  const part = here.segment === undefined ? undefined : house.parts.get(here.segment);
  const input = plan.input === undefined ? undefined : storedInput(house, plan.input);
  const stop = async <T>(work: () => Promise<T>): Promise<T> => {
    const { value, waited_s } = await house.queue.run(work, signal);
    clock.add(`${tier}_queue`, waited_s);
    return value;
  };

  let message = body;
  let answer: readonly Tensor[] | undefined;
  if (part || input) {
    answer = await stop(async () => {
      const tensors = input ?? (await clock.time(`${tier}_decode`, () => decode(plan.codec, body)));
      const made = part ? await runPart(part, here.session, tensors, tier, clock, house) : tensors;
      // The last tier's answer stays where it is asked for.
      if (rest.length === 0 && input) return made;
      message = await clock.time(`${tier}_encode`, () => encode(plan.codec, made));
      return undefined;
    });
  }
  if (rest.length > 0) {
    if (!part && !input) clock.add(`${tier}_relay`, now() - began);
    const answered = await forward({ ...plan, steps: rest }, tier, message, house.peers, clock, signal);
    const came = now();
    if (input) answer = await stop(() => clock.time(`${tier}_decode`, () => decode(plan.codec, answered)));
    else clock.add(`${tier}_relay`, now() - came);
    message = answered;
  } else if (!part) {
    throw new Refusal(400, `tier "${tier}" is the last of the plan and has no segment to run`);
  }
  const residence_s = now() - began;
  const report = { residence_s, stages: clock.stages, bytes: clock.bytes };
  if (!input) return { message, report };
  return { message: plan.answer ? encode("raw", answer!) : new Uint8Array(0), report };
}

function storedInput({ inputs }: House, id: string): readonly Tensor[] {
  const input = inputs.get(id);
  if (!input) throw new Refusal(404, `there is no input "${id}" here; put it first`);
  return input;
}

/** Runs a part on received tensors. @returns the tensors at the boundary where it ends */
async function runPart(
  part: Part,
  mode: "warm" | "cold",
  tensors: readonly Tensor[],
  tier: string,
  clock: StageClock,
  { sessions }: House,
): Promise<Tensor[]> {
  const received = feedsOf(tensors, part.receives);
  const cold = mode === "cold";
  const session = cold ? await clock.time(`${tier}_load`, () => sessions.cold(part)) : await sessions.warm(part);
  const feeds: Feeds = Object.fromEntries(part.inputs.map((name) => [name, received[name]!]));
  try {
    const outputs = await clock
      .time(`${tier}_infer`, () => session.run(feeds))
      .catch((error: unknown) => {
        throw new Refusal(400, `the model does not run on these tensors: ${reason(error)}`);
      });
    return tensorsOf({ ...received, ...outputs }, part.sends);
  } finally {
    // Releasing is no part of the request; the next one in the queue comes after it.
    if (cold) setImmediate(() => void session.release().catch(() => {}));
  }
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
