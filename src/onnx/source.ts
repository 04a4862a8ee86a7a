/**
 * Bytes that can be read piece by piece: a buffer, a file, or a rope of pieces of other sources. Reading models through
 * this interface is what keeps weights out of memory: only what is looked at is ever read.
 */
export interface ByteSource {
  /** Total number of bytes. */
  readonly length: number;
  /**
   * Bytes [offset, offset + length). May be a view of shared memory: callers must not write to it.
   * @throws RangeError when the range is not inside the source.
   */
  read(offset: number, length: number): Uint8Array;
}

/** A stretch of a source, by byte offsets: [start, end). */
export interface Span {
  readonly source: ByteSource;
  readonly start: number;
  readonly end: number;
}

/** A source over bytes that are in memory already; reads are views. */
export function memorySource(bytes: Uint8Array): ByteSource {
  return {
    length: bytes.length,
    read(offset, length) {
      checkRange(offset, length, bytes.length);
      return bytes.subarray(offset, offset + length);
    },
  };
}

/** A span that covers bytes in memory. */
export function spanOf(bytes: Uint8Array): Span {
  return { source: memorySource(bytes), start: 0, end: bytes.length };
}

/** The spans' bytes one after another, as one source. No byte is copied until it is read across a seam. */
export function ropeSource(pieces: readonly Span[]): ByteSource & { readonly pieces: readonly Span[] } {
  const kept = pieces.filter((piece) => piece.end > piece.start);
  const starts: number[] = [];
  let length = 0;
  for (const piece of kept) {
    starts.push(length);
    length += piece.end - piece.start;
  }
  const pieceAt = (offset: number) => {
    let low = 0;
    let high = starts.length - 1;
    while (low < high) {
      const middle = (low + high + 1) >> 1;
      if (starts[middle]! <= offset) low = middle;
      else high = middle - 1;
    }
    return low;
  };
  return {
    length,
    pieces: kept,
    read(offset, count) {
      checkRange(offset, count, length);
      if (count === 0) return new Uint8Array(0);
      let index = pieceAt(offset);
      const first = kept[index]!;
      const inner = first.start + offset - starts[index]!;
      if (inner + count <= first.end) return first.source.read(inner, count);
      const joined = new Uint8Array(count);
      let filled = 0;
      for (let from = inner; filled < count; from = kept[++index]?.start ?? 0) {
        const piece = kept[index]!;
        const take = Math.min(count - filled, piece.end - from);
        joined.set(piece.source.read(from, take), filled);
        filled += take;
      }
      return joined;
    },
  };
}

function checkRange(offset: number, length: number, total: number): void {
  if (offset < 0 || length < 0 || offset + length > total)
    throw new RangeError(`bytes ${offset}..${offset + length} are outside a source of ${total} bytes`);
}
