/** A piece of HTML, as opposed to text that is yet to be escaped. */
export class Markup {
  constructor(readonly source: string) {}
}

type Value = string | number | Markup | readonly Markup[];

/**
 * HTML from a template. Whatever is put into it is escaped unless it is markup itself: model and tensor names come
 * from files and can hold anything.
 */
export function markup(strings: TemplateStringsArray, ...values: readonly Value[]): Markup {
  return new Markup(strings.reduce((source, string, index) => source + asSource(values[index - 1] ?? "") + string));
}

/** JSON to stand in a script element: no text in it can end the element or open a comment. */
export function json(value: unknown): Markup {
  return new Markup(JSON.stringify(value).replaceAll("<", "\\u003c"));
}

/**
 * JavaScript to stand in a script element. `<\/script` and `<\!--` mean the same inside strings and expressions; the
 * address of a source map would have a debugger look for a file that is not there.
 */
export function javaScript(source: string): Markup {
  return new Markup(
    source
      .replace(/\n?\/\/# sourceMappingURL=.*/g, "")
      .replace(/<\/(?=script)/gi, "<\\/")
      .replaceAll("<!--", "<\\!--"),
  );
}

function asSource(value: Value): string {
  if (value instanceof Markup) return value.source;
  if (typeof value === "object") return value.map(({ source }) => source).join("");
  return String(value).replace(/[&<>"']/g, (character) => `&#${character.charCodeAt(0)};`);
}
