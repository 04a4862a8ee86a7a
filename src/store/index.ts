/** The store: files read piece by piece, written atomically, and models found with their external data. */

export { ensureFolder, type FileSource, openFile, readText, writeAtomically } from "./files.ts";
export { Journal } from "./journal.ts";
export { externalFiles, openModel, openWhole } from "./models.ts";
export { RunLog } from "./runlog.ts";
export { type RunTable, readRuns } from "./runs.ts";
