import type { Stage } from "../formats/prediction.ts";
import type { WithTiers } from "./data.ts";

/**
 * Colours of tiers, in the topology's order, which colour-blind readers can tell apart: Okabe and Ito's, and two more.
 * A tier's colour always means "computed there"; what is not computing wears the stages' colours below.
 */
const TIERS = ["#E69F00", "#009E73", "#0072B2", "#56B4E9", "#D55E00", "#332288", "#8C6D31"] as const;

/** Moving bytes is grey, turning tensors into bytes and back is purple, and loading a session is yellow. */
export const STAGE_COLOURS: Record<Exclude<Stage["stage"], "infer">, string> = {
  encode: "#CC79A7",
  transfer: "#8A8A8A",
  relay: "#BDBDBD",
  decode: "#E8BFD6",
  load: "#F0E442",
};

/** The colours of everything that is neither a tier nor a stage. */
export const INK = "#1d1d1f";
export const MUTED = "#5f6368";
export const FAINT = "#d9d9d9";
/** Grid lines, and bands that dots should lie in. */
export const GRID = "#ececec";
/** Bars of quantities that belong to no tier: the profiled host's own kernels. */
export const NEUTRAL = "#6B7F93";
export const PALE = "#B9C3CD";
/** What went wrong, or came out worse than it should: the only red. */
export const BAD = "#B3261E";

/** The tier's colour: by its place in the topology, so that it is the same in every chart. */
export function tierColour(data: WithTiers, tier: string): string {
  const index = data.topology.tiers.findIndex(({ name }) => name === tier);
  return index < 0 ? MUTED : tierColourAt(index);
}

/** The colour of the tier at this place of a topology. */
export function tierColourAt(index: number): string {
  return TIERS[index % TIERS.length]!;
}

export function stageColour(data: WithTiers, stage: Stage["stage"], tier: string): string {
  return stage === "infer" ? tierColour(data, tier) : STAGE_COLOURS[stage];
}

/** The colour, dark enough to set small text in. */
export function inked(colour: string): string {
  const channels = [1, 3, 5].map((at) => Math.round(Number.parseInt(colour.slice(at, at + 2), 16) * 0.62));
  return `#${channels.map((channel) => channel.toString(16).padStart(2, "0")).join("")}`;
}

/** Ink or white: whichever is easier to read on the colour. */
export function readableOn(colour: string): string {
  return contrast(colour, INK) >= contrast(colour, "#ffffff") ? INK : "#ffffff";
}

/** Contrast of two colours as WCAG 2 defines it: from 1, none, to 21, black on white. */
export function contrast(a: string, b: string): number {
  const [darker, lighter] = [luminance(a), luminance(b)].sort((x, y) => x - y) as [number, number];
  return (lighter + 0.05) / (darker + 0.05);
}

function luminance(colour: string): number {
  const [red, green, blue] = [1, 3, 5].map((at) => {
    const channel = Number.parseInt(colour.slice(at, at + 2), 16) / 255;
    return channel <= 0.04045 ? channel / 12.92 : ((channel + 0.055) / 1.055) ** 2.4;
  }) as [number, number, number];
  return 0.2126 * red + 0.7152 * green + 0.0722 * blue;
}
