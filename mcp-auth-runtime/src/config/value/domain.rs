//! How the configuration writes what other folders act on: how an issuer is asked about tokens, what connecting needs, what
//! lists show, how events are written.

use super::words;
use crate::authn::{BindingMode, CertificateFormat, IntrospectionKind, Reach};
use crate::authz::{Connect, Visibility};
use crate::observe::log::LogFormat;

words! { IntrospectionKind {
    Rfc7662 = "rfc7662",
    GoogleTokeninfo = "google-tokeninfo",
    GithubCheckToken = "github-check-token",
} }
words! { BindingMode { Off = "off", Allowed = "allowed", Required = "required", } }
words! { CertificateFormat { Rfc9440 = "rfc9440", UrlPem = "url-pem", } }
words! { Reach { Opaque = "opaque", All = "all", } }
words! { Connect { Authenticated = "authenticated", Anonymous = "anonymous", } }
words! { Visibility { All = "all", Granted = "granted", } }
words! { LogFormat { Text = "text", Json = "json", } }
