//! The contract, on SQLite, on PostgreSQL, and on the store in memory, because what is proved on that one is only worth
//! as much as it is like the others.

use crate::contract;
use crate::fixture::{MemoryHouse, SqlHouse};

macro_rules! on_each {
    ($($name:ident)+) => {
        mod sqlite {
            $(#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn $name() {
                super::contract::$name(&super::SqlHouse::sqlite()).await;
            })+
        }
        mod postgres {
            $(#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn $name() {
                if let Some(house) = super::SqlHouse::postgres().await {
                    super::contract::$name(&house).await;
                }
            })+
        }
        mod memory {
            $(#[tokio::test]
            async fn $name() {
                super::contract::$name(&super::MemoryHouse::default()).await;
            })+
        }
    };
}

on_each! {
    a_call_is_adopted_again_with_the_next_fence_and_what_it_knew
    a_former_owner_saves_and_ends_nothing
    a_save_never_replaces_a_later_one
    the_same_message_is_kept_once
    of_64_racing_claims_one_is_ours
    a_claim_its_owner_died_on_is_taken_over_and_counted
    a_claim_that_nobody_died_on_is_taken_over_and_not_counted
    a_claim_of_a_living_process_is_left_to_it_though_the_call_is_anothers
    a_claim_that_became_an_intent_is_left_to_the_intent
    forsaken_is_what_nobody_answers_and_no_intent_will
    what_is_handed_to_staff_is_handed_over_once_and_no_answer_is_lost
    the_first_stored_answer_stays
    a_hold_keeps_other_calls_out_until_it_expires
    new_holds_of_a_call_replace_its_old_ones_and_its_end_drops_them
    an_unsettled_addition_is_taken_and_cannot_be_held
    a_slot_is_held_by_one_caller_or_announced_for_another_never_both
    of_64_racing_holds_of_overlapping_slots_one_is_granted
    of_64_racing_announcements_of_overlapping_slots_one_is_granted
    a_patient_opens_one_intent_however_many_days_are_tried_at_once
    the_same_wish_is_known_while_it_is_open_and_once_it_is_done
    a_refused_wish_may_be_wished_again
    nothing_is_begun_for_a_tool_call_that_has_its_answer
    a_done_intent_the_emr_no_longer_bears_out_is_replaced
    a_refused_replacement_leaves_the_replaced_intent_live
    an_addition_is_refused_where_a_hold_or_an_unsettled_one_is_in_the_way
    a_cancellation_is_not_stopped_by_what_overlaps_it
    one_process_at_a_time_writes_to_a_providers_day
    a_process_that_gives_up_gives_its_days_back
    a_settlement_is_one_commit_of_all_that_follows_from_it
    a_stored_answer_is_not_replaced_by_a_settlement
    only_the_sender_and_the_owner_settle_and_only_what_may_follow
    of_two_who_settle_at_once_one_does
    a_later_step_needs_the_open_intent_to_be_ours_and_no_write_unsettled
    a_write_nobody_settled_is_due_after_its_last_arrival_and_comes_back_whole
    an_unknown_write_is_looked_at_again_when_it_says_and_watched_until_it_is_let_go
    a_move_that_died_between_its_halves_is_due_at_once_for_its_next_owner
    a_step_that_was_done_is_not_looked_at_once_the_next_one_is_written
    an_absent_addition_is_watched_after_its_intent_is_closed_until_it_turns_up
    what_a_living_process_works_at_is_not_adopted
    the_journal_is_read_oldest_first_and_counted
    a_role_has_one_holder_who_keeps_its_fence_when_renewing
    a_role_is_free_at_once_when_its_holder_gives_it_back_or_is_dead
    a_former_holder_of_a_role_writes_nothing
    a_node_passes_with_its_roles_and_comes_back_until_it_is_settled
    what_was_withdrawn_is_not_claimed_and_no_number_serves_twice
    what_a_draining_process_works_at_is_its_own_until_it_is_gone
    of_400_races_of_a_claim_with_its_withdrawal_each_has_one_winner
    of_400_races_of_a_settlement_with_its_taking_back_each_has_one_winner
    a_silent_process_is_called_dead_by_one_that_has_beaten_all_the_while
    a_process_that_drains_may_fall_silent_and_one_that_stood_by_does_not_count_from_before
    a_process_tells_whom_it_counts
    an_emr_may_be_at_work_for_who_died_or_left_something_behind
    of_400_races_of_two_nodes_for_a_providers_day_each_has_one_winner
    a_text_is_queued_once_and_taken_once
    a_text_left_in_sending_by_a_death_is_never_sent_again
    what_is_past_its_time_goes_and_what_is_not_settled_or_still_watched_stays
    a_purge_takes_no_more_of_a_kind_than_it_may
    who_waits_is_entered_once_by_the_owner_of_the_call
    who_waits_no_longer_may_join_again_and_is_not_marked_twice
    every_look_at_the_waiting_list_is_in_the_audit_log
    a_request_is_held_with_its_answer_and_comes_back_whole
    a_registration_is_held_once_for_a_person_and_comes_back_whole
    one_person_or_health_number_is_registered_at_a_time
    of_16_racing_registrations_of_one_person_one_is_announced
    a_settled_registration_is_one_commit_and_known_to_its_call
    only_its_sender_or_owner_settles_a_registration_and_once
    an_unsettled_registration_is_due_for_its_owner_and_adopted_from_the_dead
    what_staff_have_to_look_at_is_listed_and_the_look_is_audited
    the_same_wish_is_held_once_and_a_call_holds_no_more_than_it_may
    of_64_racing_deliveries_of_a_wish_one_is_held
    a_held_request_is_carried_out_by_one_and_ended_by_whoever_has_the_fence
    what_a_dead_process_had_taken_up_is_due_at_once
    a_held_request_is_due_when_it_expires_and_may_be_cancelled_while_it_waits
    a_move_and_a_cancellation_are_held_as_they_were_wished
    freed_time_is_due_once_and_patients_wait_for_it_in_line
    of_racing_offers_one_is_made_for_a_time_and_one_for_a_person
    what_is_offered_is_kept_for_that_patient_until_it_is_booked
    a_booking_elsewhere_or_refused_takes_no_offer_up
    an_offer_ends_once_frees_its_time_and_its_unsent_text_is_not_sent
    a_time_that_a_caller_weighs_is_not_offered_and_one_left_to_staff_is_not_kept
    who_asks_again_keeps_their_place_and_what_they_say_now_counts
    freed_time_and_its_offers_go_when_they_are_old
    a_record_grows_with_every_message_and_the_call_itself
    a_report_is_missed_when_nothing_was_heard_for_its_time_and_the_longest_missed_comes_first
    what_was_asked_for_in_vain_is_asked_for_again_at_its_time_or_never
    only_the_owner_of_the_role_notes_what_was_asked
    a_record_goes_when_it_has_not_changed_for_its_time
    every_audit_entry_is_sealed_once
    what_is_entered_of_a_clinic_that_nobody_declared_is_sealed_too
    a_patient_of_two_clinics_is_two_patients
    a_discovery_takes_the_place_of_the_former_one_of_its_path_and_clinic
    of_each_part_the_last_word_of_any_process_stands
    a_word_is_news_for_a_while_and_known_for_ever
}
