//! Keys of the configuration in code: written as fields, so that a misspelt one does not compile.

/// A key of the configuration, by its path. [`key!`](crate::key) makes it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Key(Vec<String>);

impl Key {
    /// For [`key!`](crate::key), which knows that the path exists.
    #[doc(hidden)]
    pub fn new(path: Vec<String>) -> Self {
        Self(path)
    }

    /// The steps of the path; those into a list are numbers.
    pub fn path(&self) -> &[String] {
        &self.0
    }
}

/// A [`Key`](crate::config::Key), written as the field it is: through a list or a table of free keys with `[…]`, through
/// a section that may be absent with `?`. A field that does not exist does not compile.
///
/// # Example
/// ```
/// use mcp_auth_runtime::config::{Config, key};
/// let config = Config::from_toml_str("auth.issuers = [{ issuer = \"https://issuer.example.com\" }]").unwrap();
/// let place = config.place(&key!(auth.issuers[0].issuer));
/// assert_eq!(place, "auth.issuers[0].issuer in the configuration text, line 1");
/// assert_eq!(config.place(&key!(server.public_url)), "server.public_url (not set)");
/// ```
/// ```compile_fail,E0609
/// mcp_auth_runtime::config::key!(auth.issuers[0].jwks_url);
/// ```
#[macro_export]
macro_rules! key {
    (@step $document:ident ($($field:tt)+) ($($path:expr),+)) => {{
        // Not called: it only has to compile.
        let _ = |$document: &$crate::config::document::Document| {
            let _ = &$($field)+;
            ::core::option::Option::Some(())
        };
        $crate::config::Key::new(::std::vec![$($path),+])
    }};
    (@step $document:ident ($($field:tt)+) ($($path:expr),+) . $name:ident $($rest:tt)*) => {
        $crate::key!(@step $document ($($field)+ . $name)
            ($($path,)+ ::std::string::String::from(::core::stringify!($name))) $($rest)*)
    };
    (@step $document:ident ($($field:tt)+) ($($path:expr),+) [$index:expr] $($rest:tt)*) => {
        $crate::key!(@step $document ($($field)+ [$index])
            ($($path,)+ ::std::string::ToString::to_string(&$index)) $($rest)*)
    };
    (@step $document:ident ($($field:tt)+) ($($path:expr),+) ? $($rest:tt)*) => {
        $crate::key!(@step $document ($($field)+ .as_ref()?) ($($path),+) $($rest)*)
    };
    ($section:ident $($rest:tt)*) => {
        $crate::key!(@step document (document . $section)
            (::std::string::String::from(::core::stringify!($section))) $($rest)*)
    };
}
