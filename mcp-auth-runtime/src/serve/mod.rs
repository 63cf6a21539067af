//! From a handler and a configuration to a running server. In reading order: `builder` and `parts` (what it is given, and
//! checked) with `local_issuer` (an authorization server in this process), `settings` (what the configuration comes to, for
//! each place that acts), `trust` (whom the configuration trusts), `denied` (what is refused all the same), `credential_source` (where the credential on stdio comes from), `encryption` and `tls` (TLS, if there is some), `http` (the one ordered list of layers) with `connect_page` (what a browser sees), `stdio` with `foreseen` (who will call there, for those who check a configuration), `explained` (what would be answered, for those who explain it) with `recalled` (to a caller of the log), `running`, `banner` (what a start prints), `table` (`--scopes`), `tools` (those that come and go while it runs).

mod banner;
mod builder;
mod connect_page;
mod credential_source;
mod denied;
mod encryption;
mod explained;
mod foreseen;
mod http;
mod local_issuer;
mod parts;
mod recalled;
mod running;
mod settings;
mod stdio;
mod stored;
mod table;
#[cfg(feature = "tls")]
mod tls;
mod tools;
mod trust;

pub use builder::ServerBuilder;
pub(crate) use denied::list as deny_list;
pub use encryption::try_encryption;
pub use explained::{Answered, Explained, ExplainedCall, KnownAs, Presents, explain};
pub use foreseen::{StdioCaller, stdio_caller};
pub use local_issuer::{LocalIssuer, LocalIssuerSetup};
pub(crate) use parts::LocalIssuerFactory;
pub use recalled::LoggedCaller;
pub use running::Running;
pub use stored::{OpenStore, open_store};
pub use tools::{ToolNotAdded, Tools};
