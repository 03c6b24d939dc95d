//! TURN credentials of Cloudflare and Twilio, with stand-ins that answer as the services document it.

#[path = "shell/running.rs"]
#[allow(unused_imports, reason = "for its bound on waits")]
mod running;
#[path = "support/stand_in.rs"]
mod stand_in;

use std::sync::Arc;
use std::time::Duration;

use serde_json::{Value, json};
use wigwag_node::clock::unix_ms;
use wigwag_node::ice::{IceProvider, IceServers};
use wigwag_proto::v1::IceServer;
use wigwag_server::config::{IceSection, Secret, TurnProvider};
use wigwag_server::turn::IssuedTurn;

use running::soon;
use stand_in::{StandIn, raw};

const TTL: Duration = Duration::from_secs(600);

fn cloudflare(number: u32) -> String {
    let answer = json!({"iceServers": [
        {"urls": ["stun:stun.cloudflare.com:3478", "stun:stun.cloudflare.com:53"]},
        {
            "urls": [
                "turn:turn.cloudflare.com:3478?transport=udp",
                "turn:turn.cloudflare.com:53?transport=udp",
                "turn:turn.cloudflare.com:80?transport=tcp",
                "turns:turn.cloudflare.com:443?transport=tcp",
            ],
            "username": format!("user{number}"),
            "credential": format!("password{number}"),
        },
    ]});
    raw(201, &answer.to_string())
}

fn twilio(number: u32) -> String {
    let (username, credential) = (format!("user{number}"), format!("password{number}"));
    let answer = json!({
        "account_sid": "AC1",
        "date_created": "Fri, 01 May 2020 01:42:57 +0000",
        "date_updated": "Fri, 01 May 2020 01:42:57 +0000",
        "ice_servers": [
            {"url": "stun:global.stun.twilio.com:3478", "urls": "stun:global.stun.twilio.com:3478"},
            {
                "url": "turn:global.turn.twilio.com:3478?transport=udp",
                "urls": "turn:global.turn.twilio.com:3478?transport=udp",
                "username": username,
                "credential": credential,
            },
        ],
        "password": credential,
        "ttl": "600",
        "username": username,
    });
    raw(201, &answer.to_string())
}

fn section(service: &StandIn, provider: TurnProvider) -> IceSection {
    let section = IceSection {
        provider,
        provider_secret: Secret::from("the secret of the api".to_owned()),
        provider_url: service.url(),
        ..IceSection::default()
    };
    match provider {
        TurnProvider::Twilio => IceSection { provider_account: "AC1".to_owned(), ..section },
        _ => IceSection { provider_key_id: "key1".to_owned(), ..section },
    }
}

fn provider(section: &IceSection) -> Arc<IssuedTurn> {
    let fixed = IceServer { urls: vec!["stun:stun.example.com".to_owned()], ..IceServer::default() };
    let service = section.service().expect("usable").expect("there");
    Arc::new(IssuedTurn::new(vec![fixed], service, TTL))
}

async fn servers(provider: &IssuedTurn, user: &str, now_ms: u64) -> IceServers {
    soon("ICE servers", provider.servers(user, now_ms)).await
}

/// Returns the user name of the TURN server; empty if there is none.
fn username(servers: &IceServers) -> &str {
    servers.servers.last().map_or("", |server| &server.username)
}

/// Lets the pause after a failure pass.
async fn pass_the_pause() {
    tokio::time::pause();
    tokio::time::advance(Duration::from_secs(6)).await;
    tokio::time::resume();
}

#[tokio::test]
async fn cloudflare_issues_credentials_for_each_client() {
    let service = StandIn::start().await;
    let turn = provider(&section(&service, TurnProvider::Cloudflare));
    service.answer(cloudflare(1));
    let ada = servers(&turn, "ada", 1_000_000).await;
    let asked = service.last();
    let path = "POST /v1/turn/keys/key1/credentials/generate-ice-servers HTTP/1.1\r\n";
    assert!(asked.head.starts_with(path), "{}", asked.head);
    assert_eq!(asked.field("authorization"), "Bearer the secret of the api");
    assert_eq!((asked.field("content-type"), asked.json()), ("application/json", json!({"ttl": 600})), "no user id");
    let urls: Vec<_> = ada.servers.iter().flat_map(|server| server.urls.iter().map(String::as_str)).collect();
    assert_eq!(
        urls,
        [
            "stun:stun.example.com",
            "stun:stun.cloudflare.com:3478",
            "turn:turn.cloudflare.com:3478?transport=udp",
            "turn:turn.cloudflare.com:80?transport=tcp",
            "turns:turn.cloudflare.com:443?transport=tcp"
        ],
        "browsers refuse port 53"
    );
    assert_eq!((username(&ada), ada.servers[2].credential.as_str()), ("user1", "password1"));
    assert_eq!(ada.expires_at_ms, Some(1_600_000));

    service.answer(cloudflare(2));
    assert_eq!(username(&servers(&turn, "bob", 1_000_000).await), "user2");
    assert_eq!(username(&servers(&turn, "ada", 1_299_000).await), "user1", "more than half of its time is left");
    assert_eq!(service.questions(), 2);
    service.answer(cloudflare(3));
    let renewed = servers(&turn, "ada", 1_300_000).await;
    assert_eq!((username(&renewed), renewed.expires_at_ms), ("user3", Some(1_900_000)));
    let one = json!({"iceServers": {"urls": "turn:turn.cloudflare.com:3478", "username": "u", "credential": "c"}});
    service.answer(raw(201, &one.to_string()));
    assert_eq!(username(&servers(&turn, "eve", 1_300_000).await), "u", "the former form of the answer");
    assert_eq!((turn.counts().issued, turn.counts().failed), (4, 0));
}

#[tokio::test]
async fn twilio_issues_credentials_for_all_clients_ahead_of_need() {
    let service = StandIn::start().await;
    service.answer(twilio(1));
    let mut section = section(&service, TurnProvider::Twilio);
    let turn = provider(&section);
    let running = tokio::spawn({
        let turn = turn.clone();
        async move { turn.run().await }
    });
    soon("a request ahead of need", service.asked(1)).await;
    let asked = service.last();
    assert!(asked.head.starts_with("POST /2010-04-01/Accounts/AC1/Tokens.json HTTP/1.1\r\n"), "{}", asked.head);
    // printf %s "AC1:the secret of the api" | base64
    assert_eq!(asked.field("authorization"), "Basic QUMxOnRoZSBzZWNyZXQgb2YgdGhlIGFwaQ==");
    assert_eq!((asked.field("content-type"), asked.body.as_str()), ("application/x-www-form-urlencoded", "Ttl=600"));
    let now_ms = unix_ms();
    for user in ["ada", "bob", ""] {
        let servers = servers(&turn, user, now_ms).await;
        assert_eq!((username(&servers), servers.servers.len()), ("user1", 3));
        let expires_at_ms = servers.expires_at_ms.expect("they expire");
        assert!((now_ms + 590_000..now_ms + 601_000).contains(&expires_at_ms), "{expires_at_ms}");
    }
    assert_eq!(service.questions(), 1);
    running.abort();

    section.provider_key_id = "SK1".to_owned();
    servers(&provider(&section), "ada", now_ms).await;
    // printf %s "SK1:the secret of the api" | base64
    assert_eq!(service.last().field("authorization"), "Basic U0sxOnRoZSBzZWNyZXQgb2YgdGhlIGFwaQ==");
}

#[tokio::test]
async fn the_last_good_credentials_stay_while_a_service_does_not_answer() {
    for (kind, good) in [
        (TurnProvider::Cloudflare, cloudflare as fn(u32) -> String),
        (TurnProvider::Twilio, twilio as fn(u32) -> String),
    ] {
        let service = StandIn::start().await;
        service.answer(good(1));
        let turn = provider(&section(&service, kind));
        assert_eq!(username(&servers(&turn, "ada", 1_000_000).await), "user1");
        let wrong: Value = json!({"iceServers": [], "ice_servers": []});
        let huge = json!({"iceServers": [], "ice_servers": [], "pad": "p".repeat(64 * 1024)});
        for answer in [
            raw(500, "{}"),
            raw(401, "{}"),
            raw(201, "<html>"),
            raw(201, &wrong.to_string()),
            raw(201, &huge.to_string()),
            good(2).replace("turn:", "http:").replace("turns:", "https:"),
            good(2).replace("201 Status", "302 Found\r\nlocation: http://127.0.0.1:1/"),
        ] {
            pass_the_pause().await;
            service.answer(answer);
            let (asked, failed) = (service.questions(), turn.counts().failed);
            let kept = servers(&turn, "ada", 1_599_999).await;
            assert_eq!((username(&kept), kept.expires_at_ms), ("user1", Some(1_600_000)), "{kind:?}");
            let none = servers(&turn, "ada", 1_600_000).await;
            assert_eq!((none.servers.len(), none.expires_at_ms), (1, Some(1_660_000)), "expired ones are of no use");
            let asked_now = service.questions();
            assert!(asked_now > asked && turn.counts().failed > failed, "{kind:?}");
            servers(&turn, "ada", 1_600_000).await;
            assert_eq!(service.questions(), asked_now, "it is left alone for a while");
        }
        pass_the_pause().await;
        service.answer(good(3));
        assert_eq!(username(&servers(&turn, "ada", 1_600_000).await), "user3", "{kind:?}: it answers again");
    }
}

#[tokio::test]
async fn a_crowd_gets_what_was_issued_ahead() {
    let service = StandIn::start().await;
    service.answer(cloudflare(1));
    let turn = provider(&section(&service, TurnProvider::Cloudflare));
    let now_ms = unix_ms();
    assert_eq!(username(&servers(&turn, "", now_ms).await), "user1", "for all");
    service.hold(true);
    let waiting: Vec<_> = (0..16)
        .map(|number| {
            let turn = turn.clone();
            tokio::spawn(async move { turn.servers(&number.to_string(), now_ms).await })
        })
        .collect();
    soon("requests", service.held(16)).await;
    assert_eq!(username(&servers(&turn, "one more", now_ms).await), "user1", "without a request");
    assert_eq!(service.questions(), 17);
    service.answer(cloudflare(2));
    service.hold(false);
    for waiting in waiting {
        assert_eq!(username(&soon("credentials", waiting).await.expect("no panic")), "user2");
    }
}
