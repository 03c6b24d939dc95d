// Calls of a backend, over REST.
import type { Fields } from "./scenario.js";

/** Makes the call named by the `method` of the step. Returns the reason if the server refused it. */
export async function call(url: string, step: Fields, peer: (name: string) => string): Promise<string | undefined> {
  const method = step.text("method");
  const room = step.text("room");
  const path = `${url}/v1/rooms/${encodeURIComponent(room)}`;
  switch (method) {
    case "CreateRoom":
      return send("POST", `${url}/v1/rooms`, { room, maxMembers: step.numberOr("maxMembers", 0) });
    case "UpdateRoom":
      return send("PATCH", path, { displayName: step.text("displayName") });
    case "EndRoom":
      return send("DELETE", path);
    case "RemoveMember": {
      const member = `${path}/members/${encodeURIComponent(peer(step.text("peer")))}`;
      return send("DELETE", step.flagOr("ban", false) ? `${member}?ban=true` : member);
    }
    case "SendToRoom": {
      const to = peer(step.textOr("to", ""));
      return send("POST", `${path}:send`, { envelope: { to, ...step.objectOr("payload", {}) } });
    }
    default:
      throw new Error(`RoomService has no method "${method}" here`);
  }
}

async function send(method: string, url: string, body?: object): Promise<string | undefined> {
  const headers = { "content-type": "application/json" };
  const response = await fetch(url, { method, headers, ...(body && { body: JSON.stringify(body) }) });
  if (response.ok) return undefined;
  const { details } = (await response.json()) as { details?: ReadonlyArray<{ reason?: string }> };
  return details?.find(({ reason }) => reason)?.reason ?? `HTTP ${response.status}`;
}
