//! The template's questions and their answers: given on the command line, asked for, or taken from the defaults.

use std::fmt;
use std::io::{BufRead, Write};

use mcp_auth_core::IssuerIdentifier;
use mcp_auth_runtime::config::provider::ProviderName;

use crate::Failure;
use crate::terminal::{DIM, STRONG, WARN, styled};

/// The issuer whose tokens the new server accepts.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Auth {
    /// The built-in issuer: without a password on this computer, and for others with this login.
    BuiltIn(LoginAt),
    /// Another issuer: its provider, and its identifier.
    Issuer(ProviderName, String),
}

/// Where people log in at the built-in issuer, once it is for others.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub(super) enum LoginAt {
    /// With accounts of this server
    Accounts,
    /// At Google
    Google,
    /// At GitHub
    Github,
    /// At Microsoft Entra ID
    Entra,
    /// At Amazon Cognito
    Cognito,
    /// At Okta
    Okta,
    /// At any other OpenID Connect provider
    Other,
}

impl LoginAt {
    /// The word of the configuration.
    pub(super) fn as_str(self) -> &'static str {
        match self {
            Self::Accounts => "accounts",
            Self::Google => "google",
            Self::Github => "github",
            Self::Entra => "entra",
            Self::Cognito => "cognito",
            Self::Okta => "okta",
            Self::Other => "other",
        }
    }
}

/// How clients reach the server, unless it is told otherwise.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub(super) enum Transport {
    /// It listens for clients
    Http,
    /// A client starts it
    Stdio,
}

impl fmt::Display for Transport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Http => "http",
            Self::Stdio => "stdio",
        })
    }
}

/// The answers given on the command line.
#[derive(Debug, Default)]
pub(super) struct Given {
    pub(super) description: Option<String>,
    pub(super) provider: Option<ProviderName>,
    pub(super) issuer: Option<String>,
    pub(super) login: Option<LoginAt>,
    pub(super) transport: Option<Transport>,
    pub(super) sqlite: Option<bool>,
}

/// The answers to all questions of the template, except the name.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Answers {
    pub(super) description: String,
    pub(super) auth: Auth,
    pub(super) transport: Transport,
    pub(super) sqlite: bool,
}

/// Uses the template's default for every answer that was not given.
///
/// # Errors
/// An answer that was given is not valid.
pub(super) fn defaults(questions: &Questions, given: Given) -> Result<Answers, Failure> {
    Ok(Answers {
        description: description(&given.description.unwrap_or_else(|| questions.description.default()))?,
        auth: match (given.provider, given.issuer) {
            (named, Some(url)) => {
                let named = named.map_or_else(|| provider(&questions.provider.default()), Ok)?;
                Auth::Issuer(named, issuer(named, &url)?)
            }
            (Some(named), None) => return Err(format!("say which issuer of {named} it is: --issuer").into()),
            (None, None) => Auth::BuiltIn(match given.login {
                Some(login) => login,
                None => login_at(&questions.login.default())?,
            }),
        },
        transport: match given.transport {
            Some(transport) => transport,
            None => transport(&questions.transport.default())?,
        },
        sqlite: match given.sqlite {
            Some(sqlite) => sqlite,
            None => yes_or_no(&questions.sqlite.default())?,
        },
    })
}

/// Asks for every answer that was not given, again if the answer is not valid.
///
/// # Errors
/// An answer that was given is not valid, or `input` ends.
pub(super) fn ask(
    questions: &Questions,
    given: Given,
    input: &mut impl BufRead,
    output: &mut impl Write,
) -> Result<Answers, Failure> {
    let mut conversation = Conversation { input, output };
    Ok(Answers {
        description: match given.description {
            Some(text) => description(&text)?,
            None => conversation.ask(&questions.description, description)?,
        },
        auth: match (given.provider, given.issuer) {
            (None, None) if given.login.is_some() || conversation.ask(&questions.auth, built_in)? => {
                Auth::BuiltIn(match given.login {
                    Some(login) => login,
                    None => conversation.ask(&questions.login, login_at)?,
                })
            }
            (named, url) => {
                let named = match named {
                    Some(named) => named,
                    None => conversation.ask(&questions.provider, provider)?,
                };
                let url = match url {
                    Some(url) => issuer(named, &url)?,
                    None => conversation.ask(&questions.issuer, |text| issuer(named, text))?,
                };
                Auth::Issuer(named, url)
            }
        },
        transport: match given.transport {
            Some(transport) => transport,
            None => conversation.ask(&questions.transport, transport)?,
        },
        sqlite: match given.sqlite {
            Some(sqlite) => sqlite,
            None => conversation.ask(&questions.sqlite, yes_or_no)?,
        },
    })
}

/// The questions of the template.
#[derive(Debug)]
pub(super) struct Questions {
    pub(super) description: Question,
    pub(super) auth: Question,
    pub(super) transport: Question,
    pub(super) sqlite: Question,
    /// Asked only if `auth` is "built-in".
    pub(super) login: Question,
    /// Asked only if `auth` is "issuer".
    pub(super) provider: Question,
    /// Asked only if `auth` is "issuer".
    pub(super) issuer: Question,
}

/// One question of the template.
#[derive(Debug, Clone, serde::Deserialize)]
pub(super) struct Question {
    prompt: String,
    #[serde(default)]
    pub(super) choices: Vec<String>,
    default: Option<DefaultAnswer>,
}

/// The default of a question: a text, or yes or no.
#[derive(Debug, Clone, serde::Deserialize)]
#[serde(untagged)]
enum DefaultAnswer {
    Flag(bool),
    Text(String),
}

impl Question {
    /// The default as a person would type it; empty if there is none.
    fn default(&self) -> String {
        match &self.default {
            Some(DefaultAnswer::Text(text)) => text.clone(),
            Some(DefaultAnswer::Flag(true)) => "yes".to_owned(),
            Some(DefaultAnswer::Flag(false)) => "no".to_owned(),
            None => String::new(),
        }
    }

    /// The text of the question, with the possible answers and the meaning of an empty answer.
    fn text(&self) -> String {
        let choices = match &self.default {
            Some(DefaultAnswer::Flag(_)) => " (yes or no)".to_owned(),
            _ if self.choices.is_empty() => String::new(),
            _ => format!(" ({})", self.choices.join(" or ")),
        };
        let default = self.default();
        let default = if default.is_empty() { String::new() } else { format!(" [{default}]") };
        format!("{}{choices}{}: ", styled(STRONG, &self.prompt), styled(DIM, default))
    }
}

struct Conversation<'a, I, O> {
    input: &'a mut I,
    output: &'a mut O,
}

impl<I: BufRead, O: Write> Conversation<'_, I, O> {
    fn ask<T>(
        &mut self,
        question: &Question,
        read: impl Fn(&str) -> Result<T, String>,
    ) -> Result<T, Failure> {
        loop {
            write!(self.output, "{}", question.text())?;
            self.output.flush()?;
            let mut line = String::new();
            if self.input.read_line(&mut line)? == 0 {
                return Err("standard input ended before every question was answered; --yes asks none".into());
            }
            let answer = match line.trim() {
                "" => question.default(),
                text => text.to_owned(),
            };
            match read(&answer) {
                Ok(answer) => return Ok(answer),
                Err(reason) => writeln!(self.output, "{}", styled(WARN, reason))?,
            }
        }
    }
}

/// Checks that a description is one line that can be used in Cargo.toml and a doc comment unchanged.
fn description(text: &str) -> Result<String, String> {
    let misread = |c: char| c == '"' || c == '\\' || c.is_control();
    if text.is_empty() {
        Err("a description is not empty".to_owned())
    } else if text.trim() != text {
        Err("a description neither starts nor ends with a space".to_owned())
    } else if let Some(c) = text.chars().find(|c| misread(*c)) {
        Err(format!("a description is one line without {c:?}"))
    } else {
        Ok(text.to_owned())
    }
}

fn built_in(text: &str) -> Result<bool, String> {
    match text {
        "built-in" => Ok(true),
        "issuer" => Ok(false),
        _ => Err(format!("{text:?} is neither \"built-in\" nor \"issuer\"")),
    }
}

fn login_at(text: &str) -> Result<LoginAt, String> {
    <LoginAt as clap::ValueEnum>::from_str(text, false).map_err(|_| {
        let words: Vec<_> =
            <LoginAt as clap::ValueEnum>::value_variants().iter().map(|at| at.as_str()).collect();
        format!("{text:?} is not one of {}", words.join(", "))
    })
}

fn provider(text: &str) -> Result<ProviderName, String> {
    text.parse::<ProviderName>().map_err(|error| format!("the provider {error}"))
}

/// Checks an issuer identifier (RFC 8414 §2): https, or http on loopback, without query and fragment; and that it can be this
/// provider's.
fn issuer(provider: ProviderName, text: &str) -> Result<String, String> {
    let misread = |c: char| "\"\\?#".contains(c) || c.is_whitespace() || c.is_control();
    if let Some(c) = text.chars().find(|c| misread(*c)) {
        return Err(format!("issuer is {text:?}, and an issuer's URL holds no {c:?}"));
    }
    let usable = text.parse().is_ok_and(|issuer: IssuerIdentifier| issuer.is_secure());
    if usable {
        match provider.provider().misfit(text) {
            Some(why) => Err(format!("issuer is {text:?}: {why}")),
            None => Ok(text.to_owned()),
        }
    } else {
        Err(format!(
            "issuer is {text:?}, and an issuer's URL starts with https:// and a host (http:// on loopback)"
        ))
    }
}

fn transport(text: &str) -> Result<Transport, String> {
    match text {
        "http" => Ok(Transport::Http),
        "stdio" => Ok(Transport::Stdio),
        _ => Err(format!("{text:?} is neither \"http\" nor \"stdio\"")),
    }
}

fn yes_or_no(text: &str) -> Result<bool, String> {
    match text.to_ascii_lowercase().as_str() {
        "y" | "yes" | "true" => Ok(true),
        "n" | "no" | "false" => Ok(false),
        _ => Err(format!("{text:?} is neither \"yes\" nor \"no\"")),
    }
}

#[cfg(test)]
mod tests {
    use super::super::template::Template;
    use super::*;

    fn asked(given: Given, typed: &str) -> (Result<Answers, Failure>, String) {
        let questions = Template::built_in().unwrap().questions;
        let mut output = Vec::new();
        let answers = ask(&questions, given, &mut typed.as_bytes(), &mut output);
        (answers, String::from_utf8(output).unwrap())
    }

    #[test]
    fn empty_answers_are_the_defaults() {
        let (answers, shown) = asked(Given::default(), "\n\n\n\n\n");
        let answers = answers.unwrap();
        assert_eq!(answers, defaults(&Template::built_in().unwrap().questions, Given::default()).unwrap());
        assert_eq!(
            (&answers.auth, answers.transport, answers.sqlite),
            (&Auth::BuiltIn(LoginAt::Accounts), Transport::Http, false)
        );
        assert!(shown.contains("(http or stdio)") && shown.contains("[built-in]"), "{shown}");
    }

    #[test]
    fn each_question_is_asked_until_it_is_answered() {
        let typed = "a \"b\"\nA notebook\nembedded\nissuer\nautho\nkeycloak\nhttp://evil.example\nhttps://id.example.com/a\nhttps://id.example.com/realms/a\ntcp\nstdio\nperhaps\ny\n";
        let (answers, shown) = asked(Given::default(), typed);
        let expected = Answers {
            description: "A notebook".to_owned(),
            auth: Auth::Issuer("keycloak".parse().unwrap(), "https://id.example.com/realms/a".to_owned()),
            transport: Transport::Stdio,
            sqlite: true,
        };
        assert_eq!(answers.unwrap(), expected);
        for reason in [
            "without '\"'",
            "neither \"built-in\"",
            "mean \"auth0\"",
            "starts with https://",
            "/realms/REALM",
            "nor \"stdio\"",
            "nor \"no\"",
        ] {
            assert!(shown.contains(reason), "{reason} in {shown}");
        }
    }

    #[test]
    fn what_was_given_is_not_asked_for() {
        let given = Given {
            description: Some("A notebook".to_owned()),
            provider: Some("oidc".parse().unwrap()),
            issuer: Some("https://id.example.com".to_owned()),
            login: None,
            transport: Some(Transport::Stdio),
            sqlite: Some(true),
        };
        let (answers, shown) = asked(given, "");
        assert_eq!(
            answers.unwrap().auth,
            Auth::Issuer("oidc".parse().unwrap(), "https://id.example.com".to_owned())
        );
        assert_eq!(shown, "");
    }

    #[test]
    fn a_login_is_asked_for_at_the_built_in_issuer_alone_and_until_it_is_one() {
        let (answers, shown) = asked(Given::default(), "A\nbuilt-in\nGoogle\ngoogle\n\n\n");
        assert_eq!(answers.unwrap().auth, Auth::BuiltIn(LoginAt::Google));
        assert!(shown.contains("\"Google\" is not one of accounts, google, github"), "{shown}");
        let given = Given { login: Some(LoginAt::Okta), ..Given::default() };
        let (answers, _) = asked(given, "A\n\n\n");
        assert_eq!(answers.unwrap().auth, Auth::BuiltIn(LoginAt::Okta));
        let (answers, shown) = asked(Given::default(), "A\nissuer\noidc\nhttps://id.example.com\n\n\n");
        assert!(
            matches!(answers.unwrap().auth, Auth::Issuer(..)) && !shown.contains("accounts, or"),
            "{shown}"
        );
    }

    #[test]
    fn the_end_of_the_input_is_not_an_answer() {
        let (answers, _) = asked(Given::default(), "A notebook\n");
        assert!(answers.unwrap_err().to_string().contains("standard input ended"));
    }

    #[test]
    fn a_given_value_that_is_not_an_answer_is_refused() {
        let questions = Template::built_in().unwrap().questions;
        let issuer = Given { issuer: Some("http://id.example.com".to_owned()), ..Given::default() };
        assert!(defaults(&questions, issuer).is_err());
        let alone = Given { provider: Some("okta".parse().unwrap()), ..Given::default() };
        assert!(defaults(&questions, alone).unwrap_err().to_string().contains("--issuer"));
        let description = Given { description: Some("two\nlines".to_owned()), ..Given::default() };
        assert!(defaults(&questions, description).is_err());
    }

    #[test]
    fn an_issuer_is_https_or_on_loopback() {
        for good in [
            "https://id.example.com",
            "https://id.example.com/",
            "https://id.example.com:8443/realms/a",
            "http://localhost:8090/realms/a",
            "http://127.0.0.1",
            "http://[::1]:9/",
        ] {
            assert_eq!(issuer("oidc".parse().unwrap(), good), Ok(good.to_owned()));
        }
        for bad in [
            "",
            "id.example.com",
            "https://",
            "https:///a",
            "https://user@id.example.com",
            "http://id.example.com",
            "http://localhost.evil.example",
            "http://a.localhost",
            "http://localhost:",
            "http://localhost:8o",
            "ftp://localhost",
            "https://id.example.com/?a",
            "https://id.example.com/#a",
            "https://id.example.com/\"",
            "https://id.example.com/a b",
        ] {
            assert!(issuer("oidc".parse().unwrap(), bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn a_description_is_one_line_that_needs_no_quoting() {
        assert!(description("Notes, each caller's own.").is_ok());
        for bad in ["", " ", " a", "a ", "a\nb", "a\"b", "a\\b", "a\tb", "a\u{7}b"] {
            assert!(description(bad).is_err(), "{bad:?}");
        }
    }
}
