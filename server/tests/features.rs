//! Features are named in the hello and in the welcome, over every transport.

#[path = "websocket/client.rs"]
mod client;
#[path = "support/roaming.rs"]
mod roaming;
#[path = "shell/running.rs"]
mod running;
#[path = "support/transports.rs"]
mod transports;

use wigwag_proto::v1::{Feature, Hello, welcome::Outcome};

use roaming::RoamingSession;
use running::Running;
use transports::{Connection, TRANSPORTS};

/// The features of this server.
const ALL: [&str; 2] = ["envelope_hints", "roster_parts"];

fn names(features: &[&str]) -> Hello {
    Hello { features: features.iter().map(|name| (*name).to_owned()).collect(), ..Hello::default() }
}

#[tokio::test]
async fn the_welcome_names_the_features_of_the_server_to_clients_that_name_theirs() {
    let server = Running::start(|_| {}).await;
    for transport in TRANSPORTS {
        let open = |hello| Connection::open(transport, server.addr, hello);
        let hints = Feature::EnvelopeHints.wire_name();
        for known in [vec![hints], vec!["of_a_newer_version"], vec!["of_a_newer_version", hints, hints]] {
            let connection = open(names(&known)).await.expect("a welcome");
            assert_eq!(connection.welcome.features, ALL, "{transport:?} {known:?}");
        }
        let connection = open(Hello::default()).await.expect("a welcome");
        assert_eq!(connection.welcome.features, Vec::<String>::new(), "{transport:?}");
    }
}

#[tokio::test]
async fn the_features_of_a_resume_are_those_of_its_hello() {
    let server = Running::start(|_| {}).await;
    let hints = Feature::EnvelopeHints.wire_name();
    for transport in TRANSPORTS {
        let mut session = RoamingSession::with(transport, server.addr, names(&[hints])).await;
        for features in [vec![], ALL.to_vec(), vec![]] {
            session.lose();
            let hello = Hello { features: names(&features).features, ..session.hello() };
            let connection = Connection::open(transport, server.addr, hello).await.expect("a welcome");
            assert_eq!(connection.welcome.features, features, "{transport:?}");
            session.take(connection).await;
        }
    }
}

#[tokio::test]
async fn too_many_or_too_long_names_fail_with_the_field_and_change_nothing() {
    let server = Running::start(|_| {}).await;
    for transport in TRANSPORTS {
        let mut session = RoamingSession::open(transport, server.addr).await;
        for features in [vec!["a".to_owned(); 33], vec!["a".repeat(65)], vec![String::new()]] {
            let hello = Hello { features, ..session.hello() };
            let error = Connection::open(transport, server.addr, hello).await.err().expect("an error");
            assert_eq!((error.reason.as_str(), error.fatal), ("INVALID_FIELD", true), "{transport:?}");
            assert_eq!(error.metadata["field"], "hello.features", "{transport:?}");
        }
        // The connection was neither superseded nor lost.
        session.join("demo").await;
        let features = vec!["a".repeat(64); 32];
        session.lose();
        let hello = Hello { features, ..session.hello() };
        let connection = Connection::open(transport, server.addr, hello).await.expect("a welcome");
        assert_eq!(connection.welcome.outcome(), Outcome::Resumed, "{transport:?}");
    }
}
