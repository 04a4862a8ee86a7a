/** The parts of jStat that the simulator uses: the package has no types of its own. */
declare module "jstat" {
  const jStat: {
    /** Γ(x); relative error about 1e-8. */
    gammafn(x: number): number;
    readonly studentt: {
      /** The p-quantile of Student's t with so many degrees of freedom. */
      inv(p: number, freedom: number): number;
    };
  };
  export default jStat;
}
