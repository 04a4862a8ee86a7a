import { readFileSync } from "node:fs";
import path from "node:path";
import { PACKAGE } from "./topologies.ts";

/** The package's version. */
export const VERSION: string = JSON.parse(readFileSync(path.join(PACKAGE, "package.json"), "utf8")).version;
