import { createHash } from "node:crypto";
import fs from "node:fs";
import path from "node:path";
import type { Dtype } from "../formats/common.ts";
import { Problem } from "../formats/problem.ts";
import { type ByteSource, extractSegment, findCut, memorySource } from "../onnx/index.ts";
import { writeAtomically } from "../store/index.ts";
import type { KnownModel, ModelFolder } from "./models.ts";
import type { PartRequest } from "./protocol.ts";
import { Refusal, refusing } from "./refusal.ts";
import { resolved } from "./tensors.ts";

/** Bytes of parts that are kept in files, and beside them in memory where files cannot be written. */
const MOST_ON_DISK = 16 * 2 ** 30;
const MOST_IN_MEMORY = 1 * 2 ** 30;

export interface ResolvedType {
  readonly dtype: Dtype;
  readonly shape: readonly number[];
}

/** A part of a model, cut out and ready to be loaded. */
export interface Part {
  readonly id: string;
  /** The tensors that a message to this part holds: those at the boundary where it begins. */
  readonly receives: ReadonlyMap<string, ResolvedType>;
  /** What it runs on, out of these. */
  readonly inputs: readonly string[];
  /** The tensors at the boundary where it ends: its own, and received ones that go on. */
  readonly sends: readonly string[];
  /** The path of a file, or bytes where the disk took none. */
  readonly content: string | ByteSource;
  readonly bytes: number;
  readonly externalFolder: string | undefined;
  readonly threads: number;
}

/** The parts that an agent has cut, the least recently asked for given up when they are too many. */
export class Parts {
  readonly #models: ModelFolder;
  readonly #folder: string;
  readonly #threads: number;
  readonly #parts = new Map<string, Part>();

  /** @param folder for the parts' files @param threads of parts that are not asked for with other ones */
  constructor(models: ModelFolder, folder: string, threads: number) {
    this.#models = models;
    this.#folder = folder;
    this.#threads = threads;
  }

  /** @throws Refusal (404) when no such part was prepared, or was given up for others since */
  get(id: string): Part {
    const part = this.#parts.get(id);
    if (!part) throw new Refusal(404, `there is no prepared part "${id}" here; prepare it first`);
    return part;
  }

  /** Cuts a part out of a model, or takes the one that was cut before. @throws Refusal */
  async prepare({ model: name, sha256, shapes, from, to, threads = this.#threads }: PartRequest): Promise<Part> {
    const model = await this.#models.open(name, shapes, sha256);
    const id = createHash("sha256")
      .update(JSON.stringify([model.sha256, Object.entries(shapes).sort(), from, to, threads]))
      .digest("hex")
      .slice(0, 24);
    const earlier = this.#parts.get(id);
    if (earlier) {
      this.#parts.delete(id);
      this.#parts.set(id, earlier);
      return earlier;
    }
    const part = await refusing(400, () => this.#cut(id, model, from, to, threads));
    this.#parts.set(id, part);
    this.#makeRoom();
    return part;
  }

  #cut(id: string, model: KnownModel, from: string | null, to: string | null, threads: number): Part {
    const { graph, types, cuts, externalFolder } = model;
    const begin = from === null ? 0 : findCut(cuts, from).position;
    const end = to === null ? graph.steps.length : findCut(cuts, to).position;
    if (end <= begin) throw new Problem(`the part from '${from}' to '${to}' is empty: the first cut comes later`);
    const segment = extractSegment(graph, begin, end, types);
    const receives = new Map(boundary(model, begin).map((tensor) => [tensor, resolved(tensor, types.get(tensor))]));
    const content = this.#store(id, segment.source, externalFolder !== undefined);
    return {
      id,
      receives,
      inputs: segment.inputs,
      sends: boundary(model, end),
      content,
      bytes: segment.source.length,
      externalFolder,
      threads,
    };
  }

  /** Models with external data are loaded from memory, as their parts lie in another folder than the data. */
  #store(id: string, source: ByteSource, external: boolean): string | ByteSource {
    if (!external) {
      const file = path.join(this.#folder, `${id}.onnx`);
      try {
        writeAtomically(file, source);
        return file;
      } catch {
        // A full disk is no reason not to serve. What can be read again in pieces need not be copied.
      }
    }
    const held = this.#bytesOf((part) => typeof part.content !== "string");
    if (held + source.length > MOST_IN_MEMORY)
      throw new Refusal(507, "the disk is full, and there is no more room in memory for parts of models");
    return memorySource(source.read(0, source.length).slice());
  }

  #bytesOf(counted: (part: Part) => boolean): number {
    return [...this.#parts.values()].filter(counted).reduce((sum, { bytes }) => sum + bytes, 0);
  }

  #makeRoom(): void {
    const inMemory = ({ content }: Part) => typeof content !== "string";
    const drop = (most: number, counted: (part: Part) => boolean) => {
      for (const part of [...this.#parts.values()].filter(counted).slice(0, -1)) {
        if (this.#bytesOf(counted) <= most) return;
        this.#parts.delete(part.id);
        if (typeof part.content === "string") fs.rmSync(part.content, { force: true });
      }
    };
    drop(MOST_ON_DISK, (part) => !inMemory(part));
    drop(MOST_IN_MEMORY / 2, inMemory);
  }
}

/**
 * The tensors that travel at a boundary: what the rest needs, and outputs of the whole that are made already; at the
 * end, the model's outputs.
 */
function boundary({ graph, cuts }: KnownModel, position: number): string[] {
  if (position === 0) return graph.inputs.map(({ name }) => name);
  const outputs = graph.model.outputs.map(({ name }) => name);
  if (position === graph.steps.length) return outputs;
  const made = new Set(graph.steps.slice(0, position).flatMap((step) => step.outputs));
  const crossing = cuts.find((cut) => cut.position === position)!.tensors;
  return [...new Set([...crossing, ...outputs.filter((name) => made.has(name))])];
}
