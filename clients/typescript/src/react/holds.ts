/** Something components share, and how many of them hold it. */
interface Hold<T> {
  readonly value: T;
  readonly end: (value: T) => void;
  holders: number;
  ending: ReturnType<typeof setTimeout> | undefined;
}

/**
 * What lives as long as a component needs it: made for the first one, shared by all, and ended after the last. The end waits
 * for the next turn, so that a component which goes and comes at once (StrictMode does that on purpose) finds it alive.
 */
export class Holds<Owner extends object, T> {
  readonly #holds = new WeakMap<Owner, Map<string, Hold<T>>>();

  /** Takes part in what has that name, made by `make` if need be. Returns it, and a function that lets it go. */
  take(owner: Owner, name: string, make: () => T, end: (value: T) => void): [T, () => void] {
    let named = this.#holds.get(owner);
    if (!named) this.#holds.set(owner, (named = new Map()));
    let hold = named.get(name);
    if (!hold) named.set(name, (hold = { value: make(), end, holders: 0, ending: undefined }));
    hold.holders += 1;
    clearTimeout(hold.ending);
    const held = hold;
    let gone = false;
    const letGo = () => {
      if (gone) return;
      gone = true;
      held.holders -= 1;
      if (held.holders > 0) return;
      held.ending = setTimeout(() => {
        this.drop(owner, name, held.value);
        held.end(held.value);
      });
    };
    return [held.value, letGo];
  }

  /** It is over by itself: whoever comes next gets another one. */
  drop(owner: Owner, name: string, value: T): void {
    const named = this.#holds.get(owner);
    if (named?.get(name)?.value === value) named.delete(name);
  }
}
