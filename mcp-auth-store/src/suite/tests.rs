//! The list of all promises.

/// Makes a test of every promise of a database: `mcp_auth_store::rows_suite!(fresh_rows().await);` in a separate file. The expression
/// gives new and empty [`Rows`](crate::durable::Rows) each time, in an `Arc`.
#[macro_export]
macro_rules! rows_suite {
    (#[$attribute:meta] $fresh:expr) => {
        $crate::rows_suite! { @all [#[$attribute]] $fresh }
    };
    ($fresh:expr) => {
        $crate::rows_suite! { @all [] $fresh }
    };
    (@all $attributes:tt $fresh:expr) => {
        $crate::suite! { @tests $attributes $fresh;
            rows: what_was_written_is_read_as_it_was
                a_row_is_changed_where_it_is_what_it_has_to_be
                nothing_of_a_change_is_done_where_one_row_is_not_what_it_has_to_be
                of_a_hundred_changes_at_once_one_is_done
                a_group_is_read_in_its_order
                what_has_ended_is_swept_a_few_at_a_time
                pages_hold_every_row;
        }
    };
}

/// Makes a test of every promise: `mcp_auth_store::suite!(a_fresh_store().await);` in a separate file. The expression
/// gives a new and empty [`Store`](crate::Store) each time. An attribute before it is one of each test.
#[macro_export]
macro_rules! suite {
    (#[$attribute:meta] $fresh:expr) => {
        $crate::suite! { @all [#[$attribute]] $fresh }
    };
    ($fresh:expr) => {
        $crate::suite! { @all [] $fresh }
    };
    (@all $attributes:tt $fresh:expr) => {
        $crate::suite! { @tests $attributes $fresh;
            clients: a_registered_client_is_found_as_it_was
                registering_again_replaces
                clients_that_are_alike_are_one
                clients_that_are_alike_are_one_as_long_as_it_is_used
                of_a_hundred_alike_that_register_at_once_all_are_one
                a_client_that_nobody_allowed_anything_is_gone_after_an_hour
                a_client_stays_as_long_as_its_last_grant
                a_changed_client_is_found_as_it_is_now
                with_a_client_its_grants_and_consents_go
                a_client_that_many_people_allowed_something_ends_by_one_entry
                of_the_clients_that_one_person_alone_uses_those_of_long_ago_go;
            codes: a_code_is_found_until_long_after_its_use
                p18_a_code_is_used_once_and_its_replay_kills_the_grant
                p18_of_a_hundred_uses_at_once_one_is_the_first_and_the_grant_dies
                a_code_of_a_client_that_does_not_refresh_makes_no_grant
                p19_an_expired_code_is_gone
                an_unknown_code_is_gone;
            consents: what_a_person_allowed_lately_is_listed_until_they_end_it
                what_a_person_allowed_adds_up_per_client
                a_client_is_allowed_once_any_person_allowed_it_anything
                a_client_is_allowed_at_a_redirect_uri_while_a_person_allows_it_something_there
                what_a_person_need_not_be_asked_again_is_remembered_for_400_days
                what_is_remembered_can_be_replaced_and_taken_back
                what_is_remembered_has_another_mark_once_it_was_taken_back
                of_one_client_the_last_eight_are_remembered
                the_clients_of_which_a_person_need_not_be_asked_are_listed_until_that_ends
                what_a_person_let_one_client_do_ends_in_one_step_and_nothing_else_does
                with_a_client_of_a_person_end_tokens_of_grants_that_only_its_codes_know
                what_is_remembered_after_an_end_counts_only_if_more_was_allowed
                of_a_hundred_codes_that_are_redeemed_during_an_end_no_grant_is_left;
            grants: p21_an_old_refresh_token_kills_the_grant
                a_rotation_keeps_the_key_that_the_client_authenticated_by
                p21_of_a_hundred_rotations_at_once_one_succeeds_and_the_grant_dies
                p21_with_grace_a_hundred_rotations_at_once_give_one_successor
                a_grace_ends_at_its_time_and_covers_the_last_rotation_alone
                a_rotation_binds_a_grant_to_a_key_if_it_has_none
                the_grants_of_a_person_are_listed_until_they_end
                each_use_extends_the_life_of_a_grant
                an_expired_grant_is_gone
                a_revoked_grant_is_gone_and_revoking_nothing_is_not_an_error;
            accounts: an_account_is_found_as_it_was_made_and_listed_once
                a_name_is_given_once_and_never_again
                of_a_hundred_who_create_it_at_once_one_does
                a_password_is_set_by_a_link_once_and_in_time
                of_a_hundred_uses_of_a_link_at_once_one_sets_the_password
                a_person_changes_the_password_of_the_account_that_they_saw
                what_was_begun_with_is_confirmed_before_it_counts
                p30_a_time_step_is_used_once_and_those_before_it_never
                p30_of_a_hundred_uses_of_a_time_step_at_once_one_logs_in
                p30_a_recovery_code_is_used_once_by_one_of_a_hundred
                a_login_that_began_before_a_change_does_not_end_after_it
                with_a_person_all_that_is_kept_of_them_ends;
            passkeys: a_passkey_is_found_by_its_identifier_and_is_of_one_account
                of_a_hundred_accounts_that_add_one_passkey_at_once_one_has_it
                so_many_passkeys_one_account_has_and_no_more
                a_passkey_whose_person_was_not_verified_logs_in_after_the_password_alone
                a_passkey_is_not_added_to_what_the_account_was_before
                a_count_of_a_passkey_is_used_once_and_those_before_it_never
                of_a_hundred_uses_of_a_count_at_once_one_logs_in
                a_passkey_is_a_second_factor_and_a_first_one
                a_reset_leaves_passkeys_unless_they_are_to_go_too;
            known_clients: every_client_of_which_something_is_kept_is_listed
                what_a_client_has_not_redeemed_ends_and_that_of_others_stays;
            people: everybody_of_whom_something_is_kept_is_listed
                with_a_person_their_sessions_and_tasks_go;
            browser_sessions: a_login_ends_at_its_time
                a_new_login_ends_the_one_of_the_same_browser
                a_login_counts_for_its_request_until_that_is_answered
                an_ended_login_is_gone_and_ending_nothing_is_not_an_error;
            sessions: a_session_has_no_owner_until_it_is_bound
                j34_a_bound_session_is_its_owners_alone
                j34_of_a_hundred_owners_at_once_one_gets_the_session
                keeping_again_replaces_the_state_and_never_the_owner
                entering_keeps_a_session_longer
                an_ended_session_is_gone_and_ending_nothing_is_not_an_error;
            tasks: a_task_is_found_by_its_owner_alone
                a_repeated_identifier_does_not_hand_over_the_task_of_another
                of_a_hundred_owners_at_once_one_gets_the_identifier
                a_task_is_forgotten_at_its_time;
            confirmations: a_call_is_found_as_long_as_it_waits
                the_first_answer_counts_and_is_taken_once
                at_its_time_a_call_and_its_answer_are_gone
                so_many_calls_of_one_person_wait_and_no_more
                what_was_never_asked_is_gone
                of_a_hundred_answers_one_counts_and_of_a_hundred_takers_one_gets_it;
            counters: arrivals_conform_up_to_the_burst_and_again_later
                of_a_hundred_arrivals_at_once_as_many_conform_as_one_after_the_other
                what_is_refused_does_not_count
                keys_do_not_touch_each_other
                a_look_counts_for_nothing;
            revocations: with_a_grant_its_access_tokens_die
                what_was_revoked_is_known_until_such_tokens_have_expired
                a_revocation_after_one_of_a_clock_that_is_ahead_is_not_swallowed_by_it
                each_step_that_revokes_by_time_comes_after_all_before_it
                of_a_hundred_revocations_of_the_same_at_once_each_is_later_than_the_one_before
                a_person_with_the_name_of_their_client_is_one_of_all_people;
            configured_access: what_is_given_no_more_is_revoked_and_what_is_given_anew_is_not
                two_configurations_in_turn_revoke_at_each_change_and_not_for_ever
                what_all_people_are_given_each_person_is_given
                of_a_hundred_starts_at_once_all_leave_what_the_configuration_gives
                where_very_many_people_lose_something_all_people_are_revoked_by_one_entry
                a_program_that_loses_something_with_very_many_people_loses_its_tokens_too;
            sealing_keys: the_first_key_of_a_purpose_stays
                a_hundred_processes_that_start_at_once_get_the_same_key;
            signing_keys: the_first_ring_stays
                a_hundred_processes_that_start_at_once_get_the_same_ring
                of_a_hundred_rotations_at_once_one_gives_the_next_key
                a_key_is_removed_when_its_tokens_have_ended
                a_key_that_replaces_all_is_alone
                the_only_key_of_an_older_release_is_the_first_of_the_ring;
            spent: what_is_spent_once_is_spent_until_its_time
                of_a_hundred_uses_at_once_one_is_the_first;
            transactions: what_was_begun_is_found_until_its_time
                one_owner_takes_no_place_of_another
                of_a_hundred_who_take_it_one_gets_it;
            device_codes: what_a_device_asked_for_is_found_by_each_of_its_codes
                a_user_code_names_one_device_at_a_time
                of_a_hundred_devices_with_one_user_code_one_begins
                the_first_answer_to_a_device_counts
                of_a_hundred_answers_to_a_device_one_counts
                an_answer_that_allows_is_a_consent
                a_device_that_polls_too_soon_waits_longer
                an_allowed_device_code_is_redeemed_once
                of_a_hundred_that_redeem_a_device_code_one_gets_the_grant
                nothing_is_redeemed_that_waits_or_was_denied
                at_its_time_a_device_code_has_expired
                an_unknown_device_code_is_gone
                with_a_person_goes_what_they_allowed_a_device;
            upstream_grants: what_a_login_gave_is_found_until_its_time
                a_login_without_a_refresh_token_leaves_the_one_of_before
                of_a_hundred_who_want_to_renew_at_once_one_may
                what_is_renewed_is_there_before_the_lease_is_given_back
                the_lease_of_a_dead_holder_ends_and_a_late_one_overwrites_nothing
                a_login_takes_the_lease_from_whoever_renews_what_was_before
                the_refresh_token_of_another_account_does_not_stay
                what_is_kept_of_one_provider_goes_alone
                with_a_person_goes_what_providers_gave_for_them;
        }
    };
    (@tests $attributes:tt $fresh:expr; $($aggregate:ident: $($promise:ident)+;)+) => {
        $(mod $aggregate {
            #[allow(unused_imports)]
            use super::*;
            $($crate::suite! { @test $attributes $fresh; $aggregate $promise })+
        })+
    };
    (@test [$(#[$attribute:meta])*] $fresh:expr; $aggregate:ident $promise:ident) => {
        $(#[$attribute])*
        #[tokio::test(flavor = "multi_thread", worker_threads = 4)]
        async fn $promise() {
            $crate::suite::$aggregate::$promise($fresh).await;
        }
    };
}
