import { z } from "zod";
import { scenarioSchema } from "../formats/scenario.ts";
import { topologySchema } from "../formats/topology.ts";
import type { QuantityKind } from "../units/index.ts";

/** As much of JSON Schema as the file formats' schemas use. */
export interface FieldSchema {
  readonly type?: string | readonly string[];
  readonly properties?: Readonly<Record<string, FieldSchema>>;
  readonly additionalProperties?: boolean | FieldSchema;
  readonly items?: FieldSchema;
  readonly anyOf?: readonly FieldSchema[];
  readonly enum?: readonly unknown[];
  readonly const?: unknown;
  readonly default?: unknown;
  readonly minimum?: number;
  readonly exclusiveMinimum?: number;
  readonly maximum?: number;
  readonly "x-quantity"?: readonly [QuantityKind, ...QuantityKind[]];
}

const schemaOf = (schema: z.ZodType): FieldSchema => z.toJSONSchema(schema, { io: "input" }) as FieldSchema;

/** What the documents may hold, as their published JSON Schemas say. */
export const SCHEMAS = { scenario: schemaOf(scenarioSchema), topology: schemaOf(topologySchema) } as const;
export type DocumentName = keyof typeof SCHEMAS;

/** The shapes that a field may have: its schema, or each of its alternatives. */
export function alternatives(schema: FieldSchema): readonly FieldSchema[] {
  return schema.anyOf ? schema.anyOf.flatMap(alternatives) : [schema];
}

const isType = ({ type }: FieldSchema, name: string) => (Array.isArray(type) ? type.includes(name) : type === name);

/** The shape under which a field is a number, with or without a unit; undefined where it is none. */
export function numberShape(schema: FieldSchema): FieldSchema | undefined {
  return alternatives(schema).find((shape) => isType(shape, "number") || isType(shape, "integer"));
}

export const isInteger = (shape: FieldSchema): boolean => isType(shape, "integer");

/** The values of a field that has only so many; empty where it has more. */
export function fixedChoices(schema: FieldSchema): readonly unknown[] {
  return alternatives(schema).flatMap((shape) => {
    if (isType(shape, "boolean")) return [true, false];
    return shape.const === undefined ? (shape.enum ?? []) : [shape.const];
  });
}

/** Whether a field holds one value: a number, a text, a truth. */
export function isLeaf(schema: FieldSchema): boolean {
  return alternatives(schema).some(
    (shape) => shape.properties === undefined && shape.items === undefined && shape.additionalProperties === undefined,
  );
}
