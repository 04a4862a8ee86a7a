import fs from "node:fs";
import path from "node:path";
import { unknownName } from "../formats/names.ts";
import { Problem } from "../formats/problem.ts";
import { digest, externalFolderOf, type Inspection, inspectModel, type Shapes } from "../profiler/index.ts";
import { Refusal, refusing } from "./refusal.ts";

/** How far the list of known models goes down, and how many it names: it is a help, not an inventory. */
const DEPTH = 4;
const MOST_NAMES = 200;
const MOST_ENTRIES = 5000;
/** Inspected models that are remembered. */
const REMEMBERED = 16;

/** A model file that was looked into, with these shapes of its inputs. */
export interface KnownModel extends Inspection {
  readonly file: string;
  readonly sha256: string;
  readonly externalFolder: string | undefined;
}

/** The one folder whose ONNX files an agent may load. */
export class ModelFolder {
  readonly #root: string;
  readonly #known = new Map<string, Promise<KnownModel>>();

  /** @throws Problem when there is no such folder */
  constructor(root: string) {
    const stat = fs.statSync(root, { throwIfNoEntry: false });
    if (!stat?.isDirectory()) throw new Problem(`--models ${root}: there is no such folder`);
    this.#root = fs.realpathSync(root);
  }

  /**
   * The file of a model, links resolved, which lies below the folder.
   * @throws Refusal (404) that names the models there are
   */
  resolve(name: string): string {
    const file = path.resolve(this.#root, name);
    const inside = (target: string) => target.startsWith(this.#root + path.sep);
    if (inside(file) && name.endsWith(".onnx") && !name.includes("\0")) {
      try {
        const real = fs.realpathSync(file);
        if (inside(real) && fs.statSync(real).isFile()) return real;
      } catch {
        // It is not there: said below, as for what may not be looked at.
      }
    }
    throw new Refusal(404, unknownName("model", name, this.names()).message);
  }

  /** Names of models below the folder. */
  names(): string[] {
    const found: string[] = [];
    let entries = 0;
    const visit = (folder: string, depth: number) => {
      for (const entry of fs.readdirSync(folder, { withFileTypes: true })) {
        if (++entries > MOST_ENTRIES || found.length >= MOST_NAMES) return;
        const file = path.join(folder, entry.name);
        if (entry.isDirectory() && depth < DEPTH && !/^(\.|node_modules$)/.test(entry.name)) visit(file, depth + 1);
        else if (entry.isFile() && entry.name.endsWith(".onnx"))
          found.push(path.relative(this.#root, file).split(path.sep).join("/"));
      }
    };
    try {
      visit(this.#root, 0);
    } catch {
      // A folder that may not be read has no models for us.
    }
    return found.sort();
  }

  /**
   * Opens a model and finds the types of its tensors; the same file is looked into once.
   * @throws Refusal when it is unknown (404), another than is meant (409), or not a model that can be run (400)
   */
  async open(name: string, shapes: Shapes, sha256: string | undefined): Promise<KnownModel> {
    const file = this.resolve(name);
    const { mtimeMs, size } = fs.statSync(file);
    const key = JSON.stringify([file, mtimeMs, size, Object.entries(shapes).sort()]);
    let known = this.#known.get(key);
    if (!known) {
      known = refusing(400, () => look(file, shapes));
      this.#known.set(key, known);
      known.catch(() => this.#known.delete(key));
      const [oldest] = this.#known.keys();
      if (this.#known.size > REMEMBERED) this.#known.delete(oldest!);
    }
    const model = await known;
    if (sha256 !== undefined && sha256 !== model.sha256)
      throw new Refusal(409, `the agent's "${name}" is another file than the one that is meant; copy it there again`);
    return model;
  }
}

async function look(file: string, shapes: Shapes): Promise<KnownModel> {
  const inspection = await inspectModel(file, shapes);
  const { model } = inspection;
  return { ...inspection, file, sha256: digest(model), externalFolder: externalFolderOf(model, file) };
}
