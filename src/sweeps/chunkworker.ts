import { Piscina } from "piscina";
import { Problem } from "../formats/problem.ts";
import { openSweep, type SweepDefinition } from "./definition.ts";
import { ChunkEncoder, type EncodedChunk } from "./parquet.ts";
import { RowMaker } from "./rows.ts";

const maker = new RowMaker(openSweep(Piscina.workerData as SweepDefinition));
const encoder = new ChunkEncoder();

/** What a thread does: the rows of a chunk, encoded. A Problem would lose its class on the way. */
export default function run(chunk: number): EncodedChunk | { readonly problem: string } {
  try {
    return encoder.encode(maker.chunk(chunk));
  } catch (error) {
    if (error instanceof Problem) return { problem: error.message };
    throw error;
  }
}
