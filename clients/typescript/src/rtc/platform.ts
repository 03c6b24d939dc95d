import { WigwagError } from "../error.js";

/** Makes connections: the browser's `RTCPeerConnection`, or one like it. */
export type RTCPeerConnectionConstructor = new (configuration?: RTCConfiguration) => RTCPeerConnection;

/** The constructor to use: the given one, else the platform's own. */
export function peerConnectionConstructor(given: RTCPeerConnectionConstructor | undefined): RTCPeerConnectionConstructor {
  const found = given ?? (globalThis as { RTCPeerConnection?: RTCPeerConnectionConstructor }).RTCPeerConnection;
  if (found) return found;
  throw new WigwagError("there is no RTCPeerConnection here: pass one as the option RTCPeerConnection", {
    code: "FAILED_PRECONDITION",
    reason: "UNSUPPORTED",
  });
}
