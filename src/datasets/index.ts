/**
 * Data sets: files of samples and labels, described by a small document, as batches of what a model takes. Samples
 * are read when their batch is, so that a set of any size passes through little memory. What reads accuracy and what
 * calibrates quantisation both start from {@link openDataset}.
 */
export type { ValueArray, ValueDtype } from "./column.ts";
export type { Batch, Dataset, Feed } from "./dataset.ts";
export { openDataset, openDescribed } from "./open.ts";
