// The page /docs: the signaling API from /docs/signaling.json and /docs/websocket.md, RoomService from /openapi.json.
import { el, inline, markdown } from "./markdown.js";
import { tryOperation, tryWebSocket } from "./try.js";

const nameOf = (ref) => ref.split("/").pop();
const byId = (id) => document.getElementById(id);

/** A type in words, with links to the messages it names. */
function type(schema) {
  if (schema.$ref) return messageLink(nameOf(schema.$ref));
  if (schema.type === "array") return el("span", {}, "list of ", type(schema.items));
  if (schema.additionalProperties) return el("span", {}, "map of ", type(schema.additionalProperties));
  return el("span", {}, schema.format ?? (schema.contentEncoding ? "base64" : schema.type));
}

const messageLink = (name) => el("a", { href: `#message-${name}` }, name);

function table(rows) {
  const lines = rows.map(([name, kind, text]) =>
    el(
      "tr",
      {},
      el("th", { scope: "row" }, el("code", {}, name)),
      el("td", { class: "type" }, kind),
      el("td", {}, ...markdown(text ?? "")),
    ),
  );
  return lines.length ? el("div", { class: "wide" }, el("table", {}, el("tbody", {}, ...lines))) : null;
}

/** A call that can be pasted into a terminal. */
function curl(method, path, body) {
  const url = location.origin + path.replace("{room}", "demo").replace("{peer_id}", "PEER_ID");
  const verb = method === "get" || (method === "post" && body) ? "" : `-X ${method.toUpperCase()} `;
  return `curl ${path.endsWith(":watch") ? "-N " : ""}${verb}${body ? `--json '${body}' ` : ""}${url}`;
}

const BODIES = {
  CreateRoomRequest: '{"room": "demo"}',
  UpdateRoomRequest: '{"displayName": "Demo"}',
  SendToRoomRequest: '{"envelope": {"message": {"text": "hello"}}}',
};

function operation(path, method, described) {
  const schema = described.requestBody?.content["application/json"].schema;
  const body = schema && BODIES[nameOf(schema.$ref)];
  const parameters = described.parameters.map((p) => [p.name, type(p.schema), p.description]);
  const answers = Object.entries(described.responses).map(([status, answer]) => {
    const content = Object.values(answer.content)[0].schema;
    return [status, type(content), answer.description];
  });
  return el(
    "article",
    { id: described.operationId },
    el("h3", {}, el("span", { class: `method ${method}` }, method.toUpperCase()), " ", el("code", {}, path)),
    ...markdown(described.description),
    parameters.length ? el("h4", {}, "Parameters") : null,
    table(parameters),
    schema ? el("p", {}, "Body: ", type(schema)) : null,
    el("pre", {}, curl(method, path, body)),
    tryOperation(method, path, described.parameters, body),
    el("details", {}, el("summary", {}, "Answers"), table(answers)),
  );
}

function rpc(service, method) {
  const stream = (streams) => (streams ? "stream of " : "");
  return el(
    "article",
    { id: `${service}.${method.name}` },
    el("h3", {}, el("code", {}, method.name)),
    el(
      "p",
      { class: "type" },
      stream(method.clientStreaming),
      messageLink(method.request),
      " → ",
      stream(method.serverStreaming),
      messageLink(method.response),
    ),
    ...markdown(method.description),
  );
}

function message(name, schema) {
  const rows = Object.entries(schema.properties ?? {}).map(([field, of]) => [field, type(of), of.description]);
  return el(
    "details",
    { id: `message-${name}` },
    el("summary", {}, el("code", {}, name)),
    ...markdown(schema.description ?? ""),
    table(rows),
  );
}

/** Adds a heading to the contents, and what is below it. */
function contents(id, title, entries = []) {
  const links = entries.map(([to, label]) => el("li", {}, el("a", { href: `#${to}` }, ...inline(label))));
  byId("contents").append(el("p", {}, el("a", { href: `#${id}` }, title)), el("ul", {}, ...links));
}

/** A link to a message opens it. */
function openTarget() {
  const target = byId(decodeURIComponent(location.hash.slice(1)));
  if (!target) return;
  if (target instanceof HTMLDetailsElement) target.open = true;
  target.scrollIntoView();
}

async function read(path, as) {
  const answer = await fetch(path);
  if (!answer.ok) throw new Error(`${path}: the server answered ${answer.status}`);
  return answer[as]();
}

async function show() {
  const [api, signaling, websocket] = await Promise.all([
    read("/openapi.json", "json"),
    read("/docs/signaling.json", "json"),
    read("/docs/websocket.md", "text"),
  ]);
  const host = location.host;

  contents("websocket", "Signaling over WebSocket");
  const socketUrl = location.origin.replace(/^http/, "ws");
  byId("websocket").append(
    ...markdown(websocket.replaceAll("ws://HOST", socketUrl).replaceAll("ws://localhost:8080", socketUrl), 2),
    tryWebSocket(socketUrl),
  );

  const service = signaling.services[0];
  contents("grpc", "Signaling over gRPC", service.methods.map(({ name }) => [`${service.name}.${name}`, name]));
  const plain = location.protocol === "https:" ? "" : "-plaintext ";
  byId("grpc").append(
    el("h2", {}, "Signaling over gRPC"),
    el("p", {}, "Service ", el("code", {}, `wigwag.v1.${service.name}`), ", over gRPC and gRPC-Web. Messages are protobuf."),
    ...markdown(service.description),
    el(
      "pre",
      {},
      `grpcurl ${plain}${host} describe wigwag.v1.${service.name}\n` +
        `grpcurl ${plain}-d '{"join": {"room": "demo"}}' ${host} wigwag.v1.${service.name}/Signal`,
    ),
    ...service.methods.map((method) => rpc(service.name, method)),
  );

  const operations = Object.entries(api.paths).flatMap(([path, methods]) =>
    Object.entries(methods).map(([method, described]) => ({ path, method, described })),
  );
  contents("rest", "RoomService over REST", operations.map(({ described: { operationId } }) => [operationId, operationId]));
  byId("rest").append(
    el("h2", {}, "RoomService over REST"),
    ...markdown(api.info.description),
    el("p", {}, "The same calls are ", el("code", {}, "wigwag.v1.RoomService"), " over gRPC and gRPC-Web. ",
      el("a", { href: "/openapi.json" }, "/openapi.json"), " describes them in OpenAPI 3.1."),
    ...operations.map(({ path, method, described }) => operation(path, method, described)),
  );

  const schemas = { ...signaling.schemas, ...api.components.schemas };
  contents("messages", "Messages");
  byId("messages").append(
    el("p", {}, "In protobuf JSON: over a WebSocket with ", el("code", {}, "wigwag.v1.json"), ", and over REST."),
    ...Object.keys(schemas).sort().map((name) => message(name, schemas[name])),
  );
  openTarget();
}

addEventListener("hashchange", openTarget);
show().catch((error) => {
  const problem = byId("problem");
  problem.textContent = `The description could not be read: ${error.message}`;
  problem.hidden = false;
});
