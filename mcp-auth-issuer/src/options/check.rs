//! The rules that the options state.

use mcp_auth_core::net::Host;
use mcp_auth_core::own_claims::{ROLES_CLAIM, is_of_every_token};
use mcp_auth_core::{bounds, seen};
use mcp_auth_store::{GrantType, Rate};

use super::{InvalidOption, IssuerOptions, LoginOptions};
use crate::assertion::{AssertionOptions, check_all};

impl IssuerOptions {
    /// Those of [`users`](Self::users) who are people: at another login than that for development nobody is, and it refuses who has
    /// a [taken name](Self::taken_names).
    fn people(&self) -> &[String] {
        if matches!(self.login, LoginOptions::Development) { &self.users } else { &[] }
    }

    /// Checks every rule stated on the fields above, and answers how often clients may register.
    pub(crate) fn check(&self, declared: impl Fn(&str) -> bool) -> Result<Rate, InvalidOption> {
        for (name, given, bounds) in [
            ("access_token_lifetime", self.access_token_lifetime, bounds::ACCESS_TOKEN_LIFETIME),
            ("refresh_token_lifetime", self.refresh_token_lifetime, bounds::REFRESH_TOKEN_LIFETIME),
            ("code_lifetime", self.code_lifetime, bounds::CODE_LIFETIME),
            ("grant_lifetime", self.grant_lifetime, bounds::GRANT_LIFETIME),
            ("refresh_grace", self.refresh_grace, bounds::REFRESH_GRACE),
            ("session_lifetime", self.session_lifetime, bounds::SESSION_LIFETIME),
        ] {
            if !bounds.contain(given) {
                return Err(InvalidOption::Lifetime { name, given, min: bounds.min, max: bounds.max });
            }
        }
        match &self.login {
            LoginOptions::Development => {
                if self.users.is_empty() || self.users.len() > 32 || has_twin(self.users.iter()).is_some() {
                    return Err(InvalidOption::Users);
                }
            }
            LoginOptions::Accounts(accounts) => {
                for (name, given, most) in [
                    ("attempts_per_account", accounts.attempts_per_account, 1000),
                    ("attempts_per_address", accounts.attempts_per_address, 10_000),
                ] {
                    if !(1..=most).contains(&given) {
                        return Err(InvalidOption::Attempts { name, given, most });
                    }
                }
            }
            LoginOptions::Own(_) | LoginOptions::Upstream(_) => {}
        }
        let names = self.users.iter().map(|user| ("users", user));
        let names = names.chain(self.clients.iter().map(|client| ("clients", &client.id)));
        let workloads = self.assertions.iter().flat_map(AssertionOptions::workloads);
        for (list, name) in names.chain(workloads.clone().map(|one| ("workloads", &one.client_id))) {
            let visible = name.trim() == name && !seen::deceives(name);
            if name.is_empty() || name.chars().count() > 128 || !visible {
                return Err(InvalidOption::Name { list, name: name.clone() });
            }
        }
        if let Some(id) = has_twin(self.clients.iter().map(|client| &client.id)) {
            return Err(InvalidOption::ClientTwice { id: id.clone() });
        }
        let users = self.people();
        if let Some(client) = self.clients.iter().find(|client| users.contains(&client.id)) {
            return Err(InvalidOption::ClientIsUser { id: client.id.clone() });
        }
        let known = users.iter().chain(self.clients.iter().map(|client| &client.id));
        check_all(&self.assertions, known.map(String::as_str))?;
        for (subject, claims) in &self.claims {
            if let Some(claim) = claims.keys().find(|claim| *claim != ROLES_CLAIM && is_of_every_token(claim))
            {
                return Err(InvalidOption::ReservedClaim { subject: subject.clone(), claim: claim.clone() });
            }
        }
        for client in &self.clients {
            client.check()?;
            if !self.device_code && client.grant_types.contains(&GrantType::DeviceCode) {
                return Err(InvalidOption::DeviceCodeOff { id: client.id.clone() });
            }
        }
        let limited = self.clients.iter().map(|client| (&client.id, &client.scopes));
        for (id, scopes) in limited.chain(workloads.map(|one| (&one.client_id, &one.scopes))) {
            if let Some(scope) = scopes.iter().find(|scope| !declared(scope.as_str())) {
                return Err(InvalidOption::UndeclaredScope { id: id.clone(), scope: scope.to_string() });
            }
        }
        let is_name = |host: &&String| matches!(host.parse(), Ok(Host::Name(name)) if name == **host);
        if let Some(host) = self.client_documents.private.keys().find(|host| !is_name(host)) {
            return Err(InvalidOption::PrivateHost { host: host.clone() });
        }
        let given = self.registrations_per_minute;
        Rate::per_minute(given, given).ok_or(InvalidOption::Registrations { given })
    }
}

fn has_twin<'a>(names: impl Iterator<Item = &'a String>) -> Option<&'a String> {
    let mut seen = std::collections::BTreeSet::new();
    names.into_iter().find(|name| !seen.insert(*name))
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use mcp_auth_core::ScopeSet;
    use mcp_auth_core::bounds::{Bounds, HOUR};

    use super::*;
    use crate::client::named::NamedClient;
    use crate::person::accounts::AccountsOptions;

    const SECRET: &str = "a secret of enough characters";

    fn client(id: &str, secret: &str, scopes: &str) -> NamedClient {
        NamedClient::machine(id, secret, ScopeSet::parse_lossy(scopes))
    }

    fn check(change: impl FnOnce(&mut IssuerOptions)) -> Result<(), InvalidOption> {
        let mut options = IssuerOptions::ephemeral();
        change(&mut options);
        options.check(|scope| scope == "todos.read").map(|_| ())
    }

    #[test]
    fn defaults_pass() {
        assert_eq!(check(|_| ()), Ok(()));
        assert_eq!(check(|o| o.clients = vec![client("m2m", SECRET, "todos.read")]), Ok(()));
    }

    #[test]
    fn b19_access_tokens_live_at_most_an_hour_and_b06_codes_ten_minutes() {
        let seconds = Duration::from_secs;
        assert_eq!(check(|o| o.access_token_lifetime = seconds(HOUR)), Ok(()));
        let error = check(|o| o.access_token_lifetime = seconds(HOUR + 60)).map_err(|e| e.to_string());
        assert_eq!(error, Err("access_token_lifetime is 3660s, must be 60s to 3600s".into()));
        assert!(check(|o| o.code_lifetime = seconds(11 * 60)).is_err());
        assert!(check(|o| o.code_lifetime = Duration::ZERO).is_err());
    }

    #[test]
    fn each_lifetime_has_a_least_and_a_most_value() {
        type Set = fn(&mut IssuerOptions) -> &mut Duration;
        let each: [(Bounds, Set); 6] = [
            (bounds::ACCESS_TOKEN_LIFETIME, |o| &mut o.access_token_lifetime),
            (bounds::REFRESH_TOKEN_LIFETIME, |o| &mut o.refresh_token_lifetime),
            (bounds::CODE_LIFETIME, |o| &mut o.code_lifetime),
            (bounds::SESSION_LIFETIME, |o| &mut o.session_lifetime),
            (bounds::GRANT_LIFETIME, |o| &mut o.grant_lifetime),
            (bounds::REFRESH_GRACE, |o| &mut o.refresh_grace),
        ];
        for (bounds, option) in each {
            let second = Duration::from_secs(1);
            for good in [bounds.min, bounds.max] {
                assert_eq!(check(|o| *option(o) = good), Ok(()), "{bounds:?}");
            }
            for bad in bounds.min.checked_sub(second).into_iter().chain([bounds.max + second]) {
                assert!(
                    matches!(check(|o| *option(o) = bad), Err(InvalidOption::Lifetime { .. })),
                    "{bounds:?}"
                );
            }
        }
    }

    #[test]
    fn named_clients_and_users_are_checked() {
        assert_eq!(check(|o| o.users.clear()), Err(InvalidOption::Users));
        assert_eq!(check(|o| o.users.push("developer".into())), Err(InvalidOption::Users));
        assert!(matches!(check(|o| o.users.push("a\nb".into())), Err(InvalidOption::Name { .. })));
        assert!(matches!(
            check(|o| o.clients = vec![client("a", SECRET, ""), client("a", SECRET, "")]),
            Err(InvalidOption::ClientTwice { .. })
        ));
        assert!(matches!(
            check(|o| o.clients = vec![client("a", "", "")]),
            Err(InvalidOption::ShortSecret { .. })
        ));
        assert!(matches!(
            check(|o| o.clients = vec![client("a", SECRET, "admin")]),
            Err(InvalidOption::UndeclaredScope { .. })
        ));
    }

    #[test]
    fn a_client_has_no_name_of_a_user_whom_the_login_offers_and_any_other_name() {
        let named = |login, id: &str| check(|o| (o.login, o.clients) = (login, vec![client(id, SECRET, "")]));
        let is_user = Err(InvalidOption::ClientIsUser { id: "developer".into() });
        assert_eq!(named(LoginOptions::Development, "developer"), is_user);
        assert_eq!(named(LoginOptions::Development, "Developer"), Ok(()));
        let accounts = || LoginOptions::Accounts(AccountsOptions::default());
        assert_eq!(named(accounts(), "developer"), Ok(()), "nobody is the user of the default");
    }

    #[test]
    fn with_accounts_nobody_has_to_be_in_users_and_the_limits_are_limits() {
        let with = |accounts| check(|o| (o.login, o.users) = (LoginOptions::Accounts(accounts), vec![]));
        let accounts = AccountsOptions::default();
        assert_eq!(with(accounts), Ok(()));
        for given in [0, 1001] {
            let refused = with(AccountsOptions { attempts_per_account: given, ..accounts });
            assert_eq!(
                refused,
                Err(InvalidOption::Attempts { name: "attempts_per_account", given, most: 1000 })
            );
        }
        for given in [0, 10_001] {
            assert!(with(AccountsOptions { attempts_per_address: given, ..accounts }).is_err());
        }
    }

    #[test]
    fn names_of_users_and_clients_can_be_seen_and_are_counted_in_characters() {
        let with_user = |name: &str| check(|o| o.users.push(name.to_owned()));
        let with_client = |name: &str| check(|o| o.clients = vec![client(name, SECRET, "")]);
        for good in ["ann", "Ann Lee", "\u{e4}nne", "\u{5e9}\u{5dc}\u{5d5}\u{5dd}", &"\u{e4}".repeat(128)] {
            assert_eq!((with_user(good), with_client(good)), (Ok(()), Ok(())), "{good}");
        }
        for bad in [
            "",
            " ann",
            "a\nb",
            "ann\u{200b}",
            "\u{202e}nna",
            "an\u{ad}n",
            "ann\u{feff}",
            &"\u{e4}".repeat(129),
        ] {
            let [user, client] = [with_user(bad), with_client(bad)];
            assert!(matches!(user, Err(InvalidOption::Name { list: "users", .. })), "{bad:?}");
            assert!(matches!(client, Err(InvalidOption::Name { list: "clients", .. })), "{bad:?}");
        }
        let said = with_user("ann\u{200b}").unwrap_err().to_string();
        assert_eq!(
            said,
            r#""ann\u{200b}" in users must have 1 to 128 visible characters, and no spaces at its ends"#
        );
    }

    #[test]
    fn client_with_the_name_of_a_user_is_refused() {
        let clients = || vec![client("nightly", SECRET, "")];
        let with_user = |name: &str| {
            check(|o| (o.users, o.clients) = (vec!["ann".to_owned(), name.to_owned()], clients()))
        };
        assert_eq!(with_user("nightly"), Err(InvalidOption::ClientIsUser { id: "nightly".into() }));
        assert_eq!(with_user("Nightly"), Ok(()));
    }

    #[test]
    fn the_rate_of_registrations_is_one_to_sixty_million_a_minute() {
        for given in [1, 60_000_000] {
            assert_eq!(check(|o| o.registrations_per_minute = given), Ok(()));
        }
        for given in [0, 60_000_001] {
            let refused = Err(InvalidOption::Registrations { given });
            assert_eq!(check(|o| o.registrations_per_minute = given), refused);
        }
    }

    #[test]
    fn a_client_may_use_device_codes_only_where_they_are_turned_on() {
        let with = |device_code| {
            check(|o| {
                o.device_code = device_code;
                let mut client = client("tv", SECRET, "");
                client.grant_types.insert(GrantType::DeviceCode);
                o.clients = vec![client];
            })
        };
        assert_eq!(with(true), Ok(()));
        assert_eq!(with(false), Err(InvalidOption::DeviceCodeOff { id: "tv".into() }));
        assert_eq!(check(|o| o.device_code = true), Ok(()), "nobody can use it, and a start says so");
    }

    #[test]
    fn a_private_host_of_client_documents_has_a_name_in_lower_case() {
        let with = |host: &str| {
            check(|o| o.client_documents.private = [(host.to_owned(), ([127, 0, 0, 1], 1).into())].into())
        };
        assert_eq!(with("client.test"), Ok(()));
        for host in ["Client.test", "127.0.0.1", "client.test:1", ""] {
            assert_eq!(with(host), Err(InvalidOption::PrivateHost { host: host.to_owned() }));
        }
    }
}
