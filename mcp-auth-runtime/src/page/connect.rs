//! The page that says what this server is, and how applications are connected to it.

use maud::{Markup, html};
use mcp_auth_core::Resource;
use mcp_auth_core::seen::plain;

use super::brand::Brand;
use super::frame::{Frame, Page, Script};
use super::language::Language;
use super::said::{said, said_plainly};
use super::texts::Texts;
use super::ways::{Told, short_name};

/// Lets people copy by a click.
const SCRIPT: &str = include_str!("copy.js");

/// What does not change while a server runs.
#[derive(Debug)]
pub(crate) struct ConnectPage {
    /// How pages look, and the name for people.
    pub(crate) brand: Brand,
    /// The name on the wire.
    pub(crate) wire_name: String,
    pub(crate) version: String,
    pub(crate) description: Option<String>,
    /// The URL that clients use: never what a request calls the server.
    pub(crate) resource: Resource,
    pub(crate) documentation: Option<String>,
    pub(crate) policy: Option<String>,
    pub(crate) terms: Option<String>,
    pub(crate) needs: Needs,
}

/// What an application needs besides the URL.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Needs {
    /// A login, which it finds by itself.
    Login,
    /// The same at an issuer that is not ours: it may want the application to be registered by hand.
    LoginElsewhere,
    /// An API key, which people put in.
    Key,
    /// Nothing: everything is open.
    Nothing,
}

/// One operation of a server.
#[derive(Debug)]
pub(crate) struct Operation {
    /// Tool, prompt, resource.
    pub(crate) kind: &'static str,
    pub(crate) name: String,
    /// Who may call it.
    pub(crate) rule: String,
    pub(crate) description: Option<String>,
}

impl ConnectPage {
    /// The page. `operations` are those of a server in development, for the computer it runs on. `here` says that it stands at the MCP endpoint
    /// itself.
    pub(crate) fn page(&self, language: Language, operations: Option<&[Operation]>, here: bool) -> Page {
        let texts = Texts::of(language);
        let name = self.brand.name();
        let host = self.resource.origin().host().to_string();
        let by_key = self.needs == Needs::Key;
        let told = Told { name: &short_name(&self.wire_name, &host), url: self.resource.as_str(), by_key };
        let body = html! {
            h1 { (said(texts.connect_title, &[("server", &html! { bdi { (name) } })])) }
            @if here { p.warning { (said(texts.not_for_browsers, &[])) } }
            @if let Some(description) = &self.description { p { bdi { (seen(description)) } } }
            h2 { (texts.address) }
            (copied(texts, "address", told.url))
            p.hint { (self.needed(texts)) }
            h2 { (texts.ways) }
            (self.ways(texts, told))
            @if let Some(operations) = operations { (listed(texts, operations)) }
            (self.documents(texts))
        };
        // Which release runs is not told to who is not let in.
        let version =
            operations.map(|_| said(texts.version, &[("version", &html! { bdi { (seen(&self.version)) } })]));
        let footer = html! { (texts.made_with) @if let Some(version) = version { ". " (version) } };
        let frame = Frame {
            brand: &self.brand,
            language,
            title: &said_plainly(texts.connect_title, &[("server", name)]),
            body: &body,
            footer: &footer,
            script: Script::Inside(SCRIPT),
        };
        frame.page()
    }

    fn needed(&self, texts: &Texts) -> Markup {
        match self.needs {
            Needs::Login => said(texts.needs_login, &[]),
            Needs::LoginElsewhere => said(texts.needs_client, &[]),
            Needs::Key => said(texts.needs_key, &[("header", &html! { code { "Authorization: Bearer …" } })]),
            Needs::Nothing => said(texts.needs_nothing, &[]),
        }
    }

    fn ways(&self, texts: &Texts, told: Told<'_>) -> Markup {
        let is_here_only = self.resource.is_loopback();
        let logs_in = matches!(self.needs, Needs::Login | Needs::LoginElsewhere);
        let command = if logs_in { texts.run_command } else { texts.run_command_alone };
        // A link holds no key, and each person has their own.
        let [vs_code, cursor] = [told.vs_code_link(), told.cursor_link()];
        let [vs_code, cursor] = [&vs_code, &cursor].map(|link| Some(link.as_str()).filter(|_| !told.by_key));
        html! {
            section.way {
                h3 { "Claude Code" }
                p { (said(command, &[])) }
                (copied(texts, "claude-code", &told.claude_code()))
            }
            (by_link(texts, ("VS Code", "vs-code"), vs_code, (".vscode/mcp.json", &told.vs_code_file())))
            (by_link(texts, ("Cursor", "cursor"), cursor, (".cursor/mcp.json", &told.cursor_file())))
            @if told.by_key {
                // The connectors of both log people in, and take no key.
            } @else if is_here_only {
                section.way { h3 { "Claude, ChatGPT" } p { (texts.cloud_not_here) } }
            } @else {
                p.hint { (texts.cloud_reach) }
                section.way { h3 { "Claude" } p { (said(texts.claude_steps, &[])) } }
                section.way { h3 { "ChatGPT" } p { (said(texts.chatgpt_steps, &[])) } }
            }
            section.way { h3 { (texts.others) } p { (said(texts.others_steps, &[])) } }
        }
    }

    fn documents(&self, texts: &Texts) -> Markup {
        let documents = [
            (texts.documentation, &self.documentation),
            (texts.policy, &self.policy),
            (texts.terms, &self.terms),
        ];
        let links = documents.into_iter().filter_map(|(text, url)| Some((text, url.as_deref()?)));
        html! { @for (text, url) in links { p { a href=(url) rel="noreferrer" { (text) } } } }
    }
}

/// A client that opens by a link of its own scheme, or reads a file.
fn by_link(
    texts: &Texts,
    (client, id): (&str, &str),
    link: Option<&str>,
    (file, content): (&str, &str),
) -> Markup {
    let (client, file) = (html! { (client) }, html! { code { (file) } });
    html! {
        section.way {
            h3 { (client) }
            @if let Some(link) = link {
                div.buttons { a.button.primary href=(link) { (said(texts.add_to, &[("client", &client)])) } }
                p.hint { (said(texts.opens_application, &[("client", &client)])) }
                details {
                    summary { (said(texts.or_file, &[("file", &file)])) }
                    (copied(texts, id, content))
                }
            } @else {
                p { (said(texts.write_file, &[("file", &file)])) }
                (copied(texts, id, content))
            }
        }
    }
}

/// A text that can be copied: by the button where scripts run, else by selecting it.
fn copied(texts: &Texts, id: &str, text: &str) -> Markup {
    html! {
        div.copied {
            pre { code #(id) { (text) } }
            button type="button" hidden data-copy=(id) data-copied=(texts.copied) data-selected=(texts.selected) { (texts.copy) }
            span role="status" {}
        }
    }
}

fn listed(texts: &Texts, operations: &[Operation]) -> Markup {
    html! {
        h2 { (texts.operations) }
        p.hint { (texts.operations_hint) }
        @if operations.is_empty() { p { (texts.no_operations) } } @else {
            ul.scopes {
                @for operation in operations {
                    li {
                        code.what { bdi { (seen(&operation.name)) } } " " span.badge lang="en" { (operation.kind) }
                        @if let Some(description) = &operation.description { p.includes { bdi { (seen(description)) } } }
                        p.includes { (texts.who_may) " " code lang="en" { (operation.rule) } }
                    }
                }
            }
        }
    }
}

/// Text of the program or its configuration: on one line, with every character visible, not cut.
fn seen(text: &str) -> String {
    plain(text, usize::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn page() -> ConnectPage {
        ConnectPage {
            brand: Brand::named("Todos <b>"),
            wire_name: "todos".to_owned(),
            version: "1.2.3".to_owned(),
            description: Some("Keeps \"todos\" & more".to_owned()),
            resource: "https://todos.example.com/mcp".parse().unwrap(),
            documentation: Some("https://todos.example.com/docs?a&b".to_owned()),
            policy: None,
            terms: None,
            needs: Needs::Login,
        }
    }

    fn body(page: &ConnectPage, language: Language, operations: Option<&[Operation]>, here: bool) -> String {
        let document = page.page(language, operations, here);
        document.text().split_once("<body>").unwrap().1.to_owned()
    }

    #[test]
    fn the_page_says_what_the_server_is_and_how_each_client_connects() {
        let said = body(&page(), Language::English, None, false);
        for part in [
            "<h1>Connect to <bdi>Todos &lt;b&gt;</bdi></h1>",
            "Keeps &quot;todos&quot; &amp; more",
            "<code id=\"address\">https://todos.example.com/mcp</code>",
            "claude mcp add --transport http todos https://todos.example.com/mcp",
            "href=\"vscode:mcp/install?%7B",
            "href=\"cursor://anysphere.cursor-deeplink/mcp/install?name=todos&amp;config=",
            "Add custom connector",
            "ChatGPT",
            "https://todos.example.com/docs?a&amp;b",
        ] {
            assert!(said.contains(part), "{part}: {said}");
        }
        for absent in ["What it offers", "AI applications", "Terms of service", "cannot reach"] {
            assert!(!said.contains(absent), "{absent}: {said}");
        }
        assert!(body(&page(), Language::English, None, true).contains("AI applications"));
    }

    #[test]
    fn a_server_on_this_computer_is_not_offered_to_clouds() {
        let page = ConnectPage { resource: "http://127.0.0.1:8080/mcp".parse().unwrap(), ..page() };
        let said = body(&page, Language::English, None, false);
        assert!(
            said.contains("cannot reach this server") && !said.contains("Add custom connector"),
            "{said}"
        );
    }

    #[test]
    fn operations_are_listed_with_who_may_call_them_and_are_escaped() {
        let operation = Operation {
            kind: "tool",
            name: "add<x>".to_owned(),
            rule: "todos.write or <admin>".to_owned(),
            description: Some("Adds\u{202e} one".to_owned()),
        };
        let said = body(&page(), Language::English, Some(&[operation]), false);
        assert!(said.contains("add&lt;x&gt;") && said.contains("todos.write or &lt;admin&gt;"), "{said}");
        assert!(
            !said.contains('\u{202e}') && said.contains("<span class=\"badge\" lang=\"en\">tool"),
            "{said}"
        );
        assert!(body(&page(), Language::English, Some(&[]), false).contains("Nothing is declared."));
    }

    #[test]
    fn the_page_says_what_an_application_needs_and_promises_no_login_that_is_not_there() {
        let said = |needs| body(&ConnectPage { needs, ..page() }, Language::English, None, false);
        for (needs, part) in [
            (Needs::Login, "opens your browser for the login"),
            (Needs::LoginElsewhere, "If it asks for a client ID"),
            (Needs::Key, "Authorization: Bearer …"),
            (Needs::Nothing, "Nobody logs in here."),
        ] {
            let said = said(needs);
            assert!(said.contains(part), "{part}: {said}");
            let logs_in = matches!(needs, Needs::Login | Needs::LoginElsewhere);
            assert_eq!(said.contains("in a session to log in"), logs_in, "{said}");
            assert_eq!(said.contains("vscode:"), needs != Needs::Key, "{said}");
            assert_eq!(said.contains("Add custom connector"), needs != Needs::Key, "{said}");
            assert_eq!(said.contains("YOUR_API_KEY"), needs == Needs::Key, "{said}");
        }
    }

    #[test]
    fn the_german_page_says_nothing_in_english() {
        let url = || Some("https://todos.example.com/a".to_owned());
        let operation =
            Operation { kind: "tool", name: "a".to_owned(), rule: "public".to_owned(), description: None };
        let all = ConnectPage {
            brand: Brand::new("T", None, None, url()),
            documentation: url(),
            policy: url(),
            terms: url(),
            ..page()
        };
        let here = || ConnectPage { resource: "http://127.0.0.1:8080/mcp".parse().unwrap(), ..page() };
        let needing = |needs| ConnectPage { needs, ..page() };
        let shown = [
            (all, Some(&[operation][..]), true),
            (here(), Some(&[][..]), false),
            (needing(Needs::Key), None, false),
            (needing(Needs::LoginElsewhere), None, false),
            (needing(Needs::Nothing), None, false),
        ];
        let in_language = |language| -> String {
            let pages = shown.iter();
            pages.map(|(page, operations, here)| body(page, language, *operations, *here)).collect()
        };
        let (english, german) = (in_language(Language::English), in_language(Language::German));
        for (name, text) in Texts::of(Language::English).all() {
            let longest =
                text.split(['*', '`', '{', '}']).max_by_key(|piece| piece.len()).unwrap_or_default();
            assert!(name == "connect_title" || english.contains(longest), "{name} is on a page of this test");
            assert!(name == "version" || longest.len() < 6 || !german.contains(longest), "{name}: {german}");
        }
    }
}
