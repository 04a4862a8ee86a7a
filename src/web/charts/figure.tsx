import type { ComponentChildren, RefObject } from "preact";
import { useLayoutEffect, useMemo, useRef, useState } from "preact/hooks";

export interface Table {
  readonly head: readonly string[];
  readonly rows: readonly (readonly string[])[];
}

export interface FigureProps {
  readonly id: string;
  /** What is drawn, with units. */
  readonly title: string;
  /** What it says: the finding, computed from the data. */
  readonly finding: string;
  /** What helps to read it. */
  readonly note?: string | undefined;
  /** The same as numbers; made only while it is open. */
  readonly table: () => Table;
  /** The drawing at a width in pixels. */
  readonly children: (width: number) => ComponentChildren;
  /** Controls of the drawing. */
  readonly tools?: ComponentChildren;
}

/** A chart with its words, and its numbers for those who want them, or cannot see it. */
export function Figure({ id, title, finding, note, table, children, tools }: FigureProps) {
  const box = useRef<HTMLDivElement>(null);
  const [width, setWidth] = useState(0);
  const [open, setOpen] = useState(false);
  const seen = useSeen(box);
  const drawn = useRef<ComponentChildren>(null);
  // What nobody sees is not drawn: while a slider is dragged, the time is for what is on the screen.
  if (width > 0 && (seen || drawn.current === null)) drawn.current = children(width);
  useLayoutEffect(() => {
    const element = box.current!;
    const measure = () => setWidth(Math.floor(element.clientWidth));
    measure();
    const observer = new ResizeObserver(measure);
    observer.observe(element);
    return () => observer.disconnect();
  }, []);
  return (
    <figure id={id} class="card" aria-labelledby={`${id}-title`}>
      <figcaption>
        <h2 id={`${id}-title`}>{title}</h2>
        <p class="finding" id={`${id}-finding`}>
          {finding}
        </p>
      </figcaption>
      {tools}
      <div class="drawing" ref={box}>
        {drawn.current}
      </div>
      {note !== undefined && <p class="note">{note}</p>}
      <details onToggle={(event) => setOpen(event.currentTarget.open)}>
        <summary>As a table</summary>
        {open && <Numbers {...table()} title={title} />}
      </details>
    </figure>
  );
}

/** Whether the element is on the screen, or nearly. */
function useSeen(of: RefObject<HTMLElement | null>): boolean {
  const [seen, setSeen] = useState(true);
  useLayoutEffect(() => {
    const observer = new IntersectionObserver((entries) => setSeen(entries.at(-1)!.isIntersecting), {
      rootMargin: "120px",
    });
    observer.observe(of.current!);
    return () => observer.disconnect();
  }, [of]);
  return seen;
}

/** The drawing of the figure with this id. To those who cannot see it, it is its figure's title and finding. */
export function Canvas(props: {
  readonly of: string;
  readonly width: number;
  readonly height: number;
  readonly children: ComponentChildren;
}) {
  const { of, width, height, children } = props;
  return (
    // biome-ignore lint/a11y/noSvgWithoutTitle: labelled by the figure's own words
    <svg width={width} height={height} role="img" aria-labelledby={`${of}-title ${of}-finding`}>
      {children}
    </svg>
  );
}

/** A part of a drawing that is made anew only when one of these has changed. */
export function Still({
  of,
  children,
}: {
  readonly of: readonly unknown[];
  readonly children: () => ComponentChildren;
}) {
  return <>{useMemo(children, of)}</>;
}

function Numbers({ head, rows, title }: Table & { readonly title: string }) {
  return (
    // A wide table scrolls in its own box, which the keyboard must reach.
    // biome-ignore lint/a11y/noNoninteractiveTabindex: a scrolling region
    <section class="numbers" tabIndex={0} aria-label={`${title}, as a table`}>
      <table>
        <thead>
          <tr>
            {head.map((cell) => (
              <th key={cell} scope="col">
                {cell}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {rows.map((row) => (
            <tr key={row.join()}>
              {row.map((cell, i) => (
                <td key={head[i]}>{cell}</td>
              ))}
            </tr>
          ))}
        </tbody>
      </table>
    </section>
  );
}
