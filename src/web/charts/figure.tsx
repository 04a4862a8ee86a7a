import type { ComponentChildren } from "preact";
import { useLayoutEffect, useRef, useState } from "preact/hooks";

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
        {width > 0 && children(width)}
      </div>
      {note !== undefined && <p class="note">{note}</p>}
      <details onToggle={(event) => setOpen(event.currentTarget.open)}>
        <summary>As a table</summary>
        {open && <Numbers {...table()} title={title} />}
      </details>
    </figure>
  );
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
