import { type Markup, markup } from "./markup.ts";

/** What the numbers leave out, said where they are shown. */
export function limits(): Markup {
  return markup`<ul>
<li><b>Intervals</b> hold the sampling error of the profile's measurements, and nothing else: not the error of the cost
model, nor of what is assumed about tiers and links.</li>
<li><b>Speeds of tiers</b> are stated in the topology. Where a tier is not the profiled host, its times are the
profiled times, scaled by what is stated there.</li>
<li><b>Links</b> carry their stated bandwidth and delay, steadily and for this request alone.</li>
<li><b>Load</b> is one request at a time. Queues, batching and contention lengthen these latencies.</li>
<li><b>Cuts</b> are those of the graph in the profile; a codec that rounds numbers can change what the model
answers.</li>
</ul>`;
}
