import type { Facts } from "./goal.ts";
import { type LoadedOutcome, type LoadOptions, loadedOutcomeOf, outcomeOf } from "./outcome.ts";
import { type Documents, parseWorld } from "./world.ts";

/** What expressions ask of a world: documents are parsed once, and the load is simulated at most once. */
export function factsOf(documents: Documents, load: LoadOptions): Facts {
  const world = parseWorld(documents);
  let loaded: LoadedOutcome | undefined;
  return {
    outcome: outcomeOf(documents, world),
    loaded: () => {
      loaded ??= loadedOutcomeOf(documents, world, load);
      return loaded;
    },
    latency: (placement, cut) => outcomeOf(documents, world, { placement, cut: cut ?? "best" }).latency_s,
  };
}
