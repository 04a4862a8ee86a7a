export { shuffled } from "./shuffled.ts";
export { BLOCK, RandomStream } from "./stream.ts";
