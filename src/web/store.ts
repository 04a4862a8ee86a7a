import { computed, effect, signal } from "@preact/signals";
import type { Crossover } from "../costmodel/index.ts";
import { Problem } from "../formats/problem.ts";
import { type Catalogue, modelOf, readDropped, withProfile, withTopology } from "./catalogue.ts";
import { type Front, type LoadStudy, type Outlook, outlook } from "./engine/index.ts";
import { type Scene, sceneOf } from "./scene.ts";
import { DEFAULTS, readState, type State, writeState } from "./state.ts";
import { Workshop } from "./work.ts";

export const catalogue = signal<Catalogue>({ variants: [], topologies: [] });
export const state = signal<State>(DEFAULTS);
/** What the address said and could not be understood, or what a dropped file was not. */
export const faults = signal<readonly string[]>([]);

export const resolved = computed(() => sceneOf(catalogue.value, state.value));
export const scene = computed((): Scene => resolved.value.scene);

/** What the engine says, or why it can say nothing. */
export const view = computed((): { outlook: Outlook } | { problem: string } => {
  try {
    return { outlook: outlook(scene.value) };
  } catch (error) {
    if (!(error instanceof Problem)) throw error;
    return { problem: error.message };
  }
});

export const crossing = signal<Crossover | null>(null);
export const front = signal<Front | null>(null);
export const load = signal<LoadStudy | null>(null);
export const workProblem = signal<string | null>(null);

/** Changes fields of the state. */
export function change(fields: Partial<State>): void {
  state.value = { ...state.value, ...fields };
}

type Many = "bandwidth_bps" | "delay_s" | "speed" | "cores" | "accuracy";

/** Changes one entry of a field; undefined takes it out, so that the topology's own value stands again. */
export function changeOne<Key extends Many>(key: Key, name: string, value: State[Key][string] | undefined): void {
  const { [name]: _, ...rest } = state.value[key];
  change({ [key]: value === undefined ? rest : { ...rest, [name]: value } });
}

/** Takes files that someone dropped or chose. */
export async function open(files: Iterable<File>): Promise<void> {
  const said: string[] = [];
  for (const file of files) {
    try {
      const dropped = readDropped(await file.text(), file.name);
      if ("profile" in dropped) {
        catalogue.value = withProfile(catalogue.value, dropped.profile);
        change({ model: modelOf(dropped.profile), operator: null, placement: null, cut: null });
      } else {
        catalogue.value = withTopology(catalogue.value, dropped.topology);
        const fresh = { bandwidth_bps: {}, delay_s: {}, speed: {}, cores: {} };
        change({ topology: dropped.topology.name, placement: null, cut: null, sweep: null, codec: null, ...fresh });
      }
    } catch (error) {
      if (!(error instanceof Problem)) throw error;
      said.push(error.message);
    }
  }
  faults.value = said;
}

const ADDRESS_DELAY_MS = 150;

/** Reads the state from the address, and keeps the address at the state. */
export function followAddress(): void {
  const read = () => {
    const reading = readState(location.hash);
    state.value = reading.state;
    faults.value = reading.faults;
  };
  read();
  addEventListener("hashchange", read);
  let timer: ReturnType<typeof setTimeout> | undefined;
  let first = true;
  effect(() => {
    const written = writeState(state.value);
    // What the address said stays there to be seen until something is changed.
    if (first) {
      first = false;
      return;
    }
    clearTimeout(timer);
    timer = setTimeout(() => {
      if (written !== writeState(readState(location.hash).state)) history.replaceState(null, "", `#${written}`);
    }, ADDRESS_DELAY_MS);
  });
}

/** Has the worker follow the scene. */
export function followScene(script: string | null): void {
  const workshop = new Workshop(script, (piece) => {
    if ("crossing" in piece) crossing.value = piece.crossing;
    else if ("front" in piece) front.value = piece.front;
    else if ("load" in piece) {
      load.value = piece.load;
      workProblem.value = null;
    } else workProblem.value = piece.problem;
  });
  effect(() => {
    const current = view.value;
    if ("problem" in current || !current.outlook.shown) {
      crossing.value = null;
      front.value = null;
      load.value = null;
      return;
    }
    workshop.ask(scene.value, current.outlook.standings, current.outlook.shown);
  });
}
