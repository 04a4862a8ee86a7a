import type { HostSpec } from "./network.ts";

/** A station as its host sees it. */
export interface Tenant {
  /** Cores that its jobs would burn if there were enough. */
  readonly demand: number;
  /** Brings its jobs up to the present, at the share that they have had. */
  settle(): void;
  /** Foresees what happens next, at the share that there is now. */
  plan(): void;
}

/** A machine that several stations run on. */
export class Host {
  readonly #cores: number;
  readonly #tenants: Tenant[] = [];
  #share = 1;

  constructor({ cores }: HostSpec) {
    this.#cores = cores;
  }

  /** Of a core, for each core that jobs would burn: at most 1. */
  get share(): number {
    return this.#share;
  }

  add(tenant: Tenant): void {
    this.#tenants.push(tenant);
  }

  /** The jobs of a tenant, which is settled, are others now: it and, where shares change, all others plan anew. */
  changed(tenant: Tenant): void {
    let demand = 0;
    for (const one of this.#tenants) demand += one.demand;
    const share = demand > this.#cores ? this.#cores / demand : 1;
    if (share === this.#share) {
      tenant.plan();
      return;
    }
    for (const one of this.#tenants) if (one !== tenant) one.settle();
    this.#share = share;
    for (const one of this.#tenants) one.plan();
  }
}
