/**
 * Compares two peer ids byte by byte in UTF-8, as the server and every other client does: negative when `a` comes first,
 * positive when `b` does, 0 when they are the same. (Comparing strings with `<` compares UTF-16, which sorts differently.)
 */
export function comparePeerIds(a: string, b: string): number {
  const encoder = new TextEncoder();
  const [left, right] = [encoder.encode(a), encoder.encode(b)];
  for (let at = 0; at < Math.min(left.length, right.length); at += 1) {
    const difference = (left[at] as number) - (right[at] as number);
    if (difference !== 0) return difference;
  }
  return left.length - right.length;
}
