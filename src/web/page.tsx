import { useEffect, useState } from "preact/hooks";
import { CrossoverChart } from "./charts/crossover.tsx";
import { CutCurve } from "./charts/curve.tsx";
import { FrontChart } from "./charts/front.tsx";
import { GraphChart } from "./charts/graph.tsx";
import { LoadChart } from "./charts/load.tsx";
import { Ranking } from "./charts/ranking.tsx";
import { Controls } from "./controls/controls.tsx";
import { catalogue, crossing, faults, front, load, open, resolved, scene, view, workProblem } from "./store.ts";
import { answerOf, leftOutOf, loadOf, pinnedOf } from "./words.ts";

const WIDE = "(min-width: 980px)";
/** How long nothing must change before a screen reader is told. */
const QUIET_MS = 600;

export function Page() {
  if (catalogue.value.variants.length === 0 || catalogue.value.topologies.length === 0) {
    return (
      <main class="empty">This page carries no profile: drop one here, or start it with tierwise serve PROFILE.</main>
    );
  }
  return (
    <DropZone>
      <button type="button" class="skip" onClick={() => document.getElementById("answer")?.focus()}>
        To the answer
      </button>
      <header>
        <h1>
          <Logo /> Tierwise <span>what if?</span>
        </h1>
        <p>Move a slider: the engine answers here, in this page.</p>
      </header>
      <div class="columns">
        <Drawer />
        <main>
          <Messages />
          <Answer />
          <Charts />
          <Origin />
        </main>
      </div>
    </DropZone>
  );
}

function Logo() {
  return (
    <svg width="22" height="22" viewBox="0 0 16 16" aria-hidden="true">
      <path d="M1 5h6v6H1z" style={{ fill: "var(--tier-0)" }} />
      <path d="M9 5h6v6H9z" style={{ fill: "var(--tier-2)" }} />
      <path d="M8 1v14" style={{ stroke: "var(--muted)", strokeWidth: 1.4 }} />
    </svg>
  );
}

/** Beside the charts where there is room; on a phone behind a line that opens. */
function Drawer() {
  const [wide, setWide] = useState(() => matchMedia(WIDE).matches);
  useEffect(() => {
    const query = matchMedia(WIDE);
    const follow = () => setWide(query.matches);
    query.addEventListener("change", follow);
    return () => query.removeEventListener("change", follow);
  }, []);
  if (wide) {
    return (
      <aside aria-label="Controls">
        <Controls />
      </aside>
    );
  }
  return (
    <details class="drawer">
      <summary>Change model, network, tiers, load, accuracy</summary>
      <Controls />
    </details>
  );
}

function Messages() {
  const all = [...faults.value, ...resolved.value.faults];
  if (workProblem.value !== null) all.push(workProblem.value);
  if (all.length === 0) return null;
  return (
    <div class="messages" role="alert">
      <p>Not everything could be understood; the defaults stand for it.</p>
      <ul>
        {all.map((message) => (
          <li key={message}>{message}</li>
        ))}
      </ul>
      {faults.value.length > 0 && (
        <button
          type="button"
          onClick={() => {
            faults.value = [];
          }}
        >
          Dismiss
        </button>
      )}
    </div>
  );
}

function Answer() {
  const current = view.value;
  if ("problem" in current) {
    return (
      <section class="answer" id="answer" tabIndex={-1} aria-label="Answer">
        <p class="sentence">{current.problem}</p>
      </section>
    );
  }
  const { outlook } = current;
  const sentence = answerOf(scene.value, outlook);
  const more = [
    pinnedOf(scene.value, outlook),
    load.value ? loadOf(scene.value, load.value) : null,
    leftOutOf(scene.value, outlook),
  ].filter((text) => text !== null);
  return (
    <section class="answer" id="answer" tabIndex={-1} aria-label="Answer">
      <p
        class="sentence"
        data-cut={outlook.best?.prediction.cut ?? ""}
        data-placement={outlook.best?.prediction.placement ?? ""}
        data-operator={outlook.best?.operator ?? ""}
      >
        {sentence.map(({ text, strong }) => (strong ? <strong key={text}>{text}</strong> : text))}
      </p>
      {more.length > 0 && <p class="more">{more.join(" ")}</p>}
      <Announcer text={[sentence.map(({ text }) => text).join(""), ...more].join(" ")} />
    </section>
  );
}

/** Tells a screen reader the answer when it has come to rest, not with every step of a slider. */
function Announcer({ text }: { readonly text: string }) {
  const [said, setSaid] = useState("");
  useEffect(() => {
    const timer = setTimeout(() => setSaid(text), QUIET_MS);
    return () => clearTimeout(timer);
  }, [text]);
  return (
    <p class="hidden" aria-live="polite">
      {said}
    </p>
  );
}

/** Each chart follows what it draws, and nothing else: what the worker finds does not have the others drawn again. */
function Charts() {
  return (
    <div class="charts">
      <Foreseen />
      <CrossoverSlot />
      <FrontSlot />
      <LoadSlot />
    </div>
  );
}

function Foreseen() {
  const current = view.value;
  if ("problem" in current) return null;
  const { outlook } = current;
  const here = scene.value;
  return (
    <>
      <GraphChart scene={here} outlook={outlook} />
      <Ranking scene={here} outlook={outlook} />
      {outlook.curve && <CutCurve scene={here} outlook={outlook} curve={outlook.curve} />}
    </>
  );
}

function CrossoverSlot() {
  const data = crossing.value;
  return data && data.points.length > 0 ? <CrossoverChart scene={scene.value} data={data} /> : null;
}

function FrontSlot() {
  const data = front.value;
  return data && data.points.length > 0 ? <FrontChart scene={scene.value} front={data} /> : null;
}

function LoadSlot() {
  const data = load.value;
  return data ? <LoadChart scene={scene.value} load={data} /> : null;
}

/** Where the figures are from. */
function Origin() {
  const { variants, topology } = scene.value;
  const { host, settings, created } = variants[0]!.profiles[0]!;
  return (
    <footer>
      <p>
        Kernels profiled on {host.cpu}, {settings.threads} {settings.threads === 1 ? "thread" : "threads"},{" "}
        {host.runtime}, {created.slice(0, 10)}. Topology {topology.name}
        {topology.description && `: ${topology.description}`}. Other tiers are the profiled host made faster or slower
        by one number; how far that can be trusted is said in the project's documentation.
      </p>
    </footer>
  );
}

function DropZone({ children }: { readonly children: preact.ComponentChildren }) {
  const [over, setOver] = useState(false);
  useEffect(() => {
    const hover = (event: DragEvent) => {
      event.preventDefault();
      setOver(true);
    };
    const leave = (event: DragEvent) => {
      if (event.relatedTarget === null) setOver(false);
    };
    const drop = (event: DragEvent) => {
      event.preventDefault();
      setOver(false);
      if (event.dataTransfer && event.dataTransfer.files.length > 0) void open(event.dataTransfer.files);
    };
    addEventListener("dragover", hover);
    addEventListener("dragleave", leave);
    addEventListener("drop", drop);
    return () => {
      removeEventListener("dragover", hover);
      removeEventListener("dragleave", leave);
      removeEventListener("drop", drop);
    };
  }, []);
  return (
    <>
      {children}
      {over && <div class="dropping">Drop a profile or a topology</div>}
    </>
  );
}
