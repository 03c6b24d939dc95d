const COLORS = ["amber", "coral", "crimson", "golden", "indigo", "ivory", "scarlet", "silver", "teal", "violet"];
const BIRDS = ["auk", "curlew", "dunlin", "eider", "gannet", "heron", "kittiwake", "petrel", "plover", "tern"];

/** Returns a random name such as "Teal heron". */
export function personName(): string {
  const name = `${pick(COLORS)} ${pick(BIRDS)}`;
  return name.charAt(0).toUpperCase() + name.slice(1);
}

/** Returns a room name that cannot be guessed: two words and 48 random bits. */
export function roomName(): string {
  const random = crypto.getRandomValues(new Uint8Array(6));
  const tail = [...random].map((byte) => byte.toString(16).padStart(2, "0")).join("");
  return `${pick(COLORS)}-${pick(BIRDS)}-${tail}`;
}

/** Returns the one or two initials of a name. */
export function initials(name: string): string {
  const words = name.split(/\s+/).filter(Boolean);
  return words.slice(0, 2).map((word) => word.charAt(0).toUpperCase()).join("") || "?";
}

/** Returns which of `count` flags a peer has; the same in every tab. */
export function flagOf(peerId: string, count: number): number {
  let sum = 0;
  for (const char of peerId) sum = (sum * 31 + char.charCodeAt(0)) >>> 0;
  return sum % count;
}

function pick(words: readonly string[]): string {
  const [random = 0] = crypto.getRandomValues(new Uint32Array(1));
  return words[random % words.length] as string;
}
