import type { MeasuredRun } from "../formats/runs.ts";

/** One message of a request over one link, in one direction. */
export interface Crossing {
  /** The link as the table names it: "mobile>edge". */
  readonly link: string;
  /** Each direction of a link has a token bucket of its own. */
  readonly direction: "forth" | "back";
  /** What travels: the model's input, or the tensors of a cut. */
  readonly kind: "input" | "cut 1" | "cut 2";
}

/** How requests go through the tiers of a table of measured runs. */
export interface Route {
  /** Tiers from the users inwards; each is linked with the next. */
  readonly chain: readonly string[];
  /** Whether the entering tier first fetches the input over the first link. */
  readonly fetches: boolean;
}

/**
 * The messages of a request, in order. Answers are taken to be too small to matter: a table of end-to-end times cannot
 * tell them from computing.
 *
 * The request enters at the chain's first tier. The input travels to the tier of the first segment, each cut's tensors from
 * there to the next. Where inputs are fetched, they first come back over the first link.
 */
export function crossings({ placement }: Pick<MeasuredRun, "placement">, { chain, fetches }: Route): Crossing[] {
  const tiers = placement.split(">").map((tier) => chain.indexOf(tier));
  const found: Crossing[] = [];
  if (fetches && chain.length > 1) {
    found.push({ link: `${chain[0]}>${chain[1]}`, direction: "back", kind: "input" });
  }
  let at = 0;
  for (const [i, tier] of tiers.entries()) {
    const kind = i === 0 ? "input" : (`cut ${i}` as Crossing["kind"]);
    for (; at < tier; at++) found.push({ link: `${chain[at]}>${chain[at + 1]}`, direction: "forth", kind });
    for (; at > tier; at--) found.push({ link: `${chain[at - 1]}>${chain[at]}`, direction: "back", kind });
  }
  return found;
}
