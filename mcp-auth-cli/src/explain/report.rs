//! The steps to one answer as data: what `--json` prints, and what the page is made of.

use std::process::ExitCode;
use std::time::{Duration, UNIX_EPOCH};

use mcp_auth_core::Role;
use mcp_auth_core::ambient::{Clock as _, SystemClock};
use mcp_auth_core::duration::duration_text;
use mcp_auth_core::seen::shown;
use mcp_auth_runtime::config::{Checked, Config, Connect, Denial, Transport, Visibility, key};
use mcp_auth_runtime::facade::{
    API_KEY_ISSUER, Account, Answered, Confirm, Declaration, Explained, ExplainedCall, Identity, Kind,
    KnownAs, Login, OperationId, Presents, Registry, Rule,
};
use serde::Serialize;

use super::logged::Then;
use serde_json::Value;

/// What the server would answer, and how it comes to that.
#[derive(Debug, Serialize)]
pub(super) struct Report {
    pub(super) verdict: Verdict,
    /// What is left to check, and is supposed to be good.
    pub(super) supposing: Vec<String>,
    /// In the order in which the server takes them.
    pub(super) steps: Vec<Step>,
    /// What a refused call is answered; `None` if it is not, or that could not be told.
    pub(super) answer: Option<Answer>,
    /// What was decided then, where a log tells of the call.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) then: Option<Then>,
}

/// What comes of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub(super) enum Verdict {
    Allowed,
    /// It would be, if what is supposed is so.
    AllowedIf,
    Denied,
    Untold,
}

/// One thing that was looked at.
#[derive(Debug, Serialize)]
pub(super) struct Step {
    /// `log`, `operation`, `credential`, `caller`, `rule` or `answer`.
    pub(super) step: &'static str,
    pub(super) said: String,
    /// The key that says so, and where it stands; `None` where the program does, or nothing needs to.
    pub(super) place: Option<String>,
}

#[derive(Debug, Serialize)]
pub(super) struct Answer {
    /// `None` over stdio.
    pub(super) status: Option<u16>,
    pub(super) headers: Vec<(String, String)>,
    pub(super) body: Value,
}

impl Report {
    pub(super) fn of(
        config: &Config,
        checked: &Checked,
        declared: &Registry,
        narrowed: &Registry,
        call: &ExplainedCall<'_>,
        explained: &Explained,
    ) -> Self {
        let mut steps = Steps { config, checked, now: SystemClock.unix_now(), all: Vec::new() };
        let operation = steps.operation(declared, narrowed, call);
        steps.who(call, &explained.who);
        if let Some(id) = operation
            && let Some(who) = identity(&explained.who)
        {
            let filled = |template: &_| declared.filled(id, template, call.arguments, call.name).ok();
            steps.rule(&checked.policy.account(id, who, filled));
        }
        let mut supposing = Vec::new();
        if matches!(explained.who, KnownAs::Caller { is_whole: false, .. }) {
            supposing.push("the signature is good".to_owned());
        }
        if matches!(explained.who, KnownAs::Caller { owes_proof: true, .. }) {
            supposing.push("the proof beside the token is good".to_owned());
        }
        let wants_claims = operation.is_some_and(|id| narrowed.get(id).rule.wants_claims());
        if wants_claims && identity(&explained.who).is_some_and(|who| who.principal().is_some()) {
            steps.say(
                "rule",
                "its method takes claims of the token as a type of its own, which only the program has",
            );
            supposing.push("the claims fit that type".to_owned());
        }
        if explained.is_guarded {
            let guard = operation.and_then(|id| narrowed.get(id).rule.guard()).unwrap_or_default();
            steps.say("rule", format!("its guard {guard:?} is asked besides, which only the program has"));
            supposing.push(format!("its guard {guard:?} lets the call pass"));
        }
        let rule = operation.map(|id| &narrowed.get(id).rule);
        let confirm = rule.filter(|_| matches!(explained.answer, Answered::Allowed)).and_then(Rule::confirm);
        let is_unconfirmable =
            confirm == Some(Confirm::ByLogin) && !has_page(config, identity(&explained.who));
        if let Some(how) = confirm {
            steps.say("rule", confirmation(how));
        }
        match is_unconfirmable {
            true => {
                steps.say("rule", "this caller has no such page, so nobody can confirm the call");
                steps.say("answer", "the call is answered with that, and no method runs");
            }
            false if confirm.is_some() => supposing.push("the person confirms it".to_owned()),
            false => {}
        }
        let verdict = match &explained.answer {
            Answered::Allowed if is_unconfirmable => Verdict::Denied,
            Answered::Allowed if supposing.is_empty() => Verdict::Allowed,
            Answered::Allowed => Verdict::AllowedIf,
            Answered::Unfit(_) if has_values(call) => Verdict::Denied,
            Answered::Refused { .. } => Verdict::Denied,
            _ => Verdict::Untold,
        };
        if verdict == Verdict::Denied {
            steps.because(&explained.who, operation);
        }
        match &explained.answer {
            Answered::Unfit(why) if has_values(call) => {
                steps.say("answer", format!("{why}; the call is answered with that, and no method runs"));
            }
            Answered::Unfit(_) => steps.say("answer", "the call fills a scope: say with which --arguments"),
            _ => {}
        }
        if call.arguments.is_some() && matches!(verdict, Verdict::Allowed | Verdict::AllowedIf) {
            steps.say(
                "answer",
                "the arguments are then held against their schema, which only the program has",
            );
        }
        let answer = match &explained.answer {
            Answered::Refused { status, headers, body } => {
                Some(Answer { status: *status, headers: headers.clone(), body: body.clone() })
            }
            _ => None,
        };
        Self { verdict, supposing, steps: steps.all, answer, then: None }
    }

    /// Of a request that cannot be decided again.
    pub(super) fn untold() -> Self {
        Self { verdict: Verdict::Untold, supposing: Vec::new(), steps: Vec::new(), answer: None, then: None }
    }

    /// The same after what a log says, compared with it.
    pub(super) fn after(mut self, log: Vec<Step>, compared: impl FnOnce(Verdict) -> Then) -> Self {
        self.steps.splice(..0, log);
        self.then = Some(compared(self.verdict));
        self
    }

    pub(super) fn exit_code(&self) -> ExitCode {
        match self.verdict {
            Verdict::Allowed | Verdict::AllowedIf => ExitCode::SUCCESS,
            Verdict::Denied => ExitCode::FAILURE,
            Verdict::Untold => ExitCode::from(2),
        }
    }
}

/// Whether it is known with which values it is called: a URI has them.
fn has_values(call: &ExplainedCall<'_>) -> bool {
    call.arguments.is_some() || call.kind == Kind::Resource
}

fn identity(who: &KnownAs) -> Option<&Identity> {
    match who {
        KnownAs::Anonymous => Some(&Identity::Anonymous),
        KnownAs::Caller { who, .. } => Some(who),
        _ => None,
    }
}

struct Steps<'a> {
    config: &'a Config,
    checked: &'a Checked,
    /// In Unix seconds.
    now: u64,
    all: Vec<Step>,
}

impl Steps<'_> {
    fn say(&mut self, step: &'static str, said: impl Into<String>) {
        self.all.push(Step { step, said: said.into(), place: None });
    }

    fn say_by(&mut self, step: &'static str, said: impl Into<String>, place: String) {
        self.all.push(Step { step, said: said.into(), place: Some(place) });
    }

    /// What is called, what the program says of it, and what the configuration adds. `None`: it is switched off.
    fn operation(
        &mut self,
        declared: &Registry,
        narrowed: &Registry,
        call: &ExplainedCall<'_>,
    ) -> Option<OperationId> {
        let find = |registry: &Registry| match call.kind {
            Kind::Prompt => registry.prompt(call.name),
            Kind::Resource => registry.resource(call.name),
            _ => registry.tool(call.name),
        };
        let Some(found) = find(declared) else {
            self.say("operation", format!("the program declares no {} {:?}", call.kind, call.name));
            return None;
        };
        let declaration: &Declaration = declared.get(found);
        let (kind, name) = (declaration.kind(), declaration.name());
        self.say("operation", format!("{kind} {name:?}: the program declares: {}", declaration.rule));
        let found = find(narrowed);
        let now = found.map(|id| narrowed.get(id)).filter(|now| now.name() == name);
        match now {
            Some(now) if now.rule != declaration.rule => {
                let said = format!("the configuration adds to it, so it needs: {}", now.rule);
                let place = self.addition(kind, name);
                self.say_by("operation", said, place);
            }
            Some(_) => {}
            None => {
                let place = self.addition(kind, name);
                self.say_by(
                    "operation",
                    "it is switched off: a call is answered as one of an unknown name",
                    place,
                );
            }
        }
        found
    }

    /// Where the configuration says something of an operation.
    fn addition(&self, kind: Kind, name: &str) -> String {
        let config = self.config;
        match kind {
            Kind::Prompt => config.place(&key!(prompts[name])),
            Kind::Resource | Kind::ResourceTemplate => config.place(&key!(resources[name])),
            _ => config.place(&key!(tools[name])),
        }
    }

    fn who(&mut self, call: &ExplainedCall<'_>, who: &KnownAs) {
        match who {
            KnownAs::Anonymous => match call.presents {
                Presents::Nothing => self.say("credential", "none is presented"),
                _ => {
                    let place = self.config.place(&key!(auth.verify));
                    self.say_by(
                        "credential",
                        "no caller is verified, so what is presented is not looked at",
                        place,
                    );
                }
            },
            KnownAs::Untold(why) if matches!(call.presents, Presents::Unknown(_)) => {
                self.say("credential", format!("{why}: give it with --token-file instead of --request-id"));
            }
            KnownAs::Untold(why) => self.say("credential", format!("only a running server can tell: {why}")),
            KnownAs::Refused { faults, hint } => {
                for fault in faults {
                    self.say("credential", format!("refused: {fault}"));
                }
                if let Some(hint) = hint {
                    self.say("credential", *hint);
                }
            }
            KnownAs::Caller { who, is_whole, owes_proof } => {
                self.credential(call, who, *is_whole);
                if *owes_proof {
                    let said =
                        "it is bound to a key: each request brings a proof of that key beside it (DPoP)";
                    self.say("credential", said);
                }
                self.caller(who);
            }
            _ => {}
        }
    }

    fn credential(&mut self, call: &ExplainedCall<'_>, who: &Identity, is_whole: bool) {
        let Some(principal) = who.principal() else { return };
        let kind = match principal.via().as_str() {
            "jwt" => "a signed token",
            "api-key" => "an API key",
            "introspected" => "a token that its issuer was asked about",
            "local" => "none: over stdio it is whoever started the server",
            other => other,
        };
        let iss = principal.claims().get("iss").and_then(Value::as_str).unwrap_or(principal.issuer());
        let said = match principal.issuer() == API_KEY_ISSUER || principal.is_local() {
            true => kind.to_owned(),
            false => format!("{kind} of {iss}, whose tokens are accepted"),
        };
        match self.trusted(iss, principal.subject(), principal.is_local()) {
            Some(place) => self.say_by("credential", said, place),
            None => self.say("credential", said),
        }
        match (is_whole, call.presents) {
            (_, Presents::Logged(_)) => {
                self.say("credential", "that it was good then is what the log says; it is not checked again");
            }
            (true, _) => {}
            (false, Presents::Claims(_)) => {
                self.say("credential", "whether a good signature stands over these claims is not asked")
            }
            (false, _) => self.say(
                "credential",
                "its signature is not checked: the keys of its issuer are fetched with --fetch",
            ),
        }
    }

    fn caller(&mut self, who: &Identity) {
        let Some(principal) = who.principal() else { return self.say("caller", "one without a credential") };
        let client = principal.client_id().filter(|client| *client != principal.subject());
        let client = client.map(|client| format!(", by client {client:?}")).unwrap_or_default();
        self.say("caller", format!("{:?}{client}", principal.subject()));
        let names = |names: Vec<String>| if names.is_empty() { "none".to_owned() } else { names.join(" ") };
        let scopes = principal.scopes().iter().map(ToString::to_string).collect();
        self.say("caller", format!("scopes: {}", names(scopes)));
        let roles = principal.roles().iter().map(ToString::to_string).collect();
        self.say("caller", format!("roles: {}", names(roles)));
        if let Some(unix) = principal.expires_at() {
            let at = humantime::format_rfc3339_seconds(UNIX_EPOCH + Duration::from_secs(unix));
            self.say("caller", format!("until {at}"));
        }
    }

    /// The key that makes this caller one.
    fn trusted(&self, iss: &str, subject: &str, is_local: bool) -> Option<String> {
        let config = self.config;
        if is_local {
            let by_roles = config.stdio.local_scopes.is_empty() && !config.stdio.local_roles.is_empty();
            return Some(config.place(&match by_roles {
                true => key!(stdio.local_roles),
                false => key!(stdio.local_scopes),
            }));
        }
        if iss == API_KEY_ISSUER {
            let index = config.auth.api_keys.iter().position(|key| key.name.as_str() == subject)?;
            return Some(config.place(&key!(auth.api_keys[index].name)));
        }
        let is_named = |accepted: &str| accepted == iss;
        let index = config
            .auth
            .issuers
            .iter()
            .position(|issuer| issuer.accepted().iter().any(|accepted| is_named(accepted.iss.as_str())));
        match index {
            Some(index) => Some(config.place(&key!(auth.issuers[index].issuer))),
            None => config.built_in_issuer().map(|_| config.place(&key!(issuer))),
        }
    }

    /// What the caller has of what is needed.
    fn rule(&mut self, account: &Account) {
        if account.anyone {
            let said = match account.wants_claims {
                true => "anyone may, without a credential too; the claims of a token that comes have to fit",
                false => "anyone may, without a credential too",
            };
            return self.say("rule", said);
        }
        if !account.is_known {
            self.say("rule", "a verified caller is needed, and this one is not");
        }
        for (any_of, held) in &account.roles {
            let names = any_of.iter().map(Role::as_str).collect::<Vec<_>>().join(" or ");
            match held {
                Some(role) => {
                    let place = self.role(role);
                    self.push("rule", format!("role {names}: held, as {role}"), place);
                }
                None => {
                    let place = any_of.first().and_then(|role| self.role(role));
                    self.push("rule", format!("role {names}: not held; its conditions are not met, and no other token mends that"), place);
                }
            }
        }
        if !account.terms.is_empty() {
            self.say("rule", format!("{}: {}", account.terms, logged_in(account.login.as_ref(), self.now)));
        }
        let several = account.groups.len() > 1;
        for (index, group) in account.groups.iter().enumerate() {
            let which = if several { format!("alternative {}, ", index + 1) } else { String::new() };
            for (scope, held) in group {
                match held {
                    _ if scope.template().is_some() => {
                        self.say("rule", format!("{which}scope {scope}: each call fills it"));
                    }
                    Some(by) if scope.scope() == Some(by) => {
                        self.say("rule", format!("{which}scope {scope}: held"))
                    }
                    Some(by) => {
                        let entry = self.config.scopes.keys().find(|name| name.as_str() == by.as_str());
                        let place = entry.map(|name| self.config.place(&key!(scopes[name].implies)));
                        self.push(
                            "rule",
                            format!("{which}scope {scope}: held, since {by} implies it"),
                            place,
                        );
                    }
                    None => self.say("rule", format!("{which}scope {scope}: not held")),
                }
            }
        }
    }

    fn role(&self, role: &Role) -> Option<String> {
        let name = self.config.roles.keys().find(|name| name.as_str() == role.as_str())?;
        Some(self.config.place(&key!(roles[name])))
    }

    fn push(&mut self, step: &'static str, said: String, place: Option<String>) {
        self.all.push(Step { step, said, place });
    }

    /// Settings that shape a refusal.
    fn because(&mut self, who: &KnownAs, operation: Option<OperationId>) {
        let config = self.config;
        let is_known = matches!(who, KnownAs::Caller { .. });
        let over_http = config.server.transport == Transport::Http;
        if is_known && operation.is_some() && config.auth.visibility == Visibility::Granted {
            let place = config.place(&key!(auth.visibility));
            self.say_by("answer", "what a caller may not use is answered as if it were not there", place);
        } else if (is_known || self.checked.policy.connect() == Connect::Anonymous)
            && config.auth.denial == Denial::ToolError
        {
            let place = config.place(&key!(auth.denial));
            self.say_by(
                "answer",
                "a tool that lacks something is refused as a result that the model reads",
                place,
            );
        } else if !is_known && over_http && !self.checked.policy.is_open() {
            let place = config.place(&key!(auth.base_scopes));
            self.say_by(
                "answer",
                "a challenge asks for what the operation needs, and for auth.base_scopes",
                place,
            );
        }
    }
}

/// Whether this caller can confirm a call on a page of the built-in issuer.
fn has_page(config: &Config, who: Option<&Identity>) -> bool {
    let issuer = config.resource().origin().to_string();
    let is_over_http = config.server.transport == Transport::Http;
    let is_its_person = who.and_then(Identity::principal).is_some_and(|who| who.is_person_at(&issuer));
    is_over_http && config.built_in_issuer().is_some() && is_its_person
}

/// How the person is asked to confirm the call.
fn confirmation(how: Confirm) -> &'static str {
    match how {
        Confirm::ByLogin => {
            "the person logs in on a page of the built-in issuer and is asked there to confirm the call; a program, an API key and \
             a caller of another issuer are refused"
        }
        _ => "the person in front of the client is asked to confirm the call",
    }
}

/// How a caller's person logged in.
fn logged_in(login: Option<&Login>, now: u64) -> String {
    let Some(login) = login else { return "no person logs in for such a credential".to_owned() };
    let when = match login.auth_time {
        Some(at) => {
            format!("logged in {} ago", duration_text(Duration::from_secs(now.saturating_sub(at))))
        }
        None => "it is not said when the person logged in".to_owned(),
    };
    match login.acr.as_slice() {
        [] => when,
        ways => format!("{when}, by {}", shown(&ways.join(" "))),
    }
}
