//! What the API names and this version does not support yet: it is answered, ignored or dropped as the protos say.

#[path = "rest/call.rs"]
mod call;
#[path = "websocket/client.rs"]
mod client;
#[path = "support/roaming.rs"]
mod roaming;
#[path = "shell/running.rs"]
mod running;
#[path = "support/transports.rs"]
mod transports;

use std::{
    net::{Ipv4Addr, SocketAddr},
    time::{Duration, SystemTime},
};

use http::StatusCode;
use serde_json::json;
use tonic::{Code, transport::Endpoint};
use tonic_types::StatusExt as _;
use wigwag_proto::v1::{
    self as pb, ClientFrame, Envelope, Hello, Negotiation, Report, admin_service_client::AdminServiceClient,
    client_frame::Body as Up, envelope::Payload, negotiation::Kind, report::State,
    room_service_client::RoomServiceClient, server_frame::Body as Down,
};
use wigwag_server::config::RoomServiceAccess;

use call::call;
use roaming::RoamingSession;
use running::{Running, soon};
use transports::{Connection, TRANSPORTS};

async fn channel(addr: SocketAddr) -> tonic::transport::Channel {
    let endpoint = Endpoint::from_shared(format!("http://{addr}")).expect("a URL");
    soon("a connection", endpoint.connect()).await.expect("connects")
}

fn is_unimplemented(status: &tonic::Status) {
    let info = status.get_details_error_info().expect("ErrorInfo");
    assert_eq!(
        (status.code(), info.reason.as_str(), info.domain.as_str()),
        (Code::Unimplemented, "UNIMPLEMENTED", "wigwag")
    );
}

#[tokio::test]
async fn calls_of_the_room_service() {
    let server = Running::start(|_| {}).await;
    let mut rooms = RoomServiceClient::new(channel(server.addr).await);
    let update = pb::UpdateMemberRequest { room: "demo".into(), peer_id: "p".into(), ..Default::default() };
    is_unimplemented(&rooms.update_member(update).await.expect_err("not supported"));
    let send = pb::SendToUserRequest { user_id: "ada".into(), ..Default::default() };
    is_unimplemented(&rooms.send_to_user(send).await.expect_err("not supported"));
    let ticket = pb::CreateTicketRequest { protocol: "peerjs".into(), client_id: "ada".into(), ..Default::default() };
    is_unimplemented(&rooms.create_ticket(ticket).await.expect_err("not supported"));

    for (method, path) in [
        ("PATCH", "/v1/rooms/demo/members/p"),
        ("POST", "/v1/users/ada:send"),
        ("POST", "/v1/users/a%2Fda%3Asend"),
        ("POST", "/v1/tickets"),
    ] {
        let answer = call(server.addr, method, path, Some(json!({}))).await;
        assert_eq!((answer.status, answer.reason()), (StatusCode::NOT_IMPLEMENTED, "UNIMPLEMENTED"), "{path}");
    }
    for (method, path, status) in [
        ("POST", "/v1/users/ada", StatusCode::NOT_FOUND),
        ("POST", "/v1/users/:send", StatusCode::NOT_FOUND),
        ("GET", "/v1/users/ada:send", StatusCode::METHOD_NOT_ALLOWED),
        ("GET", "/v1/tickets", StatusCode::METHOD_NOT_ALLOWED),
    ] {
        assert_eq!(call(server.addr, method, path, None).await.status, status, "{method} {path}");
    }
}

#[tokio::test]
async fn where_the_room_service_is_off_so_are_its_new_paths() {
    let server = Running::start(|config| config.room_service = RoomServiceAccess::Off).await;
    for path in ["/v1/users/ada:send", "/v1/tickets"] {
        let answer = call(server.addr, "POST", path, Some(json!({}))).await;
        assert_eq!((answer.status, answer.reason()), (StatusCode::NOT_FOUND, "UNIMPLEMENTED"), "{path}");
    }
}

#[tokio::test]
async fn the_admin_service_on_both_listeners() {
    for access in [RoomServiceAccess::Local, RoomServiceAccess::Admin] {
        let free = std::net::TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).expect("a free port");
        let admin = free.local_addr().expect("bound");
        drop(free);
        let server = Running::start(|config| {
            config.admin.listen = Some(admin);
            config.room_service = access;
        })
        .await;
        for addr in [server.addr, admin] {
            let mut client = AdminServiceClient::new(channel(addr).await);
            is_unimplemented(&client.get_node(pb::GetNodeRequest {}).await.expect_err("not supported"));
            let revoke = pb::RevokeRequest { user_id: "ada".into(), ..Default::default() };
            is_unimplemented(&client.revoke(revoke).await.expect_err("not supported"));
        }
    }
}

#[tokio::test]
async fn a_negotiation_is_dropped_and_a_report_ignored_over_every_transport() {
    let server = Running::start(|_| {}).await;
    for transport in TRANSPORTS {
        let mut ada = RoamingSession::open(transport, server.addr).await;
        ada.join("demo").await;
        for receiving in TRANSPORTS {
            let mut bob = RoamingSession::open(receiving, server.addr).await;
            bob.join("demo").await;
            let negotiation =
                Negotiation { connection: "c1".into(), offer: 1, to_connection: "c2".into(), kind: Kind::Offer.into() };
            let envelope = Envelope {
                room: "demo".into(),
                to: bob.id.clone(),
                payload: Some(Payload::Sealed(vec![1, 2, 3])),
                negotiation: Some(negotiation),
                ..Envelope::default()
            };
            let report = Report { peer_id: bob.id.clone(), state: State::Connected.into(), ..Report::default() };
            let connection = ada.connection.as_mut().expect("open");
            connection.send(ClientFrame { body: Some(Up::Report(report)), ..ClientFrame::default() }).await;
            ada.sent += 1;
            let frame = ClientFrame { seq: ada.sent, ack: 0, body: Some(Up::Envelope(envelope.clone())) };
            connection.send(frame).await;
            let received = loop {
                if let Some(Down::Envelope(received)) = bob.connection.as_mut().expect("open").next().await.body {
                    break received;
                }
            };
            let expected = Envelope { from: ada.id.clone(), negotiation: None, ..envelope };
            assert_eq!(received, expected, "{transport:?} to {receiving:?}");
        }
    }
}

#[tokio::test]
async fn a_numbered_report_and_a_negotiation_that_is_not_valid_fail_alone() {
    let server = Running::start(|_| {}).await;
    for transport in TRANSPORTS {
        let mut ada = RoamingSession::open(transport, server.addr).await;
        ada.join("demo").await;
        let envelope = Envelope {
            room: "demo".into(),
            payload: Some(Payload::Sealed(vec![1])),
            negotiation: Some(Negotiation { connection: "c".repeat(65), ..Negotiation::default() }),
            ..Envelope::default()
        };
        for (body, field) in [(Up::Report(Report::default()), "seq"), (Up::Envelope(envelope), "envelope.negotiation")]
        {
            ada.sent += 1;
            let connection = ada.connection.as_mut().expect("open");
            connection.send(ClientFrame { seq: ada.sent, ack: 0, body: Some(body) }).await;
            let answer = connection.next().await;
            let Some(Down::Error(error)) = answer.body else { panic!("no error: {answer:?}") };
            assert_eq!((answer.reply_to, error.reason.as_str(), error.fatal), (ada.sent, "INVALID_FIELD", false));
            assert_eq!(error.metadata["field"], field, "{transport:?}");
        }
    }
}

#[tokio::test]
#[allow(clippy::disallowed_methods, reason = "compared with the clock that the server reads")]
async fn the_server_tells_its_time_to_clients_that_name_features() {
    let server = Running::start(|_| {}).await;
    for transport in TRANSPORTS {
        let hello = Hello { features: vec!["of_a_newer_version".to_owned()], ..Hello::default() };
        let before = SystemTime::now() - Duration::from_secs(2);
        let connection = Connection::open(transport, server.addr, hello).await.expect("a welcome");
        let time = SystemTime::try_from(connection.welcome.server_time.expect("a time")).expect("a point in time");
        assert!(before < time && time < SystemTime::now() + Duration::from_secs(2), "{transport:?}");
        let connection = Connection::open(transport, server.addr, Hello::default()).await.expect("a welcome");
        assert_eq!(connection.welcome.server_time, None, "{transport:?}");
    }
}
