import { WigwagError } from "../error.js";

/** The constructor of connections: the browser's `RTCPeerConnection`, or a compatible one. */
export type RTCPeerConnectionConstructor = new (configuration?: RTCConfiguration) => RTCPeerConnection;

/** Returns the given constructor, or the platform's. */
export function peerConnectionConstructor(given: RTCPeerConnectionConstructor | undefined): RTCPeerConnectionConstructor {
  const found = given ?? (globalThis as { RTCPeerConnection?: RTCPeerConnectionConstructor }).RTCPeerConnection;
  if (found) return found;
  throw new WigwagError("this platform has no RTCPeerConnection: pass one as the option RTCPeerConnection", {
    code: "FAILED_PRECONDITION",
    reason: "UNSUPPORTED",
  });
}
