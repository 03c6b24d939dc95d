//! The server that Connect's conformance suite tests: `ConformanceService` over a stack of the caller's choice.
//!
//! The runner writes a `ServerCompatRequest` to standard input and reads a `ServerCompatResponse` from standard output, each
//! after its length in four bytes, and stops the server with a signal.

#![forbid(unsafe_code)]

mod framed_service;
mod messages;
mod service;
mod tonic_service;

use std::{
    error::Error,
    io::{self, Read as _, Write as _},
    net::Ipv4Addr,
    sync::Arc,
};

use axum::{Router, response::Response};
use clap::{Parser, ValueEnum};
use hyper_util::{
    rt::{TokioExecutor, TokioIo},
    server::conn::auto,
    service::TowerToHyperService,
};
use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;
use tonic::service::Routes;
use tower::ServiceExt;
use wigwag_http2::PlainBody;
use wigwag_net::listener::{self, HttpService, IncomingBody, ListenerConfig};
use wigwag_server::{
    api::grpc::{framing::FastPath, kept_to_the_specification},
    web,
};

use crate::{
    framed_service::FramedConformance,
    messages::{ServerCompatRequest, ServerCompatResponse},
    tonic_service::Conformance,
};

/// Serves ConformanceService for Connect's conformance suite.
#[derive(Debug, Parser)]
struct Arguments {
    /// What carries the calls.
    #[arg(long)]
    stack: Stack,
}

#[derive(Clone, Copy, Debug, ValueEnum)]
enum Stack {
    /// The server's listener and router, with tonic's message framing.
    Router,
    /// The server's listener and router, with the message framing of `Signal`.
    Signal,
    /// tonic over hyper: the control.
    Hyper,
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Box<dyn Error>> {
    let Arguments { stack } = Arguments::parse();
    let request: ServerCompatRequest = receive()?;
    let limit = match request.message_receive_limit {
        0 => usize::MAX,
        limit => limit as usize,
    };
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await?;
    let port = listener.local_addr()?.port().into();
    send(&ServerCompatResponse { host: "127.0.0.1".to_owned(), port })?;

    let tonic = || Routes::new(Conformance { limit }).into_axum_router();
    match stack {
        Stack::Router => {
            let router = router(tonic());
            let service = ServiceExt::<http::Request<IncomingBody>>::map_response(router, |response: Response| {
                response.map(PlainBody)
            });
            serve(listener, service).await;
        }
        Stack::Signal => {
            let service = FramedConformance { limit };
            let router = router(Routes::new(service.clone()).into_axum_router());
            serve(listener, FastPath::new(service, router)).await;
        }
        Stack::Hyper => serve_with_hyper(listener, tonic()).await,
    }
    Err("the listener ended".into())
}

/// Returns the router of the server's public listener around the routes of `grpc`.
fn router(grpc: Router) -> Router {
    web::router(kept_to_the_specification(grpc), Router::new(), false)
}

/// Serves with the server's listener.
async fn serve(listener: TcpListener, service: impl HttpService) {
    listener::serve(listener, service, ListenerConfig::default(), Arc::default(), CancellationToken::new()).await;
}

/// Serves as tonic does, without limits.
async fn serve_with_hyper(listener: TcpListener, grpc: Router) {
    let router = grpc.route_layer(tonic_web::GrpcWebLayer::new());
    while let Ok((socket, _)) = listener.accept().await {
        let service = TowerToHyperService::new(router.clone());
        tokio::spawn(async move {
            let _ = auto::Builder::new(TokioExecutor::new()).serve_connection(TokioIo::new(socket), service).await;
        });
    }
}

/// Reads a message after its length.
fn receive<M: prost::Message + Default>() -> Result<M, Box<dyn Error>> {
    let mut stdin = io::stdin().lock();
    let mut len = [0; 4];
    stdin.read_exact(&mut len)?;
    let mut message = vec![0; u32::from_be_bytes(len) as usize];
    stdin.read_exact(&mut message)?;
    Ok(M::decode(&*message)?)
}

/// Writes a message after its length.
fn send(message: &impl prost::Message) -> io::Result<()> {
    let message = message.encode_to_vec();
    let mut stdout = io::stdout().lock();
    stdout.write_all(&u32::try_from(message.len()).unwrap_or(u32::MAX).to_be_bytes())?;
    stdout.write_all(&message)?;
    stdout.flush()
}
