//! Thousands of generated cases against a simple oracle: rules of tools, prompts and resources with scopes, alternatives, values, roles,
//! claims, logins, guards and confirmations, each with what an operator adds, called by callers with any scopes, roles, claims and logins,
//! with good and bad arguments, where operations are shown and where they are hidden, on every revision.

use std::sync::atomic::Ordering;

use futures_util::stream::{self, StreamExt as _};
use mcp_auth::serde_json::{Value, json};
use mcp_auth::testing::{Answer, Era, TestServer, Token};
use mcp_auth_tests::ruled::Ruled;

use crate::launch;
use crate::matrix::seed::Seed;
use crate::process::Pipe;

/// How many servers there are, each with another overlay.
const SERVERS: usize = 16;
/// How many cases each gets.
const CASES: usize = 630;

/// The rule of a tool, as the oracle reads it: it shares no code with the server.
#[derive(Debug, Clone, Copy)]
struct Rule {
    kind: Kind,
    name: &'static str,
    /// `None`: anyone. An empty list: any caller. `F` stands for the scope that the call fills.
    groups: Option<&'static [&'static [&'static str]]>,
    roles: &'static [&'static [&'static str]],
    /// Whether the method takes the claim `unit`.
    claim: bool,
    /// How old the login may be in minutes, and by which it may be.
    login: (Option<u64>, &'static [&'static str]),
    guard: bool,
    confirm: Confirm,
}

#[derive(Debug, Clone, Copy, PartialEq)]
enum Kind {
    Tool,
    Prompt,
    /// With `bucket` and `word` in its URI.
    Resource,
}

/// Where the person says yes to each call. The later one is the stronger.
#[derive(Debug, Clone, Copy, PartialEq, PartialOrd)]
enum Confirm {
    Nowhere,
    InClient,
    ByLogin,
}

const RULES: [Rule; 19] = [
    rule("all", Some(&[&["a", "b"]]), &[], false),
    rule("either", Some(&[&["a", "b"], &["c"]]), &[&["r"]], false),
    rule("filled", Some(&[&["F"]]), &[], false),
    rule("mixed", Some(&[&["a", "F"], &["admin"]]), &[&["r", "s"]], false),
    rule("filled_and_guarded", Some(&[&["F"]]), &[], true),
    rule("guarded", Some(&[]), &[&["s"]], true),
    Rule { confirm: Confirm::InClient, ..rule("confirmed", Some(&[&["c"]]), &[], false) },
    Rule { confirm: Confirm::InClient, ..rule("everything", Some(&[&["a", "F"]]), &[&["r"]], true) },
    Rule { confirm: Confirm::ByLogin, ..rule("confirmed_by_login", Some(&[&["c"]]), &[&["s"]], false) },
    Rule { login: (Some(5), &[]), ..rule("fresh", Some(&[&["c"]]), &[], false) },
    Rule { login: (Some(60), &["x", "y"]), ..rule("strong", Some(&[&["a"], &["F"]]), &[&["s"]], true) },
    rule("open", None, &[], true),
    Rule { claim: true, ..rule("claimed", Some(&[&["c"]]), &[], false) },
    Rule { claim: true, ..rule("claimed_and_guarded", Some(&[&["a", "F"]]), &[&["r"]], true) },
    Rule { claim: true, ..rule("claimed_or_anonymous", None, &[], false) },
    Rule {
        kind: Kind::Prompt,
        login: (Some(60), &["x", "y"]),
        ..rule("planned", Some(&[&["a", "F"], &["admin"]]), &[&["s"]], true)
    },
    Rule { kind: Kind::Prompt, claim: true, ..rule("claimed_plan", Some(&[&["c"]]), &[&["r"]], false) },
    Rule { kind: Kind::Resource, ..rule("kept://{bucket}/{word}", Some(&[&["F"]]), &[&["s"]], true) },
    Rule {
        kind: Kind::Resource,
        claim: true,
        ..rule("claimed://{bucket}/{word}", Some(&[&["a"], &["c"]]), &[], false)
    },
];

const fn rule(
    name: &'static str,
    groups: Option<&'static [&'static [&'static str]]>,
    roles: &'static [&'static [&'static str]],
    guard: bool,
) -> Rule {
    let (login, confirm) = ((None, &[] as &[&str]), Confirm::Nowhere);
    Rule { kind: Kind::Tool, name, groups, roles, claim: false, login, guard, confirm }
}

/// What an operator adds to every operation of one server, and says of it.
#[derive(Debug, Clone, Copy)]
struct Overlay {
    scope: bool,
    role: bool,
    /// A login of the last two minutes by `x`.
    login: bool,
    /// Of tools.
    confirm: Confirm,
    /// Whether what a caller may not use is hidden.
    hides: bool,
}

fn overlay(number: usize) -> Overlay {
    Overlay {
        scope: number & 1 == 1,
        role: number & 2 == 2,
        confirm: match number & 5 {
            4 => Confirm::InClient,
            5 => Confirm::ByLogin,
            _ => Confirm::Nowhere,
        },
        login: number & 8 == 8,
        hides: number % 3 == 1,
    }
}

#[derive(Debug, Clone)]
struct Case {
    rule: Rule,
    /// `None`: without a token.
    held: Option<(Vec<&'static str>, Vec<&'static str>)>,
    login: LoggedIn,
    /// What the token says as `unit`.
    unit: Option<Value>,
    arguments: Value,
    says_yes: bool,
    /// Who logs in on the page where calls are confirmed.
    logs_in: &'static str,
    era: Era,
}

/// What the token says of a login.
#[derive(Debug, Clone, Copy, PartialEq)]
enum LoggedIn {
    /// It is a program's.
    Nobody,
    /// So many minutes ago, if it says when, and by this, if it says by what.
    Person(Option<u64>, Option<&'static str>),
}

#[derive(Debug, Clone, PartialEq)]
enum Outcome {
    Ran,
    LogIn,
    /// With how old the login may be, in minutes, and by what.
    LogInAgain(Option<u64>, String),
    /// Whether a step-up helps.
    Forbidden(bool),
    /// As if it were not there.
    Unknown,
    /// A result that the model reads, or -32602.
    Misfit,
    Unconfirmed,
    Other(String),
}

fn expected(case: &Case, overlay: Overlay) -> Outcome {
    let Case { rule, held, arguments, says_yes, logs_in, login, unit, .. } = case;
    let is_tool = rule.kind == Kind::Tool;
    let confirm = if is_tool && overlay.confirm > rule.confirm { overlay.confirm } else { rule.confirm };
    let hidden = |told: Outcome| if overlay.hides { Outcome::Unknown } else { told };
    let is_public = rule.groups.is_none()
        && !overlay.scope
        && !overlay.role
        && !overlay.login
        && confirm == Confirm::Nowhere;
    let (scopes, roles) = match held {
        // Before 2026-07-28 a client has to open a session first, which needs a caller.
        None if is_public && case.era == Era::Stateless => (&Vec::new(), &Vec::new()),
        None => return Outcome::LogIn,
        Some((scopes, roles)) => (scopes, roles),
    };
    let has_role = |role: &str| roles.contains(&role) || (role == "s" && roles.contains(&"r"));
    if !is_public {
        let overlaid: &[&[&str]] = if overlay.role { &[&["r"]] } else { &[] };
        if !rule.roles.iter().chain(overlaid).all(|any| any.iter().any(|role| has_role(role))) {
            return hidden(Outcome::Forbidden(false));
        }
    }
    if rule.claim && held.is_some() && !unit.as_ref().is_some_and(Value::is_string) {
        return hidden(Outcome::Forbidden(false));
    }
    let (mut most, mut ways) = (rule.login.0, rule.login.1.to_vec());
    if overlay.login {
        (most, ways) = (Some(2), vec!["x"]);
    }
    let needs_login = most.is_some() || !ways.is_empty();
    if needs_login && *login == LoggedIn::Nobody {
        return hidden(Outcome::Forbidden(false));
    }
    let holds = |scope: &str| scopes.contains(&scope) || ("ab".contains(scope) && scopes.contains(&"admin"));
    let bucket = arguments["bucket"].as_str();
    let fits = bucket.is_some() && arguments["word"].is_string();
    let fills =
        bucket.is_some_and(|bucket| !bucket.is_empty() && bucket.bytes().all(|b| b.is_ascii_lowercase()));
    let mut groups: Vec<Vec<&str>> = rule.groups.into_iter().flatten().map(|group| group.to_vec()).collect();
    if overlay.scope {
        groups.iter_mut().for_each(|group| group.push("o"));
        if groups.is_empty() {
            groups.push(vec!["o"]);
        }
    }
    let rest = |group: &Vec<&str>| group.iter().filter(|scope| **scope != "F").all(|scope| holds(scope));
    if !groups.is_empty() && !groups.iter().any(rest) {
        return hidden(Outcome::Forbidden(true));
    }
    if let LoggedIn::Person(ago, by) = *login {
        let is_recent = most.is_none_or(|most| ago.is_some_and(|ago| ago <= most));
        let is_by_one = ways.is_empty() || by.is_some_and(|by| ways.contains(&by));
        let again = Outcome::LogInAgain(most, ways.join(" "));
        if !is_by_one || (most.is_some() && ago.is_none()) {
            return hidden(again);
        }
        // How long ago it was changes with the time, so it hides nothing.
        if !is_recent {
            return again;
        }
    }
    if !fits {
        return Outcome::Misfit;
    }
    let filled = format!("f:{}:x", bucket.unwrap_or_default());
    let whole = |group: &Vec<&str>| rest(group) && (!group.contains(&"F") || (fills && holds(&filled)));
    if !groups.is_empty() && !groups.iter().any(whole) {
        return if fills { Outcome::Forbidden(true) } else { Outcome::Misfit };
    }
    match arguments["word"].as_str() {
        Some("deny" | "odd") if rule.guard => return Outcome::Forbidden(false),
        Some("need") if rule.guard && held.is_none() => return Outcome::LogIn,
        Some("need") if rule.guard => return Outcome::Forbidden(!holds("g")),
        _ => {}
    }
    let is_confirmed = match confirm {
        Confirm::Nowhere => true,
        Confirm::InClient => *says_yes,
        Confirm::ByLogin => *says_yes && *logs_in == "ann" && *login != LoggedIn::Nobody,
    };
    if is_confirmed { Outcome::Ran } else { Outcome::Unconfirmed }
}

fn found(answer: &Answer) -> Outcome {
    let challenge = answer.challenge();
    let error = challenge.as_ref().and_then(|challenge| challenge.error());
    let said = answer.text().is_some_and(|text| text.contains(" confirm"));
    let is_error = answer.result().is_some_and(|result| result["isError"] == true);
    match (answer.status(), error) {
        (401, None) => Outcome::LogIn,
        (401, Some("insufficient_user_authentication")) => {
            let said = |name: &str| challenge.as_ref().and_then(|challenge| challenge.get(name));
            let minutes = said("max_age").and_then(|most| most.parse::<u64>().ok()).map(|most| most / 60);
            Outcome::LogInAgain(minutes, said("acr_values").unwrap_or_default().to_owned())
        }
        (403, Some("insufficient_scope")) => Outcome::Forbidden(true),
        (403, None) => Outcome::Forbidden(false),
        (200, _) if answer.error_code() == Some(-32602) => match answer.body().contains("unknown ") {
            true => Outcome::Unknown,
            false => Outcome::Misfit,
        },
        (200, _) if said => Outcome::Unconfirmed,
        (200, _) if is_error => Outcome::Misfit,
        (200, _) if answer.result().is_some() => Outcome::Ran,
        (status, _) => Outcome::Other(format!("{status} {}", answer.body())),
    }
}

fn random(seed: &mut Seed) -> Case {
    let mut some = |all: &[&'static str], often: usize| -> Vec<&'static str> {
        all.iter().filter(|_| !seed.once_in(often)).copied().collect()
    };
    let scopes = some(&["a", "b", "c", "o", "f:home:x"], 3);
    let rare = some(&["admin", "g", "f:work:x", "f:a b:x", "f:{bucket}:x", "f:*:x"], 2);
    let roles = some(&["r", "s"], 3);
    let scopes = scopes.into_iter().chain(rare.into_iter().filter(|_| seed.once_in(2))).collect();
    let held = (!seed.once_in(12)).then_some((scopes, roles));
    let bucket = seed.one_of(&[
        json!("home"),
        json!("home"),
        json!("work"),
        json!("a b"),
        json!(""),
        json!(5),
        Value::Null,
    ]);
    let unit = seed.one_of(&[Some(json!("north")), Some(json!("north")), Some(json!(5)), None]);
    let word = seed.one_of(&[json!("ok"), json!("ok"), json!("deny"), json!("need"), json!("odd"), json!(1)]);
    let ago = seed.one_of(&[Some(0), Some(1), Some(4), Some(30), Some(600), None]);
    let person = LoggedIn::Person(ago, seed.one_of(&[Some("x"), Some("x"), Some("y"), Some("z"), None]));
    let login = if seed.once_in(10) { LoggedIn::Nobody } else { person };
    let rule = seed.one_of(&RULES);
    let mut arguments = json!({ "bucket": bucket, "word": word });
    // Those of a prompt are texts, and so is what stands in a URI, where nothing is empty.
    let or = |value: &Value, other: &str| match value.as_str() {
        Some(text) if !text.is_empty() || rule.kind == Kind::Prompt => json!(text),
        _ => json!(other),
    };
    if rule.kind != Kind::Tool {
        arguments = json!({ "bucket": or(&bucket, "home"), "word": or(&word, "ok") });
    }
    Case {
        rule,
        held,
        login,
        unit,
        arguments,
        says_yes: !seed.once_in(3),
        logs_in: if seed.once_in(4) { "bob" } else { "ann" },
        era: seed.one_of(&Era::ALL),
    }
}

fn configuration(overlay: Overlay) -> String {
    let mut toml = "auth.base_scopes = []\n[scopes.admin]\nimplies = [\"a\", \"b\"]\n\
                    [roles.r]\nwhen = { claim = \"groups\", contains = \"r\" }\nimplies = [\"s\"]\n\
                    [roles.s]\nwhen = { claim = \"groups\", contains = \"s\" }\n"
        .to_owned();
    if overlay.hides {
        toml = format!("auth.visibility = \"granted\"\n{toml}");
    }
    for rule in RULES {
        let table = match rule.kind {
            Kind::Tool => "tools",
            Kind::Prompt => "prompts",
            Kind::Resource => "resources",
        };
        toml += &format!("[{table}.{:?}]\n", rule.name);
        if overlay.scope {
            toml += "scopes = [\"o\"]\n";
        }
        if overlay.role {
            toml += "roles = [\"r\"]\n";
        }
        if overlay.login {
            toml += "login = \"2m\"\nacr = [\"x\"]\n";
        }
        toml += match overlay.confirm {
            _ if rule.kind != Kind::Tool => "",
            Confirm::Nowhere => "",
            Confirm::InClient => "confirm = true\n",
            Confirm::ByLogin => "confirm = \"login\"\n",
        };
    }
    toml
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn ten_thousand_generated_cases_of_every_kind_of_rule_are_decided_as_a_simple_oracle_says() {
    let mut seed = Seed::of_this_run("rules");
    let mut different = Vec::new();
    for number in 0..SERVERS {
        let overlay = overlay(number);
        let ruled = Ruled::default();
        let builder =
            TestServer::builder(ruled.clone()).toml(&configuration(overlay)).expect("a configuration");
        let server = builder.start().await.expect("a server");
        let cases: Vec<Case> = (0..CASES).map(|_| random(&mut seed)).collect();
        let should_run = cases.iter().filter(|case| expected(case, overlay) == Outcome::Ran).count();
        let decided = stream::iter(&cases).map(|case| decide(&server, case, overlay));
        let wrong: Vec<String> = decided.buffer_unordered(4).filter_map(std::future::ready).collect().await;
        if wrong.is_empty() {
            assert_eq!(
                ruled.ran.load(Ordering::SeqCst),
                should_run,
                "a tool ran that was refused: {overlay:?}"
            );
        }
        different.extend(wrong);
    }
    let all = SERVERS * CASES;
    assert!(
        different.is_empty(),
        "{} of {all}:\n{}",
        different.len(),
        different[..different.len().min(12)].join("\n")
    );
}

/// How the case was decided, if that is not as the oracle says.
async fn decide(server: &TestServer, case: &Case, overlay: Overlay) -> Option<String> {
    let (says_yes, logs_in) = (case.says_yes, case.logs_in);
    let person = move |question: &Value| {
        let content = match question["mode"] == "url" {
            true => json!({ "login": logs_in, "allow": says_yes }),
            false => json!({ "allow": says_yes }),
        };
        json!({ "action": "accept", "content": content })
    };
    let client = server.client().era(case.era);
    let client = match token(server.token("ann"), case) {
        // Who has no token is asked nothing.
        None => client,
        Some(token) => client.person(person).token(token),
    };
    let (name, arguments) = (case.rule.name, case.arguments.clone());
    let found = found(&match case.rule.kind {
        Kind::Tool => client.call_tool(name, arguments).await,
        Kind::Prompt => client.get_prompt(name, arguments).await,
        Kind::Resource => client.read_resource(&uri_of(case)).await,
    });
    let expected = expected(case, overlay);
    (found != expected).then(|| format!("{found:?}, not {expected:?}: {case:?} {overlay:?}"))
}

/// The URI that the template of the resource makes of the arguments.
fn uri_of(case: &Case) -> String {
    let text = |name: &str| case.arguments[name].as_str().unwrap_or_default().replace(' ', "%20");
    case.rule.name.replace("{bucket}", &text("bucket")).replace("{word}", &text("word"))
}

/// The token of its caller, made of one that holds nothing.
fn token(token: Token, case: &Case) -> Option<Token> {
    let (scopes, roles) = case.held.as_ref()?;
    let token = token.scope(&scopes.join(" ")).claim("groups", json!(roles));
    let token = case.unit.iter().fold(token, |token, unit| token.claim("unit", unit.clone()));
    Some(match case.login {
        LoggedIn::Nobody => token.claim("client_id", "ann"),
        LoggedIn::Person(ago, by) => {
            // No age is near a limit, so that the seconds of the run do not count.
            let token = ago.map_or(token.clone(), |ago| token.logged_in(ago * 60));
            by.map_or(token.clone(), |by| token.claim("acr", by))
        }
    })
}

/// How many callers there are over stdio, where each has a process of its own.
const PROCESSES: usize = 32;
/// How many calls each makes.
const CALLS: usize = 40;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_thousand_generated_cases_are_decided_over_stdio_as_the_same_oracle_says() {
    let issuer = launch::Issuer::start().await;
    let mut seed = Seed::of_this_run("rules over stdio");
    let mut different = Vec::new();
    for number in 0..PROCESSES {
        let overlay = overlay(number);
        let caller = random(&mut seed);
        // Who is nobody cannot open a session of an older revision.
        let era = if caller.held.is_none() { Era::Stateless } else { caller.era };
        let launch = launch::toml(&configuration(overlay)).variable("TEST_SERVER", "ruled");
        let launch = launch.variable("MCP_SERVER__PUBLIC_URL", launch::RESOURCE);
        let launch = launch.variable("MCP_AUTH__ISSUERS", &issuer.configured());
        let launch = match token(issuer.token("ann"), &caller) {
            Some(token) => {
                launch.variable("MCP_STDIO__CREDENTIAL", "env:TOKEN").variable("TOKEN", &token.mint())
            }
            None => launch,
        };
        let mut pipe = launch.stdio().era(era).capabilities(json!({ "elicitation": { "form": {} } }));
        assert!(pipe.open().await.get("result").is_some() || caller.held.is_none());
        for _ in 0..CALLS {
            let case = random(&mut seed);
            let (held, login, unit) = (caller.held.clone(), caller.login, caller.unit.clone());
            let case = Case { held, login, unit, era, ..case };
            let found = found_over_stdio(&answered_over_stdio(&mut pipe, &case).await);
            // Over stdio there is no page.
            let expected = expected(&Case { logs_in: "nobody", ..case.clone() }, overlay);
            if found != expected {
                different.push(format!("{found:?}, not {expected:?}: {case:?} {overlay:?}"));
            }
        }
    }
    let all = PROCESSES * CALLS;
    let shown = different[..different.len().min(12)].join("\n");
    assert!(different.is_empty(), "{} of {all}:\n{shown}", different.len());
}

/// The answer to its call, whose person is asked in the client.
async fn answered_over_stdio(pipe: &mut Pipe, case: &Case) -> Value {
    let (name, arguments) = (case.rule.name, case.arguments.clone());
    let (method, params) = match case.rule.kind {
        Kind::Tool => ("tools/call", json!({ "name": name, "arguments": arguments })),
        Kind::Prompt => ("prompts/get", json!({ "name": name, "arguments": arguments })),
        Kind::Resource => ("resources/read", json!({ "uri": uri_of(case) })),
    };
    let reply = json!({ "action": "accept", "content": { "allow": case.says_yes } });
    if case.era == Era::Stateless {
        let asked = pipe.request(method, params.clone()).await;
        let Some(questions) = asked["result"]["inputRequests"].as_object() else { return asked };
        let replies: Value = questions.keys().map(|name| (name.clone(), reply.clone())).collect();
        let mut again = params;
        again["requestState"] = asked["result"]["requestState"].clone();
        again["inputResponses"] = replies;
        return pipe.request(method, again).await;
    }
    pipe.post(method, params).await;
    let mut received = pipe.receive().await;
    while received["method"] == "elicitation/create" {
        pipe.send(&json!({ "jsonrpc": "2.0", "id": received["id"], "result": reply }).to_string()).await;
        received = pipe.receive().await;
    }
    received
}

fn found_over_stdio(answer: &Value) -> Outcome {
    let (data, code) = (&answer["error"]["data"], answer["error"]["code"].as_i64());
    let is_error = answer["result"]["isError"] == true;
    match (code, data["error"].as_str()) {
        (Some(401), None) => Outcome::LogIn,
        (Some(401), Some("insufficient_user_authentication")) => {
            let ways = data["acr_values"].as_str().unwrap_or_default().to_owned();
            Outcome::LogInAgain(data["max_age"].as_u64().map(|most| most / 60), ways)
        }
        // A client that cannot show a form is told so (-32021 since 2026-07-28).
        (Some(-32021), _) => Outcome::Unconfirmed,
        (Some(403), Some("insufficient_scope")) => Outcome::Forbidden(true),
        (Some(403), None) => Outcome::Forbidden(false),
        (Some(-32602), _) => {
            match answer["error"]["message"].as_str().unwrap_or_default().contains("unknown ") {
                true => Outcome::Unknown,
                false => Outcome::Misfit,
            }
        }
        (None, _) if is_error && answer["result"].to_string().contains("an answer of the person") => {
            Outcome::Unconfirmed
        }
        (None, _) if is_error && answer["result"].to_string().contains(" confirm") => Outcome::Unconfirmed,
        (None, _) if is_error => Outcome::Misfit,
        (None, _) if answer["result"].is_object() => Outcome::Ran,
        _ => Outcome::Other(answer.to_string()),
    }
}
