import { decode, encode, type Tensor } from "../codecs/index.ts";
import type { CodecName } from "../formats/profile.ts";
import { type Feeds, free, freeBuffer, reason, type Values } from "../profiler/index.ts";
import type { Part, Parts } from "./parts.ts";
import { Refusal } from "./refusal.ts";
import type { Sessions } from "./sessions.ts";
import { StageClock } from "./stages.ts";
import { feedsOf, tensorsOf } from "./tensors.ts";

/** A request's stay at a tier: what the tier's one server does for it without a pause. */
export interface Stop {
  readonly tier: string;
  readonly codec: CodecName;
  /** The message that came, or the input that lies here. */
  readonly from: { readonly body: Uint8Array } | { readonly input: string };
  /** The part to run; without one, tensors are only encoded or decoded. */
  readonly segment?: string | undefined;
  readonly session: "warm" | "cold";
  /** What is to go out: a message of the codec; or, untimed, the answer as a raw message; or nothing. */
  readonly out: "message" | "answer" | "nothing";
}

export interface StopOutcome {
  readonly message: Uint8Array;
  readonly stages: Readonly<Record<string, number>>;
}

/** What stops are made with. */
export interface Workshop {
  readonly parts: Parts;
  readonly sessions: Sessions;
  readonly inputs: ReadonlyMap<string, readonly Tensor[]>;
}

/** Decodes, loads, infers and encodes, as far as the stop needs it. @throws Refusal, Problem */
export async function makeStop(stop: Stop, workshop: Workshop): Promise<StopOutcome> {
  const { tier, codec, from, segment, session, out } = stop;
  const clock = new StageClock();
  const part = segment === undefined ? undefined : workshop.parts.get(segment);
  const tensors =
    "input" in from
      ? storedInput(workshop, from.input)
      : await clock.time(`${tier}_decode`, () => decode(codec, from.body));
  const { made, outputs } = part
    ? await runPart(part, session, tensors, tier, clock, workshop)
    : { made: tensors, outputs: {} };
  const message =
    out === "message"
      ? await clock.time(`${tier}_encode`, () => encode(codec, made))
      : out === "answer"
        ? encode("raw", made)
        : new Uint8Array(0);
  free(outputs);
  // What came is read; inputs that lie here are needed again.
  if ("body" in from) {
    for (const { data } of tensors) if (ArrayBuffer.isView(data)) freeBuffer(data);
    freeBuffer(from.body);
  }
  return { message, stages: clock.stages };
}

function storedInput({ inputs }: Workshop, id: string): readonly Tensor[] {
  const input = inputs.get(id);
  if (!input) throw new Refusal(404, `there is no input "${id}" here; put it first`);
  return input;
}

/** Runs a part on received tensors. @returns the tensors at the boundary where it ends, and those of them that it made */
async function runPart(
  part: Part,
  mode: "warm" | "cold",
  tensors: readonly Tensor[],
  tier: string,
  clock: StageClock,
  { sessions }: Workshop,
): Promise<{ made: readonly Tensor[]; outputs: Readonly<Record<string, Values>> }> {
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
    return { made: tensorsOf({ ...received, ...outputs }, part.sends), outputs };
  } finally {
    // Releasing is no part of the request: the outcome is sent first.
    if (cold) setImmediate(() => void session.release().catch(() => {}));
  }
}
