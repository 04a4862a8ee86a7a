import { unknownName } from "../formats/names.ts";
import type { Problem } from "../formats/problem.ts";
import { alternatives, type DocumentName, type FieldSchema, isLeaf, SCHEMAS } from "./fields.ts";
import type { Documents } from "./world.ts";

type Key = string | number;
type Node = Readonly<Record<Key, unknown>>;

/** A field of a world's documents that a path leads to. */
export interface Field {
  readonly path: string;
  readonly document: DocumentName;
  /** Where it is in the document as written. */
  readonly keys: readonly Key[];
  /** Where its value is found if nothing is written there: a link's other direction. */
  readonly otherwise?: readonly Key[];
  readonly schema: FieldSchema;
}

/** Fields that say nothing of a prediction, or that other commands read. */
const LEFT_OUT = new Set([
  "format",
  "version",
  "name",
  "description",
  "note",
  "measure",
  "plan",
  "variants",
  "profiles",
  "from",
  "to",
  "topology",
]);

/** Fields of the class that is looked at, by short names. */
const SHORT = ["placement", "cut", "codec"] as const;

/** How the variant of the model is called in paths; it is no field of the documents but a choice of profiles. */
export const OPERATOR = "operator";

/**
 * The field that a path names: `topology.links.mobile>edge.bandwidth`, `topology.tiers.edge.cpu_quota`,
 * `workload.till.arrivals.rate`, `tiers.edge.replicas`. Elements of lists are called by their names, or by their
 * indices; a class without a name is `request-1`, `request-2`, …; `placement`, `cut` and `codec` are those of the class
 * that is looked at.
 *
 * @throws Problem with the nearest known path when there is none
 */
export function fieldOf(world: Documents, path: string): Field {
  const short = SHORT.find((name) => name === path);
  if (short) return walk(world, path, "scenario", `workload.${world.classIndex}.${short}`);
  const field = path.startsWith("topology.")
    ? walk(world, path, "topology", path.slice("topology.".length))
    : walk(world, path, "scenario", path);
  if (LEFT_OUT.has(String(field.keys[0])) || LEFT_OUT.has(String(field.keys.at(-1)))) throw unknown(world, path);
  return field;
}

function walk(world: Documents, path: string, document: DocumentName, rest: string): Field {
  let field: Field = { path, document, keys: [], schema: SCHEMAS[document] };
  let text = rest;
  while (text !== "") {
    const next = children(world, field)
      .filter(({ name }) => text === name || text.startsWith(`${name}.`))
      .reduce<Child | undefined>(
        (longest, child) => (child.name.length > (longest?.name.length ?? -1) ? child : longest),
        undefined,
      );
    if (!next) throw unknown(world, path);
    field = { ...next.field, path };
    text = text.slice(next.name.length + 1);
  }
  return field;
}

interface Child {
  readonly name: string;
  readonly field: Field;
}

/** What lies below a field, as far as names are known: the schema's fields, and what the documents call their parts. */
function children(world: Documents, field: Field): Child[] {
  const { document, keys, otherwise } = field;
  const under = (key: Key, schema: FieldSchema, name: string = String(key)): Child => ({
    name,
    field: {
      path: field.path === "" ? name : `${field.path}.${name}`,
      document,
      keys: [...keys, key],
      ...(otherwise ? { otherwise: [...otherwise, key] } : {}),
      schema,
    },
  });
  const written = valueAt(world[document], keys);
  const found = new Map<string, Child>();
  const add = (child: Child) => {
    const known = found.get(child.name);
    // The same name in several alternatives: any of their shapes will do.
    const schema = known ? { anyOf: [known.field.schema, child.field.schema] } : child.field.schema;
    found.set(child.name, { ...child, field: { ...child.field, schema } });
  };
  for (const shape of alternatives(field.schema)) {
    for (const [name, schema] of Object.entries(shape.properties ?? {})) add(under(name, schema));
    if (typeof shape.additionalProperties === "object") {
      for (const name of recordNames(world, field, written)) add(under(name, shape.additionalProperties));
    }
    if (shape.items && Array.isArray(written)) {
      for (const [i, element] of written.entries()) {
        add(under(i, shape.items));
        for (const name of elementNames(field, element, i)) add(under(i, shape.items, name));
      }
      if (isLinks(field)) for (const child of reverseLinks(field, shape.items, written)) add(child);
    }
  }
  return [...found.values()];
}

/** Keys that a mapping has or may have. */
function recordNames(world: Documents, { document, keys }: Field, written: unknown): string[] {
  const names = typeof written === "object" && written !== null ? Object.keys(written) : [];
  if (document !== "scenario" || keys.length !== 1) return names;
  const { tiers = [], links = [] } = world.topology as { tiers?: readonly Node[]; links?: readonly Node[] };
  if (keys[0] === "tiers") return [...new Set([...names, ...tiers.map(({ name }) => String(name))])];
  if (keys[0] !== "links") return names;
  const directed = links.flatMap(({ from, to, duplex }) => [
    `${from}>${to}`,
    ...(duplex === false ? [] : [`${to}>${from}`]),
  ]);
  return [...new Set([...names, ...directed])];
}

function elementNames(field: Field, element: unknown, index: number): string[] {
  const { name, from, to } = (element ?? {}) as Node;
  if (isLinks(field)) return [`${from}>${to}`];
  if (field.document === "scenario" && field.keys[0] === "workload") return [String(name ?? `request-${index + 1}`)];
  return name === undefined ? [] : [String(name)];
}

const isLinks = ({ document, keys }: Field) => document === "topology" && keys.length === 1 && keys[0] === "links";

/** The other directions of duplex links: what is written of them is under `reverse`, and else as in the first. */
function reverseLinks({ path, document, keys }: Field, schema: FieldSchema, links: readonly Node[]): Child[] {
  return links.flatMap(({ from, to, duplex }, i) => {
    if (duplex === false) return [];
    const name = `${to}>${from}`;
    const at = [...keys, i];
    return [
      {
        name,
        field: {
          path: `${path}.${name}`,
          document,
          keys: [...at, "reverse"],
          otherwise: at,
          schema: schema.properties!.reverse!,
        },
      },
    ];
  });
}

/** Every path to a single value, written or not. */
export function knownPaths(world: Documents): Field[] {
  const fields: Field[] = [];
  const visit = (field: Field) => {
    if (isLeaf(field.schema)) fields.push(field);
    for (const { name, field: child } of children(world, field)) {
      if (LEFT_OUT.has(name) || /^\d+$/.test(name) || name === "reverse") continue;
      visit(child);
    }
  };
  visit({ path: "", document: "scenario", keys: [], schema: SCHEMAS.scenario });
  visit({ path: "topology", document: "topology", keys: [], schema: SCHEMAS.topology });
  return fields;
}

function unknown(world: Documents, path: string): Problem {
  const paths = knownPaths(world).map((field) => field.path);
  return unknownName("path", path, [...SHORT, OPERATOR, ...paths], "tierwise whatif SCENARIO --paths lists them");
}

/** What a field holds as it is written; undefined where nothing is. */
export function read(world: Documents, { document, keys, otherwise }: Field): unknown {
  return valueAt(world[document], keys) ?? (otherwise && valueAt(world[document], otherwise));
}

/** Whether a field is written where it is, and not where it is looked up otherwise. */
export const isWritten = (world: Documents, { document, keys }: Field): boolean =>
  valueAt(world[document], keys) !== undefined;

function valueAt(document: unknown, keys: readonly Key[]): unknown {
  let at = document;
  for (const key of keys) {
    if (typeof at !== "object" || at === null) return undefined;
    at = (at as Node)[key];
  }
  return at;
}

/** The document with a field changed; what is on the way there is made, and null takes the field out. */
export function written(document: unknown, keys: readonly Key[], schema: FieldSchema, value: unknown): unknown {
  const [key, ...rest] = keys;
  if (key === undefined) return value;
  const below = schemaBelow(schema, key);
  if (Array.isArray(document)) {
    return document.map((element, i) => (i === key ? written(element, rest, below, value) : element));
  }
  const before = (document ?? {}) as Node;
  const changed = written(before[key], rest, below, value);
  const after: Record<Key, unknown> = { ...before, [key]: changed };
  if (changed === null) delete after[key];
  return fitting(schema, after, key);
}

function schemaBelow(schema: FieldSchema, key: Key): FieldSchema {
  const shapes = alternatives(schema).flatMap((shape) => {
    const below = shape.properties?.[key] ?? shape.items ?? shape.additionalProperties;
    return typeof below === "object" ? [below] : [];
  });
  return { anyOf: shapes };
}

/**
 * Where an object is one of several shapes (arrivals are a rate, or users, or …) and the field that was set belongs to
 * another than the one that is there, only what is in that other shape stays.
 */
function fitting(schema: FieldSchema, value: Readonly<Record<Key, unknown>>, set: Key): unknown {
  const shapes = alternatives(schema).flatMap(({ properties }) => (properties ? [properties] : []));
  if (shapes.length < 2 || shapes.some((shape) => Object.keys(value).every((key) => key in shape))) return value;
  const shape = shapes.find((candidate) => set in candidate);
  return shape ? Object.fromEntries(Object.entries(value).filter(([key]) => key in shape)) : value;
}
