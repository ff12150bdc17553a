//! What every database promises: one suite, run on each.
//!
//! A test is an async function that takes a [`subject::Subject`]; the list at the end makes it a
//! test per database. A new database adds a line to the macro and nothing to the suite.

mod claims;
mod counts;
mod differential;
mod documents;
mod events;
mod filters;
mod guards;
mod lists;
mod make;
mod plugins;
mod postgres_faults;
mod postgres_places;
mod postgres_ways;
mod pushes;
mod queries;
mod refusals;
mod schedules;
mod server;
mod sqlite_faults;
mod subject;
mod told;
mod updates;

macro_rules! on_every_database {
    ($($file:ident { $($test:ident)* })*) => {
        mod sqlite {
            $(mod $file {
                $(
                    #[tokio::test]
                    async fn $test() {
                        let subject = $crate::store::subject::sqlite().await;
                        $crate::store::$file::$test(&subject).await;
                    }
                )*
            })*
        }
        mod postgres {
            $(mod $file {
                $(
                    #[tokio::test]
                    async fn $test() {
                        let subject = $crate::store::subject::postgres().await;
                        $crate::store::$file::$test(&subject).await;
                    }
                )*
            })*
        }
    };
}

on_every_database! {
    guards {
        a_message_is_handled_once
        of_two_units_with_one_message_the_first_happens
        the_same_message_is_new_to_another_scheduler
        a_unit_that_is_refused_leaves_nothing_behind
        a_new_delivery_is_handled_although_an_equal_one_was
        a_delivery_in_doubt_is_refused_by_its_own_mark_only
        what_is_unmarked_is_new_again
        a_mark_goes_after_the_guards_of_its_commit
        a_deadline_moves_once
        a_disabled_schedule_has_no_deadline_to_move
        a_value_is_written_only_over_the_expected_revision
        the_revision_of_a_deleted_value_is_never_used_again
        a_value_that_must_not_exist_is_made_once
        values_of_different_plugins_do_not_meet
    }
    pushes {
        a_task_reads_back_as_it_was_pushed
        a_live_hash_is_taken
        of_two_pushes_with_one_hash_in_a_commit_the_first_is_queued
        a_task_that_is_sent_twice_is_a_duplicate_of_itself
        the_hash_of_a_dispatched_task_is_free
        schedulers_do_not_share_hashes
        the_id_of_a_finished_task_is_taken
        of_two_pushes_with_one_id_in_a_commit_the_first_is_queued
        a_cancellation_frees_the_hash_within_its_unit
        a_link_leads_to_the_schedule_of_its_hash
        a_link_that_leads_nowhere_is_no_link
        a_commit_of_nothing_does_nothing
        a_commit_that_nobody_waits_for_holds_up_no_other
        many_tasks_go_in_with_one_commit
    }
    claims {
        a_claimed_task_comes_as_it_was_with_attempt_lease_and_rank
        a_claim_is_stored
        a_worker_may_call_itself_anything
        a_task_is_handed_out_once
        what_is_not_queued_is_gone
        a_task_that_comes_back_is_handed_out_again
    }
    updates {
        an_unknown_task_is_not_found
        a_move_that_the_table_lacks_is_illegal
        the_open_rule_takes_any_move
        a_report_on_an_old_attempt_is_stale
        an_update_waits_for_its_status
        a_lease_that_has_not_ended_keeps_its_task
        a_finished_task_is_closed
        a_repeated_report_changes_nothing
        a_task_that_comes_back_waits_for_its_time
        a_task_cannot_come_back_beside_a_live_one
        a_hash_cannot_be_changed_to_a_live_one
        a_changed_hash_moves_the_live_task
        the_fields_that_are_sent_change
        a_priority_is_what_was_asked_for
        a_heartbeat_only_moves_the_lease
        a_reason_without_a_move_is_a_step_too
        a_task_that_is_given_up_says_so
        updates_of_one_task_in_a_commit_follow_each_other
        the_time_of_modification_stays
        a_link_to_a_schedule_that_is_not_there_is_dropped
    }
    schedules {
        a_schedule_reads_back_as_it_was_made
        schedules_are_found_by_hash_in_the_order_of_the_question
        a_hash_has_one_schedule
        an_upsert_makes_or_changes
        an_upsert_leaves_a_disabled_schedule_alone
        a_change_changes_what_it_names
        a_hash_cannot_be_changed_to_a_taken_one
        two_schedules_swap_their_hashes_within_a_commit
        a_schedule_that_is_made_and_renamed_in_a_commit_does_not_take_a_hash
        a_disabled_schedule_is_not_due
        what_is_not_there_is_not_found
        the_tasks_of_a_deleted_schedule_stay
        due_schedules_come_by_their_deadline
    }
    events {
        a_kept_message_reads_back
        keeping_again_changes_what_became_of_it
        a_dropped_message_is_gone
        kept_messages_are_listed_newest_first
        messages_are_due_by_their_time
    }
    lists {
        tasks_are_listed_newest_first
        tasks_of_one_moment_are_listed_by_id
        a_window_passes_over_and_stops
        an_empty_window_only_counts
        counting_stops_at_its_limit
        every_field_of_a_question_narrows
        rare_statuses_are_listed_in_the_same_order
        schedules_are_listed_newest_first
        every_field_of_a_question_narrows_schedules
    }
    queries {
        queued_tasks_come_by_id_in_pages
        tasks_by_id_leave_out_unknown_ones
        matching_keeps_the_order_it_was_given
        matching_sees_only_what_is_queued
        the_steps_of_a_task_are_told_in_order
        leases_end_at_their_moment
        the_newest_task_of_a_hash_is_found_in_every_status
        the_newest_of_a_hash_is_the_one_pushed_last
        last_runs_come_in_the_order_of_the_question
        an_older_end_does_not_replace_the_last_run
        the_last_run_measures_from_the_hand_out
        what_rankers_read_is_what_the_task_says
        data_comes_in_the_order_of_the_ids
        the_database_answers
    }
    filters {
        every_operator_finds_what_it_should
        groups_combine
        relations_lead_to_the_other_table
        schedules_have_filters_too
    }
    documents {
        values_inside_of_data_compare_by_their_type
        text_is_found_however_a_document_writes_it
        documents_are_compared_and_contained
        a_document_that_is_too_deep_hides_no_other
    }
    refusals {
        a_filter_that_cannot_be_used_says_how_to_mend_it
        a_filter_on_documents_says_how_to_mend_it
        values_are_never_part_of_the_statement
        the_largest_filters_are_answered
    }
    counts {
        counts_follow_every_task
        counts_are_by_the_hour_of_modification
        tidying_keeps_the_sums
        tidying_forgets_old_marks
        counts_equal_the_tasks_after_any_operations
    }
    told {
        ended_tasks_are_kept_until_they_are_told
        schedulers_that_do_not_want_to_know_cost_nothing
        an_end_is_told_once
        a_task_that_is_opened_again_is_not_told
    }
    plugins {
        a_version_reads_back_with_its_component
        a_version_is_stored_once
        versions_are_listed_newest_first
        a_generation_follows_the_one_before
        slots_have_their_own_generations
        signatures_are_kept_by_version_and_key
        the_last_refusals_are_kept
    }
}
