//! The fields that events have: what each says, and how it is written. No field takes a secret, a token or a code.

use std::fmt;
use std::net::IpAddr;

use mcp_auth_core::ScopeSet;
use mcp_auth_core::seen::{Excerpt, excerpt, shown};
use tracing::Level;
use tracing::field::{DebugValue, DisplayValue, debug, display};

/// The target of every event. A filter for `mcp_auth::audit` lets it through too: it is below that.
const TARGET: &str = "mcp_auth::audit::issuer";
/// The most characters of a list, and of what went wrong with the server itself.
const LONGEST: usize = 1000;
/// The most characters of another reason, which may hold what a stranger sent.
const LONGEST_REFUSAL: usize = 300;

/// What a stranger may have chosen: in quotation marks that it cannot close, escaped, and cut.
pub(super) struct Text(Excerpt);

/// One of a few words that stand in this crate.
#[derive(Clone, Copy)]
pub(crate) struct Word(pub(crate) &'static str);

/// A list, an address, or a set of scopes.
pub(super) struct Listed(String);

/// A number.
pub(super) struct Number(u64);

/// Yes or no.
pub(super) struct Flag(bool);

/// A reason, and whether it is our own trouble.
pub(super) struct Why {
    text: String,
    is_ours: bool,
}

/// Why something was refused. It never shows a secret.
#[derive(Clone, Copy)]
pub(crate) enum Reason<'a> {
    /// It breaks a rule.
    Refused(&'a dyn fmt::Display),
    /// Nothing can be told now: our trouble, and an error.
    Failed(&'a dyn fmt::Display),
}

/// How a field of this kind is written.
trait Kind {
    type Written<'a>: tracing::Value
    where
        Self: 'a;
    fn written(&self) -> Self::Written<'_>;
}

impl Kind for Text {
    type Written<'a> = DebugValue<&'a Excerpt>;
    fn written(&self) -> Self::Written<'_> {
        debug(&self.0)
    }
}

impl Kind for Word {
    type Written<'a> = &'static str;
    fn written(&self) -> Self::Written<'_> {
        self.0
    }
}

impl Kind for Listed {
    type Written<'a> = DisplayValue<&'a str>;
    fn written(&self) -> Self::Written<'_> {
        display(&self.0)
    }
}

impl Kind for Number {
    type Written<'a> = u64;
    fn written(&self) -> Self::Written<'_> {
        self.0
    }
}

impl Kind for Flag {
    type Written<'a> = bool;
    fn written(&self) -> Self::Written<'_> {
        self.0
    }
}

impl Kind for Why {
    type Written<'a> = DebugValue<&'a str>;
    fn written(&self) -> Self::Written<'_> {
        debug(&self.text)
    }
}

/// What a value says in a field of the kind `K`; nothing, where there is none.
pub(super) trait Say<K> {
    fn say(&self) -> Option<K>;
}

impl<K, T: Say<K>> Say<K> for Option<T> {
    fn say(&self) -> Option<K> {
        self.as_ref()?.say()
    }
}

impl<K, T: Say<K> + ?Sized> Say<K> for &T {
    fn say(&self) -> Option<K> {
        (**self).say()
    }
}

impl Say<Text> for str {
    fn say(&self) -> Option<Text> {
        Some(Text(Excerpt::of(self)))
    }
}

impl Say<Text> for String {
    fn say(&self) -> Option<Text> {
        self.as_str().say()
    }
}

impl Say<Word> for Word {
    fn say(&self) -> Option<Word> {
        Some(*self)
    }
}

impl Say<Listed> for IpAddr {
    fn say(&self) -> Option<Listed> {
        Some(Listed(self.to_canonical().to_string()))
    }
}

/// Scopes, as a token says them: visible characters without quotation marks (RFC 6749 §3.3).
impl Say<Listed> for str {
    fn say(&self) -> Option<Listed> {
        Some(Listed(shown(&excerpt(&self, LONGEST)).into_owned()))
    }
}

impl Say<Listed> for ScopeSet {
    fn say(&self) -> Option<Listed> {
        Some(Listed(excerpt(self, LONGEST)))
    }
}

impl Say<Listed> for [String] {
    fn say(&self) -> Option<Listed> {
        Some(Listed(shown(&excerpt(&format_args!("{self:?}"), LONGEST)).into_owned()))
    }
}

impl Say<Listed> for Vec<String> {
    fn say(&self) -> Option<Listed> {
        self.as_slice().say()
    }
}

impl Say<Number> for u64 {
    fn say(&self) -> Option<Number> {
        Some(Number(*self))
    }
}

impl Say<Flag> for bool {
    fn say(&self) -> Option<Flag> {
        Some(Flag(*self))
    }
}

impl Say<Why> for Reason<'_> {
    fn say(&self) -> Option<Why> {
        Some(match self {
            Self::Refused(why) => Why { text: excerpt(*why, LONGEST_REFUSAL), is_ours: false },
            Self::Failed(why) => Why { text: excerpt(*why, LONGEST), is_ours: true },
        })
    }
}

/// Declares the fields, in the order in which they are written.
macro_rules! fields {
    ($($(#[doc = $says:literal])+ $field:ident: $kind:ty,)*) => {
        /// What one event says. A field that it does not have is not written.
        #[derive(Default)]
        pub(super) struct Line { $(pub(super) $field: Option<$kind>,)* }

        /// Each field, and what it says.
        #[cfg(test)]
        pub(super) const FIELDS: &[(&str, &str)] = &[$((stringify!($field), concat!($($says),+)),)*];

        impl Line {
            /// Writes it. This is the only place that does.
            pub(super) fn write(&self, event: &'static str, level: Level) {
                let is_ours = self.reason.as_ref().is_some_and(|reason| reason.is_ours);
                match (is_ours, level) {
                    (true, _) => tracing::error!(
                        target: TARGET, event, $($field = self.$field.as_ref().map(Kind::written),)*
                    ),
                    (false, Level::WARN) => tracing::warn!(
                        target: TARGET, event, $($field = self.$field.as_ref().map(Kind::written),)*
                    ),
                    (false, _) => tracing::info!(
                        target: TARGET, event, $($field = self.$field.as_ref().map(Kind::written),)*
                    ),
                }
            }
        }
    };
}

fields! {
    /// The person, as `sub` of their tokens names them; of a program, its client. A name that somebody typed is here only if it is that of an
    /// account.
    subject: Text,
    /// Who called, where another person answered.
    caller: Text,
    /// The client. One that only says to be it is not named here.
    client_id: Text,
    /// What the client calls itself. It proves nothing.
    client_name: Text,
    /// Where the client may be answered.
    redirect_uris: Listed,
    /// Where the answer goes.
    redirect_uri: Text,
    /// How the client authenticates.
    auth_method: Text,
    /// The name of the initial access token that was shown, in `issuer.registration.initial_access_tokens`.
    initial_access_token: Text,
    /// The grant type, in short.
    grant: Word,
    /// The scopes that are allowed.
    scopes: Listed,
    /// The scopes that were asked for.
    asked: Listed,
    /// Whether the person said before that they need not be asked.
    unasked: Flag,
    /// Whether the person need not be asked the next time.
    remember: Flag,
    /// The grant, as the claim `grant_id` of its access tokens names it. No refresh token can be made of it.
    grant_id: Text,
    /// Whether the tokens are bound to a key of the client (DPoP).
    is_bound: Flag,
    /// The client whose access token was exchanged.
    of_client: Text,
    /// The issuer of the assertion.
    assertion_issuer: Text,
    /// Whom the assertion is about, in the words of its issuer.
    assertion_subject: Text,
    /// What the person lacks, for each list of `allow`. None of it is theirs.
    missing: Listed,
    /// Who ended it: `client`, `person`, `operator`, or `issuer`.
    by: Word,
    /// What ended: `token`, one access token; `grant`, all of its grant; `person`, all access tokens of the person; `client`, all access tokens that
    /// the client has for this subject.
    ended: Word,
    /// Whether it was more than this one: all logins and grants of the person.
    everywhere: Flag,
    /// Whether the token is good.
    is_active: Flag,
    /// By what the person logged in (RFC 8176).
    amr: Listed,
    /// How strong that is.
    acr: Text,
    /// How many recovery codes are left.
    left: Number,
    /// Which second factor it is about: `codes`, or `passkey`.
    factor: Word,
    /// Whether the person sets the password by a link.
    by_link: Flag,
    /// Whether the second factors were removed too.
    and_factors: Flag,
    /// The tool that was called.
    tool: Text,
    /// The provider at which an account is connected, by its name in `[upstreams]`.
    upstream: Text,
    /// The account there: what the `sub` of who logs in with it would be.
    account: Text,
    /// The signing key.
    kid: Text,
    /// What the key signs with.
    algorithm: Text,
    /// When the key begins to sign, in Unix seconds.
    signs_from: Number,
    /// The page: `login`, `account` (with its factors, and the page of a password link), `device`, `confirm`, or `connect`.
    page: Word,
    /// What was asked for: `read`, `change`, or `remove`.
    what: Word,
    /// Who is told why: the `client` by a redirect, or the `person` by a page.
    told: Word,
    /// From where it came, as far as the server can tell.
    address: Listed,
    /// From where the device came.
    device_address: Text,
    /// In how many seconds it may be tried again.
    wait: Number,
    /// Why. Where it is the server's own trouble, the level is `error`.
    reason: Why,
}
