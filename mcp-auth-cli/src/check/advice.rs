//! Warnings about settings that are allowed but unwise, besides those that the runtime prints when it starts; and
//! notes about usual settings that are good to know.

use std::path::Path;
use std::time::Duration;

use mcp_auth_core::net::Host;
use mcp_auth_runtime::config::issuers::TrustedIssuer;
use mcp_auth_runtime::config::provider::wide_audience;
use mcp_auth_runtime::config::{Checked, Config, Connect, Key, Transport, Verify, Visibility, key};
use mcp_auth_runtime::facade::Registry;

/// A larger clock skew hides a wrong clock instead of allowing for a slow one.
const LARGE_SKEW: Duration = Duration::from_secs(60);
/// A stolen token stays usable until it expires; a longer lifetime than this is unwise.
const LONG_LIFETIME: Duration = Duration::from_secs(24 * 60 * 60);

/// Top-level names that never exist (RFC 2606 §2); the domains for documentation (§3) are checked with them.
const MADE_UP: [&str; 2] = [".example", ".invalid"];
const DOCUMENTATION: [&str; 3] = ["example.com", "example.org", "example.net"];

/// Warnings count with `--deny-warnings`; notes do not.
#[derive(Debug, Default)]
pub(super) struct Advice {
    pub(super) warnings: Vec<String>,
    pub(super) notes: Vec<String>,
}

pub(super) fn of(config: &Config, checked: &Checked, registry: Option<&Registry>) -> Advice {
    let mut advice = Advice::default();
    advice.file(config.file());
    if config.server.transport == Transport::Http {
        advice.listening(config);
        advice.client_addresses(config);
        advice.first_contact(config, checked, registry);
    } else {
        advice.standard_streams(config, checked);
    }
    advice.issuers(config);
    advice.placeholders(config);
    if let Some(registry) = registry {
        advice.unreachable(config, checked, registry);
        advice.undescribed(config, checked);
        if registry.changes() {
            advice.note(
                "this server adds tools while it runs: they are not in this report, and not in mcp.lock",
            );
        }
    }
    advice
}

impl Advice {
    fn warn(&mut self, text: impl Into<String>) {
        self.warnings.push(text.into());
    }

    fn note(&mut self, text: impl Into<String>) {
        self.notes.push(text.into());
    }

    /// A person who can write the file decides which issuers the server trusts.
    fn file(&mut self, file: Option<&Path>) {
        #[cfg(unix)]
        if let Some(file) = file
            && let Ok(metadata) = std::fs::metadata(file)
        {
            use std::os::unix::fs::MetadataExt as _;
            if metadata.mode() & 0o002 != 0 {
                let path = file.display();
                self.warn(format!("every user of this machine can write {path}, and so can change whom the server trusts; run: chmod o-w {path}"));
            }
        }
        #[cfg(not(unix))]
        let _ = file;
    }

    fn listening(&mut self, config: &Config) {
        let (listen, at) = (config.server.listen, config.place(&key!(server.listen)));
        if listen.is_loopback() {
            return;
        }
        match &config.server.public_url {
            Some(url) if !url.is_loopback() => self.note(format!(
                "it listens on {listen} in plain HTTP while clients use {:?}: a proxy in front must terminate TLS, and \
                 only that proxy may reach this port: {at}",
                url.as_str()
            )),
            _ => self.warn(format!(
                "it listens on {listen}, which other machines can reach in plain HTTP, though public_url is on \
                 loopback: listen on 127.0.0.1, or state the https URL others use: {at}"
            )),
        }
    }

    /// Behind a proxy that is not trusted every request comes from the proxy's own address.
    fn client_addresses(&mut self, config: &Config) {
        let is_elsewhere = config.server.public_url.as_ref().is_some_and(|url| !url.is_loopback());
        if !is_elsewhere || !config.server.trusted_proxies.is_empty() {
            return;
        }
        if let Some(key) = config.auth.api_keys.iter().find(|key| key.allowed_addresses.is_some()) {
            self.warn(format!(
                "API key {:?} has allowed_addresses, and no proxy is trusted: behind one, every request comes from the proxy's \
                 address; name it in trusted_proxies: {}",
                key.name.as_str(),
                config.place(&key!(server.trusted_proxies))
            ));
        }
    }

    fn first_contact(&mut self, config: &Config, checked: &Checked, registry: Option<&Registry>) {
        let protects = registry.is_some_and(|registry| !registry.is_public());
        if protects && checked.connect == Connect::Anonymous {
            self.note(format!(
                "anyone may connect and list; clients log in only when a protected operation is called: {}",
                config.place(&key!(auth.connect))
            ));
        }
        if config.auth.verify != Verify::None && registry.is_some_and(Registry::is_public) {
            self.note(format!(
                "every operation is public, so no caller needs a token; verify = \"none\" without issuers would say so: {}",
                config.place(&key!(auth.verify))
            ));
        }
    }

    fn standard_streams(&mut self, config: &Config, checked: &Checked) {
        let anonymous = config.stdio.is_anonymous();
        if anonymous && checked.connect == Connect::Authenticated {
            self.warn(
                "no caller can connect over stdio: set stdio.credential or stdio.credential_command, or say in stdio.local_scopes and \
                 stdio.local_roles what the local caller may do",
            );
        }
    }

    fn issuers(&mut self, config: &Config) {
        for (index, issuer) in config.auth.issuers.iter().enumerate() {
            let skew = issuer.clock_skew.get();
            if skew > LARGE_SKEW {
                let skew = humantime::format_duration(skew);
                self.warn(format!(
                    "clock_skew is {skew}: every token works that much longer than it says; set the clocks by NTP and \
                     leave the default: {}",
                    config.place(&key!(auth.issuers[index].clock_skew))
                ));
            }
            if issuer.audience_optional {
                self.warn(format!(
                    "audience_optional is true: a token of an allowed client that names no audience passes, also one that the \
                     client got for another server: {}",
                    config.place(&key!(auth.issuers[index].audience_optional))
                ));
            }
            let resource = config.resource();
            let others = config
                .audiences(issuer, &resource)
                .into_iter()
                .filter(|audience| resource != audience.as_str());
            if issuer.allowed_clients.is_none() {
                for other in others {
                    self.wide_audience(config, index, issuer, &other);
                }
            }
            let lifetime = issuer.max_token_lifetime.get();
            if lifetime > LONG_LIFETIME {
                let lifetime = humantime::format_duration(lifetime);
                self.warn(format!(
                    "max_token_lifetime is {lifetime}: a stolen token may work that long: {}",
                    config.place(&key!(auth.issuers[index].max_token_lifetime))
                ));
            }
        }
    }

    /// Of an audience that is not the URL of this server.
    fn wide_audience(&mut self, config: &Config, index: usize, issuer: &TrustedIssuer, audience: &str) {
        let named = issuer.accepted().into_iter().next().map(|accepted| accepted.iss);
        let iss = named.as_ref().map_or("", |iss| iss.as_str());
        let stands_for = match wide_audience(issuer.provider, iss, Some(audience)) {
            Some(wide) => format!("at {} it stands for {}", wide.provider.title, wide.stands_for),
            None => "it may stand for a whole project or a client of the issuer".to_owned(),
        };
        self.warn(format!(
            "audience {audience:?} is not the URL of this server: {stands_for}. Tokens that people gave to other \
             servers pass here too. Name the clients in allowed_clients, or let the issuer write public_url into `aud`: {}",
            config.place(&key!(auth.issuers[index].audience))
        ));
    }

    /// Checks every URL for a host that exists only in documentation.
    fn placeholders(&mut self, config: &Config) {
        let mut urls: Vec<(Key, String, Option<Host>)> = Vec::new();
        if let Some(url) = &config.server.public_url {
            urls.push((key!(server.public_url), url.as_str().to_owned(), Some(url.origin().host().clone())));
        }
        for (index, issuer) in config.auth.issuers.iter().enumerate() {
            let named = issuer.accepted().into_iter().map(|accepted| accepted.iss);
            let named = named.map(|name| (key!(auth.issuers[index].issuer), name));
            let servers = issuer.authorization_server.iter().flat_map(|_| issuer.authorization_servers());
            let servers = servers.map(|name| (key!(auth.issuers[index].authorization_server), name));
            let names = named.chain(servers);
            urls.extend(names.map(|(key, name)| (key, name.as_str().to_owned(), Host::of(name.url()))));
            urls.extend(issuer.jwks_uri.iter().map(|uri| {
                (key!(auth.issuers[index].jwks_uri), uri.as_str().to_owned(), Host::of(uri.url()))
            }));
        }
        for (key, url, host) in urls {
            if host.is_some_and(|host| is_placeholder(&host.to_string())) {
                self.warn(format!("{url:?} is a name from documentation: {}", config.place(&key)));
            }
        }
    }

    /// With `visibility = "granted"`, clients ask only for the base scopes.
    fn unreachable(&mut self, config: &Config, checked: &Checked, registry: &Registry) {
        if config.auth.visibility != Visibility::Granted || config.server.transport != Transport::Http {
            return;
        }
        let base = config.auth.base_scopes();
        let reached = |scope: &str| checked.hierarchy.satisfies(&base, scope);
        let hidden = registry.iter().map(|(_, declaration)| declaration).filter(|declaration| {
            let needed = declaration.rule.challenge_scopes();
            needed.iter().any(|scope| !reached(scope.as_str()))
        });
        let hidden: Vec<&str> = hidden.map(|declaration| declaration.name()).collect();
        if !hidden.is_empty() {
            self.warn(format!(
                "after the first login these exist only for tokens that were given more than auth.base_scopes: {}: {}",
                hidden.join(", "),
                config.place(&key!(auth.visibility))
            ));
        }
    }

    /// The built-in issuer shows the descriptions of scopes to people.
    fn undescribed(&mut self, config: &Config, checked: &Checked) {
        if config.built_in_issuer().is_none() {
            return;
        }
        for (scope, _) in checked.scopes.iter().filter(|(_, description)| description.is_none()) {
            self.note(format!(
                "scope {scope:?} has no description, so the consent page shows its bare name: [scopes.{scope:?}]"
            ));
        }
    }
}

fn is_placeholder(host: &str) -> bool {
    let host = host.trim_end_matches('.');
    MADE_UP.iter().any(|suffix| host.ends_with(suffix))
        || DOCUMENTATION.iter().any(|domain| {
            host.strip_suffix(domain).is_some_and(|before| before.is_empty() || before.ends_with('.'))
        })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_of_documentation_are_told_from_names_that_look_like_them() {
        for made_up in ["example.com", "todos.example.com", "a.b.example.net", "issuer.example", "x.invalid"]
        {
            assert!(is_placeholder(made_up), "{made_up}");
        }
        for real in ["myexample.com", "example.company", "example.com.evil.io", "example.de", "localhost"] {
            assert!(!is_placeholder(real), "{real}");
        }
    }
}
