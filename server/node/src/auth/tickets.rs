//! Tickets: what admits the clients of compatibility protocols, which have no place for a token.

use std::{
    collections::HashMap,
    fmt,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use sha2::{Digest as _, Sha256};

use super::{Identity, Revoked, UserKey};

/// The most tickets that exist at a time, and the most requests that are remembered.
const MAX_TICKETS: usize = 100_000;
/// How many times as many tickets as are free one caller may have: 80,000 if it is the only one.
const SHARE: usize = 4;
/// How long to wait before the next search for expired tickets while all places are taken, in milliseconds.
const PRUNE_INTERVAL_MS: u64 = 1_000;

/// The client that a ticket admits.
#[derive(Clone, Debug)]
pub struct Ticket {
    /// The compatibility protocol.
    pub protocol: &'static str,
    /// The only id under which the client may connect, in the protocol's own terms.
    pub client_id: Arc<str>,
    /// Who its sessions are, and what they may do.
    pub identity: Arc<Identity>,
    /// Who created it: the user, and the id of the token. The ticket is for the same namespace.
    pub creator: (UserKey, Option<Arc<str>>),
    /// Until when it admits, in milliseconds since 1970.
    pub expires_at_ms: u64,
}

/// The tickets of a node, by the digests of their secrets.
#[derive(Debug, Default)]
pub(super) struct Tickets {
    inner: Mutex<Lists>,
}

#[derive(Debug, Default)]
struct Lists {
    tickets: HashMap<[u8; 32], Ticket>,
    /// The answers to requests that have an id, by their callers and ids.
    requests: HashMap<(UserKey, Arc<str>), Answered>,
    /// How many of both each caller has. Those that have none are not here.
    held: HashMap<UserKey, Held>,
    /// When what has expired was last looked for, so that callers without a place do not search the lists each time.
    pruned_ms: u64,
}

/// What one caller has.
#[derive(Clone, Copy, Debug, Default)]
struct Held {
    tickets: usize,
    requests: usize,
}

/// A request with an id, and the answer to it.
#[derive(Clone)]
struct Answered {
    digest: [u8; 32],
    secret: String,
    expires_at_ms: u64,
    forgotten_at_ms: u64,
}

impl fmt::Debug for Answered {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Answered")
            .field("expires_at_ms", &self.expires_at_ms)
            .field("forgotten_at_ms", &self.forgotten_at_ms)
            .finish_non_exhaustive()
    }
}

/// A request for a ticket that is not to be repeated.
#[derive(Clone, Debug)]
pub(crate) struct TicketRequest {
    pub(crate) caller: UserKey,
    pub(crate) id: Arc<str>,
    pub(crate) digest: [u8; 32],
    pub(crate) forgotten_at_ms: u64,
}

/// Why there is no ticket.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum TicketError {
    /// There are as many as there may be.
    Exhausted,
    /// The id of the request is that of another one.
    RequestIdReused,
}

impl Tickets {
    /// Adds a ticket with this secret. A repeated request gets the answer to the first. Returns the secret, and when it
    /// expires.
    pub(super) fn add(
        &self,
        secret: String,
        ticket: Ticket,
        request: Option<TicketRequest>,
        now_ms: u64,
    ) -> Result<(String, u64), TicketError> {
        let mut lists = self.lists();
        let creator = ticket.creator.0.clone();
        if !lists.has_place(&creator) && now_ms.saturating_sub(lists.pruned_ms) >= PRUNE_INTERVAL_MS {
            lists.pruned_ms = now_ms;
            lists.tickets.retain(|_, ticket| ticket.expires_at_ms > now_ms);
            lists.requests.retain(|_, answered| answered.forgotten_at_ms > now_ms);
            lists.count();
        }
        let expires_at_ms = ticket.expires_at_ms;
        let key = request.as_ref().map(|request| (request.caller.clone(), request.id.clone()));
        let known = key.as_ref().and_then(|key| lists.requests.get(key));
        match (known, &request) {
            (Some(known), Some(request)) if known.forgotten_at_ms > now_ms => {
                return if known.digest == request.digest {
                    Ok((known.secret.clone(), known.expires_at_ms))
                } else {
                    Err(TicketError::RequestIdReused)
                };
            }
            _ => {}
        }
        if !lists.has_place(&creator) {
            return Err(TicketError::Exhausted);
        }
        let held = lists.held.entry(creator).or_default();
        held.tickets += 1;
        held.requests += usize::from(request.is_some());
        lists.tickets.insert(Sha256::digest(&secret).into(), ticket);
        if let (Some(key), Some(TicketRequest { digest, forgotten_at_ms, .. })) = (key, request) {
            lists.requests.insert(key, Answered { digest, secret: secret.clone(), expires_at_ms, forgotten_at_ms });
        }
        Ok((secret, expires_at_ms))
    }

    /// Returns the ticket with this secret.
    pub(super) fn find(&self, secret: &str, now_ms: u64) -> Option<Ticket> {
        let digest: [u8; 32] = Sha256::digest(secret).into();
        self.lists().tickets.get(&digest).filter(|ticket| ticket.expires_at_ms > now_ms).cloned()
    }

    /// Forgets the tickets of a user, and the answers to that user's requests for tickets. Returns how many tickets there were.
    pub(super) fn erase(&self, user: &UserKey) -> usize {
        let mut lists = self.lists();
        let before = lists.tickets.len();
        let concerns = |ticket: &Ticket| {
            *ticket.identity.namespace() == *user.namespace
                && (ticket.identity.user == user.user || ticket.client_id == user.user)
        };
        lists.tickets.retain(|_, ticket| !concerns(ticket));
        lists.requests.retain(|(caller, _), _| caller != user);
        before - lists.tickets.len()
    }

    /// Forgets the tickets of a user or token, and those that it created, with the answers that would repeat them.
    pub(super) fn remove(&self, revoked: &Revoked) {
        let lists = &mut *self.lists();
        lists.tickets.retain(|_, ticket| match revoked {
            Revoked::User(user) => ticket.identity.user_key() != *user && ticket.creator.0 != *user,
            Revoked::Token { namespace, id, issuer } => {
                // Its identity has the issuer of the token that created it.
                let issued = issuer.is_none() || ticket.identity.claims.issuer == *issuer;
                !issued || ticket.creator.0.namespace != *namespace || ticket.creator.1.as_ref() != Some(id)
            }
        });
        let tickets = &lists.tickets;
        lists.requests.retain(|_, answered| tickets.contains_key(&*Sha256::digest(&answered.secret)));
        lists.count();
    }

    fn lists(&self) -> MutexGuard<'_, Lists> {
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Lists {
    /// Returns whether this caller may have one more ticket: if it holds at most [`SHARE`] times as many as are still free. So
    /// a single caller may have most of them, and several callers together, however many they are, never all.
    fn has_place(&self, caller: &UserKey) -> bool {
        let held = self.held.get(caller).copied().unwrap_or_default();
        let fits = |own: usize, all: usize| own < SHARE * MAX_TICKETS.saturating_sub(all);
        fits(held.tickets, self.tickets.len()) && fits(held.requests, self.requests.len())
    }

    /// Counts anew what each caller has.
    fn count(&mut self) {
        self.held.clear();
        for ticket in self.tickets.values() {
            self.held.entry(ticket.creator.0.clone()).or_default().tickets += 1;
        }
        for (caller, _) in self.requests.keys() {
            self.held.entry(caller.clone()).or_default().requests += 1;
        }
    }
}

#[cfg(test)]
mod tests {
    use wigwag_token::Claims;

    use super::*;

    fn user(id: &str) -> UserKey {
        UserKey::new("", id)
    }

    fn ticket(user_id: &str, expires_at_ms: u64) -> Ticket {
        let identity = Arc::new(Identity::of(&Claims::new(user_id, u64::MAX)));
        let creator = (user("backend"), Some("7".into()));
        Ticket { protocol: "peerjs", client_id: user_id.into(), identity, creator, expires_at_ms }
    }

    fn request(digest: u8) -> Option<TicketRequest> {
        Some(TicketRequest { caller: user("backend"), id: "1".into(), digest: [digest; 32], forgotten_at_ms: 60_000 })
    }

    #[test]
    fn a_ticket_admits_until_it_expires_or_its_user_is_revoked() {
        let tickets = Tickets::default();
        tickets.add("a".to_owned(), ticket("ada", 10_000), None, 0).expect("added");
        tickets.add("b".to_owned(), ticket("bob", 10_000), None, 0).expect("added");
        assert_eq!(&*tickets.find("a", 9_999).expect("found").client_id, "ada");
        assert!(tickets.find("a", 10_000).is_none());
        assert!(tickets.find("c", 0).is_none());
        tickets.remove(&Revoked::User(user("ada")));
        assert!(tickets.find("a", 0).is_none() && tickets.find("b", 0).is_some());
        tickets.remove(&Revoked::Token { namespace: "".into(), id: "8".into(), issuer: None });
        tickets.remove(&Revoked::Token { namespace: "".into(), id: "7".into(), issuer: Some("another issuer".into()) });
        tickets.remove(&Revoked::User(user("zoe")));
        assert!(tickets.find("b", 0).is_some());
        tickets.remove(&Revoked::Token { namespace: "".into(), id: "7".into(), issuer: None });
        assert!(tickets.find("b", 0).is_none(), "its creator's token was revoked");
    }

    #[test]
    fn a_user_is_erased() {
        let tickets = Tickets::default();
        tickets.add("a".to_owned(), ticket("ada", 10_000), request(1), 0).expect("added");
        tickets.add("b".to_owned(), ticket("bob", 10_000), None, 0).expect("added");
        assert_eq!(tickets.erase(&UserKey::new("team-1", "ada")), 0, "another user");
        tickets.remove(&Revoked::User(UserKey::new("team-1", "ada")));
        tickets.remove(&Revoked::Token { namespace: "team-1".into(), id: "7".into(), issuer: None });
        assert_eq!((tickets.erase(&user("ada")), tickets.erase(&user("ada"))), (1, 0));
        assert!(tickets.find("a", 0).is_none() && tickets.find("b", 0).is_some());
        assert_eq!(tickets.erase(&user("backend")), 0, "its tickets are those of others");
        assert!(tickets.add("c".to_owned(), ticket("ada", 10_000), request(2), 0).is_ok(), "its request is forgotten");
    }

    #[test]
    fn a_request_has_one_answer() {
        let tickets = Tickets::default();
        let first = tickets.add("a".to_owned(), ticket("ada", 10_000), request(1), 0);
        assert_eq!(first, Ok(("a".to_owned(), 10_000)));
        assert_eq!(tickets.add("b".to_owned(), ticket("ada", 20_000), request(1), 1), first);
        assert!(tickets.find("b", 1).is_none());
        let other = tickets.add("c".to_owned(), ticket("ada", 20_000), request(2), 1);
        assert_eq!(other, Err(TicketError::RequestIdReused));
        assert!(tickets.add("d".to_owned(), ticket("ada", 90_000), request(2), 60_000).is_ok(), "forgotten");
        tickets.remove(&Revoked::User(user("ada")));
        let again = tickets.add("e".to_owned(), ticket("ada", 90_000), request(2), 60_001);
        assert_eq!(again, Ok(("e".to_owned(), 90_000)), "a revoked ticket is not handed out again");
    }

    /// Adds tickets of this creator until there is no place. Returns how many.
    fn fill(tickets: &Tickets, creator: &str, with_id: bool) -> usize {
        for number in 0.. {
            let mut ticket = ticket("ada", 2_000);
            ticket.creator.0 = user(creator);
            let request = request(1).filter(|_| with_id).map(|request| TicketRequest {
                caller: user(creator),
                id: number.to_string().into(),
                ..request
            });
            if tickets.add(format!("{creator} {number}"), ticket, request, 1_000).is_err() {
                return number;
            }
        }
        unreachable!("there is a limit")
    }

    #[test]
    fn a_caller_cannot_use_up_what_others_need() {
        for with_id in [false, true] {
            let tickets = Tickets::default();
            assert_eq!(fill(&tickets, "first", with_id), MAX_TICKETS * SHARE / (SHARE + 1));
            assert_eq!(fill(&tickets, "second", with_id), MAX_TICKETS * SHARE / (SHARE + 1).pow(2));
            let third = fill(&tickets, "third", with_id);
            assert!(third >= MAX_TICKETS / 40, "{third}");
            tickets.remove(&Revoked::User(user("first")));
            assert!(fill(&tickets, "first", false) > 1_000, "its place is free again");
            let mut late = ticket("ada", 90_000);
            late.creator.0 = user("first");
            assert!(tickets.add("late".to_owned(), late, None, 61_000).is_ok(), "all others have expired");
        }
    }
}
