/** What a page reports to its session. */
export interface PageSignals {
  /** The network or the page came back: check at once whether the connection is alive. */
  wake(networkChanged: boolean): void;
  /** The page is hidden: it may be stopped, or discarded, without a further sign. */
  hidden(): void;
  /** The page is being unloaded for good. */
  gone(): void;
}

/** The browser globals this needs; tests replace them. */
export interface PageGlobals {
  window?: EventTarget | undefined;
  document?: (EventTarget & { visibilityState: string }) | undefined;
}

/**
 * Watches the page of a session. Browsers throttle the timers of background pages and stop those of frozen ones, so when the
 * page or its network comes back the connection is checked. Outside a browser nothing is watched. Returns a function that
 * stops watching.
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
    // A page in the back/forward cache may return.
    if ((event as PageTransitionEvent).persisted) signals.hidden();
    else signals.gone();
  });
  listen(document, "visibilitychange", () => {
    if (document?.visibilityState === "visible") signals.wake(false);
    else signals.hidden();
  });
  listen(document, "freeze", () => signals.hidden());
  listen(document, "resume", () => signals.wake(true));
  return () => stop.abort();
}
