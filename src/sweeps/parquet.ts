import type { RowGroup, SchemaElement } from "hyparquet";
import { ByteWriter, ParquetWriter } from "hyparquet-writer";
import type { Column } from "./rows.ts";

/** Some rows as a Parquet row group, with what the file's footer says of it; offsets are from the first byte. */
export interface EncodedChunk {
  readonly bytes: Uint8Array<ArrayBuffer>;
  /** JSON; see {@link footer}. */
  readonly rowGroup: string;
  readonly rows: number;
}

const MAGIC = new TextEncoder().encode("PAR1");
/** What a file begins with. */
export const header: Uint8Array = MAGIC;

/** Name and type of a column. */
export type ColumnSpec = Pick<Column, "name" | "type">;

function schemaOf(columns: readonly ColumnSpec[]): SchemaElement[] {
  const leaves = columns.map(
    ({ name, type }): SchemaElement => ({
      name,
      repetition_type: "REQUIRED",
      ...(type === "STRING" ? { type: "BYTE_ARRAY", converted_type: "UTF8" } : { type }),
    }),
  );
  return [{ name: "scenarios", num_children: leaves.length }, ...leaves];
}

/** Encodes columns as one row group. The writer's memory is used again and again. */
export class ChunkEncoder {
  readonly #writer = new ByteWriter(1 << 20);

  encode(columns: readonly Column[]): EncodedChunk {
    const rows = columns[0]!.data.length;
    this.#writer.offset = 0;
    this.#writer.index = 0;
    const parquet = new ParquetWriter({ writer: this.#writer, schema: schemaOf(columns) });
    // Indexes of pages would stand at the end of the file, which is not written here.
    const columnData = columns.map(({ name, data }) => ({ name, data, offsetIndex: false }));
    void parquet.write({ columnData, rowGroupSize: rows });
    const bytes = this.#writer.getBytes().slice(MAGIC.length) as Uint8Array<ArrayBuffer>;
    const rowGroup = JSON.stringify(shifted(parquet.row_groups[0]!, -MAGIC.length), toJson);
    return { bytes, rowGroup, rows };
  }
}

/** A finished chunk's place in a file. */
export interface PlacedChunk {
  /** Of its first byte in the file. */
  readonly offset: number;
  readonly rowGroup: string;
  readonly rows: number;
}

/**
 * The end of a file that holds these chunks.
 * @param facts texts by name, for whoever reads the file
 */
export function footer(
  columns: readonly ColumnSpec[],
  chunks: readonly PlacedChunk[],
  facts: Readonly<Record<string, string>>,
  createdBy: string,
): Uint8Array {
  const writer = new ByteWriter(1 << 16);
  const parquet = new ParquetWriter({
    writer,
    schema: schemaOf(columns),
    kvMetadata: Object.entries(facts).map(([key, value]) => ({ key, value })),
    createdBy,
  });
  parquet.row_groups = chunks.map(({ offset, rowGroup }) => shifted(JSON.parse(rowGroup, fromJson), offset));
  parquet.num_rows = BigInt(chunks.reduce((sum, { rows }) => sum + rows, 0));
  void parquet.finish();
  return writer.getBytes().slice(MAGIC.length);
}

function shifted(group: RowGroup, by: number): RowGroup {
  const move = <Offset extends bigint | undefined>(offset: Offset) =>
    (offset === undefined ? undefined : offset + BigInt(by)) as Offset;
  return {
    ...group,
    columns: group.columns.map((column) => ({
      ...column,
      file_offset: move(column.file_offset),
      ...(column.meta_data
        ? {
            meta_data: {
              ...column.meta_data,
              data_page_offset: move(column.meta_data.data_page_offset),
              ...(column.meta_data.dictionary_page_offset === undefined
                ? {}
                : { dictionary_page_offset: move(column.meta_data.dictionary_page_offset) }),
            },
          }
        : {}),
    })),
  };
}

/** JSON has neither big numbers nor infinite ones; statistics of a column hold both. */
function toJson(_: string, value: unknown): unknown {
  if (typeof value === "bigint") return { bigint: String(value) };
  return typeof value === "number" && !Number.isFinite(value) ? { number: String(value) } : value;
}

function fromJson(_: string, value: unknown): unknown {
  if (typeof value !== "object" || value === null) return value;
  if ("bigint" in value) return BigInt(String(value.bigint));
  return "number" in value ? Number(value.number) : value;
}
