/** A resource that components share, and how many of them use it. */
interface Resource<T> {
  readonly value: T;
  readonly end: (value: T) => void;
  users: number;
  ending: ReturnType<typeof setTimeout> | undefined;
}

/**
 * Resources that exist while a component uses them: created for the first one, shared by all, and ended after the last. Ending
 * waits for the next turn of the event loop, so that a component that unmounts and mounts again at once (StrictMode) keeps it.
 */
export class SharedResources<Owner extends object, T> {
  readonly #resources = new WeakMap<Owner, Map<string, Resource<T>>>();

  /** Returns the resource of that name, created by `make` if there is none, and a function that releases it. */
  take(owner: Owner, name: string, make: () => T, end: (value: T) => void): [T, () => void] {
    let named = this.#resources.get(owner);
    if (!named) this.#resources.set(owner, (named = new Map()));
    let resource = named.get(name);
    if (!resource) named.set(name, (resource = { value: make(), end, users: 0, ending: undefined }));
    resource.users += 1;
    clearTimeout(resource.ending);
    const taken = resource;
    let released = false;
    const release = () => {
      if (released) return;
      released = true;
      taken.users -= 1;
      if (taken.users > 0) return;
      taken.ending = setTimeout(() => {
        this.drop(owner, name, taken.value);
        taken.end(taken.value);
      });
    };
    return [taken.value, release];
  }

  /** Removes a resource that has ended, so that the next component gets a new one. */
  drop(owner: Owner, name: string, value: T): void {
    const named = this.#resources.get(owner);
    if (named?.get(name)?.value === value) named.delete(name);
  }
}
