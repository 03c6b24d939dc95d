//! Name, address, TLS: up to a stream of bytes.

use std::{io, net::SocketAddr, sync::Arc, time::Duration};

use http::Uri;
use rustls::{ClientConfig, pki_types::ServerName};
use tokio::{
    io::{AsyncRead, AsyncWrite},
    net::{TcpStream, lookup_host},
    time::{Instant, timeout},
};
use tokio_rustls::TlsConnector;

use super::certificate::{self, Recorder};
use crate::{failure::Failure, report::Report, target::Target};

/// A connection to the server.
pub(super) trait Stream: AsyncRead + AsyncWrite + Unpin + Send {}

impl<S: AsyncRead + AsyncWrite + Unpin + Send> Stream for S {}

/// How to reach the server.
pub(super) struct Network {
    /// The address that answered.
    address: SocketAddr,
    /// Host and port, as in the URL.
    pub(super) authority: String,
    tls: Option<(Arc<Recorder>, ServerName<'static>)>,
    /// Whether the certificate is good. Without TLS it counts as good.
    pub(super) is_trusted: bool,
    timeout: Duration,
}

impl Network {
    /// Checks name, address and TLS. `None` if there is no connection to check anything else with.
    pub(super) async fn examine(target: &Target, uri: &Uri, report: &mut Report) -> Result<Option<Self>, Failure> {
        let host = uri.host().unwrap_or_default().trim_matches(['[', ']']).to_owned();
        let is_https = uri.scheme_str() == Some("https");
        let port = uri.port_u16().unwrap_or(if is_https { 443 } else { 80 });
        let Some(addresses) = resolve(&host, port, target.timeout, report).await? else { return Ok(None) };
        let Some(address) = connect_to_any(&addresses, target.timeout, report).await? else { return Ok(None) };
        let authority = uri.authority().map(ToString::to_string).unwrap_or_default();
        let mut network = Self { address, authority, tls: None, is_trusted: true, timeout: target.timeout };
        if !is_https {
            let is_here = address.ip().is_loopback();
            if is_here {
                report.skipped("tls", "the URL is http, which is usual on the same machine")?;
            } else {
                report.warning(
                    "tls",
                    "the URL is http: others on the way can read and change everything, and browsers give pages without TLS no camera",
                    "use https: docs/tls.md, docs/proxies.md",
                )?;
            }
            return Ok(Some(network));
        }
        let Ok(name) = ServerName::try_from(host.clone()) else {
            report.wrong(
                "tls",
                format!("{host:?} cannot be the name of a certificate"),
                "use a host name or an address",
            )?;
            return Ok(None);
        };
        let recorder = Arc::new(Recorder::new(target.ca.as_deref())?);
        network.tls = Some((Arc::clone(&recorder), name));
        match network.secured(&[b"h2", b"http/1.1"]).await {
            Ok(stream) => {
                let protocol = stream.get_ref().1.alpn_protocol().map(<[u8]>::to_vec);
                network.is_trusted = certificate::examine(&recorder, &host, report)?;
                match protocol.as_deref() {
                    Some(b"h2") => report.ok("alpn", "HTTP/2 is offered")?,
                    _ => report.wrong(
                        "alpn",
                        "HTTP/2 is not offered in the TLS handshake: native gRPC clients cannot connect",
                        "turn HTTP/2 on in the proxy that ends TLS (nginx: `http2 on`; HAProxy: `alpn h2,http/1.1`)",
                    )?,
                }
                Ok(Some(network))
            }
            Err(error) => {
                report.wrong(
                    "tls",
                    format!("the TLS handshake fails: {error}"),
                    "is it a TLS port? A server without a certificate is an http URL: docs/tls.md",
                )?;
                Ok(None)
            }
        }
    }

    /// Opens a connection for HTTP/1.1.
    pub(super) async fn open(&self) -> io::Result<Box<dyn Stream>> {
        if self.tls.is_some() {
            Ok(Box::new(self.secured(&[b"http/1.1"]).await?))
        } else {
            Ok(Box::new(self.tcp().await?))
        }
    }

    /// Waits for an answer of the server, for as long as the user permits.
    pub(super) async fn within<T>(&self, answer: impl Future<Output = io::Result<T>>) -> io::Result<T> {
        timeout(self.timeout, answer).await.unwrap_or_else(|_| Err(no_answer(self.timeout)))
    }

    async fn tcp(&self) -> io::Result<TcpStream> {
        let stream = self.within(TcpStream::connect(self.address)).await?;
        stream.set_nodelay(true)?;
        Ok(stream)
    }

    async fn secured(&self, protocols: &[&[u8]]) -> io::Result<tokio_rustls::client::TlsStream<TcpStream>> {
        let Some((recorder, name)) = &self.tls else { return Err(io::Error::other("the URL is http")) };
        let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
        let mut config = ClientConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()
            .map_err(io::Error::other)?
            .dangerous()
            .with_custom_certificate_verifier(Arc::clone(recorder) as _)
            .with_no_client_auth();
        config.alpn_protocols = protocols.iter().map(|protocol| protocol.to_vec()).collect();
        let tcp = self.tcp().await?;
        self.within(TlsConnector::from(Arc::new(config)).connect(name.clone(), tcp)).await
    }
}

async fn resolve(
    host: &str,
    port: u16,
    patience: Duration,
    report: &mut Report,
) -> Result<Option<Vec<SocketAddr>>, Failure> {
    let began = Instant::now();
    let found = timeout(patience, lookup_host((host, port))).await.unwrap_or_else(|_| Err(no_answer(patience)));
    let addresses: Vec<SocketAddr> = match found {
        Ok(found) => found.collect(),
        Err(error) => {
            report.wrong(
                "dns",
                format!("{host} has no address: {error}"),
                "check the spelling, and the DNS records of the name",
            )?;
            return Ok(None);
        }
    };
    let shown = addresses.iter().map(|address| address.ip().to_string()).collect::<Vec<_>>().join(", ");
    report.ok("dns", format!("{host} is {shown} ({} ms)", began.elapsed().as_millis()))?;
    Ok(Some(addresses))
}

/// Tries every address, since clients may choose any of them.
async fn connect_to_any(
    addresses: &[SocketAddr],
    patience: Duration,
    report: &mut Report,
) -> Result<Option<SocketAddr>, Failure> {
    let mut good = None;
    let mut bad = Vec::new();
    for address in addresses {
        let began = Instant::now();
        match timeout(patience, TcpStream::connect(address)).await.unwrap_or_else(|_| Err(no_answer(patience))) {
            Ok(_) => good = good.or(Some((*address, began.elapsed()))),
            Err(error) => bad.push(format!("{address}: {error}")),
        }
    }
    let Some((address, took)) = good else {
        report.wrong(
            "tcp",
            format!("no connection: {}", bad.join("; ")),
            "is the server running, does it listen on an address that others can reach (the setting listen), and does a firewall let this port through?",
        )?;
        return Ok(None);
    };
    if bad.is_empty() {
        report.ok("tcp", format!("connected to {address} in {:.1} ms", took.as_secs_f64() * 1_000.0))?;
    } else {
        report.warning(
            "tcp",
            format!("connected to {address}, and not to {}", bad.join("; ")),
            "clients that try those first wait: remove the addresses from DNS, or listen on them",
        )?;
    }
    Ok(Some(address))
}

fn no_answer(patience: Duration) -> io::Error {
    io::Error::new(io::ErrorKind::TimedOut, format!("no answer within {} ms", patience.as_millis()))
}
