// The package's single-file build: the same library as "mathjs", without the two thousand module files that make
// importing the latter take over a second in Node.
declare module "mathjs/lib/browser/math.js" {
  const mathjs: typeof import("mathjs");
  export default mathjs;
}
