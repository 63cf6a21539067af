//! `mcp-auth issuer user`: accounts in the store of a server, which may run meanwhile.

use std::io::Write as _;
use std::path::Path;
use std::process::{Output, Stdio};

use mcp_auth::serde_json::{Value, from_str};
use mcp_auth_tests::person::Browser;

use crate::process::{mcp_auth, stderr, stdout};
use crate::todos;

const KEY: &str = "00112233445566778899aabbccddeeff00112233445566778899aabbccddeeff";

fn user(directory: &Path, arguments: &[&str], input: &str) -> Output {
    let mut command = mcp_auth();
    command.current_dir(directory).args(["issuer", "user"]).args(arguments);
    command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut running = command.spawn().unwrap();
    running.stdin.take().unwrap().write_all(input.as_bytes()).unwrap();
    running.wait_with_output().unwrap()
}

#[track_caller]
fn done(directory: &Path, arguments: &[&str], input: &str) -> Output {
    let output = user(directory, arguments, input);
    assert!(output.status.success(), "{arguments:?}: {}{}", stdout(&output), stderr(&output));
    output
}

#[track_caller]
fn refused(directory: &Path, arguments: &[&str], input: &str, why: &str) {
    let output = user(directory, arguments, input);
    assert_eq!(output.status.code(), Some(2), "{}", stdout(&output));
    assert!(stderr(&output).contains(why), "{}", stderr(&output));
}

fn listed(directory: &Path) -> Value {
    from_str(&stdout(&done(directory, &["list", "--json"], ""))).unwrap()
}

/// A directory whose server has accounts in a file.
fn site(listen: &str) -> tempfile::TempDir {
    let directory = todos::directory(&format!(
        "[server]\nlisten = {listen:?}\n[auth]\nbase_scopes = [\"todos.read\"]\n\
         [issuer]\nlogin = \"accounts\"\n\
         [[issuer.clients]]\nclient_id = \"nightly\"\nclient_secret = \"file:store.key\"\n\
         [[issuer.assertions]]\nissuer = \"https://idp.example\"\nprofile = \"id-jag\"\n\
         [[issuer.assertions]]\nissuer = \"https://ci.example\"\nprofile = \"workload\"\n\
         workloads = [{{ client_id = \"deploy\", subject = \"repo:a\", require_claims = {{ owner = \"1\" }}, scopes = [\"todos.read\"] }}]\n\
         [store]\nurl = \"sqlite:todos.sqlite\"\nkey = \"file:store.key\"\n"
    ));
    let key = todos::file(&directory, "store.key", KEY);
    #[cfg(unix)]
    std::fs::set_permissions(key, std::os::unix::fs::PermissionsExt::from_mode(0o600)).unwrap();
    directory
}

#[tokio::test]
async fn a_link_that_is_printed_sets_a_password_at_the_running_server() {
    let listen = todos::free_address();
    let directory = site(&listen);
    let running = todos::serve(directory.path()).await;
    let added = done(directory.path(), &["add", "Ann", "--display-name", "Ann Lee"], "");
    let link = stdout(&added);
    let link = link.strip_suffix('\n').unwrap();
    assert!(link.starts_with(&format!("http://{listen}/authorize/reset?token=")), "{link}");
    assert!(
        stderr(&added).contains("\"Ann\" alone") && !stderr(&added).contains("token="),
        "{}",
        stderr(&added)
    );
    let page = reqwest::get(link).await.unwrap();
    assert_eq!(page.status(), 200);
    let page = page.text().await.unwrap();
    assert!(page.contains("autocomplete=\"new-password\"") && page.contains("value=\"Ann\""), "{page}");

    let reset = stdout(&done(directory.path(), &["reset", "ann"], ""));
    assert_eq!(reqwest::get(link).await.unwrap().status(), 410, "a newer one was made");
    assert_eq!(reqwest::get(reset.trim()).await.unwrap().status(), 200);
    done(directory.path(), &["delete", "ann"], "");
    assert_eq!(reqwest::get(reset.trim()).await.unwrap().status(), 410);
    running.stop().await;
}

#[test]
fn accounts_are_listed_disabled_enabled_and_deleted_for_good() {
    let directory = site("127.0.0.1:0");
    let path = directory.path();
    let password = "some words of hers";
    let added = done(path, &["add", "ann", "--password-stdin"], &format!("{password}\n"));
    assert_eq!(stdout(&added), "\"ann\" is added\n");
    let log = stderr(&added);
    assert!(
        log.contains("event=\"account_added\" subject=\"ann\" by_link=false") && !log.contains(password),
        "{log}"
    );
    done(path, &["add", "bob"], "");
    let list = listed(path);
    assert_eq!((&list[0]["name"], &list[0]["has_password"]), (&"ann".into(), &true.into()));
    assert_eq!((&list[1]["name"], &list[1]["has_password"]), (&"bob".into(), &false.into()));
    assert!(!list.to_string().contains("argon2"), "{list}");
    let table = stdout(&done(path, &["list"], ""));
    assert!(
        table.contains("LAST USE") && table.contains("nothing yet") && table.contains("never"),
        "{table}"
    );
    for (command, is_disabled) in [("disable", true), ("enable", false)] {
        let log = stderr(&done(path, &[command, "ANN"], ""));
        let event = format!("mcp_auth::audit::issuer: event=\"account_{command}d\" subject=\"ann\"");
        assert!(log.lines().count() == 1 && log.contains(&event), "{log}");
        assert_eq!(listed(path)[0]["disabled"], is_disabled);
    }
    done(path, &["delete", "ann"], "");
    assert_eq!(listed(path).as_array().unwrap().len(), 1);
    refused(path, &["add", "Ann"], "", "its name is not given to another person");
    refused(path, &["delete", "ann"], "", "nobody of this name has logged in");
    refused(path, &["logout", "ann"], "", "nobody of this name has logged in");
    done(path, &["logout", "BOB"], "");
}

#[tokio::test]
async fn a_person_without_an_account_is_listed_logged_out_and_deleted() {
    let listen = todos::free_address();
    let directory = todos::directory(&format!(
        "[server]\nlisten = {listen:?}\n[auth]\nbase_scopes = []\n[issuer]\n\
         [store]\nurl = \"sqlite:todos.sqlite\"\nkey = \"file:store.key\"\n"
    ));
    let key = todos::file(&directory, "store.key", KEY);
    #[cfg(unix)]
    std::fs::set_permissions(key, std::os::unix::fs::PermissionsExt::from_mode(0o600)).unwrap();
    let (path, running) = (directory.path(), todos::serve(directory.path()).await);
    let account = format!("http://{listen}/account");
    let mut browser = Browser::new();
    let is_at_home = |page: &str| page.contains("value=\"logout\"");
    assert!(is_at_home(&browser.consent(&account, "developer").await.html));

    let list = listed(path);
    assert_eq!(list.as_array().unwrap().len(), 1);
    assert_eq!((&list[0]["name"], &list[0]["login"]), (&"developer".into(), &"development".into()));
    assert_eq!((&list[0]["linked"], list[0].get("disabled")), (&Value::Null, None));
    let table = stdout(&done(path, &["list"], ""));
    assert!(table.contains("LOGS IN WITH") && table.contains("development"), "{table}");
    for (command, instead) in [
        ("disable", "take them out of `allow` in [upstreams], or add [[auth.deny]]"),
        ("enable", "or remove their [[auth.deny]]"),
        ("reset", "mcp-auth issuer user logout"),
    ] {
        refused(path, &[command, "developer"], "", "they log in with development");
        refused(path, &[command, "developer"], "", instead);
        refused(path, &[command, "nobody"], "", "there is no account of this name");
    }
    let log = stderr(&done(path, &["logout", "developer"], ""));
    assert!(log.contains("event=\"person_logged_out\" subject=\"developer\""), "{log}");
    assert!(!log.contains("note:"), "{log}");
    let page = browser.open(&account).await;
    assert!(page.html.contains("Continue as") && !is_at_home(&page.html), "{}", page.html);
    assert!(is_at_home(&browser.consent(&account, "developer").await.html), "they can log in again");

    let log = stderr(&done(path, &["delete", "developer"], ""));
    assert!(log.contains("event=\"person_deleted\" subject=\"developer\""), "{log}");
    assert!(log.contains("can log in again where they did"), "{log}");
    assert_eq!(listed(path), Value::Array(vec![]));
    running.stop().await;
}

#[test]
fn what_cannot_be_is_said_and_no_password_is_repeated() {
    let directory = site("127.0.0.1:0");
    let path = directory.path();
    done(path, &["add", "ann"], "");
    refused(path, &["add", "ANN"], "", "there is an account of this name already");
    // As the login refuses them.
    for taken in ["nightly", "Nightly", " nightly", "deploy", "DEPLOY", "https://idp.example#ann"] {
        refused(path, &["add", taken], "", "is a client in issuer.clients, a workload");
    }
    refused(path, &["add", "oidc_0123"], "", "does not begin with oidc_");
    done(path, &["add", "nightly report"], "");
    refused(path, &["add", " bob"], "", "without spaces at its ends");
    let short = user(path, &["add", "bob", "--password-stdin"], "hunter2");
    assert!(stderr(&short).contains("at least 12 characters") && !stderr(&short).contains("hunter2"));
    for (bad, why) in
        [("Password2026!", "many people choose"), ("127.0.0.1-2026", "the address of this server")]
    {
        let common = user(path, &["add", "bob", "--password-stdin"], bad);
        let said = stderr(&common);
        assert!(!common.status.success() && said.contains(why) && !said.contains(bad), "{said}");
    }
    refused(path, &["add", "bob", "--password-stdin"], "", "has to be one line");
    refused(path, &["reset", "bob"], "", "there is no account of this name");

    let memory = todos::directory("[auth]\nbase_scopes = []\n[issuer]\nlogin = \"accounts\"\n");
    refused(memory.path(), &["list"], "", "a store in memory, which only its server has");
    let development = todos::directory(
        "[auth]\nbase_scopes = []\n[issuer]\n[store]\nurl = \"sqlite:a.sqlite\"\nkey = \"env:STORE_KEY\"\n",
    );
    let listed = mcp_auth()
        .current_dir(development.path())
        .args(["issuer", "user", "add", "ann"])
        .env("STORE_KEY", KEY)
        .output();
    assert!(stderr(&listed.unwrap()).contains("nobody logs in with accounts yet"));
}
