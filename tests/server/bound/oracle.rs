//! What should come of a case, by RFC 6750, RFC 8705, RFC 9449 and the book. It shares no code with the server.

use mcp_auth::testing::Era;

use super::case::{BoundTo, Case, Certificate, Form, Nonce, Proof, Scheme, Tool};
use super::settings::{Mode, Settings};

/// What a request asks for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Ask {
    /// To open a session, which any caller may, and nobody else (before 2026-07-28).
    Open,
    /// To end its session.
    End,
    Call(Tool),
}

/// What is seen of an answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Outcome {
    /// 200 only where the request was served.
    pub status: u16,
    /// Scheme and `error` of each challenge, in their order.
    pub challenges: Vec<(String, Option<String>)>,
    /// The scope whose lack is said in a 403.
    pub lacks: Option<&'static str>,
    /// Whether there is a `DPoP-Nonce`.
    pub has_nonce: bool,
}

impl Outcome {
    pub fn is_served(&self) -> bool {
        self.status == 200
    }
}

/// What a request comes to, before it is said in the schemes of the server.
enum Verdict {
    Served,
    /// Nothing was presented, and it takes a token (RFC 6750 §3.1: no `error`).
    LogIn,
    /// Status and `error`.
    Refused(u16, &'static str),
    Lacks(&'static str),
    /// The session is another caller's.
    NotFound,
}

pub fn expected(settings: &Settings, case: &Case, ask: Ask) -> Outcome {
    let reads_proofs = settings.issuers.iter().any(|issuer| issuer.dpop != Mode::Off);
    let (status, error, lacks) = match verdict(settings, case, ask) {
        Verdict::Served => (200, None, None),
        Verdict::LogIn => (401, None, None),
        Verdict::Refused(status, error) => (status, Some(error), None),
        Verdict::NotFound => (404, None, None),
        Verdict::Lacks(scope) => (403, Some("insufficient_scope"), Some(scope)),
    };
    let is_of_the_proof = matches!(error, Some("invalid_dpop_proof" | "use_dpop_nonce"));
    // The book: bearer first, where plain tokens of any issuer are accepted too, but for what only a proof can mend.
    let takes_bearer = settings.issuers.iter().any(|issuer| issuer.dpop != Mode::Required);
    let schemes = [("Bearer", takes_bearer && !is_of_the_proof), ("DPoP", reads_proofs)];
    let said = schemes.iter().filter(|(_, is_offered)| *is_offered && !matches!(status, 200 | 404));
    let challenges: Vec<_> = said.map(|(name, _)| ((*name).to_owned(), error.map(str::to_owned))).collect();
    // RFC 9449 §8.2 and §9: with every challenge, and with every answer to who sends a proof.
    let has_nonce = reads_proofs && (!challenges.is_empty() || case.proof != Proof::Absent);
    Outcome { status, challenges, lacks, has_nonce }
}

fn verdict(settings: &Settings, case: &Case, ask: Ask) -> Verdict {
    // The book: beside any token, and whatever an untrusted peer says in it.
    let is_malformed = matches!(case.certificate, Certificate::Twice | Certificate::Malformed);
    let is_untrusted = !settings.trusts_proxy && case.certificate != Certificate::Absent;
    if settings.reads_certificates() && (is_malformed || is_untrusted) {
        return Verdict::Refused(400, "invalid_request");
    }
    // A scheme that the server does not know presents nothing (RFC 9110 §11.4).
    let reads_proofs = settings.issuers.iter().any(|issuer| issuer.dpop != Mode::Off);
    if case.scheme == Scheme::Dpop && !reads_proofs {
        return match ask {
            Ask::Call(Tool::Ping) if case.era == Era::Stateless => Verdict::Served,
            Ask::Call(Tool::Ping) => Verdict::NotFound,
            Ask::Open | Ask::End | Ask::Call(_) => Verdict::LogIn,
        };
    }
    if is_bad_token(settings, case) {
        return Verdict::Refused(401, "invalid_token");
    }
    if let Some(error) = error_of_the_proof(case).filter(|_| case.bound_to.names_key()) {
        return Verdict::Refused(401, error);
    }
    let needed = match ask {
        Ask::Open | Ask::End | Ask::Call(Tool::Ping | Tool::Whoami) => None,
        Ask::Call(Tool::ReadNote) => Some("read"),
        Ask::Call(Tool::WriteNote) => Some("write"),
    };
    match needed {
        Some("read") if matches!(case.scope, "read" | "write") => Verdict::Served,
        Some(scope) if scope != case.scope => Verdict::Lacks(scope),
        _ => Verdict::Served,
    }
}

/// Whether it is `invalid_token` (RFC 6750 §3.1): the token is not good, is not bound as its issuer's tokens have to be, or is bound
/// to what this request does not show.
fn is_bad_token(settings: &Settings, case: &Case) -> bool {
    let issuer = settings.issuers[case.issuer];
    let by_key = case.bound_to.names_key();
    let by_certificate = case.bound_to.names_certificate();
    // The book: a `cnf` that is not understood as a whole binds to what nobody can show.
    let is_understood = by_key || by_certificate || case.bound_to == BoundTo::Nothing;
    let is_as_set = |is_bound: bool, mode| match mode {
        Mode::Off => !is_bound,
        Mode::Allowed => true,
        Mode::Required => is_bound,
    };
    // RFC 9449 §6.2: its issuer says that it is bound to a key, so it has to say to which.
    let is_called_bound = case.form == Form::Opaque(Some("DPoP"));
    case.is_expired
        || (is_called_bound && !by_key)
        || !is_understood
        || !is_as_set(by_key, issuer.dpop)
        || !is_as_set(by_certificate, issuer.certificate)
        // RFC 9449 §7.1 and §7.2: a bound token comes in the DPoP scheme, and no other one does.
        || by_key != (case.scheme == Scheme::Dpop)
        // RFC 8705 §3: 401 and `invalid_token` where the certificates do not match.
        || (by_certificate && case.certificate != Certificate::Own)
}

/// RFC 9449 §4.3 and §7.1; the nonce, §9. A nonce does not mend what else is wrong, and only a proof that was taken is used up.
fn error_of_the_proof(case: &Case) -> Option<&'static str> {
    match case.proof {
        Proof::Good | Proof::Replayed if case.nonce != Nonce::Good => Some("use_dpop_nonce"),
        Proof::Good => None,
        Proof::Absent
        | Proof::OtherKey
        | Proof::BrokenSignature
        | Proof::OtherToken
        | Proof::WithoutAth
        | Proof::OtherMethod
        | Proof::OtherUrl
        | Proof::Old
        | Proof::Replayed
        | Proof::Two => Some("invalid_dpop_proof"),
    }
}
