// The files of scenarios.
import { readdirSync, readFileSync } from "node:fs";
import { pathToFileURL } from "node:url";

/** The fields of a step or an event. */
export type Json = Readonly<Record<string, unknown>>;

/** A scenario. */
export interface Scenario {
  readonly title: string;
  /** What the scenario checks, for people. */
  readonly rules: readonly string[];
  /** Optional features the client needs. */
  readonly needs?: readonly string[];
  /** Settings of the server: `section.key`. */
  readonly server?: Json;
  readonly steps: readonly Json[];
}

/** WIGWAG_SCENARIOS is another folder, such as that of a release. */
const FOLDER = process.env["WIGWAG_SCENARIOS"]
  ? pathToFileURL(`${process.env["WIGWAG_SCENARIOS"]}/`)
  : new URL("../../../conformance/scenarios/", import.meta.url);

/** Reads all scenarios by the names of their files, sorted. */
export function scenarios(): ReadonlyMap<string, Scenario> {
  const files = readdirSync(FOLDER).filter((name) => name.endsWith(".json")).sort();
  return new Map(
    files.map((file) => [file.replace(/\.json$/, ""), JSON.parse(readFileSync(new URL(file, FOLDER), "utf8")) as Scenario]),
  );
}

/** Returns the server's settings as environment variables. */
export function environment({ server = {} }: Scenario): Record<string, string> {
  const name = (setting: string) => `WIGWAG_${setting.replaceAll(".", "__").toUpperCase()}`;
  return Object.fromEntries(
    Object.entries(server).map(([setting, value]) => [name(setting), typeof value === "string" ? value : JSON.stringify(value)]),
  );
}

/** Fields, each read once: a field left over at the end is an error in the scenario. */
export class Fields {
  readonly #left: Map<string, unknown>;

  constructor(fields: Json) {
    this.#left = new Map(Object.entries(fields));
  }

  text(name: string): string {
    return this.#must(name, this.textOr(name, undefined));
  }

  number(name: string): number {
    return this.#must(name, this.numberOr(name, undefined));
  }

  /** Returns a required list of texts. */
  names(name: string): string[] {
    return this.#must(name, this.namesOr(name, undefined));
  }

  /** Returns a required list of objects. */
  objects(name: string): Json[] {
    return this.#must(name, this.#take(name) as Json[] | undefined);
  }

  textOr<T>(name: string, otherwise: T): string | T {
    return this.#typed<string, T>(name, "string", otherwise);
  }

  numberOr<T>(name: string, otherwise: T): number | T {
    return this.#typed<number, T>(name, "number", otherwise);
  }

  flagOr<T>(name: string, otherwise: T): boolean | T {
    return this.#typed<boolean, T>(name, "boolean", otherwise);
  }

  objectOr<T>(name: string, otherwise: T): Json | T {
    return this.#typed<Json, T>(name, "object", otherwise);
  }

  namesOr<T>(name: string, otherwise: T): string[] | T {
    return this.#typed<string[], T>(name, "object", otherwise);
  }

  /** Returns one name or several as a list. */
  choice(name: string): readonly string[] | undefined {
    const value = this.#take(name);
    if (value === undefined) return undefined;
    return Array.isArray(value) ? (value as string[]) : [String(value)];
  }

  /** Fails if fields are left over. */
  end(): void {
    for (const name of this.#left.keys()) throw new Error(`no step of this kind has a field "${name}"`);
  }

  #take(name: string): unknown {
    const value = this.#left.get(name);
    this.#left.delete(name);
    return value;
  }

  #typed<V, T>(name: string, type: string, otherwise: T): V | T {
    const value = this.#take(name);
    if (value === undefined) return otherwise;
    if (typeof value !== type) throw new Error(`"${name}" is no ${type}`);
    return value as V;
  }

  #must<T>(name: string, value: T | undefined): T {
    if (value === undefined) throw new Error(`the step lacks "${name}"`);
    return value;
  }
}
