//! What the issuers of a server are set to.

use crate::matrix::seed::Seed;

/// `dpop` or `certificate_bound` of an issuer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Mode {
    Off,
    Allowed,
    Required,
}

/// What one issuer's tokens may or must be bound to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Bindings {
    pub dpop: Mode,
    pub certificate: Mode,
}

/// What a server is set to.
#[derive(Debug, Clone)]
pub struct Settings {
    /// One issuer, or two.
    pub issuers: Vec<Bindings>,
    /// Whether the first issuer is asked about opaque tokens, which it makes besides signed ones.
    pub is_asked: bool,
    /// Whether the proxy in front, which is this test, is one that the server trusts.
    pub trusts_proxy: bool,
}

const MODES: [Mode; 3] = [Mode::Off, Mode::Allowed, Mode::Required];

impl Mode {
    fn word(self) -> &'static str {
        match self {
            Self::Off => "off",
            Self::Allowed => "allowed",
            Self::Required => "required",
        }
    }
}

impl Bindings {
    /// Each pair of modes.
    pub fn all() -> impl Iterator<Item = Self> {
        MODES.iter().flat_map(|&dpop| MODES.map(|certificate| Self { dpop, certificate }))
    }

    /// As the section of an issuer says it.
    pub fn toml(self) -> String {
        let (dpop, certificate) = (self.dpop.word(), self.certificate.word());
        format!("dpop = {dpop:?}\ncertificate_bound = {certificate:?}\n")
    }
}

impl Settings {
    /// Each pair of modes alone, and each beside an issuer with another pair.
    pub fn all(seed: &mut Seed) -> Vec<Self> {
        let pairs: Vec<Bindings> = Bindings::all().collect();
        let alone = pairs.iter().map(|&own| vec![own]);
        let beside = pairs.iter().map(|&own| vec![own, seed.one_of(&pairs)]);
        let all: Vec<Vec<Bindings>> = alone.chain(beside).collect();
        let set = |issuers: Vec<Bindings>| Self {
            is_asked: seed.once_in(2),
            trusts_proxy: issuers.len() == 1 || !seed.once_in(5),
            issuers,
        };
        all.into_iter().map(set).collect()
    }

    /// Whether any issuer lets tokens be bound to a certificate, so that the header for certificates is read.
    pub fn reads_certificates(&self) -> bool {
        self.issuers.iter().any(|issuer| issuer.certificate != Mode::Off)
    }

    /// The server's section.
    pub fn toml(&self) -> String {
        let proxy = if self.trusts_proxy { "127.0.0.1" } else { "10.0.0.0/8" };
        let header = format!("trusted_proxies = [{proxy:?}]\nclient_cert_header = {{}}\n");
        let header = if self.reads_certificates() { &header } else { "" };
        format!("[server]\nlisten = \"127.0.0.1:0\"\n{header}")
    }
}
