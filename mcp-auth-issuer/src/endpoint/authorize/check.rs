//! The checks of an authorization request in their order: one step a line, one file a step.
//!
//! The order says who may be told of a mistake: what is checked before the redirect URI is trusted is told only to the person.

use mcp_auth_core::ScopeSet;
use mcp_auth_store::Client;

use super::login::LoginAsked;
use super::refusal::{Refusal, Refused, Untrusted};
use super::response::Answer;
use super::step::{
    client_id, max_age, pkce, prompt, redirect_uri, repeated, resource, response_mode, response_type, scope,
    state, unsupported,
};
use crate::issuer::Issuer;
use crate::request::Params;

/// What a request asks for that follows every rule.
pub(super) struct Checked {
    /// The PKCE `code_challenge`; its method is S256.
    pub(super) code_challenge: String,
    /// Declared scopes only; the default scopes if the request has none.
    pub(super) scopes: ScopeSet,
    /// The client does not want a page to be shown.
    pub(super) no_interaction: bool,
    /// Which login it asks for.
    pub(super) login: LoginAsked,
}

/// To whom the answer goes.
///
/// # Errors
/// [`Refusal::Untrusted`]: told to the person alone.
pub(super) async fn recipient(issuer: &Issuer, params: &Params) -> Result<(Client, Answer), Refusal> {
    let client = client_id::find(issuer, params).await?;
    let answer = answer_to(issuer, &client, params)?;
    Ok((client, answer))
}

/// Where the answer to this client goes.
pub(super) fn answer_to(issuer: &Issuer, client: &Client, params: &Params) -> Result<Answer, Untrusted> {
    let redirect_uri = redirect_uri::verify(issuer, client, params)?;
    let state = state::read(params);
    Ok(Answer { redirect_uri, state, iss: issuer.origin.as_str().to_owned() })
}

/// What it asks for.
///
/// # Errors
/// [`Refused`]: told to the client.
pub(super) fn request(issuer: &Issuer, params: &Params) -> Result<Checked, Refused> {
    repeated::verify(params)?;
    unsupported::verify(params)?;
    response_type::verify(params)?;
    response_mode::verify(params)?;
    let code_challenge = pkce::read(params)?;
    resource::verify(issuer, params)?;
    let scopes = scope::read(issuer, params)?;
    let prompt = prompt::read(params)?;
    let max_age = max_age::read(params)?;
    let login = LoginAsked { again: prompt.login, max_age };
    Ok(Checked { code_challenge, scopes, no_interaction: prompt.none, login })
}
