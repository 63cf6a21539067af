//! A complete login: from a server's URL to tokens.

use std::time::Duration;

use rmcp::transport::auth::OAuthTokenResponse;
use serde::Deserialize;
use tokio::sync::mpsc;
use url::Url;

use super::Client;
use super::address::is_same_origin;
use super::callback::{Answer, Asked, CallbackError};
use super::discovery::{Discovered, DiscoveryError, discover};
use super::listener::Listener;
use super::pasted;
use super::registration::{RegistrationError, Wanted, known, register, supports_documents};
use crate::terminal::{DIM, STRONG, Terminal, WARN, shown, shown_line, styled};
use crate::token_store::{Login, Registration, Tokens, WayIn};
use mcp_auth_core::SecretText;

/// How the authorization page is opened.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Browser {
    /// This command opens it in a browser.
    Open,
    /// The person opens the URL, maybe on another machine, and pastes the address of the last page.
    ByHand,
}

/// The scopes to ask for.
#[derive(Debug, Clone)]
pub(crate) enum Scopes {
    /// The scopes in the challenge, else those in the metadata (MCP authorization, scope selection strategy).
    AsChallenged,
    /// Exactly these scope tokens.
    These(Vec<String>),
}

/// The inputs of one login.
pub(crate) struct LogIn<'a> {
    pub(crate) terminal: &'a Terminal,
    pub(crate) client: &'a Client,
    pub(crate) wanted: &'a Wanted,
    pub(crate) scopes: Scopes,
    pub(crate) port: Option<u16>,
    pub(crate) browser: Browser,
    /// The login that was kept for this server; its client is used again if that is still possible.
    pub(crate) kept: Option<&'a Login>,
    /// The `WWW-Authenticate` challenge that made this login necessary.
    pub(crate) challenge: Option<String>,
}

/// Why the login failed. Holds no code, token or secret.
#[derive(Debug, thiserror::Error)]
pub(crate) enum LogInError {
    #[error(transparent)]
    Discovery(#[from] DiscoveryError),
    #[error(transparent)]
    Registration(#[from] RegistrationError),
    #[error(transparent)]
    Callback(#[from] CallbackError),
    #[error("cannot listen on 127.0.0.1:{port}")]
    Port {
        port: u16,
        #[source]
        reason: std::io::Error,
    },
    #[error("the login in the browser did not end within {} minutes", .0.as_secs() / 60)]
    LoginTimedOut(Duration),
    #[error("the issuer gave no token: {0}")]
    Exchange(String),
    #[error("the issuer gave a token of type {0:?}; only Bearer can be sent")]
    TokenType(String),
}

/// How long the command waits for the browser. Issuers keep codes and states for about this long (a state at most ten
/// minutes).
const PATIENCE: Duration = Duration::from_secs(10 * 60);

impl LogIn<'_> {
    /// Runs the whole login: discovery, client, browser, code, tokens.
    ///
    /// # Errors
    /// [`LogInError`]; nothing is stored in this case.
    pub(crate) async fn run(self) -> Result<Login, LogInError> {
        let mut discovered = discover(self.client, self.challenge.as_deref()).await?;
        if !discovered.named_by_metadata {
            self.terminal.note(styled(
                WARN,
                "the server has no protected resource metadata; its own origin is taken for the issuer, as before 2025-06-18",
            ));
        }
        let listener = self.listen().await?;
        let scopes = self.scopes(&discovered).await;
        let mut registration = self.registration(&mut discovered, &listener.redirect_uri(), &scopes).await?;

        let names: Vec<&str> = scopes.iter().map(String::as_str).collect();
        let exchange = |error: rmcp::transport::auth::AuthError| {
            LogInError::Exchange(shown_line(&error.to_string(), 500))
        };
        let mut url = discovered.manager.get_authorization_url(&names).await.map_err(exchange)?;
        if self.kept.is_some_and(|login| login.registration == registration)
            && registration.way == WayIn::Dynamic
            && (self.client.reach.private_addresses || is_same_origin(&url, &discovered.issuer))
            && self.is_turned_away(&url).await
        {
            self.terminal.note("the issuer no longer knows our client; registering a new one");
            registration = register(&mut discovered, &listener.redirect_uri(), &scopes).await?;
            url = discovered.manager.get_authorization_url(&names).await.map_err(exchange)?;
        }
        let parameter = |name: &str| {
            let url = Url::parse(&url).ok()?;
            url.query_pairs().find(|(key, _)| key == name).map(|(_, value)| value.into_owned())
        };
        let state = parameter("state").unwrap_or_default();
        let resource = parameter("resource").unwrap_or_default();
        if resource.trim_end_matches('/') != self.client.server.as_str().trim_end_matches('/') {
            self.terminal.note(format!(
                "the server calls itself {}; the token is for that",
                shown_line(&resource, 200)
            ));
        }
        let asked =
            Asked { state, issuer: discovered.issuer.clone(), promises_iss: promises_iss(&discovered) };

        self.show(&url, &discovered.issuer, &scopes);
        let Answer { code, iss } = self.wait(listener, &asked).await?;
        let response = discovered
            .manager
            .exchange_code_for_token_with_issuer(&code, &asked.state, iss.as_deref())
            .await
            .map_err(|error| {
                LogInError::Exchange(shown_line(&error.to_string().replace(&code, "***"), 500))
            })?;
        let granted = discovered.manager.get_current_scopes().await;
        let tokens = tokens_of(&response, granted, self.client.clock.unix_now())?;
        if let Some(missing) = missing(&scopes, &tokens) {
            self.terminal.note(styled(WARN, missing));
        }
        Ok(Login {
            server: self.client.server.to_string(),
            resource,
            issuer: discovered.issuer,
            registration,
            tokens,
        })
    }

    /// Listens on the port that was asked for; else the one that the kept client registered, if it is free; else any.
    async fn listen(&self) -> Result<Listener, LogInError> {
        if let Some(port) = self.port {
            return Listener::bind(port).await.map_err(|reason| LogInError::Port { port, reason });
        }
        let kept = self.kept.and_then(|login| Url::parse(&login.registration.redirect_uri).ok()?.port());
        if let Some(port) = kept
            && let Ok(listener) = Listener::bind(port).await
        {
            return Ok(listener);
        }
        Listener::bind(0).await.map_err(|reason| LogInError::Port { port: 0, reason })
    }

    async fn scopes(&self, discovered: &Discovered) -> Vec<String> {
        match &self.scopes {
            // rmcp adds `offline_access` if the issuer supports it.
            Scopes::AsChallenged => discovered.manager.select_initial_scopes(&[]).await,
            Scopes::These(scopes) => {
                let mut scopes = scopes.clone();
                let offline = "offline_access";
                let supported = discovered.metadata.scopes_supported.as_deref().unwrap_or_default();
                if supported.iter().any(|scope| scope == offline)
                    && !scopes.iter().any(|scope| scope == offline)
                {
                    scopes.push(offline.to_owned());
                }
                scopes
            }
        }
    }

    async fn registration(
        &self,
        discovered: &mut Discovered,
        redirect_uri: &str,
        scopes: &[String],
    ) -> Result<Registration, LogInError> {
        if let Some(registration) = known(self.wanted, self.kept, discovered, redirect_uri)? {
            registration.configure(discovered)?;
            return Ok(registration);
        }
        if self.wanted.client_metadata.is_some() && !supports_documents(discovered) {
            self.terminal.note(styled(
                WARN,
                "the issuer supports no client metadata documents; registering a client instead",
            ));
        }
        Ok(register(discovered, redirect_uri, scopes).await?)
    }

    /// Whether the issuer refuses the URL before the person logs in. It would tell only the browser, and this command
    /// would wait: an issuer that does not know the client must not redirect (RFC 6749 §4.1.2.1). It is checked only
    /// for a URL on the origin of the issuer's metadata, because any other may lead to a private address, which only
    /// rmcp's own requests are protected from.
    async fn is_turned_away(&self, url: &str) -> bool {
        let answer = self.client.http.get(url).timeout(Duration::from_secs(10)).send().await;
        answer.is_ok_and(|answer| answer.status().is_client_error())
    }

    fn show(&self, url: &str, issuer: &str, scopes: &[String]) {
        let scopes =
            if scopes.is_empty() { "the issuer's default scopes".to_owned() } else { scopes.join(" ") };
        let scopes = shown_line(&scopes, 500);
        self.terminal.note(format!(
            "Logging in at {} for {}",
            styled(STRONG, shown_line(issuer, 200)),
            styled(STRONG, scopes)
        ));
        let opened = self.browser == Browser::Open && open::that_detached(url).is_ok();
        let what = match (self.browser, opened) {
            (Browser::Open, true) => "Your browser opens. If it does not, open this:",
            (Browser::Open, false) => "No browser could be opened here. Open this:",
            (Browser::ByHand, _) => "Open this in a browser:",
        };
        self.terminal.note(what);
        self.terminal.note(format!("\n  {}\n", shown(url)));
        if self.browser == Browser::ByHand {
            self.terminal.note("If the browser is on another machine, its last page does not load: paste that page's address here.");
        } else {
            self.terminal.note(styled(DIM, "Waiting for the login in the browser. Ctrl-C cancels it."));
        }
    }

    /// The first valid answer, from the listener or pasted by hand.
    async fn wait(&self, listener: Listener, asked: &Asked) -> Result<Answer, LogInError> {
        let (told, mut verdicts) = mpsc::channel(4);
        if self.browser == Browser::ByHand {
            pasted::read_lines(asked.clone(), told.clone());
        }
        let serving = tokio::spawn(listener.serve(asked.clone(), told));
        let answer = tokio::time::timeout(PATIENCE, async {
            loop {
                match verdicts.recv().await {
                    Some(Ok(answer)) => return Ok(answer),
                    Some(Err(error)) if error.ends_the_login() => return Err(error.into()),
                    Some(Err(error)) => self.terminal.note(styled(WARN, shown(&error.to_string()))),
                    None => return Err(LogInError::LoginTimedOut(PATIENCE)),
                }
            }
        })
        .await
        .unwrap_or(Err(LogInError::LoginTimedOut(PATIENCE)));
        serving.abort();
        answer
    }
}

fn promises_iss(discovered: &Discovered) -> bool {
    let member = discovered.metadata.additional_fields.get("authorization_response_iss_parameter_supported");
    member.and_then(serde_json::Value::as_bool).unwrap_or(false)
}

/// The scopes that were asked for and not granted. The server chose these names, and they are printed on a terminal.
fn missing(asked: &[String], tokens: &Tokens) -> Option<String> {
    let granted = |scope: &str| tokens.scopes.iter().any(|granted| granted == scope);
    let missing =
        asked.iter().map(String::as_str).filter(|scope| *scope != "offline_access" && !granted(scope));
    let missing = missing.collect::<Vec<_>>().join(" ");
    (!missing.is_empty()).then(|| format!("not granted: {}", shown_line(&missing, 500)))
}

/// The members of a token response that are kept (RFC 6749 §5.1).
#[derive(Deserialize)]
struct Response {
    access_token: SecretText,
    refresh_token: Option<SecretText>,
    token_type: String,
    expires_in: Option<u64>,
}

/// The part of rmcp's token response that is kept.
pub(super) fn tokens_of(
    response: &OAuthTokenResponse,
    scopes: Vec<String>,
    now: u64,
) -> Result<Tokens, LogInError> {
    // serde's error text could quote a member, which may be the token.
    let unreadable = |_| LogInError::Exchange("its answer is not a token response".to_owned());
    let response: Response =
        serde_json::to_value(response).and_then(serde_json::from_value).map_err(unreadable)?;
    if !response.token_type.eq_ignore_ascii_case("bearer") {
        return Err(LogInError::TokenType(shown_line(&response.token_type, 50)));
    }
    // The token goes into a header and, if asked for, to a terminal (RFC 6750 §2.1 allows even fewer characters).
    if !response.access_token.expose().bytes().all(|byte| byte.is_ascii_graphic()) {
        return Err(LogInError::Exchange(
            "its access token is not a bearer token (RFC 6750 §2.1)".to_owned(),
        ));
    }
    Ok(Tokens {
        access_token: response.access_token,
        refresh_token: response.refresh_token,
        scopes,
        expires_at: response.expires_in.map(|seconds| now.saturating_add(seconds)),
    })
}

/// The text that tells a person how the client was identified.
impl std::fmt::Display for WayIn {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Self::Preregistered => "the client you named",
            Self::MetadataDocument => "by client metadata document",
            Self::Dynamic => "registered for this",
        })
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn tokens(access_token: &str, scopes: &[&str]) -> Result<Tokens, LogInError> {
        let response = json!({ "access_token": access_token, "token_type": "Bearer", "expires_in": 60 });
        let scopes = scopes.iter().map(|&scope| scope.to_owned()).collect();
        tokens_of(&serde_json::from_value(response).unwrap(), scopes, 1000)
    }

    #[test]
    fn a_scope_that_was_not_granted_is_named_without_its_power_over_the_terminal() {
        let asked = ["a".to_owned(), "b\u{1b}[2J".to_owned(), "offline_access".to_owned()];
        let said = missing(&asked, &tokens("t", &["a"]).unwrap()).unwrap();
        assert_eq!(said, "not granted: b\\u{1b}[2J");
        assert_eq!(missing(&asked[..1], &tokens("t", &["a"]).unwrap()), None);
    }

    #[test]
    fn a_token_that_fits_no_header_is_refused_and_not_shown() {
        assert_eq!(tokens("a.b-c|d", &[]).unwrap().expires_at, Some(1060));
        for bad in ["very\u{1b}[2J", "very long", "very\r\n"] {
            let error = tokens(bad, &[]).unwrap_err().to_string();
            assert!(error.contains("not a bearer token") && !error.contains("very"), "{error}");
        }
    }
}
