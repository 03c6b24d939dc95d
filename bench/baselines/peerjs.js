// PeerServer, the server of PeerJS, from its package. Only its limit of connections is raised.
"use strict";

const { PeerServer } = require("peer");

PeerServer({ port: Number(process.argv[2]), host: "127.0.0.1", path: "/", concurrent_limit: 100_000 });
