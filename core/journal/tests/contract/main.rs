//! What every engine of the journal promises, and what SQLite promises beside.
//!
//! The cases ask only through `Journal`; an engine joins by a [`Place`] and one line at the end.

#![expect(clippy::unwrap_used, reason = "a test's case stops where its ground gives way")]

mod accepting;
mod asking;
mod cut;
mod directing;
mod filing;
mod holding;
mod lanes;
mod line;
mod meant;
mod moving;
mod owing;
mod planning;
mod postgres;
mod proving;
mod recalling;
mod sealing;
mod sharing;
mod sqlite;
mod world;

use luotsi_journal::{Journal, NodeId};

/// Where one journal is kept.
pub(crate) trait Place {
    /// A place without a journal; `None` where this machine has no such engine.
    fn new() -> Option<Self>
    where
        Self: Sized;
    /// Opens the journal there, the same one at every call, for a hub that tells others.
    fn open_for(&self, teller: Option<NodeId>) -> Journal;
    /// Opens it for a hub that has it alone.
    fn open(&self) -> Journal {
        self.open_for(None)
    }
}

macro_rules! suite {
    ($engine:ident: $place:ty; $($room:ident: [$($case:ident),+ $(,)?]),+ $(,)?) => {
        mod $engine {
            $(mod $room {
                use crate::Place;
                $(#[tokio::test]
                async fn $case() {
                    let Some(place) = <$place>::new() else { return };
                    crate::$room::$case(&place).await;
                })+
            })+
        }
    };
}

macro_rules! every_engine {
    ($($engine:ident: $place:ty),+ $(,)?) => {
        $(suite! {
            $engine: $place;
            accepting: [
                what_is_accepted_outlives_the_hub,
                the_same_key_gives_the_same_receipt,
                one_key_at_the_same_moment_is_one_message,
                a_rejection_writes_nothing,
                a_task_moves_by_its_legal_steps,
            ],
            directing: [
                every_change_is_a_version_and_moves_the_epoch,
                a_change_wakes_what_pends_about_the_client,
                sends_under_way_are_counted,
                a_directive_is_replaced_only_at_its_version,
                a_directive_is_its_authors_after_anothers_withdrawal,
            ],
            filing: [
                the_same_file_gives_the_same_receipts,
                a_bad_record_of_many_leaves_none_and_all_bad_ones_are_named,
            ],
            holding: [
 what_is_held_goes_by_a_release_alone,
 what_is_held_is_decided_again_when_directives_change,
 ],
            lanes: [
                a_lane_has_one_owner_and_a_former_ones_moves_are_refused,
                a_hub_that_lives_loses_nothing_and_one_that_went_leaves_all,
                a_new_owner_settles_its_own_lane_only,
                only_a_fence_that_holds_settles,
                a_sign_of_life_says_whether_the_hub_was_known,
                what_is_written_is_told_until_it_is_struck_out,
                what_came_together_is_told_together,
                what_is_accepted_is_told_what_it_comes_after,
            ],
            moving: [
                a_move_decided_on_old_directives_is_not_made,
                a_move_starts_where_the_delivery_is,
                recovering_closes_each_open_send_once,
                a_burial_closes_what_stands_open,
                what_moves_at_once_moves_as_one_after_the_other,
            ],
            owing: [
                what_is_owed_is_found_by_its_time_and_settled_once,
                a_refused_delivery_ends_its_task,
            ],
            asking: [
                a_question_sees_one_moment,
                what_pends_is_found_in_order,
                a_client_is_told_every_disclosure_with_its_outcome,
            ],
            planning: [
                merging_twice_changes_nothing,
                a_plan_is_replaced_only_at_its_version,
            ],
            recalling: [
                what_rested_on_it_and_may_have_arrived_is_recalled,
                reads_are_recalled_by_what_their_readers_know,
                nothing_but_a_withdrawal_recalls,
                a_recall_comes_to_one_end,
                dead_letters_are_decided_again_after_a_change,
            ],
        })+
    };
}

every_engine! {
    on_sqlite: crate::sqlite::File,
    on_postgres: crate::postgres::Own,
}
