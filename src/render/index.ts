/**
 * The report's rim on Node: what `src/report` needs from files and native code. PNG is drawn by resvg with fonts that
 * come with the package; the bundles of Vega are read from the installed packages, for the page to carry with it.
 */
export { readBundles } from "./bundles.ts";
export { toPng } from "./png.ts";
