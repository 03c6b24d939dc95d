import { WigwagError } from "./error.js";

/**
 * Throws INVALID_FIELD if a text in the value, or a key, has half of a UTF-16 surrogate pair: half of an emoji, as
 * `text.slice(0, 10)` may leave it. Such a text has no UTF-8 form, so no transport can carry it unchanged.
 */
export function requireWellFormed(value: unknown, path = ""): void {
  if (typeof value === "string") {
    if (!isWellFormed(value)) throw notWellFormed(path, value.search(/\p{Surrogate}/u));
    return;
  }
  if (typeof value !== "object" || value === null) return;
  for (const [key, inner] of Object.entries(value)) {
    if (!isWellFormed(key)) throw notWellFormed(path, key.search(/\p{Surrogate}/u));
    requireWellFormed(inner, path === "" ? key : `${path}.${key}`);
  }
}

function isWellFormed(text: string): boolean {
  const { isWellFormed: builtIn } = text as { isWellFormed?: () => boolean };
  // Some supported browsers do not have it. With the flag `u` only unpaired surrogates match.
  return builtIn ? builtIn.call(text) : !/\p{Surrogate}/u.test(text);
}

function notWellFormed(field: string, at: number): WigwagError {
  const what = `${field} has half of a UTF-16 surrogate pair at index ${at}`;
  return new WigwagError(`${what}: send whole characters, for instance text.toWellFormed()`, {
    code: "INVALID_ARGUMENT",
    reason: "INVALID_FIELD",
    metadata: { field },
    advice: "stop",
  });
}
