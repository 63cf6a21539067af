//! Lists in pages (`limits.page_size`): every entry once, for the caller that began the list alone, and by what it may see now.

use mcp_auth::prelude::*;
use mcp_auth::serde_json;
use mcp_auth::testing::{Answer, Client, Era, TestServer, Token};
use mcp_auth_tests::open::{self, Open};
use serde_json::{Value, json};

use crate::everything::{CONFIG, Everything};
use crate::launch;

const LISTS: [&str; 4] = ["tools/list", "prompts/list", "resources/list", "resources/templates/list"];
const ANYONE: &str = "[auth]\nconnect = \"anonymous\"\n";

fn by(size: usize) -> String {
    format!("[limits]\npage_size = {size}\n")
}

fn names(page: &Value) -> Vec<String> {
    let entries =
        ["tools", "prompts", "resources", "resourceTemplates"].iter().find_map(|key| page[*key].as_array());
    let name = |entry: &Value| {
        let name = entry.get("uri").or(entry.get("uriTemplate")).or(entry.get("name"));
        name.and_then(Value::as_str).expect("a name").to_owned()
    };
    entries.unwrap_or_else(|| panic!("no list: {page}")).iter().map(name).collect()
}

/// The pages of a list, to its end.
async fn pages(client: &Client, list: &str) -> Vec<Value> {
    let mut pages: Vec<Value> = Vec::new();
    let mut params = json!({});
    loop {
        let answer = client.request(list, params).await;
        let page = answer.result().unwrap_or_else(|| panic!("{list}: {}", answer.body())).clone();
        let next = page.get("nextCursor").cloned();
        pages.push(page);
        match next {
            Some(next) => params = json!({ "cursor": next }),
            None => return pages,
        }
    }
}

#[tokio::test]
async fn pages_together_are_the_whole_list_on_every_revision() {
    let everything = Everything::default();
    let whole = everything.start().await;
    for size in [1, 4, 11, 100] {
        let paged = everything.start_with(&by(size)).await;
        for era in Era::ALL {
            let client = |server: &TestServer| server.client().era(era).token(server.token("alice"));
            for list in LISTS {
                let expected = pages(&client(&whole), list).await;
                assert_eq!(expected.len(), 1, "{list}: whole");
                let mut expected = names(&expected[0]);
                expected.sort();
                let read = pages(&client(&paged), list).await;
                assert_eq!(read.len(), expected.len().div_ceil(size), "{era:?} {list} by {size}");
                for page in &read {
                    assert!(names(page).len() <= size, "{page}");
                    if era == Era::Stateless {
                        assert_eq!(
                            (&page["cacheScope"], &page["resultType"]),
                            (&json!("private"), &json!("complete"))
                        );
                    }
                    for tool in page["tools"].as_array().into_iter().flatten() {
                        assert!(tool["securitySchemes"].is_array(), "{tool}");
                    }
                }
                let read: Vec<String> = read.iter().flat_map(names).collect();
                assert_eq!(read, expected, "{era:?} {list} by {size}: in the order of names");
            }
        }
    }
    assert_eq!(everything.ran(), 0);
}

/// A resource more than the other lists have.
struct Shelf;

#[server]
impl Shelf {
    #[tool(authenticated)]
    fn a(&self) {}

    #[tool(authenticated)]
    fn b(&self) {}

    #[prompt(authenticated)]
    fn c(&self) -> &'static str {
        "c"
    }

    #[prompt(authenticated)]
    fn d(&self) -> &'static str {
        "d"
    }

    #[resource(uri = "shelf://e", authenticated)]
    fn e(&self) -> &'static str {
        "e"
    }

    #[resource(uri = "shelf://f", authenticated)]
    fn f(&self) -> &'static str {
        "f"
    }

    #[resource(uri = "shelf://g/{x}", authenticated)]
    fn g(&self, x: String) -> String {
        x
    }

    #[resource(uri = "shelf://h/{x}", authenticated)]
    fn h(&self, x: String) -> String {
        x
    }
}

async fn shelf(toml: &str) -> TestServer {
    let builder = TestServer::builder(Shelf).toml(&format!("{ANYONE}{toml}")).expect("a configuration");
    builder.start().await.expect("a server")
}

fn refused(answer: &Answer) -> &Value {
    assert_eq!(answer.error_code(), Some(-32602), "{} {}", answer.status(), answer.body());
    answer.error().expect("an error")
}

#[tokio::test]
async fn j27_a_cursor_is_its_callers_and_its_lists_and_every_other_is_one_error() {
    let server = shelf(&by(1)).await;
    let mut errors = Vec::new();
    for era in Era::ALL {
        let client = |token: Token| server.client().era(era).token(token);
        let alice = client(server.token("alice"));
        for list in LISTS {
            let first = alice.request(list, json!({})).await;
            let cursor = first.result().expect("a page")["nextCursor"].as_str().expect("a cursor").to_owned();
            let with = json!({ "cursor": cursor });
            for stranger in [
                client(server.token("bob")),
                client(server.token("alice").client("another")),
                client(server.token("alice").claim("sub", "alice ")),
            ] {
                let answer = stranger.request(list, with.clone()).await;
                errors.push(refused(&answer).clone());
                assert!(!answer.body().contains("alice"), "{}", answer.body());
            }
            let anonymous = server.client().era(era).request_without_session(list, with.clone()).await;
            errors.push(refused(&anonymous).clone());
            for other in LISTS.into_iter().filter(|other| *other != list) {
                errors.push(refused(&alice.request(other, with.clone()).await).clone());
            }
            let mut changed = cursor.clone();
            let last = if changed.pop() == Some('A') { 'B' } else { 'A' };
            changed.push(last);
            for forged in
                [changed, format!("{cursor}A"), cursor.to_uppercase(), "shelf://e".to_owned(), String::new()]
            {
                let answer = alice.request(list, json!({ "cursor": forged })).await;
                errors.push(refused(&answer).clone());
            }
            // The twin: the same caller, by a fresh token.
            let fresh = client(server.token("alice").scope("other scopes"));
            assert!(fresh.request(list, with).await.is_success(), "{era:?} {list}");
        }
    }
    let one = &errors[0];
    assert!(errors.iter().all(|error| error == one), "{errors:?}");
    assert_eq!(one["message"], "invalid cursor: begin the list again, without one");
}

#[tokio::test]
async fn j27_a_server_that_does_not_page_takes_no_cursor_of_one_that_does() {
    let everything = Everything::default();
    let (paged, whole) = (everything.start_with(&by(2)).await, everything.start().await);
    for era in Era::ALL {
        let first = paged.client().era(era).token(paged.token("alice")).list_tools().await;
        let cursor = json!({ "cursor": first.result().expect("a page")["nextCursor"] });
        let client = whole.client().era(era).token(whole.token("alice"));
        refused(&client.request("tools/list", cursor).await);
        assert!(client.list_tools().await.result().expect("a list").get("nextCursor").is_none());
    }
}

#[tokio::test]
async fn the_next_page_shows_what_the_caller_may_see_by_now() {
    let server =
        Everything::default().start_with(&format!("{ANYONE}visibility = \"granted\"\n{}", by(3))).await;
    for era in Era::ALL {
        let client = |scopes: &str| server.client().era(era).token(server.token("alice").scope(scopes));
        let first = client("admin export").list_tools().await;
        let first = first.result().expect("a page");
        assert_eq!(names(first), ["audit_log", "export_notes", "panics"], "{era:?}");
        let next = json!({ "cursor": first["nextCursor"] });
        let mut rest = Vec::new();
        let mut params = next;
        while params["cursor"].is_string() {
            let page = client("read").request("tools/list", params).await;
            let page = page.result().unwrap_or_else(|| panic!("{era:?} {}", page.body())).clone();
            rest.extend(names(&page));
            params = json!({ "cursor": page["nextCursor"] });
        }
        assert_eq!(rest, ["ping", "read_note", "request_parts", "who", "whoami", "works"], "{era:?}");
    }
}

#[tokio::test]
async fn anonymous_callers_page_through_what_is_public_and_stay_apart_from_others() {
    let server = TestServer::builder(Open).toml(open::CONFIG).expect("a configuration").toml(&by(1));
    let server = server.expect("a configuration").start().await.expect("a server");
    for era in Era::ALL {
        let client = server.client().era(era);
        let read: Vec<String> = pages(&client, "tools/list").await.iter().flat_map(names).collect();
        assert_eq!(read, ["ping", "who"], "{era:?}");
    }
    let everything = Everything::default().start_with(&format!("{ANYONE}{}", by(1))).await;
    let anonymous = everything.client();
    let read: Vec<String> = pages(&anonymous, "tools/list").await.iter().flat_map(names).collect();
    assert_eq!(read, ["panics", "ping", "who"]);
    let first = anonymous.list_tools().await;
    let cursor = json!({ "cursor": first.result().expect("a page")["nextCursor"] });
    refused(&everything.client().token(everything.token("alice")).request("tools/list", cursor).await);
}

#[tokio::test]
async fn lists_come_in_pages_over_stdio_too() {
    for era in [Era::Stateless, Era::Legacy("2025-11-25")] {
        let launch = launch::toml(CONFIG).variable("MCP_STDIO__LOCAL_SCOPES", "[\"write\"]");
        let mut pipe = launch.variable("MCP_LIMITS__PAGE_SIZE", "4").stdio().era(era);
        pipe.open().await;
        let (mut read, mut params) = (Vec::new(), json!({}));
        loop {
            let page = pipe.request("tools/list", params).await["result"].clone();
            read.extend(names(&page));
            match page.get("nextCursor") {
                Some(next) => params = json!({ "cursor": next }),
                None => break,
            }
        }
        assert_eq!((read.len(), read.is_sorted()), (11, true), "{era:?} {read:?}");
        let forged = pipe.request("tools/list", json!({ "cursor": "ping" })).await;
        assert_eq!(forged["error"]["code"], -32602, "{forged}");
    }
}
