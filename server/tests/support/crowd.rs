//! Many peers in a separate runtime, which can end like a killed process: all at once, without closing sessions.

#![allow(dead_code, reason = "each test file uses a part of this")]

use std::net::SocketAddr;
use std::thread;

use tokio::runtime::{Builder, Runtime};
use tokio::sync::{mpsc, oneshot};
use wigwag_proto::v1::Hello;

use crate::node::{client_of, client_that_resets, soon};
use crate::peer::Peer;

pub(crate) struct Crowd {
    // Dropped in a thread: a runtime may not be dropped inside another one.
    life: Option<Runtime>,
}

/// How the TCP connections end.
#[derive(Clone, Copy, Debug)]
pub(crate) enum End {
    /// As when a process is killed: the kernel closes them.
    Closed,
    /// With a reset.
    Reset,
}

impl Crowd {
    /// `connections` times `each` peers, each in the room `room(index)`. Returns when all have joined.
    pub(crate) async fn gather(
        addr: SocketAddr,
        end: End,
        connections: usize,
        each: usize,
        hello: Hello,
        room: fn(usize) -> String,
    ) -> Self {
        let life = Builder::new_multi_thread().worker_threads(2).enable_all().build().expect("a runtime");
        let (joined, mut all) = mpsc::channel(connections * each);
        for connection in 0..connections {
            let (hello, joined) = (hello.clone(), joined.clone());
            life.spawn(async move {
                let mut client = match end {
                    End::Closed => client_of(addr).await,
                    End::Reset => client_that_resets(addr).await,
                };
                let mut peers = Vec::new();
                for index in 0..each {
                    let mut peer = Peer::with(&mut client, hello.clone()).await;
                    peer.join(&room(connection * each + index)).await;
                    peers.push(peer);
                    joined.send(()).await.expect("the test waits");
                }
                // Until the runtime dies.
                std::future::pending::<()>().await;
            });
        }
        for _ in 0..connections * each {
            soon("a peer joins", all.recv()).await.expect("no task ended");
        }
        Self { life: Some(life) }
    }

    /// Ends it as a kill would.
    pub(crate) async fn die(mut self) {
        let life = self.life.take().expect("alive");
        let (dead, died) = oneshot::channel();
        thread::spawn(move || {
            drop(life);
            let _ = dead.send(());
        });
        soon("the crowd dies", died).await.expect("no panic");
    }
}

impl Drop for Crowd {
    fn drop(&mut self) {
        if let Some(life) = self.life.take() {
            life.shutdown_background();
        }
    }
}
