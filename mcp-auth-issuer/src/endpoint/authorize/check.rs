//! The checks of an authorization request in their order: one step a line, one file a step.
//!
//! The order says who may be told of a mistake: what is checked before the redirect URI is trusted is told only to the person.

use std::net::IpAddr;

use mcp_auth_core::ScopeSet;
use mcp_auth_store::Client;

use super::login::LoginAsked;
use super::pushed::PushedRequest;
use super::refusal::{Refusal, Refused, Untrusted};
use super::response::Answer;
use super::step::prompt::Prompt;
use super::step::{
    acr_values, client_id, dpop_jkt, login_hint, max_age, pkce, prompt, pushed, redirect_uri, repeated,
    request_uri, resource, response_mode, response_type, scope, state, ui_locales, unsupported,
};
use crate::issuer::Issuer;
use crate::person::Asked;
use crate::request::Params;

/// What a request asks for that follows every rule.
pub(super) struct Checked {
    /// The PKCE `code_challenge`; its method is S256.
    pub(super) code_challenge: String,
    /// Declared scopes only; the default scopes if the request has none.
    pub(super) scopes: ScopeSet,
    /// The thumbprint of the key that the code is bound to.
    pub(super) dpop_jkt: Option<String>,
    /// Which pages it asks for.
    pub(super) prompt: Prompt,
    /// Which login it asks for.
    pub(super) login: LoginAsked,
    /// What the login is told of it.
    hints: Hints,
}

/// What the login may go by.
#[derive(Default)]
struct Hints {
    login_hint: Option<String>,
    acr_values: Option<String>,
    ui_locales: Option<String>,
}

impl Checked {
    /// The same, as the login is told of it.
    pub(super) fn asked(&self) -> Asked<'_> {
        let Hints { login_hint, acr_values, ui_locales } = &self.hints;
        Asked {
            login_hint: login_hint.as_deref(),
            acr_values: acr_values.as_deref(),
            ui_locales: ui_locales.as_deref(),
            again: self.login.again,
            max_age: self.login.max_age,
        }
    }
}

/// The request that was pushed before, where `params` name one.
///
/// # Errors
/// [`Refusal::Untrusted`]: told to the person alone.
pub(super) async fn pushed(issuer: &Issuer, params: &Params) -> Result<Option<PushedRequest>, Refusal> {
    request_uri::find(issuer, params).await
}

/// To whom the answer goes. The request comes from `address`.
///
/// # Errors
/// [`Refusal::Untrusted`]: told to the person alone.
pub(super) async fn recipient(
    issuer: &Issuer,
    params: &Params,
    address: Option<IpAddr>,
) -> Result<(Client, Answer), Refusal> {
    let client = client_id::find(issuer, params, address).await?;
    match answer_to(issuer, &client, params) {
        Ok(answer) => Ok((client, answer)),
        Err(untrusted) => Err(Refusal::from(untrusted).about(&client)),
    }
}

/// Where the answer to this client goes.
fn answer_to(issuer: &Issuer, client: &Client, params: &Params) -> Result<Answer, Untrusted> {
    let redirect_uri = redirect_uri::verify(issuer, client, params)?;
    let state = state::read(params);
    Ok(Answer { redirect_uri, state, iss: issuer.origin.as_str().to_owned() })
}

/// What it asks for.
///
/// # Errors
/// [`Refused`]: told to the client.
pub(super) fn request(
    issuer: &Issuer,
    client: &Client,
    params: &Params,
    is_pushed: bool,
) -> Result<Checked, Refused> {
    pushed::verify(issuer, client, is_pushed)?;
    repeated::verify(params)?;
    unsupported::verify(params)?;
    response_type::verify(params)?;
    response_mode::verify(params)?;
    let code_challenge = pkce::read(params)?;
    let dpop_jkt = dpop_jkt::read(params)?;
    resource::verify(issuer, params)?;
    let scopes = scope::read(issuer, params)?;
    let prompt = prompt::read(params)?;
    let max_age = max_age::read(params)?;
    let acr_values = acr_values::read(issuer, params)?;
    let login_hint = login_hint::read(params)?;
    let ui_locales = ui_locales::read(params)?;

    let login = LoginAsked { again: prompt.login, max_age, acr: acr_values.supported };
    let hints = Hints { login_hint, acr_values: acr_values.sent, ui_locales };
    Ok(Checked { code_challenge, dpop_jkt, scopes, prompt, login, hints })
}

/// The same checks for a request that this client pushes: it is told of each mistake, since it is known who it is.
///
/// # Errors
/// [`Untrusted`] or [`Refused`], as above.
pub(in crate::endpoint) fn before_push<E: From<Untrusted> + From<Refused>>(
    issuer: &Issuer,
    client: &Client,
    params: &Params,
) -> Result<(), E> {
    answer_to(issuer, client, params)?;
    request(issuer, client, params, true)?;
    Ok(())
}
