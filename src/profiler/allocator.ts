import { MessageChannel } from "node:worker_threads";
import type { Values } from "./runtime.ts";

/**
 * Each run's outputs are copied into fresh buffers. Where these come from decides how long that takes: glibc maps a large buffer
 * anew each time, with a page fault for every 4 KiB, or takes it from its heap, whose top it gives back once enough of it is
 * free. A session of 13 MB of outputs took 47 or 55 ms, by what happened to lie where. So that runs are alike, buffers are freed at
 * once instead of at some collection, and glibc is shown that it pays to keep them.
 */
const nowhere = new MessageChannel().port1;
nowhere.close();

/** Frees the values of a run, which must not be read again. */
export function free(values: Readonly<Record<string, Values>>): void {
  // Texts are plain arrays.
  for (const { data } of Object.values(values)) if (ArrayBuffer.isView(data)) freeBuffer(data);
}

/** Frees the buffer of a view, which must not be read again; not where it is a part of a larger one, which is not the view's alone. */
export function freeBuffer({ buffer, byteLength }: ArrayBufferView): void {
  // What is posted to a closed port is lost at once.
  if (byteLength > 0 && byteLength === buffer.byteLength) nowhere.postMessage(null, [buffer as ArrayBuffer]);
}

/** Just under glibc's largest dynamic threshold (32 MiB on 64 bits), bookkeeping of the chunk left room for. */
const LARGEST = (32 << 20) - (64 << 10);
let kept = false;

/**
 * Has glibc keep freed buffers of up to 32 MB: it raises its thresholds to the size of a freed buffer (mallopt(3),
 * `M_MMAP_THRESHOLD`). Other allocators do not mind.
 */
export function keepBuffers(): void {
  if (kept) return;
  kept = true;
  nowhere.postMessage(null, [new ArrayBuffer(LARGEST)]);
}
