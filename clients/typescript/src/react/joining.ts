/** A join that is waiting for its answer, or has got it. */
export interface Joining<T> {
  readonly joined: Promise<T>;
  /** Gives the join up while it waits. */
  readonly abort: AbortController;
  /** What was joined, as soon as there is an answer. */
  value: T | undefined;
}

/** Starts a join that can be given up. */
export function join<T>(start: (signal: AbortSignal) => Promise<T>): Joining<T> {
  const abort = new AbortController();
  const joined = start(abort.signal);
  const joining: Joining<T> = { joined, abort, value: undefined };
  joined.then(
    (value) => (joining.value = value),
    () => undefined,
  );
  return joining;
}

/**
 * Ends a join that no component uses any more. One that waits for its answer is aborted and not left afterwards: a component that
 * is mounted meanwhile joins again, and the later answer belongs to it.
 */
export function giveUp<T>({ abort, value }: Joining<T>, leave: (value: T) => Promise<void>): void {
  if (value === undefined) abort.abort();
  else void leave(value).catch(() => undefined);
}
