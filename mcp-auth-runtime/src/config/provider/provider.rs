//! What is known of one identity provider.

use super::audience::Wide;
use crate::authn::Hint;

/// What is known of one identity provider: what `provider = "…"` sets, and what has to be done at the provider.
#[derive(Debug)]
pub struct Provider {
    /// As the configuration writes it.
    pub name: &'static str,
    /// As its makers write it.
    pub title: &'static str,
    /// Which of its products and servers this is about.
    pub about: &'static str,
    /// An issuer identifier of its kind, or a list of them, as TOML.
    pub(super) issuer: &'static str,
    /// What is wrong with an issuer identifier that cannot be this provider's, and what to write.
    pub(super) misfit: fn(&str) -> Option<&'static str>,
    /// How its issuer identifiers look where that tells them from all others, without the scheme: `*` stands for some text
    /// without a slash.
    pub(super) at: &'static [&'static str],
    /// What `aud` stands for where it does not name one server.
    pub(super) wide: &'static [Wide],
    /// Which keys the preset sets, each with its reason. A key that the operator wrote stays as it is.
    pub(super) sets: &'static [Sets],
    /// What refusals of its tokens most often mean. The log says so, and the page.
    pub(crate) hints: &'static [Hint],
    /// What only the operator knows.
    pub(super) states: &'static [States],
    /// The scopes of a first login, for the example.
    pub(super) base_scopes: &'static [&'static str],
    /// What to do at the provider, in order.
    pub(super) steps: &'static [&'static str],
    /// How MCP clients come to a client identifier there, whether it honours `resource`, and whether its metadata says S256.
    pub clients: Clients,
    /// What MCP clients cannot do with it, and which way helps; what surprises people.
    pub(super) mind: &'static [&'static str],
    /// Where all this is documented.
    pub(super) sources: &'static [&'static str],
}

/// One key that a preset sets.
#[derive(Debug)]
pub(super) struct Sets {
    /// Its name in `[[auth.issuers]]`, or `introspection.` and its name in that table.
    pub(super) key: &'static str,
    /// Its value as TOML; `{issuer}` in it stands for the issuer as configured, without a slash at its end.
    pub(super) value: &'static str,
    /// Why.
    pub(super) why: &'static str,
    /// When it is set.
    pub(super) when: When,
}

/// When a preset sets a key that the operator did not.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum When {
    /// Always.
    Always,
    /// Where the operator wrote this key of the issuer.
    With(&'static str),
}

/// One key that only the operator can state.
#[derive(Debug)]
pub(super) struct States {
    /// Its name in `[[auth.issuers]]`; with `auth.`, in `[auth]`; with `introspection.`, in that table.
    pub(super) key: &'static str,
    /// An example, as TOML.
    pub(super) example: &'static str,
    /// What it is.
    pub(super) what: &'static str,
    /// Whether a server with this provider starts without it.
    pub(super) required: bool,
}

/// What MCP clients find.
#[derive(Debug)]
pub struct Clients {
    /// Dynamic client registration (RFC 7591), and Client ID Metadata Documents.
    pub registration: &'static str,
    /// Whether the `resource` that clients send (RFC 8707) becomes the token's audience.
    pub resource: &'static str,
    /// Whether the metadata offers PKCE with S256, without which MCP clients do not log in.
    pub s256: &'static str,
}

impl Sets {
    pub(super) const fn key(key: &'static str, value: &'static str, why: &'static str) -> Self {
        Self { key, value, why, when: When::Always }
    }

    pub(super) const fn with(
        beside: &'static str,
        key: &'static str,
        value: &'static str,
        why: &'static str,
    ) -> Self {
        Self { key, value, why, when: When::With(beside) }
    }
}

impl States {
    pub(super) const fn needed(key: &'static str, example: &'static str, what: &'static str) -> Self {
        Self { key, example, what, required: true }
    }

    pub(super) const fn if_wanted(key: &'static str, example: &'static str, what: &'static str) -> Self {
        Self { key, example, what, required: false }
    }
}

/// Any issuer may be this provider's.
pub(super) fn any(_: &str) -> Option<&'static str> {
    None
}
