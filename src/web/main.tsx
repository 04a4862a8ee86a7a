import { render } from "preact";
import { type Catalogue, withProfile } from "./catalogue.ts";
import { colourSheet } from "./colours.ts";
import { ELEMENT, type Embedded, unpacked } from "./embedding.ts";
import { Page } from "./page.tsx";
import { catalogue, faults, followAddress, followScene } from "./store.ts";
import { serveJobs } from "./work.ts";

async function start(): Promise<void> {
  const sheet = document.createElement("style");
  sheet.textContent = colourSheet();
  document.head.append(sheet);
  const embedded = JSON.parse(document.getElementById(ELEMENT)!.textContent) as Embedded;
  const profiles = await Promise.all(embedded.profiles.map(unpacked));
  const empty: Catalogue = { variants: [], topologies: embedded.topologies };
  catalogue.value = profiles.reduce(withProfile, empty);
  followAddress();
  // In the built page this script stands in the document, and the worker is made of it.
  followScene(document.querySelector("script[type=module]:not([src])")?.textContent ?? null);
  render(<Page />, document.getElementById("page")!);
}

if (typeof document === "undefined") serveJobs();
else
  start().catch((error: unknown) => {
    faults.value = [String(error)];
    document.getElementById("page")!.textContent = `The page could not start: ${error}`;
  });
