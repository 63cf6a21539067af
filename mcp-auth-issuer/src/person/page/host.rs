//! A host as a person should read it: the part that was registered stands out, and what its owner could put before it does not.

use maud::{Markup, html};
use mcp_auth_core::net::Host;

use super::speaking::texts;

/// Second labels under which names are registered in many countries: `example.co.uk`.
const SECOND: [&str; 14] =
    ["ac", "co", "com", "edu", "go", "gob", "gov", "ne", "net", "nom", "or", "org", "sch", "school"];

/// Hosts whose names below are given to anybody.
const SHARED: [&str; 24] = [
    "amazonaws.com",
    "azurewebsites.net",
    "blogspot.com",
    "cloudfront.net",
    "deno.dev",
    "firebaseapp.com",
    "fly.dev",
    "github.io",
    "gitlab.io",
    "herokuapp.com",
    "loca.lt",
    "netlify.app",
    "ngrok-free.app",
    "ngrok.app",
    "ngrok.io",
    "onrender.com",
    "pages.dev",
    "railway.app",
    "repl.co",
    "replit.app",
    "trycloudflare.com",
    "vercel.app",
    "web.app",
    "workers.dev",
];

/// The host with its registrable domain stressed; of an address or a name without a dot, all of it.
pub(super) fn stressed(host: &str) -> Markup {
    let (before, registrable) = host.split_at(host.len() - registrable(host).len());
    html! {
        @if !before.is_empty() { span.quiet { (before) } }
        strong { (registrable) }
    }
}

/// For a name with letters beyond a to z, which is shown in ASCII: it may look like another one elsewhere.
pub(super) fn look_alike(host: &str) -> Option<Markup> {
    host.split('.').any(|label| label.starts_with("xn--")).then(|| html! { " " (texts().look_alike) })
}

/// The part that was registered. Without the whole list of public suffixes this is a guess for rare ones, which
/// stresses a label less than could be; the whole host is shown anyway.
fn registrable(host: &str) -> &str {
    if matches!(host.parse(), Ok(Host::Ip(_))) {
        return host;
    }
    let labels: Vec<&str> = host.trim_end_matches('.').split('.').collect();
    let shared = SHARED.iter().any(|shared| {
        host.trim_end_matches('.').strip_suffix(shared).is_some_and(|before| before.ends_with('.'))
    });
    let by_country = match labels.as_slice() {
        [.., second, country] => country.len() == 2 && SECOND.contains(second),
        _ => false,
    };
    last(host, if shared || by_country { 3 } else { 2 })
}

/// The last `count` labels.
fn last(host: &str, count: usize) -> &str {
    let end = host.trim_end_matches('.');
    let start = end.rmatch_indices('.').nth(count - 1).map_or(0, |(dot, _)| dot + 1);
    &host[start..]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_somebody_registered_is_stressed_and_nothing_before_it() {
        for (host, expected) in [
            ("example.com", "example.com"),
            ("claude.ai.evil.example", "evil.example"),
            ("login.example.co.uk", "example.co.uk"),
            ("co.uk", "co.uk"),
            ("accounts.google.com.evil.github.io", "evil.github.io"),
            ("github.io", "github.io"),
            ("xn--pple-43d.example", "xn--pple-43d.example"),
            ("a.b.c.", "b.c."),
            ("localhost", "localhost"),
            ("192.0.2.7", "192.0.2.7"),
            ("[2001:db8::1]", "[2001:db8::1]"),
        ] {
            assert_eq!(registrable(host), expected, "{host}");
        }
        let shown = stressed("a.b.example").into_string();
        assert_eq!(shown, "<span class=\"quiet\">a.</span><strong>b.example</strong>");
    }
}
