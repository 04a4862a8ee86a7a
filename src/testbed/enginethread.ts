/** Runs in a thread of its own: a tier's models, sessions and inputs, and its one server. */
import { parentPort, workerData } from "node:worker_threads";
import { decode, type Tensor } from "../codecs/index.ts";
import type { EngineAnswer, EngineMessage, EngineOptions, EngineRequest } from "./engine.ts";
import { ModelFolder } from "./models.ts";
import { Parts } from "./parts.ts";
import { Turns } from "./queue.ts";
import { refusalOf, refusing } from "./refusal.ts";
import { Sessions } from "./sessions.ts";
import { makeStop } from "./stops.ts";

/** Inputs that are held. */
const MOST_INPUTS = 64;

const options = workerData as EngineOptions;
const port = parentPort!;
const models = new ModelFolder(options.models);
const parts = new Parts(models, options.cache, options.threads);
const sessions = new Sessions(options.sessions);
const inputs = new Map<string, readonly Tensor[]>();
const turns = new Turns();
const unwanted = new Set<number>();

async function answer(id: number, sent: number, request: EngineRequest): Promise<unknown> {
  switch (request.kind) {
    case "names":
      return models.names();
    case "describe": {
      const { asked } = request;
      const { graph, model, types, cuts, sha256 } = await models.open(asked.model, asked.shapes, asked.sha256);
      const tensor = (name: string) => ({ name, ...types.get(name) });
      return {
        model: asked.model,
        sha256,
        inputs: graph.inputs.map(({ name }) => tensor(name)),
        outputs: model.outputs.map(({ name }) => tensor(name)),
        cuts: cuts.map((cut) => cut.id),
      };
    }
    case "prepare": {
      const part = await parts.prepare(request.asked);
      if (request.asked.alone) await turns.take(() => sessions.keepOnly(part));
      if (request.asked.warm) await refusing(400, () => turns.take(() => sessions.warm(part)));
      return {
        segment: part.id,
        receives: [...part.receives].map(([name, type]) => ({ name, ...type })),
        sends: part.sends,
        bytes: part.bytes,
        kept: typeof part.content === "string" ? "disk" : "memory",
      };
    }
    case "input": {
      inputs.delete(request.id);
      inputs.set(request.id, decode("raw", request.message));
      const [oldest] = inputs.keys();
      if (inputs.size > MOST_INPUTS) inputs.delete(oldest!);
      return { input: request.id };
    }
    case "stop": {
      const { stop } = request;
      const work = () => makeStop(stop, { parts, sessions, inputs });
      const { value, waited_s } = await turns.take(work, {
        came: sent,
        wanted: () => !unwanted.has(id),
        // An answer is only decoded, and need not wait behind inferences that nobody has the answer of yet.
        ahead: stop.segment === undefined && "body" in stop.from,
      });
      return { ...value, stages: { [`${stop.tier}_queue`]: waited_s, ...value.stages } };
    }
    case "close":
      await turns.take(() => sessions.close());
      return true;
  }
}

port.on("message", async (message: EngineMessage) => {
  if ("cancel" in message) {
    unwanted.add(message.cancel);
    return;
  }
  const { id, sent, request } = message;
  let answered: EngineAnswer;
  try {
    answered = { id, value: await answer(id, sent, request) };
  } catch (error) {
    const { status, message: text, tier } = refusalOf(error);
    answered = { id, refused: { status, text, tier } };
  }
  unwanted.delete(id);
  const bytes = (answered.value as { message?: unknown } | undefined)?.message;
  const own = bytes instanceof Uint8Array && bytes.byteLength === bytes.buffer.byteLength && bytes.length > 0;
  port.postMessage(answered, own ? [bytes.buffer as ArrayBuffer] : []);
});
