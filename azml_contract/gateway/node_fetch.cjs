// Leads Node's own fetch and https through the proxy of the environment.
// Node 24 does so itself (NODE_USE_ENV_PROXY); before, it looks at no variable.
"use strict";

const proxy = process.env.HTTPS_PROXY || process.env.https_proxy;
const [major, minor] = process.versions.node.split(".").map(Number);
const knows = major > 24 || major === 24 || (major === 22 && minor >= 21);

if (proxy && !knows) {
  const http = require("node:http");
  const https = require("node:https");
  const tls = require("node:tls");
  const net = require("node:net");
  const place = new URL(proxy);
  const local = new Set(["localhost", "127.0.0.1", "::1", "[::1]"]);

  const tunnel = (host, port, done) => {
    const asked = http.request({
      host: place.hostname, port: place.port, method: "CONNECT", agent: false,
      path: `${host}:${port}`, headers: { host: `${host}:${port}` },
    });
    asked.once("connect", (answer, socket) => {
      if (answer.statusCode === 200) done(null, socket);
      else { socket.destroy(); done(new Error(`${answer.statusCode} ${answer.statusMessage}`)); }
    });
    asked.once("error", done);
    asked.end();
  };

  class Tunnelling extends https.Agent {
    createConnection(options, done) {
      if (local.has(options.host)) return super.createConnection(options, done);
      tunnel(options.host, options.port || 443, (error, socket) => {
        if (error) return done(error);
        const name = options.servername || options.host;
        done(null, tls.connect({ ...options, host: undefined, path: undefined, socket, servername: name }));
      });
      return undefined;
    }
  }
  https.globalAgent = new Tunnelling({ keepAlive: true });

  const key = Symbol.for("undici.globalDispatcher.1");
  const lead = () => {
    const usual = globalThis[key];
    if (!usual || usual.azmlLed) return;
    const Agent = usual.constructor;
    const led = new Agent({
      connect(options, done) {
        const secure = options.protocol === "https:";
        const port = Number(options.port) || (secure ? 443 : 80);
        if (local.has(options.hostname)) {
          const open = secure
            ? tls.connect({ host: options.hostname, port, servername: options.hostname })
            : net.connect({ host: options.hostname, port });
          open.once(secure ? "secureConnect" : "connect", () => done(null, open));
          open.once("error", done);
          return;
        }
        tunnel(options.hostname, port, (error, socket) => {
          if (error) return done(error);
          if (!secure) return done(null, socket);
          const open = tls.connect({ socket, servername: options.servername || options.hostname, ALPNProtocols: ["http/1.1"] });
          open.once("secureConnect", () => done(null, open));
          open.once("error", done);
        });
      },
    });
    led.azmlLed = true;
    globalThis[key] = led;
  };
  // The dispatcher is there once fetch has been loaded, which its first use does.
  const original = globalThis.fetch;
  if (original) {
    globalThis.fetch = function fetch(...words) {
      if (!globalThis[key]) original("data:,").catch(() => undefined);
      lead();
      return original.apply(this, words);
    };
  }
}
