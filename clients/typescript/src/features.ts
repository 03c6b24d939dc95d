/**
 * Every feature by its name in `hello.features` and `welcome.features`, with the version that brought it; undefined if none
 * has yet. A test compares it with feature.proto.
 */
export const FEATURES = {
  envelope_hints: "0.2.0",
  negotiation: undefined,
  roster_parts: "0.2.0",
  token_expiring: "0.2.0",
  store_state: undefined,
} as const;

/** The name of a feature. */
export type FeatureName = keyof typeof FEATURES;

/** The features of this client. */
export const SUPPORTED: readonly FeatureName[] = ["envelope_hints", "roster_parts", "token_expiring"];
