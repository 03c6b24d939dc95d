//! `https` URLs: a proxy that speaks TLS stands in front of the server.

use std::{
    net::{Ipv4Addr, SocketAddr},
    sync::Arc,
};

use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, IsCa, KeyPair};
use tokio::{
    io::copy_bidirectional,
    net::{TcpListener, TcpStream},
    task::JoinHandle,
};
use tokio_rustls::{
    TlsAcceptor,
    rustls::{ServerConfig, crypto::ring, pki_types::PrivateKeyDer},
};
use wigwag_client::{Builder, Error, Payload, Session};

use crate::{
    peers::{envelope, pair_of},
    server::Server,
};

/// Terminates TLS, and forwards the bytes in it.
struct Front {
    address: SocketAddr,
    /// The certificate authority, in PEM.
    authority: String,
    accepting: JoinHandle<()>,
}

impl Front {
    /// Starts with a certificate for this name, from a new authority.
    async fn start(name: &str, upstream: SocketAddr) -> Self {
        let mut params = CertificateParams::default();
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        let authority =
            CertifiedIssuer::self_signed(params, KeyPair::generate().expect("a key")).expect("an authority");
        let key = KeyPair::generate().expect("a key");
        let certificate = CertificateParams::new([name.to_owned()]).and_then(|own| own.signed_by(&key, &authority));
        let key = PrivateKeyDer::try_from(key.serialize_der()).expect("a key");
        let mut config = ServerConfig::builder_with_provider(Arc::new(ring::default_provider()))
            .with_safe_default_protocol_versions()
            .expect("versions")
            .with_no_client_auth()
            .with_single_cert(vec![certificate.expect("a certificate").der().clone()], key)
            .expect("a certificate with its key");
        config.alpn_protocols = vec![b"h2".to_vec()];
        let acceptor = TlsAcceptor::from(Arc::new(config));
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.expect("a free port");
        let address = listener.local_addr().expect("an address");
        let accepting = tokio::spawn(async move {
            while let Ok((client, _)) = listener.accept().await {
                tokio::spawn(carry(client, acceptor.clone(), upstream));
            }
        });
        Self { address, authority: authority.pem(), accepting }
    }

    fn url(&self) -> String {
        format!("https://localhost:{}", self.address.port())
    }

    fn trusted(&self) -> Builder {
        Session::builder(self.url()).ca_certificate(self.authority.as_str())
    }
}

impl Drop for Front {
    fn drop(&mut self) {
        self.accepting.abort();
    }
}

/// A client that does not trust the certificate closes the connection during the handshake.
async fn carry(client: TcpStream, acceptor: TlsAcceptor, upstream: SocketAddr) {
    let Ok(mut client) = acceptor.accept(client).await else { return };
    let Ok(mut server) = TcpStream::connect(upstream).await else { return };
    // Either side may break off.
    let _ = copy_bidirectional(&mut client, &mut server).await;
}

async fn refused(builder: Builder) -> Error {
    builder.connect().await.expect_err("no session")
}

#[tokio::test]
async fn peers_meet_over_tls_under_an_authority_of_ones_own() {
    let server = Server::start().await;
    let front = Front::start("localhost", server.address).await;
    let ada = front.trusted().display_name("Ada").connect().await.expect("a session");
    let bob = front.trusted().display_name("Bob").connect().await.expect("a session");
    let ((ada, her_room), (bob, his_room)) = pair_of(ada, bob, "secure").await;
    his_room.send(&ada.peer_id(), Payload::Text("hello".into())).await.expect("sent");
    let (from, payload) = envelope(&mut her_room.events()).await;
    assert_eq!((from, payload), (Some(bob.peer_id()), Payload::Text("hello".into())));
    assert!(ada.fetch_ice_servers().await.expect("an answer").servers.is_empty());
}

#[tokio::test]
async fn a_certificate_of_an_unknown_authority_is_not_trusted() {
    let server = Server::start().await;
    let front = Front::start("localhost", server.address).await;
    let error = refused(Session::builder(front.url())).await;
    assert_eq!(error.reason, "UNREACHABLE", "{error}");
    assert!(error.message.contains("certificate"), "it says why: {error}");
    let other = Front::start("localhost", server.address).await;
    let error = refused(Session::builder(front.url()).ca_certificate(other.authority.as_str())).await;
    assert_eq!(error.reason, "UNREACHABLE", "{error}");
}

#[tokio::test]
async fn a_certificate_for_another_name_is_not_trusted() {
    let server = Server::start().await;
    let front = Front::start("elsewhere.test", server.address).await;
    let error = refused(front.trusted()).await;
    assert_eq!(error.reason, "UNREACHABLE", "{error}");

    // The name counts, not the address: with a custom connector it may be any.
    let address = front.address;
    let elsewhere = Session::builder("https://elsewhere.test")
        .ca_certificate(front.authority.as_str())
        .connector(move |_uri| TcpStream::connect(address));
    elsewhere.connect().await.expect("a session").close().await;
}

#[tokio::test]
async fn what_is_no_certificate_is_refused_by_name() {
    for pem in ["", "no certificate", "-----BEGIN CERTIFICATE-----\n!\n-----END CERTIFICATE-----\n"] {
        let error = refused(Session::builder("https://localhost").ca_certificate(pem)).await;
        assert_eq!(
            (error.reason.as_ref(), error.metadata["field"].as_str()),
            ("INVALID_FIELD", "ca_certificate"),
            "{pem}"
        );
    }
}
