//! What was acknowledged is there for the next process, whoever was killed.

use std::io::{BufRead as _, BufReader, Write as _};
use std::process::{Command, Stdio};

use mcp_auth_core::SecretText;
use mcp_auth_store::suite::records::granted;
use mcp_auth_store::{Redemption, Rotate, Rotation, SealingKey, SecretHash};

use crate::server::{Server, opened, place};

#[tokio::test]
#[ignore = "needs a Redis server: cargo xtask stores"]
async fn what_was_done_is_there_for_the_next_process() {
    let place = place();
    let before = opened(&place).await;
    assert!(before.lasts());
    granted(&before, "g", "1").await;
    let sealing = before.sealing_keys().key("cursors", SealingKey::new([1; 32])).await.unwrap();
    before.sessions().keep("session", "its state".to_owned(), 100, 0).await.unwrap();
    assert!(before.sessions().bind("session", "ann", None, 0).await.unwrap());
    assert!(before.spent().spend(SecretHash::of("proof"), 100, 0).await.unwrap());
    drop(before);

    let after = opened(&place).await;
    let rotate = Rotate {
        presented: SecretHash::of("1"),
        next: SecretText::new("2"),
        expires_at: 2000,
        grace: 0,
        client_key: None,
        dpop_jkt: None,
    };
    assert_eq!(after.grants().rotate("g", rotate, 1).await.unwrap(), Rotation::Rotated);
    assert_eq!(
        after.codes().redeem(SecretHash::of("code of g"), "x", None, 1).await.unwrap(),
        Redemption::Replayed
    );
    assert_eq!(after.sealing_keys().key("cursors", SealingKey::new([2; 32])).await.unwrap(), sealing);
    assert_eq!(after.sessions().state("session", 1).await.unwrap().as_deref(), Some("its state"));
    assert!(!after.sessions().bind("session", "bob", None, 1).await.unwrap());
    assert!(!after.spent().spend(SecretHash::of("proof"), 100, 1).await.unwrap());
}

#[tokio::test]
#[ignore = "needs a Redis server: cargo xtask stores"]
async fn what_was_acknowledged_is_there_after_its_server_was_killed_and_started_again() {
    let mut server = Server::with(&["--appendonly", "yes", "--appendfsync", "always"]);
    let store = opened(&server.url()).await;
    for number in 0..5 {
        granted(&store, &format!("g{number}"), "1").await;
        server.kill();
        store.grants().find("g0", 1).await.unwrap_err();
        server.start_again();
        for before in 0..=number {
            let found = store.grants().find(&format!("g{before}"), 1).await.unwrap();
            assert!(found.is_some(), "{before} of {number}");
        }
    }
}

/// The variable that makes a process the one that is killed: it says where the store is.
const CHILD: &str = "STORE_OF_CHILD";

#[tokio::test]
#[ignore = "needs a Redis server: cargo xtask stores"]
async fn s04_a_killed_process_loses_nothing_that_it_acknowledged_and_lets_nothing_be_spent_twice() {
    for round in 0..10_u64 {
        let place = place();
        let mut child = Command::new(std::env::current_exe().unwrap())
            .args(["--exact", "lasting::child_that_rotates_until_it_is_killed", "--ignored", "--nocapture"])
            .env(CHILD, &place)
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let lines = BufReader::new(child.stdout.take().unwrap()).lines();
        let said =
            lines.map_while(Result::ok).filter_map(|line| line.strip_prefix("rotated ")?.parse::<u64>().ok());
        // Killed in the middle of one of its steps.
        let mut acknowledged = 0;
        for number in said {
            acknowledged = number;
            if number > round * 7 {
                break;
            }
        }
        child.kill().unwrap();
        child.wait().unwrap();
        assert!(acknowledged > round * 7, "{round}: {acknowledged}");

        let store = opened(&place).await;
        let found = store.grants().find("g", 1).await.unwrap().expect("the grant was acknowledged");
        // Some steps more may have been done whose acknowledgements were not read.
        let is_current = (acknowledged..acknowledged + 40)
            .any(|number| found.current == SecretHash::of(&number.to_string()));
        assert!(is_current, "{round}: after {acknowledged} the token is an older one");
        for number in 1..=acknowledged {
            let proof = SecretHash::of(&format!("proof {number}"));
            assert!(
                !store.spent().spend(proof, 100, 0).await.unwrap(),
                "{round}: {number} can be spent again"
            );
        }
    }
}

#[tokio::test]
#[ignore = "the child of the test above"]
async fn child_that_rotates_until_it_is_killed() {
    let Ok(place) = std::env::var(CHILD) else { return };
    let store = opened(&place).await;
    granted(&store, "g", "0").await;
    for number in 1_u64.. {
        assert!(store.spent().spend(SecretHash::of(&format!("proof {number}")), 100, 0).await.unwrap());
        let (presented, next) =
            (SecretHash::of(&(number - 1).to_string()), SecretText::new(number.to_string()));
        let rotate =
            Rotate { presented, next, expires_at: u64::MAX, grace: 0, client_key: None, dpop_jkt: None };
        assert_eq!(store.grants().rotate("g", rotate, 1).await.unwrap(), Rotation::Rotated);
        println!("rotated {number}");
        std::io::stdout().flush().unwrap();
    }
}
