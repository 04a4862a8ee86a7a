import { codecSchema } from "../formats/profile.ts";

/**
 * All that the page's controls hold: what differs from the topology and from the defaults. It is what the address
 * carries, so that a colleague who opens it sees the same. Everything is in SI units.
 */
export interface State {
  /** Name of the model; null for the page's first. */
  readonly model: string | null;
  /** Name of the topology; null for the page's first. */
  readonly topology: string | null;
  /** Null for the topology's own. */
  readonly codec: string | null;
  readonly session: "warm" | "cold" | null;
  /** Deployment operator whose variant is asked about; null for whichever is best. */
  readonly operator: string | null;
  /** What is looked at in place of the best: a placement, and a cut of it. */
  readonly placement: string | null;
  readonly cut: string | null;
  /** Link whose bandwidth the crossover follows; null for the topology's first. */
  readonly sweep: string | null;
  /** Requests per second, above 0. */
  readonly rate: number;
  /** Whether all requests come from one device, which they then wait for; else each has its own. */
  readonly one_device: boolean;
  /** The least accuracy that will do, 0 to 1; null where any will. */
  readonly floor: number | null;
  /** By name of a link; of a duplex link, the direction that stands first in the topology. */
  readonly bandwidth_bps: Readonly<Record<string, number>>;
  readonly delay_s: Readonly<Record<string, number>>;
  /** By tier: speed relative to the profiled host; processor quota in cores, null for none. */
  readonly speed: Readonly<Record<string, number>>;
  readonly cores: Readonly<Record<string, number | null>>;
  /** By operator, 0 to 1. */
  readonly accuracy: Readonly<Record<string, number>>;
}

export const DEFAULTS: State = {
  model: null,
  topology: null,
  codec: null,
  session: null,
  operator: null,
  placement: null,
  cut: null,
  sweep: null,
  rate: 2,
  one_device: false,
  floor: null,
  bandwidth_bps: {},
  delay_s: {},
  speed: {},
  cores: {},
  accuracy: {},
};

type Reading<T> = { readonly value: T } | { readonly fault: string };

/** One kind of value in the address: how it is written, and read. */
interface Kind<T> {
  write(value: T): string;
  read(text: string): Reading<T>;
}

const text: Kind<string> = {
  write: (value) => value,
  read: (written) => (written === "" ? { fault: "is empty" } : { value: written }),
};

function oneOf<T extends string>(known: readonly T[]): Kind<T> {
  return {
    write: (value) => value,
    read: (written) => {
      const value = known.find((candidate) => candidate === written);
      return value === undefined ? { fault: `is none of ${known.join(", ")}` } : { value };
    },
  };
}

function number(fault: string, allowed: (value: number) => boolean): Kind<number> {
  return {
    write: String,
    read: (written) => {
      const value = Number(written);
      const isNumber = written.trim() !== "" && Number.isFinite(value);
      return isNumber && allowed(value) ? { value } : { fault };
    },
  };
}

const positive = number("is not a number above zero", (value) => value > 0);
const notNegative = number("is not a number from zero on", (value) => value >= 0);
const share = number("is not a number from 0 to 1", (value) => value >= 0 && value <= 1);
const quota: Kind<number | null> = {
  write: (value) => (value === null ? "all" : String(value)),
  read: (written) => (written === "all" ? { value: null } : positive.read(written)),
};
const flag: Kind<boolean> = {
  write: (value) => (value ? "yes" : "no"),
  read: (written) =>
    written === "yes" || written === "no" ? { value: written === "yes" } : { fault: "is neither yes nor no" },
};

type Single = Exclude<keyof State, Many>;
type Many = "bandwidth_bps" | "delay_s" | "speed" | "cores" | "accuracy";

const SINGLES: { readonly [Key in Single]: Kind<NonNullable<State[Key]>> } = {
  model: text,
  topology: text,
  codec: oneOf(codecSchema.shape.codec.options),
  session: oneOf(["warm", "cold"]),
  operator: text,
  placement: text,
  cut: text,
  sweep: text,
  rate: positive,
  one_device: flag,
  floor: share,
};

const MANY: { readonly [Key in Many]: Kind<State[Key][string]> } = {
  bandwidth_bps: positive,
  delay_s: notNegative,
  speed: positive,
  cores: quota,
  accuracy: share,
};

/** Between a field and whose it is, as in `bandwidth_bps.mobile>edge`. */
const OF = ".";

const isSingle = (key: string): key is Single => Object.hasOwn(SINGLES, key);
const isMany = (key: string): key is Many => Object.hasOwn(MANY, key);

/** The state as an address's fragment, without "#": what differs from the defaults, in a fixed order. */
export function writeState(state: State): string {
  const written = new URLSearchParams();
  for (const key of Object.keys(SINGLES) as Single[]) {
    const value = state[key];
    if (value !== null && value !== DEFAULTS[key]) written.set(key, (SINGLES[key] as Kind<unknown>).write(value));
  }
  for (const key of Object.keys(MANY) as Many[]) {
    for (const name of Object.keys(state[key]).sort()) {
      written.set(key + OF + name, (MANY[key] as Kind<unknown>).write(state[key][name]));
    }
  }
  // What browsers leave alone in a fragment stays readable.
  return written.toString().replaceAll("%2F", "/").replaceAll("%3A", ":");
}

/** What an address's fragment says, and what in it could not be understood; for that, the default stands. */
export function readState(fragment: string): { readonly state: State; readonly faults: readonly string[] } {
  const faults: string[] = [];
  const singles: Record<string, unknown> = {};
  const many: Record<Many, Record<string, unknown>> = {
    bandwidth_bps: {},
    delay_s: {},
    speed: {},
    cores: {},
    accuracy: {},
  };
  for (const [key, written] of new URLSearchParams(fragment.replace(/^#/, ""))) {
    const at = key.indexOf(OF);
    const [field, name] = at < 0 ? [key, ""] : [key.slice(0, at), key.slice(at + 1)];
    const kind = name === "" ? isSingle(field) && SINGLES[field] : isMany(field) && MANY[field];
    if (!kind) {
      faults.push(`“${key}” means nothing here`);
      continue;
    }
    const reading: Reading<unknown> = kind.read(written);
    if ("fault" in reading) faults.push(`${key}: “${written}” ${reading.fault}`);
    else if (name === "") singles[field] = reading.value;
    // A name such as __proto__ must become a field like any other.
    else Object.defineProperty(many[field as Many], name, { value: reading.value, enumerable: true });
  }
  return { state: { ...DEFAULTS, ...singles, ...many } as State, faults };
}
