//! The expansion of the macros names every path itself: it compiles where no prelude is, where the user's
//! own items have the same names as ours, under strict lints, and with the facade under another name.
#![no_implicit_prelude]
#![deny(missing_docs, unreachable_pub, unused, unused_qualifications, clippy::all, clippy::pedantic)]
// Of the methods as they are written, which have every shape on purpose.
#![allow(
    clippy::needless_lifetimes,
    clippy::needless_pass_by_value,
    clippy::unnecessary_wraps,
    clippy::unused_async,
    clippy::unused_self
)]

use ::std::assert_eq;
use ::std::clone::Clone;
use ::std::convert::Into;
use ::std::iter::Iterator;
use ::std::option::Option::{self, None, Some};
use ::std::result::Result::{self, Ok};
use ::std::string::{String, ToString};

use ::mcp_auth::extract::{CancellationToken, ProgressToken};
use ::mcp_auth::{
    Caller, Claims, ErrorData, Handler, Json, ToolError, extract, method, prompt, resource, server, tool,
};

/// Names that a careless expansion would take for its own.
#[allow(dead_code, non_camel_case_types, unused_macros)]
mod decoys {
    pub(crate) struct Route;
    pub(crate) struct Operations;
    pub(crate) struct Box;
    pub(crate) struct Vec;
    pub(crate) struct mcp_auth;
    pub(crate) fn all() {}
    pub(crate) fn string() {}
}
#[allow(unused_imports)]
use decoys::{Box, Operations, Route, Vec, all, mcp_auth, string};

#[derive(::mcp_auth::serde::Serialize, ::mcp_auth::serde::Deserialize, ::mcp_auth::schemars::JsonSchema)]
#[serde(crate = "::mcp_auth::serde")]
#[schemars(crate = "::mcp_auth::schemars")]
struct Note {
    text: String,
}

#[derive(::mcp_auth::serde::Deserialize)]
#[serde(crate = "::mcp_auth::serde")]
struct Tenant {
    tenant: String,
}

/// Every kind of operation, every kind of parameter.
struct Everything;

/// Instructions for the model,
/// on two lines.
#[server(
    version = "1.2.3",
    title = "Everything",
    description = "What a server can be",
    website_url = "https://example.com/",
    icons = ::std::vec![::mcp_auth::model::Icon::new("https://example.com/icon.png")],
    parts = [more]
)]
impl Everything {
    /// Echoes a note.
    #[tool(scopes = ["notes.read", "notes.write"], title = "Echo", read_only, idempotent = false)]
    async fn echo<'a>(
        &'a self,
        caller: Caller,
        extract::Parameters(note): extract::Parameters<Note>,
        token: Option<ProgressToken>,
    ) -> Result<Json<Note>, ToolError> {
        let _ = (caller, token);
        Ok(Json(note))
    }

    #[doc = ::std::concat!("Lines", " of an expression.")]
    #[tool(any_scope = ["a", "b"], name = "any.thing", annotations(title = "Any", open_world_hint = true))]
    fn r#type(server: extract::ToolName) -> String {
        server.0.to_string()
    }

    #[tool(authenticated)]
    async fn claims(
        &self,
        Claims(claims): Claims<Tenant>,
        call: CancellationToken,
    ) -> Result<String, ErrorData> {
        call.cancelled().await;
        Ok(claims.tenant)
    }

    #[tool(public)]
    async fn about(&self, caller: Option<Caller>) -> &str {
        match caller {
            Some(_) => "known",
            None => "unknown",
        }
    }

    #[tool(public)]
    fn nothing() {}

    #[cfg(any())]
    #[tool(public)]
    fn not_compiled(&self) -> Missing {}

    /// One note.
    #[resource(uri = "note://{book}/{r_page}", authenticated, mime_type = "text/plain")]
    fn note(&self, r_page: u32, caller: Caller, book: String) -> String {
        ::std::format!("{book} {r_page} {}", caller.subject())
    }

    #[resource(uri = "note://all", public, size = 3, name = "all notes")]
    fn notes(&self) -> Option<&'static str> {
        Some("abc")
    }

    /// Asks for a note.
    #[prompt(public)]
    fn ask(&self, extract::Parameters(note): extract::Parameters<Note>) -> String {
        note.text
    }

    #[method("completion/complete", public)]
    async fn complete(&self, params: extract::JsonObject) -> Json<usize> {
        Json(params.len())
    }
}

mod more {
    use ::mcp_auth::{server, tool};

    #[server(part, scope = "more")]
    impl super::Everything {
        #[tool]
        async fn more(&self) -> &'static str {
            "more"
        }

        #[tool(public)]
        async fn less(&self) {}
    }
}

/// A generic server, the facade under another name.
struct Generic<S>(S);

mod renamed {
    pub(crate) use ::mcp_auth::__private;
}

/// What a generic server keeps.
trait Store: ::std::marker::Send + ::std::marker::Sync + 'static {
    fn get(&self) -> String;
}

impl Store for String {
    fn get(&self) -> String {
        self.clone()
    }
}

#[server(crate = crate::renamed, name = "generic", instructions = "none", parts = [self::generic_part])]
impl<S> Generic<S>
where
    S: Store,
{
    #[tool(public)]
    async fn get(&self) -> String {
        self.0.get()
    }
}

mod generic_part {
    use super::{Generic, Store};
    use ::mcp_auth::server;

    #[server(part, crate = super::renamed)]
    impl<S: Store> Generic<S> {
        #[::mcp_auth::tool(public)]
        fn twice(&self) -> ::std::string::String {
            self.0.get()
        }
    }
}

#[test]
fn everything_is_declared_as_written() {
    let (registry, _) = Everything::operations().build().unwrap();
    let table: ::std::vec::Vec<String> =
        registry.iter().map(|(_, d)| ::std::format!("{} {}: {}", d.kind(), d.name(), d.rule)).collect();
    let expected = [
        "tool echo: notes.read and notes.write",
        "tool any.thing: a or b",
        "tool claims: authenticated, claims",
        "tool about: public",
        "tool nothing: public",
        "resource template note://{book}/{r_page}: authenticated",
        "resource note://all: public",
        "prompt ask: public",
        "method completion/complete: public",
        "tool more: more",
        "tool less: public",
    ];
    assert_eq!(table, expected);
    let about = <Everything as Handler>::about();
    assert_eq!(about.name, "mcp-auth-tests");
    assert_eq!(about.version, "1.2.3");
    assert_eq!(about.instructions.unwrap(), "Instructions for the model,\non two lines.");
    let described =
        |name: &str| registry.get(registry.tool(name).unwrap()).description().map(Into::<String>::into);
    assert_eq!(described("echo").as_deref(), Some("Echoes a note."));
    assert_eq!(described("any.thing").unwrap().trim(), "Lines of an expression.");
}

#[test]
fn generic_server_joins_its_part() {
    let (registry, _) = Generic::<String>::operations().build().unwrap();
    let names: ::std::vec::Vec<_> = registry.iter().map(|(_, d)| d.name()).collect();
    assert_eq!(names, ["get", "twice"]);
    assert_eq!(<Generic<String> as Handler>::about().name, "generic");
}
