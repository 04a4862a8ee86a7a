import { Problem } from "../formats/problem.ts";
import {
  type Axis,
  type Documents,
  Engine,
  LOADED,
  loadedFigure,
  loadedOutcomeOf,
  outcomeOf,
  parseWorld,
  setPath,
} from "../whatif/index.ts";
import type { OpenSweep } from "./definition.ts";

/** Values of one column over the rows of a chunk. */
export type Column =
  | { readonly name: string; readonly type: "DOUBLE"; readonly data: Float64Array }
  | { readonly name: string; readonly type: "INT32"; readonly data: Int32Array }
  | { readonly name: string; readonly type: "BOOLEAN"; readonly data: boolean[] }
  | { readonly name: string; readonly type: "STRING"; readonly data: string[] };

const FIGURES = ["latency_s", "compute_s", "network_s", "coding_s", "load_s", "bytes"] as const;

/**
 * Computes a sweep's rows, chunk by chunk, in any order. Columns are the number of the scenario, the axes under their
 * paths, and the outcomes; where the class or an axis leaves placement, cut or codec open, what was chosen.
 */
export class RowMaker {
  readonly #sweep: OpenSweep;
  readonly #engine: Engine | undefined;
  readonly #open: boolean;
  readonly #stations: readonly string[];

  /** @throws Problem when an axis means nothing to what the sweep computes */
  constructor(sweep: OpenSweep) {
    this.#sweep = sweep;
    const { documents, axes } = sweep;
    this.#engine = sweep.sweep.load === "none" ? new Engine(documents, axes) : undefined;
    this.#open = leavesOpen(documents, axes);
    this.#stations = this.#engine ? [] : this.#checked();
  }

  /** What each row has. */
  get columns(): readonly Pick<Column, "name" | "type">[] {
    const table = new Table(0);
    table.integers("scenario");
    for (const axis of this.#sweep.axes) inputColumn(table, axis);
    this.#writer(table);
    return table.columns.map(({ name, type }) => ({ name, type }));
  }

  /** @param chunk from 0 on */
  chunk(chunk: number): Column[] {
    const { axes, sampling, chunkRows } = this.#sweep;
    const start = chunk * chunkRows;
    const rows = Math.min(chunkRows, sampling.count - start);
    const table = new Table(rows);
    const numbers = table.integers("scenario");
    const inputs = axes.map((axis) => inputColumn(table, axis));
    const point = new Float64Array(axes.length);
    const write = this.#writer(table);
    for (let row = 0; row < rows; row++) {
      sampling.at(start + row, point);
      numbers[row] = start + row;
      for (let d = 0; d < inputs.length; d++) inputs[d]!(row, point[d]!);
      write(row, point);
    }
    return table.columns;
  }

  /** Adds the columns of outcomes to a table. */
  #writer(table: Table): (row: number, point: Float64Array) => void {
    return this.#engine ? this.#alone(table, this.#engine) : this.#loaded(table);
  }

  #alone(table: Table, engine: Engine): (row: number, point: Float64Array) => void {
    const figures = FIGURES.map((name) => table.numbers(name));
    const feasible = table.truths("feasible");
    const chosen = this.#open ? CHOSEN.map((name) => table.texts(`chosen_${name}`)) : [];
    return (row, point) => {
      const outcome = engine.evaluate(point);
      if (!outcome) throw new Problem(`scenario ${table.first + row}: no cut of the model fits the placement`);
      for (let k = 0; k < FIGURES.length; k++) figures[k]![row] = outcome[FIGURES[k]!];
      feasible[row] = outcome.feasible;
      for (let k = 0; k < chosen.length; k++) chosen[k]![row] = outcome[CHOSEN[k]!] ?? "";
    };
  }

  #loaded(table: Table): (row: number, point: Float64Array) => void {
    const figures = FIGURES.map((name) => table.numbers(name));
    const feasible = table.truths("feasible");
    const chosen = this.#open ? CHOSEN.map((name) => table.texts(`chosen_${name}`)) : [];
    const loadedFigures = LOADED.map((name) => table.numbers(name));
    const overloaded = table.truths("overloaded");
    const used = this.#stations.map((station) => table.numbers(`utilisation_${station}`));
    const { load } = this.#sweep.sweep;
    const options = typeof load === "string" ? { seed: 1 } : { seed: load.seed, requests: load.requests };
    return (row, point) => {
      const documents = this.#at(point);
      const world = parseWorld(documents);
      const outcome = outcomeOf(documents, world);
      for (let k = 0; k < FIGURES.length; k++) figures[k]![row] = outcome[FIGURES[k]!];
      feasible[row] = outcome.feasible;
      for (let k = 0; k < chosen.length; k++) chosen[k]![row] = outcome[CHOSEN[k]!] ?? "";
      // What does not fit into memory is not simulated.
      const loaded = outcome.feasible ? loadedOutcomeOf(documents, world, options) : undefined;
      for (let k = 0; k < LOADED.length; k++)
        loadedFigures[k]![row] = loaded ? loadedFigure(loaded, LOADED[k]!) : Number.NaN;
      overloaded[row] = loaded !== undefined && loaded.overloaded.length > 0;
      for (let k = 0; k < used.length; k++) used[k]![row] = loaded?.utilisation[this.#stations[k]!] ?? Number.NaN;
    };
  }

  /** Looks at every value once, with the others at their first. @returns the stations that are simulated */
  #checked(): string[] {
    const { axes } = this.#sweep;
    const first = Float64Array.from(axes, ({ values, from }) => (values ? 0 : from));
    for (const [d, { values, from, to }] of axes.entries()) {
      for (const value of values ? values.keys() : [from, to]) outcomeOf(this.#at(first.with(d, value)));
    }
    return stationsOf(this.#at(first));
  }

  #at(point: Float64Array): Documents {
    const { documents, axes } = this.#sweep;
    return axes.reduce(
      (at, { path, values, raw }, d) => setPath(at, path, values ? values[point[d]!] : raw(point[d]!)),
      documents,
    );
  }
}

const CHOSEN = ["placement", "cut", "codec"] as const;

/** Whether some scenario's placement, cut or codec is the best one, and not given. */
function leavesOpen(documents: Documents, axes: readonly Axis[]): boolean {
  const { placement, cut, codec } = parseWorld(documents).scenario.workload[documents.classIndex]!;
  const values = (name: string, present: string | undefined) => {
    const axis = axes.find(({ path }) => path === name || path.endsWith(`.${name}`));
    return axis?.values ? axis.values.map(String) : [present ?? ""];
  };
  const placements = values("placement", placement);
  const cutOpen = placements.some((name) => name.includes(">")) && values("cut", cut).includes("best");
  return placements.includes("best") || cutOpen || values("codec", codec).includes("best");
}

function stationsOf(documents: Documents): string[] {
  const world = parseWorld(documents);
  return Object.keys(loadedOutcomeOf(documents, world, { seed: 1, requests: 1 }).utilisation);
}

function inputColumn(table: Table, { path, labels }: Axis): (row: number, value: number) => void {
  if (!labels || labels.every((label) => typeof label === "number")) {
    const data = table.numbers(path);
    return labels
      ? (row, index) => {
          data[row] = labels[index] as number;
        }
      : (row, amount) => {
          data[row] = amount;
        };
  }
  const data = table.texts(path);
  return (row, index) => {
    data[row] = String(labels[index]);
  };
}

/** Columns as they are asked for, all of the same length. */
class Table {
  readonly columns: Column[] = [];
  readonly #rows: number;

  constructor(rows: number) {
    this.#rows = rows;
  }

  /** Number of the first scenario, once it is written. */
  get first(): number {
    return (this.columns[0]!.data as Int32Array)[0]!;
  }

  integers(name: string): Int32Array {
    return this.#add({ name, type: "INT32", data: new Int32Array(this.#rows) });
  }

  numbers(name: string): Float64Array {
    return this.#add({ name, type: "DOUBLE", data: new Float64Array(this.#rows) });
  }

  truths(name: string): boolean[] {
    return this.#add({ name, type: "BOOLEAN", data: new Array<boolean>(this.#rows).fill(false) });
  }

  texts(name: string): string[] {
    return this.#add({ name, type: "STRING", data: new Array<string>(this.#rows).fill("") });
  }

  #add<One extends Column>(column: One): One["data"] {
    this.columns.push(column);
    return column.data;
  }
}
