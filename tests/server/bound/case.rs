//! A case: a token, what it is bound to, and how it comes.

use mcp_auth::testing::Era;

use super::settings::Settings;
use crate::matrix::seed::Seed;

#[derive(Debug, Clone)]
pub struct Case {
    /// Whose token it is, by the place of the issuer in the settings.
    pub issuer: usize,
    pub bound_to: BoundTo,
    pub is_expired: bool,
    pub form: Form,
    /// `scope` of the token. `write` implies `read`.
    pub scope: &'static str,
    pub scheme: Scheme,
    pub proof: Proof,
    /// The nonce in the proof.
    pub nonce: Nonce,
    pub certificate: Certificate,
    pub tool: Tool,
    /// Whether a session ends instead, where there is one.
    pub ends: bool,
    /// Whether the server saw the token before, where it can be served with everything that it needs.
    pub is_seen: bool,
    pub era: Era,
}

/// What `cnf` of the token names.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum BoundTo {
    /// There is no `cnf`.
    Nothing,
    Key,
    Certificate,
    Both,
    /// A member that nobody here knows.
    Unknown,
    KeyAndUnknown,
    CertificateAndUnknown,
    /// `cnf` is there, and names nothing.
    Empty,
    /// `cnf` is not an object.
    Text,
    /// Something that is not the thumbprint of a key.
    NoThumbprint,
}

/// What the token is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Form {
    Jwt,
    /// One that its issuer is asked about, which may say `token_type`.
    Opaque(Option<&'static str>),
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Scheme {
    Bearer,
    Dpop,
}

/// What stands in the `DPoP` header.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Proof {
    Absent,
    Good,
    /// The key of another client, in its header and in its signature.
    OtherKey,
    /// The right key in its header, signed by another one.
    BrokenSignature,
    /// `ath` of another token.
    OtherToken,
    WithoutAth,
    OtherMethod,
    OtherUrl,
    /// Made six minutes ago.
    Old,
    /// It came before, with the same request.
    Replayed,
    /// Two good ones.
    Two,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Nonce {
    Good,
    Absent,
    /// Not one of this server.
    Other,
}

/// What stands in the header of the proxy.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Certificate {
    /// There is no such header.
    Absent,
    /// There was no certificate, it says.
    Empty,
    /// The one that a token would be bound to.
    Own,
    Other,
    /// The right one, in two headers.
    Twice,
    Malformed,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Tool {
    /// For anyone.
    Ping,
    /// For any verified caller.
    Whoami,
    /// Needs `read`.
    ReadNote,
    /// Needs `write`.
    WriteNote,
}

impl BoundTo {
    pub fn names_key(self) -> bool {
        matches!(self, Self::Key | Self::Both)
    }

    pub fn names_certificate(self) -> bool {
        matches!(self, Self::Certificate | Self::Both)
    }
}

impl Case {
    /// Most have one thing wrong, or nothing.
    pub fn random(seed: &mut Seed, settings: &Settings) -> Self {
        use BoundTo::{
            Both, Certificate as Shown, CertificateAndUnknown, Empty, Key, KeyAndUnknown, NoThumbprint,
            Nothing, Text, Unknown,
        };
        let issuer = seed.below(settings.issuers.len());
        let is_opaque = issuer == 0 && settings.is_asked && seed.once_in(2);
        let odd = seed.one_of(&[Unknown, KeyAndUnknown, CertificateAndUnknown, Empty, Text, NoThumbprint]);
        let case = Self {
            issuer,
            bound_to: seed.one_of(&[Nothing, Nothing, Key, Key, Key, Shown, Shown, Both, Both, odd]),
            is_expired: seed.once_in(25),
            form: match is_opaque {
                true => Form::Opaque(seed.one_of(&[None, Some("Bearer"), Some("DPoP")])),
                false => Form::Jwt,
            },
            scope: seed.one_of(&["read", "read", "write", "other"]),
            tool: seed.one_of(&[Tool::Ping, Tool::Whoami, Tool::ReadNote, Tool::ReadNote, Tool::WriteNote]),
            is_seen: !seed.once_in(3),
            era: if seed.once_in(3) { Era::Stateless } else { seed.one_of(&Era::ALL) },
            scheme: Scheme::Bearer,
            proof: Proof::Good,
            nonce: Nonce::Good,
            certificate: Certificate::Own,
            ends: false,
        };
        let mut case = case.at_its_best();
        if seed.once_in(5) {
            case.scheme = seed.one_of(&[Scheme::Bearer, Scheme::Dpop]);
        }
        if !seed.once_in(3) {
            case.proof = Proof::random(seed);
        }
        if seed.once_in(2) {
            case.nonce = seed.one_of(&[Nonce::Good, Nonce::Absent, Nonce::Other]);
        }
        if seed.once_in(3) {
            case.certificate = Certificate::random(seed);
        }
        // A session ends once, whatever came before.
        case.ends = seed.once_in(5) && case.proof != Proof::Replayed;
        case
    }

    /// The same token with everything that it needs.
    pub fn at_its_best(&self) -> Self {
        let scheme = if self.bound_to.names_key() { Scheme::Dpop } else { Scheme::Bearer };
        let certificate =
            if self.bound_to.names_certificate() { Certificate::Own } else { Certificate::Absent };
        let proof = if self.bound_to.names_key() { Proof::Good } else { Proof::Absent };
        Self { scheme, proof, nonce: Nonce::Good, certificate, ..self.clone() }
    }
}

impl Proof {
    fn random(seed: &mut Seed) -> Self {
        seed.one_of(&[
            Self::Absent,
            Self::Good,
            Self::OtherKey,
            Self::BrokenSignature,
            Self::OtherToken,
            Self::WithoutAth,
            Self::OtherMethod,
            Self::OtherUrl,
            Self::Old,
            Self::Replayed,
            Self::Two,
        ])
    }
}

impl Certificate {
    fn random(seed: &mut Seed) -> Self {
        seed.one_of(&[Self::Absent, Self::Empty, Self::Own, Self::Other, Self::Twice, Self::Malformed])
    }
}

impl Tool {
    pub fn name(self) -> &'static str {
        match self {
            Self::Ping => "ping",
            Self::Whoami => "whoami",
            Self::ReadNote => "read_note",
            Self::WriteNote => "write_note",
        }
    }
}
