// The messages of the API in protobuf-es, loaded from the descriptors that a server is built with.
import { readFileSync } from "node:fs";

import { createFileRegistry, fromBinary, fromJsonString, toJsonString } from "@bufbuild/protobuf";
import { FileDescriptorSetSchema } from "@bufbuild/protobuf/wkt";

/** Loads the frames of a version of the API from its descriptors. */
export function loadApi(path) {
  const registry = createFileRegistry(fromBinary(FileDescriptorSetSchema, readFileSync(path)));
  return {
    ClientFrame: registry.getMessage("wigwag.v1.ClientFrame"),
    ServerFrame: registry.getMessage("wigwag.v1.ServerFrame"),
  };
}

/** The API of this tree. */
export const API = loadApi(new URL("../../../proto/src/generated/wigwag.v1.bin", import.meta.url));

/** Returns what protobuf-es writes for the message in this text. Throws if a field of it is unknown. */
export function canonical(schema, text) {
  return toJsonString(schema, fromJsonString(schema, text));
}

/** Whether a message or one within it has a field that its descriptor does not have. */
export function hasUnknown(value) {
  if (typeof value !== "object" || value === null || value instanceof Uint8Array) return false;
  return (value.$unknown?.length ?? 0) > 0 || Object.values(value).some(hasUnknown);
}
