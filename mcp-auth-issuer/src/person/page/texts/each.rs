//! Every text of the pages, and what it is for. That each language says the same values is tested.

use mcp_auth_runtime::facade::Language;
use mcp_auth_runtime::page_texts;

use super::{de, en};

page_texts! {
    /// What pages of the issuer say.
    pub(crate) struct Texts {
        // What many pages have.
        /// Below every page. `{origin}`
        built_in_login,
        /// The same, where other computers do not reach it. `{origin}`
        built_in_login_here,
        /// Who is logged in.
        you_are,
        /// Which server it is about.
        server,
        /// Above what each answer does.
        your_answer,
        /// Button.
        allow,
        /// Button.
        deny,
        /// Button.
        use_another_account,
        /// Button and link.
        back,
        /// Button.
        continue_on,

        // Who asks, and where the answer goes.
        application,
        /// Of one that the operator registered. `{id}`
        known_as,
        published_by,
        /// `{url}`
        published_verified,
        own_claim,
        mixed_alphabets,
        without_name,
        look_alike,
        answer_goes_to,
        answer_stays_here,
        answer_opens_app,
        /// For a program that is on this computer already.
        only_if_just_started,

        // Lengths of time: `{count}`.
        one_second,
        seconds,
        one_minute,
        minutes,
        one_hour,
        hours,
        one_day,
        days,
        just_now,
        one_second_ago,
        seconds_ago,
        one_minute_ago,
        minutes_ago,
        one_hour_ago,
        hours_ago,
        one_day_ago,
        days_ago,

        // Errors.
        show_request_again,
        nothing_was_allowed,
        the_mistake,
        names_itself,
        asks_to_return_to,

        // The login page.
        /// `{server}`
        log_in_to,
        /// Before the title of a login page that is shown again.
        not_logged_in,
        asks_to,
        only_who_you_are,
        refused_passkey,
        login_unavailable,
        login_too_often,
        login_late,
        login_cancelled,
        login_old,
        login_age_unknown,
        login_no_choice,
        login_ended,

        // The consent page.
        /// `{server}`
        allow_access,
        nothing_ticked,
        /// A page was answered that was for somebody else, or from before a login.
        other_page,
        /// What "Deny" does.
        on_deny,
        /// What "Allow" does. `{person}`, `{time}`
        on_allow,
        /// The same with a refresh token. `{person}`, `{time}`, `{unused}`
        on_allow_renewed,
        do_not_ask_again,
        /// `{host}`
        not_asked_for,
        /// To a person who came back from a provider, and was not known before.
        look_who_you_are,
        /// To one who came back instead of another.
        another_came_back,
        /// To a person who took back what they had allowed before they came back from a provider.
        taken_back,
        will_be_able_to,
        /// Instead of a list.
        will_know_who_you_are,
        will_also_be_able_to,
        allowed_before_to,
        untick,
        allowed_before,
        new,
        this_includes,
        /// `{publisher}`
        may_be_pretended,
        /// `{host}`
        answer_leaves,
        not_the_publisher,
        /// `{site}`
        allow_and_log_in,
        you_log_in_at,
        /// `{scopes}`
        site_is_asked_for,
        asked_again_as_another,
        asked_once_more,
        person_who_logs_in,
        /// `{host}`
        not_asked_with_browser,

        // The page of a call.
        /// `{server}`
        allow_call,
        calls_tool,
        with_arguments,
        on_deny_call,
        on_allow_call,

        // The page on which an account is connected, and the one after it.
        /// `{provider}`, `{server}`
        connect_account,
        /// `{provider}`, `{server}`
        connect_this_account,
        acts_for_you_at,
        with_the_account,
        asks_provider_for,
        on_deny_connect,
        /// `{provider}`
        on_connect,
        /// `{provider}`
        on_connect_this,
        do_not_connect,
        connect_this,
        account_refused,
        connect_cancelled,
        connect_late,
        provider_unavailable,
        connect_too_often,
        /// `{provider}`
        connect_at,
        /// `{provider}`
        account_connected,
        /// `{name}`
        connected_as,
        connected_then,

        // The pages of a device.
        /// `{server}`
        connect_device,
        /// Before the title of the page that asks for the code again.
        wrong_code,
        malformed_code,
        unknown_code,
        device_code,
        code_came_with_link,
        next_page_shows,
        /// `{server}`
        allow_device,
        on_deny_device,
        code,
        same_on_device,
        it_asked,
        less_than_a_minute_ago,
        /// `{when}`, `{address}`
        asked_from,
        /// `{when}`
        asked_from_unknown,
        device_warning,

        // The account page.
        /// `{server}`
        your_access,
        let_in,
        nobody_let_in,
        only_some_shown,
        how_you_log_in,
        factors_link,
        log_out,
        log_out_everywhere,
        let_in_since,
        last_token,
        asking_you,
        need_not_ask,
        end_access,
        connected_accounts,
        connected_accounts_are,
        disconnect,

        // Passwords, codes and passkeys.
        /// `{server}`
        set_password_for,
        set_password,
        password_rules,
        new_password,
        same_again,
        your_name,
        current_password,
        change_password,
        logged_out_elsewhere,
        password_alone,
        password_and_code,
        passkey_or_both,
        passkey_or_either,
        password,
        no_password,
        recovery_codes,
        /// `{count}`
        recovery_codes_left,
        new_recovery_codes,
        your_recovery_codes,
        recovery_codes_hint,
        second_step_needed,
        passkeys,
        passkeys_off,
        most_passkeys,
        passkey_name,
        add_passkey,
        name,
        added,
        last_used,
        never,
        /// `{name}`
        remove_passkey,
        codes_from_app,
        set_up_codes,
        set_up_another_app,
        remove_codes,
        confirm,
        passkey_place,
        make_passkey,
        no_scripts,
        // What the script says, which reads it from the page.
        passkey_taken,
        passkey_cancelled,
        passkey_elsewhere,
        passkey_failed,
        passkeys_unsupported,
        qr_label,
        scan_code,
        add_by_key,
        /// `{address}`
        totp_kind,
        type_code,

        // What the ways to log in ask and say.
        who_are_you,
        /// `{user}`
        continue_as,
        no_password_needed,
        /// `{users}`
        unknown_user,
        log_in,
        login_refused,
        wrong_name_or_password,
        came_back_without_login,
        not_let_in,
        /// `{host}`
        log_in_at,
        /// `{provider}`, `{host}`
        log_in_at_provider,
        /// `{host}`
        continue_to,
        passkey_login,
        use_passkey,
        code_or_recovery,
        one_recovery_code,
        go_on,
        set_up_second_step,
        codes_kept,
        wrong_second_code,
        wrong_second_passkey,
        wrong_setup_code,

        // What the pages before a login say of it, and the button that refuses.
        then_consent,
        then_account,
        then_call,
        then_connect,
        then_factors,
        then_device,
        cancel_and_go_back,
        cancel,
        deny_call,

        // What is said of scopes that are chosen.
        scope_needed,
        scopes_together,
        tick_or_deny,

        // What is said after a change of what a person logs in with.
        app_codes_ended,
        all_codes_ended,
        passkey_name_unfit,
        passkey_added,
        passkey_unfit,
        passkey_removed,
        passwords_differ,

        // Why a password was not set.
        /// `{why}`, one of those below.
        unfit_password,
        unfit_too_short,
        unfit_too_long,
        unfit_is_name,
        unfit_is_server,
        unfit_common,
        unfit_uniform,
        new_passwords_differ,
        password_changed,
        same_password,
        wrong_current_password,
        passwords_too_often,
    }
}

impl Texts {
    pub(crate) fn of(language: Language) -> &'static Self {
        match language {
            Language::English => &en::TEXTS,
            Language::German => &de::TEXTS,
        }
    }
}

#[cfg(test)]
mod tests {
    use mcp_auth_runtime::testing::untranslated;

    use super::*;

    #[test]
    fn every_text_is_translated_and_holds_the_same_values() {
        // Words that German writes in the same way.
        let same = ["server", "code", "name", "passkeys"];
        let german = Texts::of(Language::German).all();
        assert_eq!(untranslated(&Texts::of(Language::English).all(), &german, &same), Vec::<String>::new());
    }
}
