import type { ClientFrameJson } from "./gen/wigwag/v1/frame_pb.js";

/** The body of a client frame: the frame without its numbers. */
export type ClientBody = Omit<ClientFrameJson, "seq" | "ack">;
