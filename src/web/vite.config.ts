import { readdirSync, readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { gzipSync } from "node:zlib";
import { defineConfig, type Plugin } from "vite";
import { viteSingleFile } from "vite-plugin-singlefile";
import type { Profile } from "../formats/profile.ts";
import { parseTopology } from "../formats/topology.ts";
import { embed, packed } from "./embedding.ts";

const at = (path: string) => fileURLToPath(new URL(path, import.meta.url));
const ROOT = at("../../");
const filesIn = (folder: string, suffix: string) =>
  readdirSync(ROOT + folder)
    .filter((file) => file.endsWith(suffix))
    .sort()
    .map((file) => ({ file, text: readFileSync(`${ROOT}${folder}/${file}`, "utf8") }));

/** The page comes with the repository's measured profiles and its topologies. */
function shipped(): Plugin {
  return {
    name: "shipped",
    transformIndexHtml: {
      order: "pre",
      handler: (html) => {
        const profiles = [...filesIn("profiles", ".json"), ...filesIn("calibration/profiles", ".json")].map(
          ({ text }) => packed(JSON.parse(text) as Profile, (json) => gzipSync(json, { level: 9 })),
        );
        const topologies = filesIn("topologies", ".yaml").map(({ file, text }) => parseTopology(text, file));
        return embed(html, { profiles, topologies });
      },
    },
  };
}

export default defineConfig({
  root: at("."),
  logLevel: "warn",
  plugins: [shipped(), viteSingleFile({ removeViteModuleLoader: true })],
  oxc: { jsx: { runtime: "automatic", importSource: "preact" } },
  resolve: {
    // Of mathjs, the page needs units: the package's modules can be shaken, its single file cannot.
    alias: { "mathjs/lib/browser/math.js": at("./mathjs.ts") },
  },
  build: {
    outDir: at("../../dist/web"),
    emptyOutDir: false,
    target: "es2023",
    reportCompressedSize: false,
    // There is nothing to load ahead in one file, and the script runs in a worker, too, where there is no document.
    modulePreload: { polyfill: false },
    rollupOptions: {
      treeshake: {
        // Of the report, the page takes words and colours, and draws no Vega; of mathjs, the units. Neither says of
        // itself that modules which are not used may be left out.
        moduleSideEffects: (id) => !/node_modules\/(vega|mathjs)|src\/report\//.test(id),
      },
    },
  },
});
