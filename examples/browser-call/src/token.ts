import { find } from "./page.js";

/** Key in sessionStorage. */
const TOKEN_KEY = "wigwag-token";
/** A part of the hash: `#token=…`, or `#ROOM&token=…`. */
const IN_HASH = /(?:^|&)token=([^&]*)/;

/** The access token of this tab, for a server that requires one. A token in the hash is stored, and removed from the address. */
export function accessToken(): string | undefined {
  const hash = location.hash.slice(1);
  const [part, token] = IN_HASH.exec(hash) ?? [];
  if (part !== undefined && token !== undefined) {
    storeToken(decodeURIComponent(token));
    const rest = hash.replace(part, "");
    history.replaceState(history.state, "", rest === "" ? location.pathname + location.search : `#${rest}`);
  }
  return (sessionStorage[TOKEN_KEY] as string | undefined) || undefined;
}

/** Whether another token may help against a refusal with this reason. */
export function needsToken(reason: string): boolean {
  return reason.startsWith("TOKEN_") || reason === "FORBIDDEN";
}

/** Shows the field for a token at the end of a call, and starts again with what is entered. */
export function askForToken(): void {
  const form = find<HTMLFormElement>("#token-form");
  form.hidden = false;
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    storeToken(find<HTMLInputElement>("#token").value.trim());
    location.reload();
  });
}

function storeToken(token: string): void {
  sessionStorage[TOKEN_KEY] = token;
}
