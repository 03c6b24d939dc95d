/** Returns the element for a selector. Throws if the page does not have it. */
export function find<T extends Element = HTMLElement>(selector: string, within: ParentNode = document): T {
  const element = within.querySelector<T>(selector);
  if (!element) throw new Error(`the page has no ${selector}`);
  return element;
}

/** Milliseconds that a notice is shown. */
const NOTICE_MS = 6_000;
let hiding: ReturnType<typeof setTimeout> | undefined;

/** Shows a notice above the controls for some seconds. */
export function notice(text: string): void {
  const element = find("#notice");
  element.textContent = text;
  element.hidden = false;
  clearTimeout(hiding);
  hiding = setTimeout(() => (element.hidden = true), NOTICE_MS);
}

/** Shows the state of the session in the header, and sets it for the style sheet. */
export function showState(state: "connected" | "reconnecting" | "closed", text: string): void {
  document.body.dataset["state"] = state;
  find("#status-text .state").textContent = text;
}

/** Shows why the call ended, with a button to join again. */
export function showEnd(title: string, text: string): void {
  showState("closed", "Not connected");
  find("#end-title").textContent = title;
  find("#end-text").textContent = text;
  find("#end").hidden = false;
}

/** Makes buttons copy the page's link. */
export function offerLink(buttons: Iterable<HTMLButtonElement>): void {
  for (const button of buttons) {
    button.addEventListener("click", async () => {
      try {
        await navigator.clipboard.writeText(location.href);
        const label = find(".copy-text", button);
        label.textContent = "Copied";
        button.dataset["copied"] = "";
        setTimeout(() => {
          label.textContent = "Copy link";
          delete button.dataset["copied"];
        }, 2_000);
      } catch {
        notice(`Copy this link: ${location.href}`);
      }
    });
  }
}
