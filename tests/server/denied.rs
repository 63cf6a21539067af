//! `[[auth.deny]]`: credentials that verify and are refused all the same, also while the server runs.

use std::time::Duration;

use mcp_auth::ambient::SystemRandom;
use mcp_auth::serde_json::json;
use mcp_auth::testing::{Era, Token};
use mcp_auth_core::ApiKey;
use mcp_auth_runtime::facade::ApiKeyDigest;

use crate::everything::{CONFIG, Everything};
use crate::launch::{self, Issuer};
use crate::process::{Socket, refusal, text};
use crate::wire;

/// How long a change of the file may take to count, on a machine with other things to do.
const SOON: Duration = Duration::from_secs(30);

#[tokio::test]
async fn t66_what_a_table_is_about_is_refused_as_invalid_token_and_nothing_else_is() {
    let clock = mcp_auth_tests::clock::MovedClock::at(1_900_000_000);
    let named = |table: &str| format!("[[auth.deny]]\nissuer = \"https://issuer.test\"\n{table}");
    type Change = fn(Token) -> Token;
    let stolen: [(String, Change); 6] = [
        (named("subject = \"ann\""), |token| token),
        (named("client = \"leaky\""), |token| token.client("leaky")),
        (named("jti = \"stolen\""), |token| token.claim("jti", "stolen")),
        (named("issued_before = \"2030-03-17T17:46:40Z\""), |token| token.claim("iat", 1_899_999_999)),
        (named("issued_before = 2030-03-17T17:46:40Z"), |token| token.without_claim("iat")),
        (named("subject = \"ann\"\nclient = \"leaky\"\njti = \"stolen\""), |token| {
            token.client("leaky").claim("jti", "stolen")
        }),
    ];
    for (table, change) in stolen {
        let server = Everything::default();
        let running = server.builder(&table).ambient(clock.ambient()).start().await.expect("a server");
        // By `sub` where that is what the table is about, else by the change alone.
        let bad = change(running.token("ann").scope("read"));
        let good = match table.contains("subject") && !table.contains("client") {
            true => running.token("bob").scope("read"),
            false => running.token("ann").scope("read"),
        };
        for era in Era::ALL {
            for _ in 0..2 {
                let refused =
                    running.client().era(era).token(bad.clone()).call_tool("read_note", json!({})).await;
                let challenge = refused.challenge().expect("a challenge");
                assert_eq!((refused.status(), challenge.error()), (401, Some("invalid_token")), "{table}");
            }
            let ran = server.ran();
            let served =
                running.client().era(era).token(good.clone()).call_tool("read_note", json!({})).await;
            assert!(served.is_success(), "{table}: {}", served.body());
            assert_eq!(server.ran(), ran + 1, "no tool ran for what was denied");
        }
    }
}

#[tokio::test]
async fn t66_one_credential_is_denied_by_its_hash() {
    let issuer = Issuer::start().await;
    let (leaked, other) =
        (issuer.token("ann").scope("read").mint(), issuer.token("ann").scope("write").mint());
    let launch = launch::trusting(&issuer);
    let table = format!("[[auth.deny]]\nsha256 = \"{}\"", sha256(&leaked));
    std::fs::write(launch.path("mcp.toml"), format!("{CONFIG}\n{table}")).expect("written");
    let server = launch.http().await;
    assert_eq!(status(&server, &leaked).await, 401);
    assert_eq!(status(&server, &other).await, 200);
}

fn sha256(text: &str) -> String {
    let digest = aws_lc_rs::digest::digest(&aws_lc_rs::digest::SHA256, text.as_bytes());
    digest.as_ref().iter().map(|byte| format!("{byte:02x}")).collect()
}

#[tokio::test]
async fn t66_an_api_key_is_denied_by_its_name_or_its_digest_and_another_one_is_not() {
    let [leaked, other] = [ApiKey::make(&SystemRandom), ApiKey::make(&SystemRandom)];
    let block = |name: &str, key: &ApiKey| {
        let digest = ApiKeyDigest::of(key);
        format!("[[auth.api_keys]]\nname = {name:?}\ndigest = \"{digest}\"\nscopes = [\"read\"]\n")
    };
    let keys = block("leaked", &leaked) + &block("other", &other);
    for table in ["api_key = \"leaked\"".to_owned(), format!("sha256 = \"{}\"", ApiKeyDigest::of(&leaked))] {
        let server = Everything::default().start_with(&format!("{keys}[[auth.deny]]\n{table}\n")).await;
        for era in Era::ALL {
            let call = async |key: &ApiKey| {
                let client = server.client().era(era).token(key.expose());
                client.call_tool("read_note", json!({})).await.status()
            };
            assert_eq!((call(&leaked).await, call(&other).await), (401, 200), "{table}");
        }
    }
}

#[tokio::test]
async fn t66_over_stdio_a_credential_that_is_denied_while_the_server_runs_is_refused_from_then_on() {
    let issuer = Issuer::start().await;
    let launch = launch::trusting(&issuer).variable("MCP_STDIO__CREDENTIAL", "env:TOKEN");
    let launch = launch.variable("TOKEN", &issuer.token("ann").scope("read").mint());
    let file = launch.path("mcp.toml");
    let mut pipe = launch.stdio().era(Era::Stateless);
    pipe.open().await;
    assert_eq!(text(&pipe.call_tool("read_note", json!({})).await), "a note");
    let table = |subject: &str| {
        format!("{CONFIG}\n[[auth.deny]]\nissuer = {:?}\nsubject = {subject:?}\n", issuer.name())
    };
    std::fs::write(&file, table("bob")).expect("written");
    tokio::time::sleep(Duration::from_secs(3)).await;
    assert_eq!(text(&pipe.call_tool("read_note", json!({})).await), "a note", "another one is denied");
    std::fs::write(&file, table("ann")).expect("written");
    let refused = async {
        loop {
            let answer = pipe.call_tool("read_note", json!({})).await;
            if answer.get("error").is_some() {
                return answer;
            }
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    };
    let answer = tokio::time::timeout(SOON, refused).await.expect("the file is read again");
    assert_eq!((refusal(&answer).0, &refusal(&answer).1["error"]), (401, &json!("invalid_token")));
}

#[tokio::test]
async fn t68_a_table_that_comes_while_the_server_runs_ends_calls_and_a_broken_file_changes_nothing() {
    let issuer = Issuer::start().await;
    let (leaked, good) = (issuer.token("ann").scope("read").mint(), issuer.token("bob").scope("read").mint());
    let launch = launch::trusting(&issuer);
    let file = launch.path("mcp.toml");
    let server = launch.http().await;
    assert_eq!((status(&server, &leaked).await, status(&server, &good).await), (200, 200));
    let table = format!("[[auth.deny]]\nissuer = {:?}\nsubject = \"ann\"\n", issuer.name());
    std::fs::write(&file, format!("{CONFIG}\n{table}")).expect("written");
    until(&server, &leaked, 401).await;
    assert_eq!(status(&server, &good).await, 200);

    server.lines();
    for broken in ["[auth", "[[auth.deny]]\n", "[[auth.deny]]\njti = \"x\"\n"] {
        std::fs::write(&file, format!("{CONFIG}\n{broken}")).expect("written");
        let said = async {
            while !server.lines().iter().any(|line| line.contains("auth.deny stays as it was")) {
                tokio::time::sleep(Duration::from_millis(50)).await;
            }
        };
        tokio::time::timeout(SOON, said).await.expect("it says so");
        assert_eq!(status(&server, &leaked).await, 401, "{broken}");
    }
    std::fs::write(&file, CONFIG).expect("written");
    until(&server, &leaked, 200).await;
}

#[tokio::test]
async fn a_table_that_denies_nothing_or_can_never_hold_stops_the_start() {
    for (table, says) in [
        ("", "denies nothing"),
        ("subject = \"ann\"", "subject is denied without issuer"),
        ("client = \"x\"", "client is denied without issuer"),
        ("jti = \"x\"", "jti is denied without issuer"),
        ("api_key = \"ci\"\nissuer = \"https://a.example\"", "cannot both hold"),
        ("sha256 = \"hunter2\"", "64 hexadecimal digits"),
        ("issued_before = \"yesterday\"", "a date"),
        ("subjekt = \"ann\"", "did you mean subject?"),
    ] {
        let ended = launch::toml(&format!("[[auth.deny]]\n{table}")).run().await;
        ended.refused(&[says]);
    }
}

async fn status(server: &Socket, token: &str) -> u16 {
    server.client().token(token).call_tool("read_note", json!({})).await.status()
}

async fn until(server: &Socket, token: &str, expected: u16) {
    let reached = async {
        while status(server, token).await != expected {
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    };
    tokio::time::timeout(SOON, reached).await.expect("the file is read again");
}

/// One list for both, and one reader of the file.
#[tokio::test]
async fn t66_the_built_in_issuer_gives_nothing_to_whom_a_table_denies_that_comes_while_it_runs() {
    let secret = "a secret of the robot";
    let launch = launch::toml("");
    let config = format!(
        "{CONFIG}\n[issuer]\n[[issuer.clients]]\nclient_id = \"robot\"\nclient_secret = \"file:{}\"\nscopes = [\"read\"]\n",
        launch.secret("secret", secret).display()
    );
    let file = launch.path("mcp.toml");
    std::fs::write(&file, &config).expect("written");
    let launch = launch
        .variable("MCP_SERVER__LISTEN", "127.0.0.1:0")
        .variable("MCP_SERVER__PUBLIC_URL", "http://127.0.0.1:9/mcp");
    let server = launch.http().await;
    let at = server.mcp().replace("/mcp", "/token");
    let until = async |expected: u16| {
        let reached = async {
            loop {
                let form =
                    [("grant_type", "client_credentials"), ("client_id", "robot"), ("client_secret", secret)];
                let answer = wire::http().post(&at).form(&form).send().await.expect("an answer");
                if answer.status().as_u16() == expected {
                    return answer.text().await.expect("a body");
                }
                tokio::time::sleep(Duration::from_millis(50)).await;
            }
        };
        tokio::time::timeout(SOON, reached).await.expect("the file is read again")
    };
    until(200).await;
    let table = "[[auth.deny]]\nissuer = \"http://127.0.0.1:9\"\nclient = \"robot\"\n";
    std::fs::write(&file, format!("{config}\n{table}")).expect("written");
    assert!(until(400).await.contains("invalid_grant"));
    std::fs::write(&file, &config).expect("written");
    until(200).await;
}
