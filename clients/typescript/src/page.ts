/** What the page around a session says. */
export interface PageSignals {
  /** The network or the page came back: look at once whether the connection still lives. */
  wake(networkChanged: boolean): void;
  /** The page is gone for good. */
  gone(): void;
}

/** The parts of a browser's globals this needs; a test passes its own. */
export interface PageGlobals {
  window?: EventTarget | undefined;
  document?: (EventTarget & { visibilityState: string }) | undefined;
}

/**
 * Watches the page a session lives in. Timers of background pages are throttled and those of frozen ones stop, so the
 * moments at which a page or its network comes back are worth a look. Outside a browser nothing is watched.
 */
export function watchPage(signals: PageSignals, globals: PageGlobals = globalThis): () => void {
  const stop = new AbortController();
  const { window, document } = globals;
  const listen = (target: EventTarget | undefined, type: string, listener: (event: Event) => void) =>
    target?.addEventListener?.(type, listener, { signal: stop.signal });

  listen(window, "online", () => signals.wake(true));
  listen(window, "pageshow", (event) => {
    if ((event as PageTransitionEvent).persisted) signals.wake(true);
  });
  listen(window, "pagehide", (event) => {
    // A page that goes into the back/forward cache may return.
    if (!(event as PageTransitionEvent).persisted) signals.gone();
  });
  listen(document, "visibilitychange", () => {
    if (document?.visibilityState === "visible") signals.wake(false);
  });
  listen(document, "resume", () => signals.wake(true));
  return () => stop.abort();
}
