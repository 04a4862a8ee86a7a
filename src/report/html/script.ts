/**
 * Draws the charts anew with tooltips, in place of the static pictures. On a phone, where there is nothing to hover
 * with, the pictures stay. Expressions are interpreted (`ast`), because the page's policy forbids making code of text.
 */
export const SCRIPT = `
const wide = matchMedia("(min-width: 760px)");
const specs = JSON.parse(document.getElementById("specs").textContent);
async function enliven() {
  if (!wide.matches) return;
  for (const name of Object.keys(specs)) {
    const spec = specs[name];
    delete specs[name];
    const live = document.createElement("div");
    try {
      await vegaEmbed(live, spec, { mode: "vega-lite", renderer: "svg", ast: true, actions: false });
      document.querySelector("#" + name + " .wide").replaceChildren(live);
    } catch (error) {
      console.error(error);
    }
  }
}
wide.addEventListener("change", enliven);
enliven();
`;
