//! AdminService.EraseUser: what is gone, what stays, and who may call it.

#[path = "rest/call.rs"]
mod call;
#[path = "websocket/client.rs"]
mod client;
#[path = "support/roaming.rs"]
mod roaming;
#[path = "shell/running.rs"]
mod running;
#[path = "tokens/server.rs"]
mod server;
#[path = "support/transports.rs"]
mod transports;

use http::Request;
use serde_json::json;
use wigwag_proto::v1::{self as pb, Hello, client_frame::Body as Up, server_frame::Body as Down};
use wigwag_token::Permissions;

use call::{answer, send};
use roaming::RoamingSession;
use server::{Guarded, claims, with_token};
use transports::{TRANSPORTS, Transport};

fn hello(token: &str) -> Hello {
    Hello { token: token.to_owned(), resumable: true, ..Hello::default() }
}

#[tokio::test]
async fn a_user_is_erased_over_every_transport_and_bans_stay() {
    let server = Guarded::start(|config| config.compat.ticket_parameter = "ticket".to_owned()).await;
    let token = |user: &str, can| server.token(&claims(user, &["*"], can));
    let (ada, bob) = (token("ada", Permissions::all()), token("bob", Permissions::all()));
    let root = token("root", Permissions::ADMIN);
    let mut owner = RoamingSession::with(Transport::Json, server.addr, hello(&bob)).await;
    owner.join("demo").await;
    let mut sessions = Vec::new();
    for transport in TRANSPORTS {
        let mut session = RoamingSession::with(transport, server.addr, hello(&ada)).await;
        session.join("demo").await;
        sessions.push(session);
    }
    let ticket = Request::builder()
        .method("POST")
        .uri("/v1/tickets")
        .header("content-type", "application/json")
        .header("authorization", format!("Bearer {bob}"));
    let body = json!({"protocol": "peerjs", "clientId": "ada"}).to_string();
    answer(send(server.addr, ticket, body.into()).await).await.ok();

    let mut admin = server.admin().await;
    let erase = |user: &str| pb::EraseUserRequest { user_id: user.to_owned() };
    let erased = admin.erase_user(with_token(erase("ada"), Some(&root))).await.expect("erased").into_inner();
    assert_eq!((erased.sessions, erased.memberships, erased.tickets), (4, 4, 1));
    assert!(erased.events >= 4, "{erased:?}");
    for session in &mut sessions {
        loop {
            let frame = session.connection.as_mut().expect("open").next().await;
            let Some(Down::Error(error)) = frame.body else { continue };
            assert_eq!((error.reason.as_str(), error.fatal), ("ENDED", true));
            break;
        }
        let welcome = session.reset(Transport::Signal, |_| {}).await;
        assert_eq!(welcome.reset_reason, "UNKNOWN_SESSION", "nothing is remembered");
    }
    for _ in TRANSPORTS {
        assert_eq!(owner.sees_leave().await.1, "ENDED");
    }
    // The resets above have opened sessions, since tokens stay good.
    let again = admin.erase_user(with_token(erase("ada"), Some(&root))).await.expect("erased").into_inner();
    assert_eq!((again.sessions, again.memberships, again.tickets), (4, 0, 0));
    let zeros = admin.erase_user(with_token(erase("ada"), Some(&root))).await.expect("erased").into_inner();
    assert_eq!(zeros, pb::EraseUserResponse::default());

    let mut banned = RoamingSession::with(Transport::Signal, server.addr, hello(&ada)).await;
    banned.join("demo").await;
    let ban = pb::RemoveMember { room: "demo".to_owned(), peer_id: banned.id.clone(), ban: true };
    owner.send(Up::RemoveMember(ban)).await;
    assert_eq!(banned.expect_own_left().await.reason, "BANNED");
    admin.erase_user(with_token(erase("ada"), Some(&root))).await.expect("erased");
    let mut back = RoamingSession::with(Transport::Signal, server.addr, hello(&ada)).await;
    back.send(Up::Join(pb::Join { room: "demo".to_owned(), ..pb::Join::default() })).await;
    let Some(Down::Error(error)) = back.next().await.body else { panic!("joined") };
    assert_eq!(error.reason, "BANNED");
}

#[tokio::test]
async fn operators_only() {
    let server = Guarded::start(|_| {}).await;
    let mut admin = server.admin().await;
    let manager = server.token(&claims("backend", &["*"], Permissions::MANAGE));
    let root = server.token(&claims("root", &[], Permissions::ADMIN));
    for (user, token, code) in [
        ("ada", None, tonic::Code::Unauthenticated),
        ("ada", Some(&manager), tonic::Code::PermissionDenied),
        ("", Some(&root), tonic::Code::InvalidArgument),
        ("a\nb", Some(&root), tonic::Code::InvalidArgument),
    ] {
        let erase = pb::EraseUserRequest { user_id: user.to_owned() };
        let refused = admin.erase_user(with_token(erase, token.map(String::as_str))).await;
        assert_eq!(refused.expect_err(user).code(), code, "{user:?}");
    }
}
