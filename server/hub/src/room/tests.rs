use super::*;

const NOW: Now = Now { mono_ms: 1_000, unix_ms: 5_000 };

fn spec(max_members: u32, duplicate_users: DuplicateUsers) -> RoomSpec {
    RoomSpec {
        room: RoomName::parse("demo").expect("valid"),
        display_name: "".into(),
        max_members,
        duplicate_users,
        metadata: Metadata::default(),
        empty_timeout_ms: 250,
    }
}

fn room(max_members: u32, duplicate_users: DuplicateUsers) -> RoomState<()> {
    RoomState::new(spec(max_members, duplicate_users), 100, NOW)
}

fn peer(n: u128) -> PeerId {
    PeerId::from_random(n)
}

fn newcomer(n: u128, user: &str) -> Newcomer {
    Newcomer {
        peer: peer(n),
        user: user.into(),
        verified: true,
        display_name: "".into(),
        metadata: Metadata::default(),
    }
}

fn join(room: &mut RoomState<()>, n: u128, user: &str) -> Arc<RoomEvent> {
    room.admits(&newcomer(n, user)).expect("admitted");
    room.join(newcomer(n, user), (), NOW)
}

#[test]
fn ownership_passes_to_the_next_member_in_join_order() {
    let mut room = room(0, DuplicateUsers::Allow);
    join(&mut room, 1, "a");
    join(&mut room, 2, "b");
    join(&mut room, 3, "c");
    assert_eq!(room.owner(), Some(&peer(1)));
    let (_, events) = room.leave(&peer(1), Reason::Left, NOW).expect("a member");
    assert_eq!(room.owner(), Some(&peer(2)));
    assert!(matches!(&events[0].change, Change::MemberLeft(p, Reason::Left) if *p == peer(1)));
    assert!(matches!(&events[1].change, Change::Updated(info) if info.owner == Some(peer(2))));
    assert!(matches!(&events[2].change, Change::MemberUpdated(m) if m.peer == peer(2) && m.role == Role::Owner));
    let versions: Vec<_> = events.iter().map(|event| event.version - events[0].version).collect();
    assert_eq!(versions, [0, 1, 2]);
    let (_, events) = room.leave(&peer(3), Reason::Left, NOW).expect("a member");
    assert_eq!(events.len(), 1, "the leave of a plain member does not change the owner");
}

#[test]
fn every_change_raises_the_version() {
    let mut room = room(0, DuplicateUsers::Allow);
    let first = join(&mut room, 1, "a").version;
    let second = join(&mut room, 2, "b").version;
    assert_eq!(second, first + 1);
    let third = room.set_presence(&peer(2), Presence::Reconnecting).expect("a change").version;
    assert_eq!(third, second + 1);
    assert!(room.set_presence(&peer(2), Presence::Reconnecting).is_none(), "no change");
    assert_eq!(room.version(), third);
}

#[test]
fn a_full_room_refuses_joins() {
    let mut room = room(1, DuplicateUsers::Allow);
    join(&mut room, 1, "a");
    assert_eq!(room.admits(&newcomer(2, "b")), Err(JoinError::RoomFull { max: 1 }));
}

#[test]
fn duplicate_users_are_handled_by_the_rooms_rule() {
    let mut rejects = room(0, DuplicateUsers::Reject);
    join(&mut rejects, 1, "a");
    assert_eq!(rejects.admits(&newcomer(2, "a")), Err(JoinError::UserTaken));
    assert_eq!(rejects.admits(&newcomer(2, "b")), Ok(None));
    let unverified = Newcomer { verified: false, ..newcomer(2, "a") };
    assert_eq!(rejects.admits(&unverified), Ok(None), "an unverified user id is not compared");

    let mut replaces = room(1, DuplicateUsers::Replace);
    join(&mut replaces, 1, "a");
    assert_eq!(replaces.admits(&newcomer(2, "a")), Ok(Some(peer(1))), "even in a full room");
    assert_eq!(replaces.admits(&newcomer(2, "b")), Err(JoinError::RoomFull { max: 1 }));
}

#[test]
fn a_ban_applies_to_a_verified_user_or_else_to_the_peer() {
    let mut room = room(0, DuplicateUsers::Allow);
    join(&mut room, 1, "a");
    let anonymous = Newcomer { verified: false, ..newcomer(2, "b") };
    room.join(anonymous.clone(), (), NOW);
    assert!(room.ban(&peer(1), 9, |_| true));
    assert!(room.ban(&peer(2), 9, |_| true));
    assert_eq!(room.admits(&newcomer(3, "a")), Err(JoinError::Banned));
    assert_eq!(room.admits(&newcomer(3, "b")), Ok(None));
    assert_eq!(room.admits(&anonymous), Err(JoinError::Banned));
}

#[test]
fn bans_are_bounded() {
    let mut room = room(0, DuplicateUsers::Allow);
    for n in 1..=4 {
        room.join(Newcomer { verified: n == 4, ..newcomer(n, "a") }, (), NOW);
    }
    assert!(room.ban(&peer(1), 2, |_| true));
    assert!(room.ban(&peer(2), 2, |_| true));
    assert!(room.ban(&peer(2), 2, |_| true), "it is banned already");
    assert!(!room.ban(&peer(3), 2, |_| true));
    assert!(room.ban(&peer(3), 2, |ban| *ban == peer(2)), "in the place of a peer that cannot come back");
    assert_eq!(room.admits(&newcomer(2, "b")), Err(JoinError::Banned));
    assert!(!room.ban(&peer(4), 2, |_| true), "a user is not banned either");
    assert_eq!(room.admits(&newcomer(9, "a")), Ok(None));
}

#[test]
fn an_empty_room_ends_after_its_timeout() {
    let mut room = room(0, DuplicateUsers::Allow);
    assert_eq!(room.ends_at_ms(), Some(1_250));
    join(&mut room, 1, "a");
    assert_eq!(room.ends_at_ms(), None);
    room.leave(&peer(1), Reason::Left, NOW.plus(500));
    assert_eq!(room.ends_at_ms(), Some(1_750));
}

#[test]
fn oversized_metadata_changes_nothing() {
    let mut room = room(0, DuplicateUsers::Allow);
    join(&mut room, 1, "a");
    let before = room.snapshot();
    let large = BTreeMap::from([("k".to_owned(), "x".repeat(5_000))]);
    assert!(room.update_member(&peer(1), Some("new".into()), &large).is_err());
    assert!(
        room.update(RoomPatch { metadata: large, display_name: Some("n".into()), ..RoomPatch::default() }).is_err()
    );
    assert_eq!(room.snapshot(), before);
}
