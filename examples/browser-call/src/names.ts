const COLORS = [
  "amber", "ash", "azure", "black", "blue", "bronze", "brown", "coral", "crimson", "cyan", "golden", "green", "grey", "indigo",
  "ivory", "jade", "lilac", "lime", "mint", "olive", "orange", "pink", "purple", "red", "ruby", "scarlet", "silver", "teal",
  "violet", "white", "yellow", "umber",
];
const BIRDS = [
  "auk", "crane", "crow", "curlew", "dove", "duck", "dunlin", "eagle", "eider", "falcon", "finch", "gannet", "goose", "gull",
  "hawk", "heron", "kite", "lark", "magpie", "martin", "owl", "petrel", "plover", "puffin", "raven", "robin", "stork", "swan",
  "swift", "tern", "thrush", "wren",
];

/** The room of a page that was opened without one. */
export const DEMO_ROOM = "demo";

/** Returns a random name such as "Teal heron". */
export function personName(): string {
  const name = `${pick(COLORS)} ${pick(BIRDS)}`;
  return name.charAt(0).toUpperCase() + name.slice(1);
}

/** Returns a room name that can be read aloud and not be guessed: four words and four digits, 33 random bits. */
export function roomName(): string {
  const digits = String(random() % 10_000).padStart(4, "0");
  return [pick(COLORS), pick(BIRDS), pick(COLORS), pick(BIRDS), digits].join("-");
}

/** Returns the one or two initials of a name. */
export function initials(name: string): string {
  const words = name.split(/\s+/).filter(Boolean);
  return words.slice(0, 2).map((word) => word.charAt(0).toUpperCase()).join("") || "?";
}

/** Returns which of `count` flags a peer gets: the one that its id chooses, or the next that is not taken. */
export function flagOf(peerId: string, count: number, taken: ReadonlySet<number>): number {
  let sum = 0;
  for (const char of peerId) sum = (sum * 31 + char.charCodeAt(0)) >>> 0;
  for (let step = 0; step < count; step += 1) {
    const flag = (sum + step) % count;
    if (!taken.has(flag)) return flag;
  }
  return sum % count;
}

function pick(words: readonly string[]): string {
  return words[random() % words.length] as string;
}

function random(): number {
  const [number = 0] = crypto.getRandomValues(new Uint32Array(1));
  return number;
}
