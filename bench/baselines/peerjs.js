// PeerServer, the server of PeerJS, as its package ships it. Only its cap on connections is raised.
"use strict";

const { PeerServer } = require("peer");

PeerServer({ port: Number(process.argv[2]), host: "127.0.0.1", path: "/", concurrent_limit: 100_000 });
