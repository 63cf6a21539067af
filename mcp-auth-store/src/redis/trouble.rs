//! Settings of the server by which a store could lose something.

use redis::cmd;

use super::connect::{RedisRows, field, is_an_answer};
use super::place::At;
use crate::StoreError;

impl RedisRows {
    /// What of the server and of the way to it could lose something of the store or show it to others, a sentence each.
    ///
    /// # Errors
    /// [`StoreError`]: it cannot be asked.
    pub(super) async fn found(&self) -> Result<Vec<String>, StoreError> {
        let mut found: Vec<String> = unencrypted(&self.link.place.at).into_iter().collect();
        self.ask(&mut found).await?;
        Ok(found)
    }

    async fn ask(&self, found: &mut Vec<String>) -> Result<(), StoreError> {
        let unseen = |what: &str| format!("the server does not tell {what}: look at its settings yourself");
        let replication = self.info("replication").await?;
        match replication.as_deref().and_then(|told| field(told, "role")) {
            Some("master") => {}
            Some(_) => found.push(
                "this server is a replica: it takes no changes; give the URL of the one that it follows"
                    .to_owned(),
            ),
            None => found.push(unseen("whether it is a replica")),
        }

        let persistence = self.info("persistence").await?;
        let writes_log = match self.setting("appendonly").await? {
            Some(value) => Some(value == "yes"),
            None => {
                persistence.as_deref().and_then(|told| field(told, "aof_enabled")).map(|told| told == "1")
            }
        };
        match writes_log {
            Some(true) => match self.setting("appendfsync").await?.as_deref() {
                Some("always") => {}
                Some("everysec") => found.push(
                    "appendfsync is everysec: up to one second of what was acknowledged is lost when its machine stops; set it to always"
                        .to_owned(),
                ),
                Some(other) => found.push(format!(
                    "appendfsync is {other}: what was acknowledged is lost when its machine stops; set it to always"
                )),
                None => found.push(unseen("appendfsync, by which it is known how soon a change is on its disk")),
            },
            Some(false) => found.push(
                "appendonly is no: what was acknowledged is lost with the server; set it to yes, and appendfsync to always"
                    .to_owned(),
            ),
            None => found.push(unseen("appendonly, by which it is known whether changes are on its disk")),
        }

        let policy = match self.setting("maxmemory-policy").await? {
            Some(policy) => Some(policy),
            None => {
                let memory = self.info("memory").await?;
                memory.as_deref().and_then(|told| field(told, "maxmemory_policy")).map(str::to_owned)
            }
        };
        match policy.as_deref() {
            Some("noeviction") => {}
            Some(other) => found.push(format!(
                "maxmemory-policy is {other}: entries vanish when memory is short, and a code that was used could be used again; set it to noeviction"
            )),
            None => found.push(unseen("maxmemory-policy, by which it is known whether entries vanish")),
        }
        Ok(())
    }

    /// A setting; `None` where the server does not let this user see it.
    async fn setting(&self, name: &str) -> Result<Option<String>, StoreError> {
        let asked = async |mut server| match cmd("CONFIG")
            .arg("GET")
            .arg(name)
            .query_async::<Vec<String>>(&mut server)
            .await
        {
            Ok(found) => Ok(found.into_iter().nth(1)),
            Err(error) if is_an_answer(&error) => Ok(None),
            Err(error) => Err(error),
        };
        Ok(self.link.run(asked).await?)
    }
}

/// Where what is sent leaves this machine as it is.
fn unencrypted(at: &At) -> Option<String> {
    let At::Plain(address) = at else { return None };
    (!address.is_this_machine()).then(|| {
        format!(
            "the connection to {} is not encrypted: who sees the network between reads the store and the password; use rediss://",
            address.host
        )
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::redis::place::Place;

    #[test]
    fn an_unencrypted_connection_to_another_machine_is_found() {
        let found = |url| unencrypted(&Place::of(url).unwrap().at);
        let why = found("redis://:secret@redis.example.com/").unwrap();
        assert!(why.starts_with("the connection to redis.example.com is not encrypted"), "{why}");
        assert_eq!(found("rediss://redis.example.com/"), None);
        assert_eq!(found("redis://localhost/"), None);
    }
}
