import type { Profile } from "../formats/profile.ts";
import type { Topology } from "../formats/topology.ts";

/**
 * What the page carries with it, in a script element: profiles, each as gzip in base64, as they shrink to an eighth, and
 * topologies.
 */
export interface Embedded {
  readonly profiles: readonly string[];
  readonly topologies: readonly Topology[];
}

/** Id of the element that holds it. */
export const ELEMENT = "tierwise-data";

const CONTENT = new RegExp(`(<script[^>]*id="${ELEMENT}"[^>]*>)([^<]*)(</script>)`);

/** The page with this in it, in place of what it carried before; what is left out stays. */
export function embed(page: string, data: Partial<Embedded>): string {
  if (!CONTENT.test(page)) throw new Error(`the page has no element ${ELEMENT}`);
  return page.replace(CONTENT, (_, before: string, content: string, after: string) => {
    const carried = { ...(JSON.parse(content) as Embedded), ...data };
    // No text in the JSON can end the element.
    return before + JSON.stringify(carried).replaceAll("<", "\\u003c") + after;
  });
}

/** The profile as the page carries it. `gzip` compresses. */
export function packed(profile: Profile, gzip: (text: string) => Uint8Array): string {
  let binary = "";
  for (const byte of gzip(JSON.stringify(profile))) binary += String.fromCharCode(byte);
  return btoa(binary);
}

/** The profile again. */
export async function unpacked(profile: string): Promise<Profile> {
  const bytes = Uint8Array.from(atob(profile), (character) => character.charCodeAt(0));
  const stream = new Blob([bytes]).stream().pipeThrough(new DecompressionStream("gzip"));
  return JSON.parse(await new Response(stream).text()) as Profile;
}
