/** Draws every chart of the reports from files of the repository, and writes `docs/gallery.md`: `npm run gallery`. */
import { rmSync } from "node:fs";
import path from "node:path";
import { note } from "../src/cli/output.ts";
import { ensureFolder, writeAtomically } from "../src/store/index.ts";
import { galleryDocument, IMAGES, picture } from "./document.ts";
import { exhibits } from "./exhibits.ts";
import { REPOSITORY } from "./scenes.ts";

const docs = path.join(REPOSITORY, "docs");
const images = path.join(docs, IMAGES);
const shown = exhibits();
rmSync(images, { recursive: true, force: true });
ensureFolder(images);
for (const exhibit of [...shown.model, ...shown.plan])
  writeAtomically(path.join(images, `${exhibit.name}.svg`), await picture(exhibit));
writeAtomically(path.join(docs, "gallery.md"), galleryDocument(shown));
note(`wrote docs/gallery.md and ${shown.model.length + shown.plan.length} charts in docs/${IMAGES}`);
