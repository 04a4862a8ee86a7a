/** Waits until the process is asked to end, in place of the program's own answer, which is to end at once. */
export function endAsked(): Promise<NodeJS.Signals> {
  return new Promise((resolve) => {
    for (const name of ["SIGINT", "SIGTERM"] as const) {
      process.removeAllListeners(name);
      process.once(name, resolve);
    }
  });
}
