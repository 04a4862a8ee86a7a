/** Just under glibc's largest dynamic threshold (32 MiB on 64 bits), bookkeeping of the chunk left room for. */
const LARGEST = (32 << 20) - (64 << 10);
let settled = false;

/**
 * Makes the time that outputs take the same in every session of this process. Each run's outputs are copied into fresh
 * buffers. glibc maps a large buffer anew each time, with a page fault for every 4 KiB, until it has seen one of that size
 * freed; later it may still give the top of its heap back after each collection, depending on what lies there. One and the
 * same session of 13 MB of outputs then takes 47 or 55 ms throughout its life. Freeing one buffer of the largest size raises
 * both thresholds to their ends, and buffers are reused from then on (mallopt(3), `M_MMAP_THRESHOLD`). Other allocators do not mind.
 */
export function settleAllocator(): void {
  if (settled) return;
  settled = true;
  // Never touched, so it costs no memory; the next collection frees it.
  new ArrayBuffer(LARGEST);
}
