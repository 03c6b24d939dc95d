// Starts real proxies in front of a server, each on a free port of loopback, with a configuration as an operator would write
// it. docs/proxies.md shows the same settings.
import { execFileSync, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { connect, createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as pause } from "node:timers/promises";

/** Returns a port of loopback that was free a moment ago. */
async function freePort() {
  const server = createServer().listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address();
  server.close();
  await once(server, "close");
  return port;
}

/** Returns whether a port accepts connections. */
function accepts(port) {
  return new Promise((resolve) => {
    const socket = connect(port, "127.0.0.1");
    socket.once("connect", () => resolve(true)).once("error", () => resolve(false));
    socket.once("connect", () => socket.destroy());
  });
}

/**
 * The files and arguments of each proxy. `grpc` is its port for HTTP/2 and `web` the one for HTTP/1.1; with `onePort` it
 * serves both on the first.
 */
const PROXIES = {
  nginx: {
    program: "nginx",
    // HTTP/1.1 to the server for WebSocket and gRPC-Web, HTTP/2 for gRPC, by content type.
    files: ({ grpc, web }, server, dir) => ({
      "nginx.conf": `
        daemon off; master_process off; worker_processes 1; pid ${dir}/pid; error_log ${dir}/error.log warn;
        events { worker_connections 1024; }
        http {
          access_log off;
          client_body_temp_path ${dir}/body; proxy_temp_path ${dir}/proxy; fastcgi_temp_path ${dir}/f; uwsgi_temp_path ${dir}/u; scgi_temp_path ${dir}/s;
          map $http_upgrade $connection_upgrade { default upgrade; "" ""; }
          map $content_type $is_grpc { default 0; "application/grpc" 1; "application/grpc+proto" 1; }
          server {
            listen 127.0.0.1:${grpc} http2;
            client_max_body_size 0; grpc_read_timeout 1h; grpc_send_timeout 1h;
            location / { grpc_pass grpc://127.0.0.1:${server}; grpc_set_header X-Forwarded-For $remote_addr; }
          }
          server {
            listen 127.0.0.1:${web};
            location / {
              proxy_pass http://127.0.0.1:${server};
              proxy_http_version 1.1; proxy_set_header Host $http_host; proxy_read_timeout 1h;
              proxy_set_header Upgrade $http_upgrade; proxy_set_header Connection $connection_upgrade;
              proxy_set_header X-Forwarded-For $remote_addr;
            }
          }
        }`,
    }),
    args: (dir) => ["-c", `${dir}/nginx.conf`, "-p", dir, "-e", `${dir}/error.log`],
  },
  haproxy: {
    program: "haproxy",
    // With `send` it forwards TCP, and names the client by that option of the PROXY protocol.
    files: ({ grpc, web, send }, server) => ({
      "haproxy.cfg": send
        ? `
        defaults
          mode tcp
          timeout connect 5s
          timeout client 1h
          timeout server 1h
        listen tcp
          bind 127.0.0.1:${grpc}
          bind 127.0.0.1:${web}
          server wigwag 127.0.0.1:${server} ${send}
`
        : `
        global
          maxconn 2000
        defaults
          mode http
          timeout connect 5s
          timeout client 1h
          timeout server 1h
          option forwardfor
        frontend grpc
          bind 127.0.0.1:${grpc} proto h2
          default_backend h2
        frontend web
          bind 127.0.0.1:${web}
          default_backend h1
        backend h2
          server wigwag 127.0.0.1:${server} proto h2
        backend h1
          server wigwag 127.0.0.1:${server}
`,
    }),
    args: (dir) => ["-db", "-f", `${dir}/haproxy.cfg`],
  },
  caddy: {
    program: "caddy",
    files: ({ grpc }, server) => ({
      Caddyfile: `{
  admin off
  auto_https off
  servers {
    protocols h1 h2c
  }
}
http://:${grpc} {
  bind 127.0.0.1
  @native {
    header Content-Type application/grpc
    header Content-Type application/grpc+proto
  }
  reverse_proxy @native h2c://127.0.0.1:${server} {
    flush_interval -1
  }
  reverse_proxy 127.0.0.1:${server} {
    flush_interval -1
  }
}
`,
    }),
    args: (dir) => ["run", "--config", `${dir}/Caddyfile`, "--adapter", "caddyfile"],
    onePort: true,
  },
  envoy: {
    program: process.env.ENVOY ?? "envoy",
    files: ({ grpc, connectionWindow = 67108864 }, server) => ({
      "envoy.json": JSON.stringify({
        static_resources: {
          listeners: [
            {
              name: "web",
              address: { socket_address: { address: "127.0.0.1", port_value: grpc } },
              filter_chains: [
                {
                  filters: [
                    {
                      name: "envoy.filters.network.http_connection_manager",
                      typed_config: {
                        "@type": "type.googleapis.com/envoy.extensions.filters.network.http_connection_manager.v3.HttpConnectionManager",
                        stat_prefix: "web",
                        codec_type: "AUTO",
                        stream_idle_timeout: "0s",
                        upgrade_configs: [{ upgrade_type: "websocket" }],
                        route_config: {
                          virtual_hosts: [
                            {
                              name: "all",
                              domains: ["*"],
                              routes: [{ match: { prefix: "/" }, route: { cluster: "wigwag", timeout: "0s", idle_timeout: "0s" } }],
                            },
                          ],
                        },
                        http_filters: [
                          {
                            name: "envoy.filters.http.router",
                            typed_config: { "@type": "type.googleapis.com/envoy.extensions.filters.http.router.v3.Router" },
                          },
                        ],
                      },
                    },
                  ],
                },
              ],
            },
          ],
          clusters: [
            {
              name: "wigwag",
              type: "STATIC",
              connect_timeout: "5s",
              circuit_breakers: { thresholds: [{ max_connections: 4000, max_pending_requests: 4000, max_requests: 4000 }] },
              typed_extension_protocol_options: {
                "envoy.extensions.upstreams.http.v3.HttpProtocolOptions": {
                  "@type": "type.googleapis.com/envoy.extensions.upstreams.http.v3.HttpProtocolOptions",
                  explicit_http_config: {
                    // The stream window that Envoy's guide for edge proxies advises (its default is 256 MiB), and 1,000 of them.
                    http2_protocol_options: {
                      allow_connect: true,
                      initial_stream_window_size: 65536,
                      initial_connection_window_size: connectionWindow,
                    },
                  },
                },
              },
              load_assignment: {
                cluster_name: "wigwag",
                endpoints: [{ lb_endpoints: [{ endpoint: { address: { socket_address: { address: "127.0.0.1", port_value: server } } } }] }],
              },
            },
          ],
        },
      }),
    }),
    // One worker: all streams of the test share one connection to the server.
    args: (dir) => ["-c", `${dir}/envoy.json`, "--concurrency", "1", "--use-dynamic-base-id", "--log-level", "warning"],
    onePort: true,
  },
};

/** The names of the proxies. */
export const NAMES = Object.keys(PROXIES);

/** Returns whether a proxy is installed. */
export function installed(name) {
  try {
    execFileSync("sh", ["-c", `command -v ${PROXIES[name].program}`], { stdio: "ignore", env: withSbin() });
    return true;
  } catch {
    return false;
  }
}

/** Debian puts servers where the PATH of a user does not look. */
function withSbin() {
  return { ...process.env, PATH: `${process.env.PATH}:/usr/sbin:/sbin` };
}

/**
 * Starts a proxy in front of the server at a port, and waits until it accepts connections. `settings` are those of its
 * configuration: Envoy has `connectionWindow`, HAProxy `send`.
 *
 * @returns an object with the port for HTTP/2 (`grpc`), the port for HTTP/1.1 (`web`), and `stop`.
 */
export async function startProxy(name, server, settings = {}) {
  const { program, files, args, onePort } = PROXIES[name];
  const dir = mkdtempSync(join(tmpdir(), `wigwag-${name}-`));
  const grpc = await freePort();
  const web = onePort ? grpc : await freePort();
  for (const [file, text] of Object.entries(files({ grpc, web, ...settings }, server, dir))) writeFileSync(join(dir, file), text);
  const env = { ...withSbin(), HOME: dir, XDG_DATA_HOME: dir, XDG_CONFIG_HOME: dir };
  const child = spawn(program, args(dir), { stdio: ["ignore", "pipe", "pipe"], env });
  const log = [];
  child.stdout.on("data", (chunk) => log.push(chunk));
  child.stderr.on("data", (chunk) => log.push(chunk));
  const gone = once(child, "exit");
  let ended = false;
  gone.then(() => (ended = true));
  while (!(await accepts(grpc)) || !(await accepts(web))) {
    if (ended) throw new Error(`${name} did not start: ${Buffer.concat(log)}`);
    await pause(20);
  }
  return {
    grpc,
    web,
    log: () => Buffer.concat(log).toString(),
    async stop() {
      child.kill("SIGKILL");
      await gone;
      rmSync(dir, { recursive: true, force: true });
    },
  };
}
