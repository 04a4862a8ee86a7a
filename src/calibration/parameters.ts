/**
 * The unknowns of a calibration. All are positive quantities, held as logarithms; each has a lognormal prior, either
 * around a fixed value or around the product of other unknowns (a hierarchy: what a configuration takes is close to what
 * its model, its operator and its placement make one expect).
 */
export interface Unknown {
  readonly name: string;
  readonly unit: "s" | "bit" | "bit/s" | "";
  /** Logarithm of the prior's median; added to the parents'. */
  readonly prior: number;
  /** Standard deviation of the logarithm around prior and parents. */
  readonly spread: number;
  /** Indices of the unknowns whose logarithms are added to the prior's. */
  readonly parents: readonly number[];
}

/** Unknowns in the order in which they were asked for, each once. */
export class Unknowns {
  readonly list: Unknown[] = [];
  readonly #index = new Map<string, number>();

  /** The index of the unknown of this name; made with this prior if it is new. */
  of(name: string, unit: Unknown["unit"], prior: number, spread: number, parents: readonly number[] = []): number {
    const known = this.#index.get(name);
    if (known !== undefined) return known;
    this.list.push({ name, unit, prior, spread, parents });
    this.#index.set(name, this.list.length - 1);
    return this.list.length - 1;
  }

  /** Takes these for its first ones, as an earlier fit knew them. */
  seed(unknowns: readonly Unknown[]): void {
    for (const { name, unit, prior, spread, parents } of unknowns) this.of(name, unit, prior, spread, parents);
  }

  find(name: string): number | undefined {
    return this.#index.get(name);
  }

  /** What the prior alone says: each unknown at its prior's median. Parents come before their children. */
  priorMedians(): Float64Array<ArrayBuffer> {
    const values = new Float64Array(this.list.length);
    for (const [i, { prior, parents }] of this.list.entries()) {
      values[i] = parents.reduce((sum, parent) => sum + values[parent]!, prior);
    }
    return values;
  }

  /** How far each unknown is from what its prior and its parents say, in standard deviations. */
  deviations(values: ArrayLike<number>): Float64Array {
    return Float64Array.from(this.list, ({ prior, spread, parents }, i) => {
      const expected = parents.reduce((sum, parent) => sum + values[parent]!, prior);
      return (values[i]! - expected) / spread;
    });
  }
}
