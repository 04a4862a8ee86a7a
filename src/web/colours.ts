import { inked, STAGE_COLOURS, tierColourAt } from "../report/index.ts";

/** The report's colours of tiers, and lighter ones of the same hues for the dark. */
const DARK_TIERS = ["#F0AE2B", "#2FC08F", "#4FA8E8", "#8CD0F5", "#F08545", "#A596F0", "#C9A464"] as const;
const DARK_STAGES: typeof STAGE_COLOURS = {
  encode: "#D98FB6",
  transfer: "#9A9A9A",
  relay: "#6F6F6F",
  decode: "#A5708E",
  load: "#D9CF3F",
};

/** Custom properties for both themes: each tier's colour, the same for text, and what can be read on it. */
export function colourSheet(): string {
  const tiers = (colour: (i: number) => string, ink: (colour: string) => string) =>
    DARK_TIERS.map((_, i) => {
      const fill = colour(i);
      return `--tier-${i}:${fill};--tier-${i}-ink:${ink(fill)};--tier-${i}-on:${readableOn(fill)};`;
    }).join("");
  const stages = (colours: typeof STAGE_COLOURS) =>
    Object.entries(colours)
      .map(([stage, colour]) => `--${stage}:${colour};--${stage}-on:${readableOn(colour)};`)
      .join("");
  const light = tiers(tierColourAt, inked) + stages(STAGE_COLOURS);
  const dark = tiers((i) => DARK_TIERS[i]!, String) + stages(DARK_STAGES);
  return `:root{${light}}@media (prefers-color-scheme:dark){:root{${dark}}}`;
}

/** A colour variable of a tier, by its place in the topology. */
export function tierVariable(
  tiers: readonly { readonly name: string }[],
  tier: string,
  use: "" | "-ink" | "-on" = "",
): string {
  const index = tiers.findIndex(({ name }) => name === tier);
  return `var(--tier-${Math.max(index, 0) % DARK_TIERS.length}${use})`;
}

/** Black or white, whichever contrasts more (relative luminance; WCAG 2.2). */
function readableOn(colour: string): string {
  const [r, g, b] = [1, 3, 5].map((at) => {
    const channel = Number.parseInt(colour.slice(at, at + 2), 16) / 255;
    return channel <= 0.04045 ? channel / 12.92 : ((channel + 0.055) / 1.055) ** 2.4;
  });
  const luminance = 0.2126 * r! + 0.7152 * g! + 0.0722 * b!;
  return 1.05 / (luminance + 0.05) > (luminance + 0.05) / 0.05 ? "#fff" : "#111";
}
