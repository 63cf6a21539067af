//! Every text of the pages, and what it is for. That each language says the same values is tested.

use super::{de, en};
use crate::page::Language;

/// Declares the texts of pages: a field each, with what it is for.
#[doc(hidden)]
#[macro_export]
macro_rules! page_texts {
    ($(#[$about:meta])* $vis:vis struct $name:ident { $($(#[$doc:meta])* $field:ident,)* }) => {
        $(#[$about])*
        #[derive(Debug, Clone, Copy)]
        $vis struct $name {
            $($(#[$doc])* $vis $field: &'static str,)*
        }

        #[cfg(test)]
        impl $name {
            /// Every text with its name.
            $vis fn all(&self) -> Vec<(&'static str, &'static str)> {
                vec![$((stringify!($field), self.$field)),*]
            }
        }
    };
}

page_texts! {
    /// What pages of every server say.
    pub(in crate::page) struct Texts {
        /// The link to the operator's support.
        help,
        /// The title of the tab. `{server}`
        connect_title,
        /// Said at the MCP endpoint itself.
        not_for_browsers,
        /// Above the URL.
        address,
        /// What an application needs besides the URL: a login that it finds by itself.
        needs_login,
        /// The same at an issuer that may not know the application.
        needs_client,
        /// An API key. `{header}`
        needs_key,
        /// Nothing.
        needs_nothing,
        /// On a button that copies what stands above it.
        copy,
        /// Said when it is copied.
        copied,
        /// Said where the browser does not let the page copy.
        selected,
        /// Above the ways to connect.
        ways,
        /// How a link in a client's own scheme looks. `{client}`
        add_to,
        /// What the command does.
        run_command,
        /// The same where nobody logs in.
        run_command_alone,
        /// Below a link that opens an application.
        opens_application,
        /// The file instead of the link. `{file}`
        or_file,
        /// The file where there is no link. `{file}`
        write_file,
        /// How it is done in Claude.
        claude_steps,
        /// How it is done in ChatGPT.
        chatgpt_steps,
        /// Of any other server, for clients that ask from the internet.
        cloud_reach,
        /// Of a server on this computer, which their clouds do not reach.
        cloud_not_here,
        /// The name of the last way.
        others,
        /// What every other client needs.
        others_steps,
        /// Above the operations.
        operations,
        /// Why they are shown, and to whom.
        operations_hint,
        /// Where there are none.
        no_operations,
        /// Before the rule of an operation.
        who_may,
        /// Link to the documentation.
        documentation,
        /// Link to how data may be used.
        policy,
        /// Link to the terms of service.
        terms,
        /// At the bottom.
        made_with,
        /// Which release of the program runs. `{version}`
        version,
    }
}

impl Texts {
    pub(in crate::page) fn of(language: Language) -> &'static Self {
        match language {
            Language::English => &en::TEXTS,
            Language::German => &de::TEXTS,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::untranslated;

    #[test]
    fn every_text_is_translated_and_holds_the_same_values() {
        let german = Texts::of(Language::German).all();
        assert_eq!(untranslated(&Texts::of(Language::English).all(), &german, &[]), Vec::<String>::new());
    }
}
