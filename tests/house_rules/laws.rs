//! Every law is tested, and this is where: who renames or removes one of these tests comes by here.

use vitarad_actors::domain::laws::Law;

use crate::kept;
use crate::repository::read;

type Place = (Law, &'static str, &'static str);

const TESTED: [Place; 42] = [
    (
        Law::B1,
        "actors/desk/tests/outages.rs",
        "a_store_that_goes_away_before_the_journal_row_stops_the_write",
    ),
    (
        Law::B1,
        "tests/process/crashes.rs",
        "wherever_a_process_on_sqlite_dies_nothing_is_lost_and_nothing_is_doubled",
    ),
    (Law::B2, "actors/domain/laws.rs", "an_overlap_is_ours_only_if_one_of_the_rows_is"),
    (
        Law::B2,
        "tests/store/contract/announcing.rs",
        "of_64_racing_announcements_of_overlapping_slots_one_is_granted",
    ),
    (Law::B2, "tests/journeys/repeated.rs", "a_slot_that_three_callers_want_at_once_is_one_callers"),
    (Law::B3, "actors/domain/laws.rs", "a_breach_stops_a_debug_build"),
    (
        Law::B3,
        "tests/journeys/lost_answers.rs",
        "a_booking_whose_answer_is_lost_is_read_back_while_the_caller_waits",
    ),
    (
        Law::B4,
        "actors/desk/tests/deaths.rs",
        "a_move_that_dies_at_any_point_leaves_the_patient_with_an_appointment",
    ),
    (Law::B4, "actors/desk/tests/moves.rs", "a_move_whose_new_half_never_arrived_leaves_the_old_one"),
    (Law::B5, "actors/domain/laws.rs", "silence_is_never_known_not_done"),
    (Law::B5, "actors/domain/laws.rs", "absence_before_the_last_arrival_proves_nothing"),
    (
        Law::B5,
        "actors/desk/tests/unknown.rs",
        "a_write_that_never_arrived_stays_unknown_until_absence_counts_and_ends_with_staff",
    ),
    (
        Law::B5,
        "tests/emr_soap/writes.rs",
        "a_write_whose_answer_is_lost_proves_nothing_although_the_row_exists",
    ),
    (
        Law::B6,
        "tests/journeys/repeated.rs",
        "eight_copies_of_one_delivery_at_once_get_one_answer_and_one_booking",
    ),
    (Law::B6, "tests/journeys/repeated.rs", "every_wish_under_a_new_id_is_answered_by_what_came_of_it"),
    (Law::B7, "actors/desk/tests/clerks.rs", "what_staff_changed_since_the_caller_heard_of_it_is_left_alone"),
    (
        Law::B7,
        "tests/journeys/staff.rs",
        "an_appointment_that_staff_changed_since_the_caller_heard_of_it_is_left_alone",
    ),
    (Law::C1, "tests/door/deadlines.rs", "what_nobody_answers_the_door_answers_by_its_own_timer"),
    (Law::C1, "tests/door/whatever_comes.rs", "any_bytes_get_a_well_formed_answer"),
    (
        Law::C1,
        "tests/deaths/each.rs",
        "every_actor_dies_every_death_as_the_table_says_and_nobody_goes_unanswered",
    ),
    (Law::I1, "tests/door/limits.rs", "a_clinic_whose_tool_calls_all_hang_is_busy_and_another_is_not"),
    (Law::I1, "tests/journeys/outages.rs", "while_one_clinics_emr_is_away_the_others_callers_book"),
    (
        Law::I1,
        "tests/store/commit.rs",
        "a_clinic_that_asks_10000_times_delays_anothers_commit_by_two_batches_at_most",
    ),
    (Law::I2, "tests/door/clinics.rs", "what_a_model_or_metadata_says_names_no_clinic"),
    (
        Law::I2,
        "tests/journeys/clinics.rs",
        "a_patient_of_the_other_clinic_is_not_found_by_number_name_or_chart",
    ),
    (Law::I2, "tests/store/walls.rs", "a_session_sees_its_own_clinics_rows_and_without_a_clinic_none"),
    (Law::I3, "actors/call/tests.rs", "nothing_is_booked_for_who_is_not_verified"),
    (Law::I3, "tests/journeys/identity.rs", "a_number_alone_or_a_name_alone_says_nothing_about_its_owner"),
    (Law::O1, "tests/store/contract/calls.rs", "a_former_owner_saves_and_ends_nothing"),
    (Law::O1, "tests/store/contract/roles.rs", "a_former_holder_of_a_role_writes_nothing"),
    (Law::O1, "tests/store/schema.rs", "of_processes_that_begin_at_once_on_a_node_one_is_active"),
    (Law::O2, "actors/call/tests.rs", "a_call_that_fell_asleep_wakes_with_what_it_knew"),
    (
        Law::O1,
        "tests/handoff_model/main.rs",
        "whatever_dies_or_is_late_one_process_has_the_node_and_its_door",
    ),
    (Law::O2, "tests/process/misfortunes.rs", "wherever_a_successor_dies_the_incumbent_serves_on"),
    (
        Law::O2,
        "tests/deaths/endings.rs",
        "a_root_that_dies_is_a_failed_end_and_the_next_process_goes_on_where_it_was",
    ),
    (
        Law::O2,
        "tests/process/crashes.rs",
        "wherever_a_process_on_postgresql_dies_nothing_is_lost_and_nothing_is_doubled",
    ),
    (Law::P1, "tests/door/logs.rs", "a_request_leaves_one_line_with_ids_and_no_person_in_it_at_any_level"),
    (Law::P1, "tests/emr_soap/silence.rs", "no_patient_and_no_secret_is_in_the_log_and_each_exchange_is"),
    (Law::P1, "tests/store/sealed.rs", "the_postgresql_tables_hold_no_health_information_in_clear"),
    (Law::P2, "actors/call/tests.rs", "every_reading_of_a_patient_is_in_the_audit_log_before_the_answer"),
    (Law::P2, "tests/store/contract/audit.rs", "every_audit_entry_is_sealed_once"),
    (Law::P2, "tests/store/tampering.rs", "an_edited_entry_shows"),
];

fn untested(laws: &[Law], places: &[Place], read: impl Fn(&str) -> Option<String>) -> Vec<String> {
    let nowhere = laws.iter().filter(|law| places.iter().all(|(tested, ..)| tested != *law));
    let nowhere = nowhere.map(|law| format!("{law} is tested nowhere"));
    let stands = |path, test| read(path).is_some_and(|text| text.contains(&format!("fn {test}(")));
    let gone = places.iter().filter(|(_, path, test)| !stands(path, test));
    nowhere.chain(gone.map(|(law, path, test)| format!("{law}: {path} has no {test}"))).collect()
}

#[test]
fn every_law_is_tested_where_it_is_said_to_be() {
    kept(&untested(Law::ALL, &TESTED, read));
    let one = |path: &str| (path == "a.rs").then(|| "#[test]\nfn it_holds() {}".to_owned());
    assert_eq!(untested(&[Law::B1], &[(Law::B1, "a.rs", "it_holds")], one), [""; 0]);
    assert_eq!(untested(&[Law::B1], &[(Law::B1, "a.rs", "it")], one), ["B-1: a.rs has no it"]);
    assert_eq!(untested(&[Law::B1], &[(Law::B1, "b.rs", "it_holds")], one), ["B-1: b.rs has no it_holds"]);
    let other = [(Law::B2, "a.rs", "it_holds")];
    assert_eq!(untested(&[Law::B1, Law::B2], &other, one), ["B-1 is tested nowhere"]);
}
