import { create, createUnitDependencies, unitDependencies } from "mathjs";

/** What src/units takes of mathjs, module by module, so that the bundler leaves the rest out. */
export default { create, createUnitDependencies, unitDependencies };
