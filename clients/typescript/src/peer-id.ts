/**
 * Compares two peer ids byte by byte in UTF-8, as the server and all other clients do. Returns a negative number if `a` sorts
 * first, a positive one if `b` does, 0 if they are equal. (`<` compares strings in UTF-16, which sorts differently.)
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
