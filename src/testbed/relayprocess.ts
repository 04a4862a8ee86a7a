/** Runs in a process of its own: the shaping relay of one link, told by messages what to let through. */
import { type Shape, type ShapingRelay, startRelay } from "./shaper.ts";

export interface RelayStart {
  readonly target: { readonly host: string; readonly port: number };
}
export interface RelayShape {
  readonly there: Shape;
  readonly back: Shape;
}

let relay: ShapingRelay | undefined;

process.on("disconnect", () => process.exit(0));
for (const signal of ["SIGINT", "SIGTERM"] as const) process.on(signal, () => {});
process.on("message", async (message: RelayStart | RelayShape) => {
  if ("target" in message) {
    relay = await startRelay(message.target);
    process.send!({ ready: { port: relay.port } });
  } else {
    relay!.shape(message.there, message.back);
    process.send!({ done: true });
  }
});
