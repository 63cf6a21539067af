//! Tasks, by the hash of their identifier.

use std::slice::from_ref;

use super::record::{self, alive, put, read};
use super::rows::{Content, Key};
use super::store::Durable;
use crate::{SecretHash, StoreFuture, Task, Tasks};

fn key(id: &str) -> Key {
    Key::new("tasks", SecretHash::of(id).digits())
}

/// The tasks of one person.
fn of_person(person: &str) -> String {
    format!("tasks of person {person}")
}

impl Tasks for Durable {
    fn record<'a>(&'a self, id: &'a str, task: Task, until: u64, now: u64) -> StoreFuture<'a, bool> {
        Box::pin(async move {
            let key = key(id);
            self.step(from_ref(&key), now, |rows| {
                let row = rows[0].as_ref();
                let held = alive(row, now);
                if let Some(held) = held
                    && read::<Task>(held)?.owner != task.owner
                {
                    return Ok((false, vec![]));
                }
                let groups = task.person.as_deref().map(of_person).into_iter().collect();
                Ok((true, vec![put(&key, row, Content { groups, ..record::of(held, &task, until)? })]))
            })
            .await
        })
    }

    fn of_owner<'a>(
        &'a self,
        id: &'a str,
        owner: Option<&'a str>,
        now: u64,
    ) -> StoreFuture<'a, Option<Task>> {
        Box::pin(async move {
            let row = self.row(key(id)).await?;
            let task = alive(row.as_ref(), now).map(read::<Task>).transpose()?;
            Ok(task.filter(|task| task.owner.as_deref() == owner))
        })
    }

    fn forget_person<'a>(&'a self, person: &'a str, now: u64) -> StoreFuture<'a, ()> {
        Box::pin(async move { self.forget_group(of_person(person), now).await })
    }
}
