"use strict";

/** An element with children; texts are never read as HTML. */
function el(name, attributes, ...children) {
  const element = document.createElement(name);
  for (const [key, value] of Object.entries(attributes ?? {})) element.setAttribute(key, value);
  element.append(...children.filter((child) => child != null));
  return element;
}

const nameOf = (ref) => ref.split("/").pop();

/** A type in words, with links to the messages it names. */
function type(schema) {
  if (schema.$ref) return el("a", { href: `#schema-${nameOf(schema.$ref)}` }, nameOf(schema.$ref));
  if (schema.type === "array") return el("span", {}, "list of ", type(schema.items));
  if (schema.additionalProperties) return el("span", {}, "map of ", type(schema.additionalProperties));
  return el("span", {}, schema.format ?? (schema.contentEncoding ? "base64" : schema.type));
}

function table(rows) {
  const lines = rows.map(([name, kind, text]) =>
    el("tr", {}, el("th", { scope: "row" }, el("code", {}, name)), el("td", { class: "type" }, kind), el("td", {}, text ?? "")),
  );
  return lines.length ? el("table", {}, el("tbody", {}, ...lines)) : null;
}

/** A call that can be pasted into a terminal. */
function curl(method, path, body) {
  const url = location.origin + path.replace("{room}", "demo").replace("{peer_id}", "PEER_ID");
  const verb = method === "get" || (method === "post" && body) ? "" : `-X ${method.toUpperCase()} `;
  return `curl ${path.endsWith(":watch") ? "-N " : ""}${verb}${body ? `--json '${body}' ` : ""}${url}`;
}

const bodies = {
  CreateRoomRequest: '{"room": "demo"}',
  UpdateRoomRequest: '{"displayName": "Demo"}',
  SendToRoomRequest: '{"envelope": {"message": {"text": "hello"}}}',
};

function operation(path, method, described) {
  const schema = described.requestBody?.content["application/json"].schema;
  const parameters = described.parameters.map((p) => [p.name, type(p.schema), p.description]);
  const answers = Object.entries(described.responses).map(([status, answer]) => {
    const content = Object.values(answer.content)[0].schema;
    return [status, type(content), answer.description];
  });
  return el(
    "article",
    { id: described.operationId },
    el("h3", {}, el("span", { class: "method" }, method.toUpperCase()), el("code", {}, path)),
    el("p", {}, described.description),
    parameters.length ? el("h4", {}, "Parameters") : null,
    table(parameters),
    schema ? el("p", {}, "Body: ", type(schema)) : null,
    el("pre", {}, curl(method, path, schema && bodies[nameOf(schema.$ref)])),
    el("h4", {}, "Answers"),
    table(answers),
  );
}

function message(name, schema) {
  const rows = Object.entries(schema.properties ?? {}).map(([field, of]) => [field, type(of), of.description]);
  return el(
    "details",
    { id: `schema-${name}` },
    el("summary", {}, el("code", {}, name)),
    el("p", {}, schema.description ?? ""),
    table(rows),
  );
}

/** A link to a message opens it. */
function openTarget() {
  const target = document.getElementById(location.hash.slice(1));
  if (target instanceof HTMLDetailsElement) target.open = true;
}

async function show() {
  const answer = await fetch("/openapi.json");
  if (!answer.ok) throw new Error(`the server answered ${answer.status}`);
  const api = await answer.json();
  document.getElementById("about").textContent = api.info.description;
  for (const [path, methods] of Object.entries(api.paths)) {
    for (const [method, described] of Object.entries(methods)) {
      document.getElementById("operations").append(operation(path, method, described));
      document
        .getElementById("contents")
        .append(el("a", { href: `#${described.operationId}` }, `${method.toUpperCase()} ${path}: ${described.summary}`));
    }
  }
  for (const [name, schema] of Object.entries(api.components.schemas)) {
    document.getElementById("schemas").append(message(name, schema));
  }
  openTarget();
}

addEventListener("hashchange", openTarget);
show().catch((error) => {
  document.getElementById("about").textContent = `The description could not be read: ${error.message}`;
});
