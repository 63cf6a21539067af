//! The texts of pages on which something ended: one that a language does not have does not compile.

use mcp_auth_runtime::facade::Language;

use super::{de, en};
use crate::person::page::ErrorText;

/// Declares them: a field each.
macro_rules! errors {
    ($($field:ident,)*) => {
        /// What pages say on which something ended.
        #[derive(Debug, Clone, Copy)]
        pub(crate) struct Errors {
            $(pub(crate) $field: ErrorText,)*
        }

        #[cfg(test)]
        impl Errors {
            /// Every sentence, with the name of its text.
            fn all(&self) -> Vec<(&'static str, &'static str)> {
                let texts = vec![$((stringify!($field), self.$field)),*];
                let sentences = texts.into_iter().flat_map(|(name, text)| {
                    [text.title, text.why, text.next].map(|sentence| (name, sentence))
                });
                sentences.collect()
            }
        }
    };
}

errors! {
    unavailable,
    too_long,
    unreadable,
    repeated,
    not_navigated,
    no_client,
    unknown_client,
    documents_busy,
    document_unreadable,
    document_wrong,
    document_address,
    no_redirect_uri,
    unknown_redirect_uri,
    not_pushed,
    beside,
    host,
    sender,
    form_too_long,
    form_unreadable,
    stale,
    not_asked,
    allows_too_often,
    answered,
    mistake_of_unseen_client,
    mistake_of_unseen_address,
    denied_unseen_client,
    denied_unseen_address,
    no_login_waits,
    many_came_back,
    call_gone,
    call_denied,
    call_foreign,
    call_allowed,
    account_gone,
    account_denied,
    account_foreign,
    changed_nothing,
    cannot_be_done,
    password_set,
    password_link_gone,
    device_gone,
    device_too_often,
    device_allowed,
    device_denied,
    device_cancelled,
}

impl Errors {
    pub(crate) fn of(language: Language) -> &'static Self {
        match language {
            Language::English => &en::ERRORS,
            Language::German => &de::ERRORS,
        }
    }
}

#[cfg(test)]
mod tests {
    use mcp_auth_runtime::testing::untranslated;

    use super::*;

    #[test]
    fn every_text_of_an_end_is_translated() {
        let (english, german) = (Errors::of(Language::English).all(), Errors::of(Language::German).all());
        assert_eq!(untranslated(&english, &german, &[]), Vec::<String>::new());
    }
}
