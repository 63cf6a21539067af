//! How the configuration writes what other folders act on: what connecting needs, what lists show, how events are
//! written.

use super::words;
use crate::authz::{Connect, Visibility};
use crate::observe::log::LogFormat;

words! { Connect { Authenticated = "authenticated", Anonymous = "anonymous", } }
words! { Visibility { All = "all", Granted = "granted", } }
words! { LogFormat { Text = "text", Json = "json", } }
