/** Columns of what is known of each request under way; a request is its row's number. */
export class Requests {
  /** Class and visit, as indices. */
  readonly kind: number[] = [];
  readonly visit: number[] = [];
  /** When it first came to the network, seconds. */
  readonly born: number[] = [];
  /** Retries so far. */
  readonly attempt: number[] = [];
  /** When it came to its station, and when its service began. */
  readonly entered: number[] = [];
  readonly started: number[] = [];
  /** Work left to do at its station, in the station's unit. */
  readonly work: number[] = [];
  /** The next of the same batch; −1 ends it. */
  readonly companion: number[] = [];
  readonly state: RequestState[] = [];
  /** The handle of its time-out; −1 where it has none. */
  readonly timeout: number[] = [];
  /** The user of a closed class; −1 in open ones. */
  readonly user: number[] = [];
  readonly #free: number[] = [];

  create(kind: number, born: number, attempt: number, user: number): number {
    const request = this.#free.pop() ?? this.kind.length;
    this.kind[request] = kind;
    this.visit[request] = 0;
    this.born[request] = born;
    this.attempt[request] = attempt;
    this.entered[request] = 0;
    this.started[request] = 0;
    this.work[request] = 0;
    this.companion[request] = -1;
    this.state[request] = RequestState.Underway;
    this.timeout[request] = -1;
    this.user[request] = user;
    return request;
  }

  free(request: number): void {
    this.#free.push(request);
  }
}

export enum RequestState {
  Waiting = 0,
  /** Being served or on its way. */
  Underway = 1,
  /** Given up, but still in a line or occupying a server. */
  Abandoned = 2,
}
