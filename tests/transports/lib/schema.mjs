// The messages of the API in protobuf-es, loaded from the descriptors that the server is built with.
import { readFileSync } from "node:fs";

import { createFileRegistry, fromBinary, fromJsonString, toJsonString } from "@bufbuild/protobuf";
import { FileDescriptorSetSchema } from "@bufbuild/protobuf/wkt";

const descriptors = readFileSync(new URL("../../../proto/src/generated/wigwag.v1.bin", import.meta.url));
const registry = createFileRegistry(fromBinary(FileDescriptorSetSchema, descriptors));

export const ClientFrame = registry.getMessage("wigwag.v1.ClientFrame");
export const ServerFrame = registry.getMessage("wigwag.v1.ServerFrame");

/** Returns what protobuf-es writes for the message in this text. */
export function canonical(schema, text) {
  return toJsonString(schema, fromJsonString(schema, text));
}
