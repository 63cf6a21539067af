//! The answer that the issuer sends through the browser, and whether it belongs to our authorization request.

use url::form_urlencoded;

use crate::terminal::shown_line;

/// What we sent, to compare the answer with.
#[derive(Debug, Clone)]
pub(super) struct Asked {
    pub(super) state: String,
    pub(super) issuer: String,
    /// Whether the issuer promises `iss` in every answer (RFC 9207 §3).
    pub(super) promises_iss: bool,
}

/// A valid answer to our authorization request: a code to exchange.
#[derive(Clone, PartialEq, Eq)]
pub(super) struct Answer {
    pub(super) code: String,
    pub(super) iss: Option<String>,
}

/// Why an answer is not used. Holds no code.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub(crate) enum CallbackError {
    #[error("a callback without our state was refused: it is not the answer to this login")]
    State,
    #[error(
        "the callback names the issuer {received}, but {expected} was asked: the code was not sent anywhere (RFC 9207 §2.4)"
    )]
    OtherIssuer { expected: String, received: String },
    #[error(
        "the callback does not name its issuer, which {0} promises to do: the code was not sent anywhere (RFC 9207 §2.4)"
    )]
    NoIssuer(String),
    #[error("{issuer} answered {error}{description}")]
    Denied { issuer: String, error: String, description: String },
    #[error("the callback has neither a code nor an error")]
    Nothing,
    #[error("the callback says {0} twice")]
    Twice(&'static str),
}

impl CallbackError {
    /// Whether the login is over. A callback that does not belong to our request does not end it.
    pub(super) fn ends_the_login(&self) -> bool {
        !matches!(self, Self::State | Self::Nothing | Self::Twice(_))
    }
}

/// Reads the query of a callback.
///
/// # Errors
/// [`CallbackError`]. `state` is compared first, then `iss`, and only then are other parameters used.
pub(super) fn read(query: &str, asked: &Asked) -> Result<Answer, CallbackError> {
    let (mut code, mut state, mut iss, mut error, mut description) = (None, None, None, None, None);
    for (key, value) in form_urlencoded::parse(query.as_bytes()) {
        let (name, slot) = match key.as_ref() {
            "code" => ("code", &mut code),
            "state" => ("state", &mut state),
            "iss" => ("iss", &mut iss),
            "error" => ("error", &mut error),
            "error_description" => ("error_description", &mut description),
            _ => continue,
        };
        if slot.replace(value.into_owned()).is_some() {
            return Err(CallbackError::Twice(name));
        }
    }
    if state.as_deref() != Some(&asked.state) {
        return Err(CallbackError::State);
    }
    let issuer = shown_line(&asked.issuer, 200);
    match &iss {
        Some(iss) if *iss != asked.issuer => {
            return Err(CallbackError::OtherIssuer { expected: issuer, received: shown_line(iss, 200) });
        }
        None if asked.promises_iss => return Err(CallbackError::NoIssuer(issuer)),
        _ => {}
    }
    if let Some(error) = error {
        let description = description.map(|text| format!(": {}", shown_line(&text, 300))).unwrap_or_default();
        return Err(CallbackError::Denied { issuer, error: shown_line(&error, 100), description });
    }
    match code {
        Some(code) if !code.is_empty() => Ok(Answer { code, iss }),
        _ => Err(CallbackError::Nothing),
    }
}

/// Reads what a person pasted: the address of the page the browser ended on, its query, or the code alone. A code
/// alone has no `state` and no `iss`, so it is accepted only if the issuer does not promise `iss`; PKCE still binds
/// it.
///
/// # Errors
/// As [`read`].
pub(super) fn read_pasted(text: &str, asked: &Asked) -> Result<Answer, CallbackError> {
    let text = text.trim();
    if let Ok(url) = url::Url::parse(text) {
        return read(url.query().unwrap_or_default(), asked);
    }
    if text.contains("code=") || text.contains("error=") {
        return read(text.trim_start_matches('?'), asked);
    }
    if text.is_empty() || text.contains(char::is_whitespace) {
        return Err(CallbackError::Nothing);
    }
    if asked.promises_iss {
        return Err(CallbackError::NoIssuer(shown_line(&asked.issuer, 200)));
    }
    Ok(Answer { code: text.to_owned(), iss: None })
}

impl std::fmt::Debug for Answer {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Answer(***)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn asked(promises_iss: bool) -> Asked {
        Asked { state: "right".to_owned(), issuer: "https://issuer.example".to_owned(), promises_iss }
    }

    const ISS: &str = "iss=https%3A%2F%2Fissuer.example";

    #[test]
    fn the_answer_to_our_question_is_a_code() {
        for promises in [true, false] {
            let answer = read(&format!("code=c%2B1&state=right&{ISS}"), &asked(promises)).unwrap();
            assert_eq!(
                (answer.code.as_str(), answer.iss.as_deref()),
                ("c+1", Some("https://issuer.example"))
            );
        }
        assert_eq!(read("code=c&state=right", &asked(false)).unwrap().iss, None);
    }

    #[test]
    fn p15_a_wrong_missing_or_double_state_is_refused_and_does_not_end_the_login() {
        for query in
            ["code=c&state=wrong", "code=c", "code=c&state=", "code=c&state=Right", "error=access_denied", ""]
        {
            let error = read(query, &asked(false)).unwrap_err();
            assert_eq!(error, CallbackError::State, "{query}");
            assert!(!error.ends_the_login());
        }
        assert_eq!(
            read("code=c&state=right&state=right", &asked(false)).unwrap_err(),
            CallbackError::Twice("state")
        );
    }

    #[test]
    fn another_issuer_is_refused_whether_or_not_it_was_promised() {
        for promises in [true, false] {
            for iss in ["https://evil.example", "https://issuer.example/", "HTTPS://issuer.example", ""] {
                let error = read(&format!("code=c&state=right&iss={iss}"), &asked(promises)).unwrap_err();
                assert!(matches!(error, CallbackError::OtherIssuer { .. }), "{iss}");
                assert!(error.ends_the_login());
            }
        }
        assert!(matches!(read("code=c&state=right", &asked(true)), Err(CallbackError::NoIssuer(_))));
    }

    #[test]
    fn an_error_of_another_issuer_is_not_shown() {
        let query = "error=access_denied&error_description=call+0900&state=right&iss=https://evil.example";
        let error = read(query, &asked(false)).unwrap_err().to_string();
        assert!(!error.contains("0900") && !error.contains("access_denied"), "{error}");
        let error =
            read("error=access_denied&error_description=no%1b[31m&state=right", &asked(false)).unwrap_err();
        assert_eq!(error.to_string(), "https://issuer.example answered access_denied: no\\u{1b}[31m");
    }

    #[test]
    fn a_pasted_address_is_checked_like_a_callback() {
        let whole = format!("  http://127.0.0.1:9/callback?code=c&state=right&{ISS}\n");
        assert_eq!(read_pasted(&whole, &asked(true)).unwrap().code, "c");
        assert_eq!(read_pasted("?code=c&state=right", &asked(false)).unwrap().code, "c");
        let wrong = "http://127.0.0.1:9/callback?code=c&state=wrong";
        assert_eq!(read_pasted(wrong, &asked(false)).unwrap_err(), CallbackError::State);
    }

    #[test]
    fn a_pasted_code_alone_is_taken_only_where_no_iss_is_promised() {
        assert_eq!(read_pasted("abc123\n", &asked(false)).unwrap().code, "abc123");
        assert!(matches!(read_pasted("abc123\n", &asked(true)), Err(CallbackError::NoIssuer(_))));
        for nothing in ["", "\n", "what is this"] {
            assert_eq!(read_pasted(nothing, &asked(false)).unwrap_err(), CallbackError::Nothing);
        }
    }
}
