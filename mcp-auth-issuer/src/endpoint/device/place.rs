//! What the URL of a page for devices names.

use super::user_code::UserCode;
use crate::endpoint::authorize::Untrusted;
use crate::endpoint::away::Purpose;
use crate::endpoint::login_step::LoginStep;
use crate::endpoint::path::DEVICE;
use crate::person::Asked;
use crate::person::page::texts;
use crate::request::Params;

/// What the URL names. Forms are bound to their URL, so a form of the first page answers nothing: only the second page, which is shown for
/// a code that was entered and counted, has one that does.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Place {
    /// The page where a code is entered, with the code that is filled in already.
    Form(Option<UserCode>),
    /// Where what was asked for with this code is answered.
    Answer(UserCode),
}

impl Place {
    /// Reads `query`. What is not a code is left out: the person enters theirs.
    ///
    /// # Errors
    /// [`Untrusted::Unreadable`]
    pub(super) fn read(query: &str) -> Result<Self, Untrusted> {
        let params = Params::parse(query).map_err(Untrusted::Unreadable)?;
        let code = |name| params.get(name).filter(|_| params.count(name) == 1).and_then(UserCode::read);
        Ok(code("answer").map_or_else(|| Self::Form(code("user_code")), Self::Answer))
    }

    /// The URL, relative to the origin.
    pub(super) fn url(&self) -> String {
        match self {
            Self::Form(None) => DEVICE.to_owned(),
            Self::Form(Some(code)) => format!("{DEVICE}?user_code={}", code.shown()),
            Self::Answer(code) => format!("{DEVICE}?answer={}", code.shown()),
        }
    }

    /// The page where the code of this one is entered.
    pub(super) fn form(self) -> Self {
        match self {
            Self::Answer(code) => Self::Form(Some(code)),
            form @ Self::Form(_) => form,
        }
    }
}

/// The person logs in at `url`, before their code is looked up. So it is not known yet which client asks.
pub(super) fn login_step(url: &str) -> LoginStep<'_> {
    LoginStep {
        purpose: Purpose::Device,
        is_asked: false,
        client_id: None,
        client: None,
        asked: Asked::default(),
        request_for: None,
        then: texts().then_device,
        refuse: texts().cancel,
        url,
        request: url,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_url_is_read_as_it_was_written_and_says_whether_it_answers() {
        for (query, url) in [
            ("", DEVICE.to_owned()),
            ("user_code=wdjb+mjht", format!("{DEVICE}?user_code=WDJB-MJHT")),
            ("answer=WDJBMJHT", format!("{DEVICE}?answer=WDJB-MJHT")),
            ("user_code=WDJB-MJH", DEVICE.to_owned()),
            ("user_code=WDJB-MJHT&user_code=WDJB-MJHT", DEVICE.to_owned()),
            ("answer=WDJB-MJHT&answer=WDJB-MJHT", DEVICE.to_owned()),
            ("user_code=%3Cscript%3E", DEVICE.to_owned()),
        ] {
            let place = Place::read(query).unwrap();
            assert_eq!(place.url(), url, "{query}");
            assert_eq!(Place::read(url.split_once('?').map_or("", |(_, query)| query)).unwrap(), place);
        }
        assert!(Place::read("user_code=%").is_err());
    }
}
