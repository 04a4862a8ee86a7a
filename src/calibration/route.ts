import { median } from "simple-statistics";
import { unknownName } from "../formats/names.ts";
import { Problem } from "../formats/problem.ts";
import type { Topology } from "../formats/topology.ts";
import { type Cell, grouped } from "./cells.ts";

/**
 * The tiers in the order in which requests meet them: the topology's, or as the links of the table chain them.
 *
 * @throws Problem when links branch or a placement names a tier that no link reaches
 */
export function chainOf(cells: readonly Cell[], topology?: Topology): string[] {
  if (topology) return topology.tiers.map(({ name }) => name);
  const directions = [...new Set(cells.flatMap(({ run }) => Object.keys(run.links)))];
  // The way back is no link of its own: of two directions the one that the table names first leads inwards.
  const links = directions
    .filter((link, i) => !directions.slice(0, i).includes(link.split(">").toReversed().join(">")))
    .map((link) => link.split(">"));
  const targets = new Set(links.map(([, to]) => to));
  const named = [...new Set(cells.flatMap(({ run }) => run.placement.split(">")))];
  if (links.length === 0) return named;
  const starts = [...new Set(links.map(([from]) => from!))].filter((from) => !targets.has(from));
  if (starts.length !== 1) {
    throw new Problem("the links of the table are no chain with one beginning; give the tiers with --topology");
  }
  const chain = [starts[0]!];
  for (;;) {
    const next = links.filter(([from]) => from === chain.at(-1));
    if (next.length > 1) throw new Problem(`several links leave ${chain.at(-1)}; give the tiers with --topology`);
    if (next.length === 0) break;
    chain.push(next[0]![1]!);
  }
  for (const tier of named) if (!chain.includes(tier)) throw unknownName("tier of a placement", tier, chain);
  return chain;
}

/** A slow link must add at least this share, or the table does not show that it is used. */
const NOTICEABLE = 0.1;

/**
 * Whether the entering tier fetches the input over the first link before anything else. Two signs tell: requests that
 * never leave that tier slow down with the link; and an uncut model two links away slows down with the first link, which
 * its input then crosses twice, twice as much as with the second.
 */
export function fetchesInput(cells: readonly Cell[], [first, second, third]: readonly string[]): boolean {
  if (second === undefined) return false;
  const [near, far] = [`${first}>${second}`, `${second}>${third}`];
  const local = slowdowns(cells, first!, near);
  if (local.length > 0 && median(local.map(({ share }) => share)) > NOTICEABLE) return true;
  if (third === undefined) return false;
  const [once, twice] = [slowdowns(cells, third, far), slowdowns(cells, third, near)];
  if (once.length === 0 || twice.length === 0) return false;
  const seconds = (found: readonly Slowdown[]) => median(found.map((one) => one.seconds));
  // Only equally slow links can be compared.
  if (median(once.map(({ rate }) => rate)) !== median(twice.map(({ rate }) => rate))) return false;
  const fetching = seconds(twice) - seconds(once);
  if (fetching < 0.5 * seconds(once)) return false;
  // Where computing hides it, requests that stay must at least not speak against it.
  return local.length === 0 || Math.abs(seconds(local) - fetching) < 0.5 * fetching;
}

interface Slowdown {
  readonly seconds: number;
  /** Of the latency on the fastest link. */
  readonly share: number;
  /** Bit/s of the slowest link. */
  readonly rate: number;
}

/** What the slowest setting of a link adds to the fastest, per configuration of a placement, other links at their fastest. */
function slowdowns(cells: readonly Cell[], placement: string, link: string): Slowdown[] {
  return [...grouped(cells.filter(({ run }) => run.placement === placement)).values()].flatMap((group) => {
    const others = [...new Set(group.flatMap(({ run }) => Object.keys(run.links)))].filter((other) => other !== link);
    const fastest = (other: string) => Math.max(...group.map((cell) => rateOf(cell, other)));
    const alike = group
      .filter((cell) => others.every((other) => rateOf(cell, other) === fastest(other)))
      .toSorted((a, b) => rateOf(a, link) - rateOf(b, link));
    const [slow, fast] = [alike[0], alike.at(-1)];
    if (!slow || !fast || rateOf(slow, link) * 2 > rateOf(fast, link)) return [];
    const seconds = slow.summary.typical_s - fast.summary.typical_s;
    return [{ seconds, share: seconds / fast.summary.typical_s, rate: rateOf(slow, link) }];
  });
}

function rateOf({ run }: Cell, link: string): number {
  return run.links[link]?.bandwidth_bps ?? 0;
}
