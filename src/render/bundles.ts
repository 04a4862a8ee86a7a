import { readFile } from "node:fs/promises";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import type { Bundles } from "../report/index.ts";

/** The scripts that make a report's charts interactive, read from the installed packages. */
export async function readBundles(): Promise<Bundles> {
  const [vega, vegaLite, vegaEmbed] = await Promise.all([
    bundle("vega", "vega.min.js"),
    bundle("vega-lite", "vega-lite.min.js"),
    bundle("vega-embed", "vega-embed.min.js"),
  ]);
  return { vega, vegaLite, vegaEmbed };
}

/** A package's bundle lies beside its entry point; its `exports` do not name it. */
function bundle(name: string, file: string): Promise<string> {
  return readFile(join(dirname(createRequire(import.meta.url).resolve(name)), file), "utf8");
}
