//! The rate limits of sessions and users.

use std::{
    collections::HashMap,
    sync::{
        Arc, Mutex,
        atomic::{AtomicU64, AtomicUsize, Ordering},
    },
};

use super::lock::lock;
use crate::{
    error::OpenError,
    limits::Limits,
    rate::{Bucket, Limited, Rate, RateLimitKind},
    time::Now,
};

/// The longest time for which a room's limit holds back one member: less than the 5 s after which a connection is closed,
/// because the others use up the same limit.
const MAX_ROOM_HOLD_MS: u32 = 2_000;

/// Users that are remembered before those without sessions are forgotten.
const FEW_USERS: usize = 1_024;

/// What a session has used of its limits. Its connections and calls share it.
#[derive(Debug, Default)]
pub(super) struct SessionRates {
    frames: Bucket,
    bytes: Bucket,
    deliveries: Bucket,
    joins: Bucket,
    /// Until when its frames wait because of earlier ones: milliseconds, and in the lowest three bits which limit it is.
    held: AtomicU64,
}

impl SessionRates {
    /// Counts a frame, unless it has to wait.
    pub(super) fn admit(&self, limits: &Limits, now: Now, bytes: usize) -> Result<(), Limited> {
        let held = self.held.load(Ordering::Relaxed);
        if held >> 3 > now.mono_ms {
            return Err(held_by(limits, held, now));
        }
        check(&self.frames, limits, RateLimitKind::SessionFrames, now)?;
        check(&self.bytes, limits, RateLimitKind::SessionBytes, now)?;
        self.frames.charge(limits.session_frames, now, 1);
        self.bytes.charge(limits.session_bytes, now, u32::try_from(bytes).unwrap_or(u32::MAX));
        Ok(())
    }

    /// Counts a join, unless it exceeds the limit of the session or its user.
    pub(super) fn admit_join(&self, limits: &Limits, user: Option<&User>, now: Now) -> Result<(), Limited> {
        check(&self.joins, limits, RateLimitKind::SessionJoins, now)?;
        if let Some(user) = user {
            check(&user.joins, limits, RateLimitKind::UserJoins, now)?;
            user.joins.charge(limits.user_joins, now, 1);
        }
        self.joins.charge(limits.session_joins, now, 1);
        Ok(())
    }

    /// Counts what a frame has put into `receivers` mailboxes of a room. If that is too much, the session's next frames wait.
    pub(super) fn count_deliveries(&self, limits: &Limits, room: &Bucket, now: Now, receivers: usize) {
        let receivers = u32::try_from(receivers).unwrap_or(u32::MAX);
        self.deliveries.charge(limits.session_deliveries, now, receivers);
        room.charge(limits.room_deliveries, now, receivers);
        self.hold(now, self.deliveries.wait_ms(limits.session_deliveries, now), RateLimitKind::SessionDeliveries);
        let of_room = room.wait_ms(limits.room_deliveries, now).min(MAX_ROOM_HOLD_MS);
        self.hold(now, of_room, RateLimitKind::RoomDeliveries);
    }

    fn hold(&self, now: Now, wait_ms: u32, kind: RateLimitKind) {
        if wait_ms > 0 {
            let until_ms = now.mono_ms.saturating_add(wait_ms.into());
            self.held.fetch_max(until_ms << 3 | kind.number() as u64, Ordering::Relaxed);
        }
    }
}

/// A user with verified sessions, or one who had some a moment ago.
#[derive(Debug, Default)]
pub(super) struct User {
    sessions: AtomicUsize,
    opens: Bucket,
    joins: Bucket,
}

impl User {
    /// Notes that a session of the user has ended.
    pub(super) fn closed(&self) {
        self.sessions.fetch_sub(1, Ordering::Relaxed);
    }

    fn is_forgotten(&self, limits: &Limits, now: Now) -> bool {
        self.sessions.load(Ordering::Relaxed) == 0
            && self.opens.is_full(limits.user_opens, now)
            && self.joins.is_full(limits.user_joins, now)
    }
}

/// The users with verified sessions. As many as there are sessions, and those who have not been away for as long as their
/// buckets take to fill.
#[derive(Debug, Default)]
pub(super) struct Users {
    inner: Mutex<Known>,
}

#[derive(Debug, Default)]
struct Known {
    users: HashMap<Arc<str>, Arc<User>>,
    /// How many there may be before some are forgotten: twice as many as were left the last time.
    most: usize,
}

impl Users {
    /// Returns whether all are forgotten, or could be.
    pub(super) fn is_idle(&self, limits: &Limits, now: Now) -> bool {
        lock(&self.inner).users.values().all(|user| user.is_forgotten(limits, now))
    }

    /// Counts a session that a user opens. `replaces`: it takes the place of another one.
    pub(super) fn open(
        &self,
        limits: &Limits,
        now: Now,
        user: &Arc<str>,
        replaces: bool,
    ) -> Result<Arc<User>, OpenError> {
        let mut known = lock(&self.inner);
        if known.users.len() >= known.most.max(FEW_USERS) {
            known.users.retain(|_, user| !user.is_forgotten(limits, now));
            known.most = 2 * known.users.len();
        }
        let user = known.users.entry(user.clone()).or_default().clone();
        if !replaces && user.sessions.load(Ordering::Relaxed) >= limits.user_sessions {
            return Err(OpenError::UserFull { max: limits.user_sessions });
        }
        check(&user.opens, limits, RateLimitKind::UserOpens, now).map_err(OpenError::RateLimited)?;
        user.opens.charge(limits.user_opens, now, 1);
        user.sessions.fetch_add(1, Ordering::Relaxed);
        Ok(user)
    }
}

/// Checks that a bucket has a token left.
pub(super) fn check(bucket: &Bucket, limits: &Limits, kind: RateLimitKind, now: Now) -> Result<(), Limited> {
    let rate = rate_of(limits, kind);
    match bucket.wait_ms(rate, now) {
        0 => Ok(()),
        retry_after_ms => Err(Limited { kind, per_second: rate.per_second, retry_after_ms }),
    }
}

fn rate_of(limits: &Limits, kind: RateLimitKind) -> Rate {
    match kind {
        RateLimitKind::SessionFrames => limits.session_frames,
        RateLimitKind::SessionBytes => limits.session_bytes,
        RateLimitKind::SessionDeliveries => limits.session_deliveries,
        RateLimitKind::SessionJoins => limits.session_joins,
        RateLimitKind::RoomJoins => limits.room_joins,
        RateLimitKind::RoomDeliveries => limits.room_deliveries,
        RateLimitKind::UserOpens => limits.user_opens,
        RateLimitKind::UserJoins => limits.user_joins,
    }
}

/// Not inlined: few frames wait.
#[cold]
fn held_by(limits: &Limits, held: u64, now: Now) -> Limited {
    let kind = RateLimitKind::ALL[(held & 7) as usize];
    let retry_after_ms = u32::try_from((held >> 3).saturating_sub(now.mono_ms)).unwrap_or(u32::MAX).max(1);
    Limited { kind, per_second: rate_of(limits, kind).per_second, retry_after_ms }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(mono_ms: u64) -> Now {
        Now { mono_ms, unix_ms: 0 }
    }

    #[test]
    fn frames_and_bytes_are_counted_together_or_not_at_all() {
        let limits =
            Limits { session_frames: Rate::new(10, 9), session_bytes: Rate::new(1_000, 500), ..Limits::default() };
        let rates = SessionRates::default();
        assert_eq!(rates.admit(&limits, at(0), 2_000), Ok(()));
        let limited = rates.admit(&limits, at(0), 1).expect_err("no bytes left");
        assert_eq!((limited.kind, limited.retry_after_ms), (RateLimitKind::SessionBytes, 1_500));
        for _ in 0..9 {
            assert_eq!(rates.admit(&limits, at(1_500), 0), Ok(()), "what waited was not counted");
        }
    }

    #[test]
    fn a_broadcast_that_is_too_much_holds_back_what_follows_it() {
        let limits = Limits {
            session_deliveries: Rate::new(100, 100),
            room_deliveries: Rate::new(1_000, 1_000),
            ..Limits::default()
        };
        let (ada, bob, room) = (SessionRates::default(), SessionRates::default(), Bucket::default());
        ada.count_deliveries(&limits, &room, at(0), 100);
        assert_eq!(ada.admit(&limits, at(0), 0), Ok(()));
        ada.count_deliveries(&limits, &room, at(0), 300);
        let limited = ada.admit(&limits, at(0), 0).expect_err("held");
        assert_eq!((limited.kind, limited.retry_after_ms), (RateLimitKind::SessionDeliveries, 3_000));
        assert_eq!(bob.admit(&limits, at(0), 0), Ok(()), "others are not");
        assert_eq!(ada.admit(&limits, at(3_000), 0), Ok(()));

        room.charge(limits.room_deliveries, at(3_000), 100_000);
        bob.count_deliveries(&limits, &room, at(3_000), 1);
        let limited = bob.admit(&limits, at(3_000), 0).expect_err("held");
        assert_eq!((limited.kind, limited.retry_after_ms), (RateLimitKind::RoomDeliveries, MAX_ROOM_HOLD_MS));
    }

    #[test]
    fn users_are_forgotten_once_they_have_nothing_left_to_pay_back() {
        let limits = Limits { user_sessions: 1, user_opens: Rate::new(1, 1), ..Limits::default() };
        let users = Users::default();
        let ada: Arc<str> = "ada".into();
        let first = users.open(&limits, at(0), &ada, false).expect("opened");
        assert_eq!(users.open(&limits, at(0), &ada, false).err(), Some(OpenError::UserFull { max: 1 }));
        first.closed();
        users.open(&limits, at(0), &ada, false).expect("opened").closed();
        let limited = users.open(&limits, at(0), &ada, false).err();
        assert!(matches!(limited, Some(OpenError::RateLimited(Limited { retry_after_ms: 1_000, .. }))), "{limited:?}");
        for number in 0..100_000_u64 {
            let user = format!("user {number}").into();
            users.open(&limits, at(number), &user, false).expect("opened").closed();
        }
        let left = lock(&users.inner).users.len();
        assert!(left <= 8 * FEW_USERS, "{left}");
    }
}
