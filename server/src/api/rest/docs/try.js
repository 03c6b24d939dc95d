// Forms that make the calls the page describes.
import { el } from "./markdown.js";

/** Longest text that is shown of a stream. */
const MAX_SHOWN = 64 * 1024;

/** A form for one operation of the REST API. */
export function tryOperation(method, path, parameters, body) {
  const inputs = parameters.map((parameter) => {
    const input = el("input", {
      name: parameter.name,
      placeholder: parameter.schema.type ?? "",
      ...(parameter.in === "path" && { required: "" }),
    });
    if (parameter.name === "room" && parameter.in === "path") input.value = "demo";
    return { parameter, input };
  });
  const text = body === undefined ? null : el("textarea", { rows: "3", spellcheck: "false", "aria-label": "Body" }, body);
  const output = el("pre", { class: "answer", "aria-live": "polite", hidden: "" });
  const send = el("button", { type: "submit" }, "Send");
  const stop = el("button", { type: "button", hidden: "" }, "Stop");
  const fields = inputs.map(({ parameter, input }) => el("label", {}, el("code", {}, parameter.name), input));
  const form = el("form", {}, ...fields, text, el("p", { class: "buttons" }, send, stop));

  const show = (content) => {
    output.hidden = false;
    output.textContent = content;
  };
  let running;
  stop.addEventListener("click", () => running?.abort());
  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    running?.abort();
    const { signal } = (running = new AbortController());
    stop.hidden = false;
    show("…");
    try {
      const answer = await fetch(url(path, inputs), {
        method: method.toUpperCase(),
        signal,
        ...(text?.value.trim() && { body: text.value, headers: { "content-type": "application/json" } }),
      });
      const head = `HTTP ${answer.status} ${answer.statusText}\n`;
      if (answer.headers.get("content-type")?.startsWith("text/event-stream")) await follow(answer, head, show);
      else show(head + pretty(await answer.text()));
    } catch (error) {
      if (!signal.aborted) show(`The call failed: ${error.message}`);
    } finally {
      if (running?.signal === signal) stop.hidden = true;
    }
  });
  return el("details", { class: "try" }, el("summary", {}, "Try it"), form, output);
}

function url(path, inputs) {
  const query = new URLSearchParams();
  let target = path;
  for (const { parameter, input } of inputs) {
    const value = input.value.trim();
    // The path ends in a verb, which the name must not look like.
    if (parameter.in === "path") target = target.replace(`{${parameter.name}}`, encodeURIComponent(value));
    else if (value !== "") query.set(parameter.name, value);
  }
  return query.size > 0 ? `${target}?${query}` : target;
}

/** Shows a stream as it arrives, and its end when it is long. */
async function follow(answer, head, show) {
  let shown = "";
  const reader = answer.body.pipeThrough(new TextDecoderStream()).getReader();
  for (;;) {
    const { done, value } = await reader.read();
    if (done) return;
    shown = (shown + value).slice(-MAX_SHOWN);
    show(head + shown);
  }
}

function pretty(text) {
  try {
    return JSON.stringify(JSON.parse(text), null, 2);
  } catch {
    return text;
  }
}

/** A WebSocket whose frames can be read and written by hand. */
export function tryWebSocket(base) {
  const log = el("pre", { class: "answer", "aria-live": "polite", hidden: "" });
  const frame = el("textarea", { rows: "2", spellcheck: "false", "aria-label": "Frame" }, '{"join": {"room": "demo", "displayName": "Ada"}}');
  const connect = el("button", { type: "button" }, "Connect");
  const send = el("button", { type: "submit", disabled: "" }, "Send");
  const form = el("form", {}, frame, el("p", { class: "buttons" }, connect, send));
  let socket;

  const line = (mark, text) => {
    log.hidden = false;
    log.textContent = `${log.textContent}${mark} ${text}\n`.slice(-MAX_SHOWN);
    log.scrollTop = log.scrollHeight;
  };
  connect.addEventListener("click", () => {
    if (socket) {
      socket.close(1000);
      return;
    }
    const opened = (socket = new WebSocket(`${base}/v1/signal`, "wigwag.v1.json"));
    connect.textContent = "Close";
    opened.addEventListener("open", () => {
      line("·", "open");
      send.disabled = false;
    });
    opened.addEventListener("message", ({ data }) => {
      line("←", data);
      if (JSON.parse(data).ping) opened.send('{"pong": {}}');
    });
    opened.addEventListener("close", ({ code, reason }) => {
      line("·", `closed: ${code} ${reason}`);
      socket = undefined;
      send.disabled = true;
      connect.textContent = "Connect";
    });
  });
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    if (socket?.readyState !== WebSocket.OPEN) return;
    socket.send(frame.value);
    line("→", frame.value);
  });
  return el("details", { class: "try" }, el("summary", {}, "Try it"), form, log);
}
