//! The contract suite: tests of the guarantees of [`Backend`] that run against any implementation.
//!
//! Each guarantee is a named case that uses the trait alone. Cases wait for answers and wake-ups with a time limit, and
//! never inspect a backend's internals. To check that something does *not* arrive, a case first sends something else that
//! does. So the suite also holds for a backend that answers later; [`later::Later`] turns any backend into such a one.

mod announcements;
mod delivery;
mod drain;
mod epochs;
mod grace;
pub mod history;
pub mod kit;
pub mod later;
mod mailboxes;
mod make;
mod namespaces;
mod operators;
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

use std::{
    panic::{AssertUnwindSafe, catch_unwind},
    sync::Arc,
};

use self::make::Make;
use crate::{backend::Backend, limits::Limits};

/// A guarantee and its check.
pub struct Case {
    /// The guarantee's name.
    pub name: &'static str,
    run: fn(&Make<'_>),
}

impl Case {
    /// Checks the guarantee with a new backend. Panics if it does not hold.
    pub fn run(&self, make: &dyn Fn(Limits) -> Arc<dyn Backend>) {
        (self.run)(&Make(make));
    }
}

/// Runs every case against backends from `make`. Panics with the names of the cases that failed.
pub fn suite(make: impl Fn(Limits) -> Arc<dyn Backend>) {
    let failed: Vec<_> = CASES
        .iter()
        .filter(|case| catch_unwind(AssertUnwindSafe(|| case.run(&make))).is_err())
        .map(|case| case.name)
        .collect();
    assert!(failed.is_empty(), "the contract is broken: {}", failed.join(", "));
}

macro_rules! cases {
    ($($module:ident: $($name:ident),+ $(,)?;)*) => {
        &[$($(Case { name: concat!(stringify!($module), "::", stringify!($name)), run: $module::$name },)+)*]
    };
}

/// All cases.
pub const CASES: &[Case] = cases! {
    sessions: open_reserves_the_peer_id, a_live_session_ends_with_its_connection, a_closed_session_cannot_be_resumed, find_checks_the_secret_and_the_epoch,
        an_end_takes_effect_without_being_waited_for, an_uplink_carries_the_frames_of_its_session, a_live_session_is_not_found, a_replaced_session_has_ended, a_session_is_replaced_by_one_that_opens, a_full_backend_refuses_sessions,
        stats_count_connections, totals_count_what_all_nodes_hold;
    steps: a_frame_takes_effect_once, a_gap_changes_nothing, a_refusal_consumes_no_number_and_a_reply_does, live_frames_are_not_sequenced,
        every_request_advances_applied, steps_may_be_submitted_ahead;
    delivery: direct_envelopes_arrive_in_order, a_reused_peer_id_addresses_the_new_session, room_envelopes_need_both_memberships,
        a_broadcast_reaches_all_others, a_repeated_broadcast_reaches_each_member_once, refused_envelopes_are_not_delivered, a_join_precedes_the_first_envelope, every_kind_of_item_wakes_the_connection, a_budget_limits_each_fetch;
    receipts: an_ack_produces_the_requested_receipt, a_live_recipient_produces_written_receipts, what_a_live_connection_did_not_write_is_undeliverable,
        what_a_live_connection_fetched_is_not_acknowledged,
        what_a_live_connection_wrote_last_is_written_when_it_ends, the_end_of_a_recipient_produces_receipts,
        each_outcome_is_reported_once, a_resume_acknowledges_what_was_received, a_reused_peer_id_gets_no_receipts_of_its_predecessor;
    mailboxes: a_slow_resumable_client_is_detached, a_slow_live_client_is_ended, a_full_detached_mailbox_refuses_envelopes,
        a_full_detached_mailbox_still_takes_answers,
        a_detached_mailbox_overflowed_by_control_frames_ends_the_session, bytes_are_limited_too, a_large_roster_fits_an_empty_mailbox, an_overflowed_session_cannot_be_resumed;
    resume: a_resume_from_zero_replays_everything, the_replay_starts_after_the_last_frame_received, repeated_resumes_replay_the_same, a_current_attachment_is_superseded,
        a_resume_can_be_repeated_after_a_lost_welcome, an_older_epoch_is_refused_once_the_newer_was_used, an_overtaken_resume_is_refused, a_future_number_resets,
        an_acknowledged_number_resets, a_wrong_secret_looks_unknown, client_numbers_continue_after_a_resume, a_resume_joins_no_room,
        live_sessions_cannot_be_resumed, an_unknown_epoch_resets;
    epochs: superseded_operations_have_no_effect, detached_operations_have_no_effect, an_old_ack_is_ignored,
        an_old_detach_and_close_are_ignored;
    grace: a_session_ends_after_its_grace_period, the_end_is_remembered_with_its_reason, the_grace_period_starts_at_the_last_detach,
        reconnecting_is_published_after_a_delay, a_quick_resume_is_not_published, repeated_reconnects_accumulate_no_timers;
    rooms: a_session_joins_and_leaves, joining_twice_changes_nothing, members_per_room_are_limited, rooms_per_session_are_limited,
        rooms_are_limited, a_join_may_require_an_existing_room, a_create_requires_that_no_room_exists, ownership_passes_in_join_order,
        duplicate_users_are_handled_by_the_rooms_rule, an_empty_room_ends_after_its_timeout, a_member_updates_its_entry, owner_requests_are_refused_to_others;
    removal: a_removed_member_receives_left, a_ban_holds_until_the_room_ends, an_ended_room_notifies_all_members,
        bans_are_bounded, removal_while_detached_is_replayed, a_removed_member_neither_sends_nor_receives;
    presence: versions_are_contiguous, a_resume_gets_rosters, a_known_version_needs_no_roster, an_overflow_becomes_a_roster,
        an_unread_joined_is_refreshed, a_joined_has_the_version_of_the_room_it_shows, a_repeated_join_follows_the_roster, an_earlier_membership_is_not_refreshed,
        the_answer_to_a_join_is_replayed_after_the_room_was_left, queued_presence_is_written_before_a_removal,
        the_end_of_a_session_is_published_once;
    announcements: before_a_removal_while_detached, although_it_has_left_since, in_an_unread_joined, after_an_overflow;
    service: rooms_are_paged, pages_are_complete_while_others_end, members_are_paged, rooms_are_created_and_updated, services_send_envelopes,
        request_ids_make_requests_idempotent, a_request_id_is_for_one_request, request_ids_are_bounded;
    operators: sessions_are_listed, sessions_are_paged, sessions_end_without_their_secrets, sessions_end_with_their_token,
        a_token_is_that_of_its_issuer,
        a_user_is_erased, grants_belong_to_the_session,
        a_resume_may_bring_a_token, a_resume_needs_a_valid_token_of_its_user, a_session_is_taken_out_of_rooms, a_frame_of_the_server_is_replayed,
        events_tell_what_happened_to_sessions, events_that_are_forgotten_are_missed;
    watches: a_watch_begins_with_snapshots, changes_come_in_order, a_watch_can_cover_one_room, a_slow_watcher_is_cut_off,
        what_a_watch_leaves_out_takes_no_place, snapshots_do_not_count_as_lag, an_ended_room_ends_once, rooms_are_read_page_by_page, a_watcher_that_reads_no_pages_is_cut_off;
    namespaces: names_are_those_of_their_namespace, what_ends_in_one_stays_in_the_others, a_session_is_found_in_its_namespace,
        a_watch_is_of_its_namespace, events_are_those_of_their_namespace, a_request_id_is_of_its_namespace, namespaces_share_the_limits_of_the_node,
        a_namespace_is_forgotten_when_nothing_is_left, a_drain_is_of_all_namespaces;
    drain: go_away_reaches_every_connection, go_away_survives_a_full_queue, a_drain_writes_everything_and_sends_receipts,
        a_drained_session_cannot_be_resumed, a_drain_does_not_wait_for_a_lost_connection;
};
