//! The contract every backend keeps, as a suite that runs over any of them.
//!
//! [`Backend`] says in prose what it guarantees. Here each guarantee is a named case, written against the trait alone:
//! it waits for answers and for wake-ups with a bound, it never looks inside, and where it says that something does *not*
//! arrive, it first sends something that does. So it holds for a backend that answers later as well; [`later::Later`]
//! turns any backend into such a one.

use std::{
    panic::{AssertUnwindSafe, catch_unwind},
    sync::Arc,
};

use crate::{backend::Backend, limits::Limits};

mod delivery;
mod drain;
mod epochs;
mod grace;
pub mod history;
pub mod kit;
pub mod later;
mod mailboxes;
mod presence;
mod receipts;
mod removal;
mod resume;
pub mod rng;
mod rooms;
mod service;
mod sessions;
mod steps;
mod watches;

/// One guarantee, and how it is checked.
pub struct Case {
    /// What is guaranteed, as one name.
    pub name: &'static str,
    run: fn(&Make<'_>),
}

impl Case {
    /// Checks the guarantee over a fresh backend. Panics when it does not hold.
    pub fn run(&self, make: &dyn Fn(Limits) -> Arc<dyn Backend>) {
        (self.run)(&Make(make));
    }
}

/// Makes empty backends for one case.
pub(crate) struct Make<'a>(&'a dyn Fn(Limits) -> Arc<dyn Backend>);

impl Make<'_> {
    fn world(&self) -> kit::World {
        self.world_with(Limits::default())
    }

    fn world_with(&self, limits: Limits) -> kit::World {
        kit::World::new((self.0)(limits))
    }
}

macro_rules! cases {
    ($($module:ident: $($name:ident),+ $(,)?;)*) => {
        &[$($(Case { name: concat!(stringify!($module), "::", stringify!($name)), run: $module::$name },)+)*]
    };
}

/// All cases.
pub const CASES: &[Case] = cases! {
    sessions: open_takes_the_id, a_live_session_ends_with_its_connection, close_ends_for_good, find_needs_the_secret_and_the_epoch,
        a_replaced_session_is_gone, a_full_backend_refuses;
    steps: a_frame_takes_effect_once, a_gap_changes_nothing, a_refusal_uses_no_number_and_a_reply_does, live_sessions_are_not_counted,
        applied_follows_every_request;
    delivery: direct_envelopes_arrive_in_order, an_id_that_is_taken_again_leads_to_who_took_it, room_envelopes_need_both_seats,
        a_broadcast_reaches_all_others, refused_envelopes_reach_nobody, a_join_is_told_before_the_first_envelope, wake_ups_come, budgets_split_what_is_ready;
    receipts: an_ack_is_told_to_who_asked, writing_is_told_for_live_receivers, the_end_of_a_receiver_is_told,
        an_outcome_is_told_once, a_resume_acknowledges, who_takes_an_id_again_is_not_told_of_the_earlier_one;
    mailboxes: an_attached_reader_that_lags_is_cut, a_live_reader_that_lags_is_ended, a_detached_mailbox_refuses_envelopes,
        a_detached_mailbox_that_must_take_more_ends, bytes_count_too, a_lone_large_roster_fits, an_ended_overflow_cannot_be_resumed;
    resume: nothing_received_is_replayed_whole, the_replay_is_exact, resumes_in_a_row, a_live_attachment_is_superseded,
        a_lost_welcome_can_be_repeated, an_older_epoch_is_refused_once_the_newer_spoke, an_overtaken_resume_is_refused, a_future_number_resets,
        an_acknowledged_number_resets, a_wrong_secret_looks_unknown, the_way_up_goes_on, a_resume_takes_no_seat,
        live_sessions_cannot_be_resumed, an_unknown_epoch_resets;
    epochs: superseded_operations_have_no_effect, detached_operations_have_no_effect, an_old_ack_is_ignored,
        an_old_detach_and_close_are_ignored;
    grace: a_session_waits_for_its_grace, the_end_is_remembered_with_its_reason, only_the_last_detach_counts,
        reconnecting_is_shown_after_a_while, a_quick_resume_is_not_seen, who_comes_and_goes_leaves_no_timers;
    rooms: a_seat_is_taken_and_given_up, joining_twice_changes_nothing, a_room_has_its_limit, sessions_have_a_limit_of_rooms,
        rooms_have_a_limit, joining_may_need_a_room, creating_needs_none, ownership_passes_in_join_order,
        duplicate_users_follow_the_rule, an_empty_room_ends_in_time, a_member_changes_its_entry, owners_only;
    removal: a_removed_member_hears_it, a_ban_holds_until_the_room_ends, an_ended_room_tells_everybody,
        removal_while_detached_is_replayed, a_removed_member_is_out;
    presence: versions_are_contiguous, a_resume_is_told_a_roster, a_known_version_is_told_nothing, an_overflow_becomes_a_roster,
        an_unread_answer_is_kept_fresh, a_repeated_join_comes_behind_the_roster, an_earlier_seat_is_not_touched, what_was_told_stays_told_before_a_removal,
        the_end_of_a_session_is_told_once;
    service: rooms_come_in_pages, members_come_in_pages, rooms_are_created_and_changed, envelopes_from_outside,
        request_ids_are_remembered;
    watches: a_watch_begins_with_what_is_there, changes_come_in_order, one_room_only, a_slow_watcher_is_told,
        many_rooms_are_no_lag, an_ended_room_stays_ended;
    drain: go_away_reaches_every_connection, go_away_survives_a_full_queue, everything_is_written_and_accounted_for,
        a_drained_session_cannot_be_resumed, who_leaves_before_the_last_word_is_not_waited_for;
};

/// Runs every case over backends from `make`. Panics with the names of the cases that failed.
pub fn suite(make: impl Fn(Limits) -> Arc<dyn Backend>) {
    let failed: Vec<_> = CASES
        .iter()
        .filter(|case| catch_unwind(AssertUnwindSafe(|| case.run(&make))).is_err())
        .map(|c| c.name)
        .collect();
    assert!(failed.is_empty(), "the contract is broken: {}", failed.join(", "));
}
