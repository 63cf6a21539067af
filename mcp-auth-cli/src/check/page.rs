//! The report for people: four short lists, three tables, the warnings, and the verdict.

use super::caller::Who;
use super::locked::{Locked, MEANT};
use super::report::{
    ApiKey, BuiltIn, Introspection, Operation, Report, Role, Scope, Serves, TrustedIssuer, Trusts, When,
};
use crate::terminal::{BAD, Cell, DIM, GOOD, STRONG, Table, Terminal, WARN, shown, styled};

/// What gives the operations of a server to this command.
const HOW: &str = "your-server --scopes json | mcp-auth check --scopes -";
/// The most operations that are named for a scope; the others are counted.
const NAMED: usize = 3;

pub(super) fn print(report: &Report, denied: bool, terminal: &Terminal) {
    let file = report.file.as_deref().unwrap_or("the environment alone");
    let over = report.profile.as_ref().map(|profile| format!(", with {} over it", shown(profile)));
    terminal.line(format_args!("{}{}", styled(STRONG, shown(file)), over.unwrap_or_default()));
    section("Serves", &serves(&report.serves), terminal);
    section("Trusts", &trusts(&report.trusts), terminal);
    section("Lets in", &lets_in(report), terminal);
    match &report.operations {
        Some(operations) => {
            heading("Operations", terminal);
            terminal.table(&operation_table(operations));
        }
        None => {
            section(
                "Operations",
                &[line("not checked", format!("give them, and they are: {HOW}"))],
                terminal,
            );
        }
    }
    if !report.scopes.is_empty() {
        heading("Scopes", terminal);
        terminal.table(&scope_table(&report.scopes));
    }
    if !report.roles.is_empty() {
        heading("Roles", terminal);
        terminal.table(&role_table(&report.roles, &report.trusts.api_keys));
    }
    if let Some(locked) = &report.locked {
        heading("Locked", terminal);
        print_locked(locked, terminal);
    }
    terminal.line("");
    for note in &report.notes {
        terminal.hanging(&format!("{DIM}note:{DIM:#} "), note);
    }
    for warning in &report.warnings {
        terminal.hanging(&format!("{WARN}warning:{WARN:#} "), warning);
    }
    terminal.line(match report.differs() {
        true => format!("{}: the operations are not what the lock says", styled(BAD, "refused")),
        false => verdict(report.warnings.len(), denied),
    });
}

pub(super) fn print_locked(locked: &Locked, terminal: &Terminal) {
    if locked.differences.is_empty() {
        let count = match locked.operations {
            1 => "the 1 operation is".to_owned(),
            many => format!("all {many} operations are"),
        };
        terminal.hanging("  ", &format!("{count} what {} says", locked.file));
        return;
    }
    for differs in &locked.differences {
        terminal.hanging(&format!("  {BAD}differs:{BAD:#} "), &differs.said);
    }
    terminal.hanging("  ", &format!("{}: {MEANT}", locked.file));
}

fn verdict(warnings: usize, denied: bool) -> String {
    let count = match warnings {
        1 => "1 warning".to_owned(),
        many => format!("{many} warnings"),
    };
    match (warnings, denied) {
        (0, _) => styled(GOOD, "fine"),
        (_, false) => format!("{}, with {count}", styled(GOOD, "fine")),
        (_, true) => format!("{}: {count}, and --deny-warnings is given", styled(BAD, "refused")),
    }
}

/// A label and its text; lines without a label belong to the one above.
type Lines = Vec<(String, String)>;

fn heading(title: &str, terminal: &Terminal) {
    terminal.line(format_args!("\n{}", styled(STRONG, title)));
}

fn section(title: &str, lines: &[(String, String)], terminal: &Terminal) {
    heading(title, terminal);
    let mut table = Table::indented(2);
    for (label, text) in lines {
        table.row([Cell::styled(DIM, label), text.into()]);
    }
    terminal.table(&table);
}

fn labelled(label: &str, texts: &[String]) -> Lines {
    let labels = std::iter::once(label).chain(std::iter::repeat(""));
    labels.zip(texts).map(|(label, text)| (label.to_owned(), text.clone())).collect()
}

fn line(label: &str, text: impl Into<String>) -> (String, String) {
    (label.to_owned(), text.into())
}

fn serves(serves: &Serves) -> Lines {
    match serves {
        Serves::Stdio { caller, who, untold, may_call } => {
            let mut lines = vec![line("over", "standard input and output"), line("caller", caller)];
            lines.extend(who.iter().flat_map(known));
            lines.push(match (may_call, untold) {
                (_, Some(why)) => line("known as", format!("only a start can tell: {why}")),
                (Some(all), None) if all.is_empty() => line("may call", "nothing"),
                (Some(all), None) => line("may call", all.join(", ")),
                (None, None) => line("may call", format!("the operations say: {HOW}")),
            });
            lines
        }
        Serves::Http {
            listen,
            resource,
            public_url,
            metadata,
            health,
            client_address,
            tls,
            client_cert_header,
        } => {
            let spoken = if tls.is_some() { "HTTPS" } else { "HTTP" };
            let from = if *public_url { "public_url" } else { "from listen and path" };
            let mut lines = vec![
                line("over", format!("{spoken}, listening on {listen}")),
                line("MCP endpoint", format!("{resource} ({from}; the resource identifier)")),
            ];
            lines.extend(labelled("metadata", metadata));
            lines.extend(labelled("health", health));
            lines.extend(client_address.iter().map(|from| {
                line(
                    "client",
                    format!("its address is in {}, through {} alone", from.header, from.proxies.join(" ")),
                )
            }));
            lines.extend(tls.and_then(asked).map(|text| line("client", text)));
            lines.extend(client_cert_header.iter().map(|header| {
                line("client", format!("its certificate is in {header}, from these proxies alone"))
            }));
            lines
        }
    }
}

/// Which certificates clients show.
fn asked(asked: &str) -> Option<&'static str> {
    match asked {
        "required" => Some("shows a certificate that client_ca issued"),
        "optional" => Some("may show a certificate that client_ca issued"),
        "any" => Some("may show any certificate, for tokens that are bound to it"),
        _ => None,
    }
}

/// Who calls over stdio, and what that caller holds.
fn known(who: &Who) -> Lines {
    if who.by == "local" {
        return Vec::new(); // the line above says it
    }
    let client = who.client.as_ref().filter(|client| **client != who.subject);
    let client = client.map(|client| format!(", by client {client:?}"));
    let mut lines =
        vec![line("known as", format!("{:?} of {}{}", who.subject, who.issuer, client.unwrap_or_default()))];
    if !who.signature_checked {
        lines.push(line("", "if its signature is good, which a start checks"));
    }
    let names = |names: &[String]| if names.is_empty() { "none".to_owned() } else { names.join(" ") };
    lines.push(line("scopes", names(&who.scopes)));
    if !who.roles.is_empty() {
        lines.push(line("roles", names(&who.roles)));
    }
    lines.extend(who.expires.iter().map(|expires| line("until", expires)));
    lines
}

fn trusts(trusts: &Trusts) -> Lines {
    let mut all: Lines =
        trusts.built_in.iter().flat_map(built_in).chain(trusts.issuers.iter().flat_map(issuer)).collect();
    all.extend(trusts.api_keys.iter().map(api_key));
    if trusts.x_api_key && !trusts.api_keys.is_empty() {
        all.push(line("in", "Authorization: Bearer, or X-API-Key (x_api_key)"));
    }
    all.extend(labelled("verifier", &trusts.verifiers));
    match trusts.deny {
        0 => {}
        1 => all.push(line("denied", "what 1 table of [[auth.deny]] names")),
        several => all.push(line("denied", format!("what {several} tables of [[auth.deny]] name"))),
    }
    match trusts.verify {
        "none" => vec![line("no issuer", "no caller is verified, every operation must be public")],
        _ => all,
    }
}

fn api_key(key: &ApiKey) -> (String, String) {
    let listed = |what: &str, names: &[String]| match names {
        [] => format!("no {what}"),
        names => names.join(" "),
    };
    let mut parts = vec![format!("{:?} with {}", key.name, listed("scope", &key.scopes))];
    if !key.roles.is_empty() {
        parts.push(format!("roles {}", key.roles.join(" ")));
    }
    parts.extend(key.expires.iter().map(|expires| format!("until {expires}")));
    parts.extend(key.allowed_addresses.iter().map(|networks| format!("from {} only", networks.join(" "))));
    line("API key", parts.join(", "))
}

fn issuer(issuer: &TrustedIssuer) -> Lines {
    let keys = match &issuer.jwks_uri {
        Some(uri) => format!("from {uri}"),
        None => "discovered at the start, from the issuer's metadata".to_owned(),
    };
    let mut lines = labelled("issuer", &issuer.issuer);
    if issuer.shared_subjects {
        lines.push(line("subjects", "the same for all of them, known by the first"));
    }
    if let Some(claim) = &issuer.tenant_claim {
        lines.push(line("tenant", format!("also in the claim {claim}")));
    }
    if !issuer.issuer.starts_with(&issuer.authorization_servers) {
        lines.extend(labelled("log in at", &issuer.authorization_servers));
    }
    lines.extend(labelled("audience", &issuer.audience));
    if issuer.audience_optional {
        lines.push(line("", "or none"));
    }
    if issuer.has_keys {
        lines.push(match &issuer.algorithms {
            Some(only) => line("algorithms", only.join(", ")),
            None => line("algorithms", "the one that each key says in its alg, else RS256, ES256, EdDSA"),
        });
        lines.push(line("keys", keys));
    }
    if let Some(asked) = &issuer.introspection {
        lines.push(line("asked about", asked_about(asked)));
        let at = asked.endpoint.as_deref().unwrap_or(match asked.kind {
            "rfc7662" => "the introspection_endpoint of its metadata, read at the start",
            _ => "its own endpoint",
        });
        lines.push(line("asked at", format!("{at}, as {}", shown_as(asked))));
        lines.push(line("revocation", format!("is seen within {}", asked.cache_ttl)));
    }
    let claims = issuer.scope_claims.join(", else ");
    lines.push(match issuer.scopes_from_roles {
        false => line("scopes", format!("in the claim {claims}")),
        true => line("scopes", format!("by role, unless the claim {claims} says some")),
    });
    lines.push(line(
        "tokens",
        format!("live at most {}, clock skew {}", issuer.max_token_lifetime, issuer.clock_skew),
    ));
    if let Some(prefix) = &issuer.requested_scope_prefix {
        lines.push(line("", format!("asked for as {prefix}…")));
    }
    if let Some(prefix) = &issuer.token_scope_prefix {
        lines.push(line("", format!("said in tokens as {prefix}…")));
    }
    for (what, tests, between) in [
        ("must say", &issuer.require_claims, " and "),
        ("must not say", &issuer.refuse_claims, " or "),
        ("of a program", &issuer.client_when, " or "),
    ] {
        let each = tests.as_object().into_iter().flatten().map(|(claim, test)| format!("{claim} = {test}"));
        let each: Vec<String> = each.collect();
        if !each.is_empty() {
            lines.push(line(what, each.join(between)));
        }
    }
    if issuer.client_claims != ["client_id", "azp"] {
        lines.push(line("client", format!("in the claim {}", issuer.client_claims.join(", else "))));
    }
    if issuer.subject_claims != ["sub"] {
        lines.push(line("subject", format!("in the claim {}", issuer.subject_claims.join(", else "))));
    }
    if let Some(clients) = &issuer.allowed_clients {
        lines.push(line("clients", format!("{} only", clients.join(", "))));
    }
    lines
}

/// Which tokens are sent there.
fn asked_about(asked: &Introspection) -> String {
    let which = match asked.tokens {
        "all" => "all its tokens",
        _ => "its opaque tokens",
    };
    match asked.prefixes.as_slice() {
        [] => which.to_owned(),
        prefixes => format!("{which}; opaque ones begin with {}", prefixes.join(" or ")),
    }
}

/// Who this server is there.
fn shown_as(asked: &Introspection) -> String {
    match (asked.auth, &asked.client_id) {
        ("none", None) => "nobody in particular".to_owned(),
        ("none", Some(id)) => format!("client {id:?}"),
        (auth, Some(id)) => format!("client {id:?} by {auth}"),
        (auth, None) => format!("the bearer of client_secret ({auth})"),
    }
}

fn built_in(built_in: &BuiltIn) -> Lines {
    let what = match built_in.development_only {
        true => "built in, for development only: its login asks no password",
        false => "built in",
    };
    let mut lines = vec![
        line("issuer", format!("{} ({what})", built_in.issuer)),
        line("audience", &built_in.audience),
        line("algorithms", built_in.algorithms.join(", ")),
    ];
    match built_in.development_only {
        true => lines.push(line("users", built_in.users.join(", "))),
        false => lines.push(line("login", &built_in.login)),
    }
    if !built_in.clients.is_empty() {
        lines.push(line("clients", built_in.clients.join(", ")));
    }
    let keys_are_in = if built_in.keys_in_store { "the store" } else { &built_in.state_dir };
    lines.push(line("signing key", format!("in {keys_are_in}")));
    lines.push(line("tokens", format!("live {}", built_in.access_token_lifetime)));
    lines
}

fn lets_in(report: &Report) -> Lines {
    let access = &report.access;
    let mut lines = Vec::new();
    let has_issuer = report.trusts.built_in.is_some() || !report.trusts.issuers.is_empty();
    if matches!(report.serves, Serves::Http { .. }) && has_issuer {
        let asked = match access.base_scopes.as_slice() {
            [] => "no scope in particular (base_scopes)".to_owned(),
            base => format!("{} (base_scopes)", base.join(" ")),
        };
        lines.push(line("first login", format!("asks for {asked}")));
    }
    let connect = match access.connect {
        "anonymous" => "open to anyone",
        _ => "needs a verified caller",
    };
    lines.push(line("connecting", connect));
    if let Some(public) = &access.public {
        let reach = if public.is_empty() { "nothing".to_owned() } else { public.join(", ") };
        lines.push(line("anonymous", format!("may call {reach}")));
    }
    let lists = match access.visibility {
        "granted" => "show what the caller may call",
        _ => "show every operation",
    };
    lines.push(line("lists", lists));
    if access.denial == "tool-error" {
        lines.push(line("refusals", "of tools are 200 with isError (auth.denial)"));
    }
    lines
}

fn operation_table(operations: &[Operation]) -> Table<4> {
    let mut table = Table::headed(2, ["KIND", "OPERATION", "NEEDS", "DESCRIPTION"]);
    for operation in operations {
        let needs = match operation.needs.as_str() {
            "public" => Cell::styled(WARN, "public"),
            needs => needs.into(),
        };
        let first_line = operation.description.as_deref().and_then(|text| text.lines().next());
        table.row([
            operation.kind.as_str().into(),
            (&operation.name).into(),
            needs,
            first_line.unwrap_or_default().into(),
        ]);
    }
    table
}

fn scope_table(scopes: &[Scope]) -> Table<5> {
    let mut table = Table::headed(2, ["SCOPE", "FIRST LOGIN", "IMPLIES", "NEEDED BY", "DESCRIPTION"]);
    for scope in scopes {
        let description = match &scope.description {
            Some(text) => Cell::from(text),
            None => Cell::styled(DIM, "(none)"),
        };
        table.row([
            (&scope.scope).into(),
            Cell::from(if scope.base { "yes" } else { "" }),
            scope.implies.join(" ").into(),
            counted(&scope.needed_by).into(),
            description,
        ]);
    }
    table
}

/// A row for each condition; one without a role's name belongs to the role above.
fn role_table(roles: &[Role], keys: &[ApiKey]) -> Table<3> {
    let mut table = Table::headed(2, ["ROLE", "IMPLIES", "HELD WHEN THE CLAIM"]);
    for role in roles {
        let by_role_only = "(only by a role that implies it)".to_owned();
        let given = keys.iter().filter(|key| key.roles.contains(&role.role));
        let given = given.map(|key| format!("(API key {:?})", key.name));
        let mut conditions = role.when.iter().map(in_words).chain(given);
        let first = conditions.next().unwrap_or(by_role_only);
        let mut implies = role.implies.join(" ");
        if !role.grants.is_empty() {
            implies = format!("{implies} (grants {})", role.grants.join(" ")).trim_start().to_owned();
        }
        table.row([(&role.role).into(), implies.into(), first.into()]);
        for other in conditions {
            table.row(["".into(), "".into(), other.into()]);
        }
    }
    table
}

/// A condition: `realm_access > roles contains "todo-managers"`.
fn in_words(when: &When) -> String {
    let asks = match (&when.equals, &when.contains, &when.any) {
        (Some(value), ..) => format!("is {value}"),
        (_, Some(text), _) => format!("contains {text:?}"),
        (.., Some(any)) => {
            let values: Vec<String> = any.iter().map(ToString::to_string).collect();
            format!("is or contains one of {}", values.join(", "))
        }
        (None, None, None) => "is never right".to_owned(), // refused before
    };
    let issuer = when.issuer.as_ref().map(|issuer| format!(", from {issuer}"));
    format!("{} {asks}{}", when.claim.join(" > "), issuer.unwrap_or_default())
}

/// The first few names, and the number of the others.
fn counted(names: &[String]) -> String {
    match names.len().saturating_sub(NAMED) {
        0 => names.join(", "),
        more => format!("{} and {more} more", names[..NAMED].join(", ")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn long_lists_of_operations_are_counted() {
        let names = |many: usize| (0..many).map(|n| n.to_string()).collect::<Vec<_>>();
        assert_eq!(counted(&names(0)), "");
        assert_eq!(counted(&names(3)), "0, 1, 2");
        assert_eq!(counted(&names(5)), "0, 1, 2 and 2 more");
    }
}
