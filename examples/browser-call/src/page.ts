/** The element a selector names; the page and the scripts are made for each other. */
export function find<T extends Element = HTMLElement>(selector: string, within: ParentNode = document): T {
  const element = within.querySelector<T>(selector);
  if (!element) throw new Error(`the page has no ${selector}`);
  return element;
}

/** Milliseconds a notice stays. */
const NOTICE_MS = 6_000;
let hiding: ReturnType<typeof setTimeout> | undefined;

/** Says something above the controls, for a while. */
export function notice(text: string): void {
  const element = find("#notice");
  element.textContent = text;
  element.hidden = false;
  clearTimeout(hiding);
  hiding = setTimeout(() => (element.hidden = true), NOTICE_MS);
}

/** Where the session stands, for the header and the style sheet. */
export function showState(state: "connected" | "reconnecting" | "closed", text: string): void {
  document.body.dataset["state"] = state;
  find("#status-text").textContent = text;
}

/** The end: what happened, and a button to come back. */
export function showEnd(title: string, text: string): void {
  showState("closed", "Not connected");
  find("#end-title").textContent = title;
  find("#end-text").textContent = text;
  find("#end").hidden = false;
}

/** Buttons that copy the page's link. */
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
