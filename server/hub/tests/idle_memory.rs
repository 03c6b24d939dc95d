//! Memory of an idle session: at most 4 KiB beyond its connection, including its membership in a room of four.

use std::{fs, sync::Arc};

use wigwag_hub::{
    Attachment, Backend, Limits, MemoryBackend, Now, PeerId, RoomName, Submitted,
    backend::{Create, Credentials, Grants, Join, Open},
    member::Metadata,
    session::SessionKind,
};

const SESSIONS: u128 = 40_000;
const NOW: Now = Now { mono_ms: 0, unix_ms: 0 };

#[test]
fn an_idle_session_costs_at_most_four_kibibytes() {
    let backend = MemoryBackend::new(Limits::default());
    let before = resident_bytes();
    let attachments: Vec<_> = (0..SESSIONS).map(|n| session_in_a_room(&backend, n)).collect();
    let each = (resident_bytes() - before) / SESSIONS as usize;
    println!("{each} bytes for each of {SESSIONS} idle sessions in rooms of four");
    assert!(each <= 4_096, "{each} bytes for an idle session");
    drop(attachments);
}

/// Opens a session, joins a room of four and acknowledges the answer.
fn session_in_a_room(backend: &MemoryBackend, n: u128) -> Arc<dyn Attachment> {
    let open = Open {
        credentials: Credentials { peer: PeerId::from_random(n), secret_digest: [0; 32] },
        user: format!("user {n}").into(),
        verified: false,
        display_name: format!("User number {n}").into(),
        metadata: Metadata::default(),
        kind: SessionKind::Resumable { grace_ms: 30_000 },
        replaces: None,
        source: 0,
        request: 0,
        grants: Grants::default(),
    };
    let Submitted::Done(Ok(attachment)) = backend.open(NOW, open) else { panic!("opened") };
    let room = RoomName::parse(&format!("room {}", n / 4)).expect("a room name");
    let join = Join { room, display_name: None, metadata: None, create: Create::IfAbsent };
    assert!(matches!(attachment.join(NOW, 1, join), Submitted::Done(Ok(()))));
    let mut items = Vec::new();
    attachment.fetch(NOW, std::task::Waker::noop(), usize::MAX, &mut items);
    attachment.ack(NOW, 1).expect("written");
    attachment
}

fn resident_bytes() -> usize {
    let pages = fs::read_to_string("/proc/self/statm").expect("Linux provides it");
    let resident: usize = pages.split(' ').nth(1).expect("the second field").parse().expect("a number");
    resident * 4_096
}
