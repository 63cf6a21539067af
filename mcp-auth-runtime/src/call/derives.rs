//! What types of the user's own have to derive. Each of these traits stands for one of serde or schemars, so that the compiler
//! says what to write instead of listing the types that have it.

use schemars::JsonSchema;
use serde::Serialize;
use serde::de::DeserializeOwned;

/// Read from what a client sends: every type with `serde::Deserialize` that borrows nothing.
#[diagnostic::on_unimplemented(
    message = "`{Self}` has no `Deserialize`, so it cannot be read from what a client sends",
    label = "`{Self}` needs `#[derive(Deserialize)]`",
    note = "write `#[derive(serde::Deserialize)]` on `{Self}`; without serde in `Cargo.toml`, `#[derive(mcp_auth::serde::Deserialize)]` and `#[serde(crate = \"mcp_auth::serde\")]`"
)]
pub trait HasDeserialize: DeserializeOwned {}

#[diagnostic::do_not_recommend]
impl<T: DeserializeOwned> HasDeserialize for T {}

/// Written as JSON: every type with `serde::Serialize`.
#[diagnostic::on_unimplemented(
    message = "`{Self}` has no `Serialize`, so it cannot be an answer in JSON",
    label = "`{Self}` needs `#[derive(Serialize)]`",
    note = "write `#[derive(serde::Serialize)]` on `{Self}`; without serde in `Cargo.toml`, `#[derive(mcp_auth::serde::Serialize)]` and `#[serde(crate = \"mcp_auth::serde\")]`"
)]
pub trait HasSerialize: Serialize {}

#[diagnostic::do_not_recommend]
impl<T: Serialize> HasSerialize for T {}

/// Described to clients: every type with `schemars::JsonSchema` that borrows nothing.
#[diagnostic::on_unimplemented(
    message = "`{Self}` has no `JsonSchema`, so clients cannot be told its members",
    label = "`{Self}` needs `#[derive(JsonSchema)]`",
    note = "write `#[derive(schemars::JsonSchema)]` on `{Self}`; without schemars in `Cargo.toml`, `#[derive(mcp_auth::schemars::JsonSchema)]` and `#[schemars(crate = \"mcp_auth::schemars\")]`",
    note = "it must be schemars 1, the version of `mcp_auth::schemars`"
)]
pub trait HasJsonSchema: JsonSchema + 'static {}

#[diagnostic::do_not_recommend]
impl<T: JsonSchema + 'static> HasJsonSchema for T {}

/// Asked of a person: every type with `serde::Deserialize` and `schemars::JsonSchema` that borrows nothing.
#[diagnostic::on_unimplemented(
    message = "`{Self}` cannot be a form: it has no `Deserialize` or no `JsonSchema`",
    label = "`{Self}` needs `#[derive(Deserialize, JsonSchema)]`",
    note = "write `#[derive(serde::Deserialize, schemars::JsonSchema)]` on `{Self}`"
)]
pub trait HasForm: HasDeserialize + HasJsonSchema {}

#[diagnostic::do_not_recommend]
impl<T: HasDeserialize + HasJsonSchema> HasForm for T {}
